# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays situations on an exchange, without any network: the events go to whoever listens."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from itgrix_module.sandbox.pbx.call import Call
from itgrix_module.sandbox.pbx.cel import CelBook
from itgrix_module.sandbox.pbx.channel import Channel
from itgrix_module.sandbox.pbx.clock import Clock
from itgrix_module.sandbox.pbx.config import Click, PbxConfig
from itgrix_module.sandbox.pbx.exchange import Event, Exchange
from itgrix_module.sandbox.pbx.plots import KINDS, click, complete
from itgrix_module.sandbox.pbx.situation import Situation, Truth
from itgrix_module.sandbox.pbx.timeline import Interruption, Process, Task, Timeline

KEEP = 20_000  # truths and CDR rows


class Ended(Interruption):
    """Asterisk is told to end a call. ``soft``: the reason as SoftHangupRequest shows it."""

    def __init__(self, soft: int, first: Channel | None = None) -> None:
        super().__init__(soft)
        self.soft, self.first = soft, first


@dataclass(eq=False)
class Played:
    """A call on its way. ``wait`` for its truth."""

    call: Call
    task: Task = field(init=False)

    @property
    def truth(self) -> Truth:
        """As far as it is known; complete when ``done``."""
        return self.call.truth

    @property
    def done(self) -> bool:
        return self.task.done.is_set()

    def wait(self, timeout: float = 60.0) -> Truth:
        """The truth of the finished call. Raises TimeoutError, or what went wrong inside the sandbox."""
        if not self.task.done.wait(timeout):
            raise TimeoutError(f"the call {self.call.situation.kind} is not over after {timeout:g} s")
        if self.task.error:
            raise self.task.error
        return self.call.truth


class Stage:
    """``listeners`` get every event, in the timeline's thread; ``settled`` are told after each step. ``down``: the PBX
    does not run, events reach nobody. ``room`` as in Timeline.
    """

    def __init__(self, config: PbxConfig, clock: Clock, room: Callable[[], None] = lambda: None) -> None:
        self.config = config
        self.clock = clock
        self.listeners: list[Callable[[Event], None]] = []
        self.settled: list[Callable[[], None]] = []
        self.timeline = Timeline(clock, self._after_step, room)
        self.exchange = Exchange(config, lambda: self.timeline.now, self._emit)
        self.truths: deque[Truth] = deque(maxlen=KEEP)
        self.cdr: deque[dict[str, str]] = deque(maxlen=KEEP)
        self.cel: deque[dict[str, str]] = deque(maxlen=KEEP)
        if config.cel:
            self.listeners.append(CelBook(self.cel, lambda: self.timeline.now))
        self.running: dict[Call, Played] = {}
        self.down = False
        self._changed = threading.Condition()

    def play(self, situation: Situation, after: float = 0.0) -> Played:
        """Start a call. Raises ValueError for a situation that cannot be played."""
        whole = complete(situation, self.config)
        call = Call(self.exchange, whole, self.cdr)
        kind = KINDS[whole.kind]
        return self._start(call, kind.plot(call), kind.outcome, after)

    def play_all(self, situations: Iterable[tuple[float, Situation]]) -> list[Played]:
        """Start calls so many seconds from now each, without one of them beginning before all are planned."""
        with self.timeline.held():
            return [self.play(situation, after) for after, situation in situations]

    def originate(self, order: click.Order, behaviour: Click) -> Played:
        """Start a click-to-call."""
        situation = Situation("click", client=order.exten, extension=order.extension, ends=behaviour.ends)
        ends = "employee" if behaviour.ends == "agent" else "client"
        call = Call(self.exchange, replace(situation, ends=ends), self.cdr)
        return self._start(call, click.play(call, order, behaviour), "cancelled", 0.0)

    def redirect(self, channel: str, exten: str) -> bool:
        """Send whoever waits on a channel (name or unique id) to another number; False when no call has it."""
        names = ((call, (leg.name, leg.uniqueid)) for call in self.running for leg in call.legs)
        call = next((call for call, known in names if channel in known), None)
        if call is not None:
            call.redirected = exten
        return call is not None

    def hang_up(self, channel: Channel) -> None:
        """End the call that a channel belongs to, as the action Hangup does."""
        for call, played in tuple(self.running.items()):
            if channel in call.legs:
                self.timeline.interrupt(played.task, Ended(32, channel))

    def stop_calls(self) -> None:
        """End all calls in order, as a restart does. Call it with the timeline held."""
        for call in self._begun():
            self._drop(call)
            call.collapse(None, 4)
            self._finish(call, KINDS[call.situation.kind].outcome if call.situation.kind in KINDS else "cancelled")

    def lose_calls(self) -> None:
        """All calls are gone without a word, as when the process dies. Call it with the timeline held."""
        for call in self._begun():
            self._drop(call)
            self._finish(call, "missed" if call.truth.direction == "incoming" else "cancelled")

    def idle(self, timeout: float = 60.0) -> bool:
        """Wait until no call is running; False when that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.running, timeout)

    def _start(self, call: Call, plot: Process, outcome: str, after: float) -> Played:
        played = Played(call)
        with self.timeline.held():
            self.running[call] = played
            played.task = self.timeline.start(self._run(call, plot, outcome), after)
        return played

    def _run(self, call: Call, plot: Process, outcome: str) -> Process:
        try:
            yield from plot
        except Ended as ended:
            call.collapse(ended.first, ended.soft)
        finally:
            self._finish(call, outcome)

    def _begun(self) -> list[Call]:
        return [call for call in self.running if call.root is not None]

    def _drop(self, call: Call) -> None:
        """The call's story ends here; ``_finish`` is called by the one who drops it."""
        played = self.running[call]
        self.timeline.drop(played.task)

    def _finish(self, call: Call, outcome: str) -> None:
        if self.running.pop(call, None) is None:
            return
        if call.truth.linkedid:
            call.truth.close(self.timeline.now, outcome)
            self.truths.append(call.truth)
        with self._changed:
            self._changed.notify_all()

    def _emit(self, event: Event) -> None:
        if self.down:
            return
        for listener in self.listeners:
            listener(event)

    def _after_step(self) -> None:
        self.exchange.devices.settle(self.exchange.by_device)
        self.exchange.recorder.grow(self.timeline.now)
        for told in self.settled:
            told()
