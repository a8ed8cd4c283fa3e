# SPDX-License-Identifier: GPL-3.0-or-later
"""A PBX that speaks AMI like Asterisk under FreePBX and plays calls: for the demo, tests and benchmarks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from itgrix_module.sandbox.pbx.clock import Clock, HandClock, WallClock
from itgrix_module.sandbox.pbx.config import Click, PbxConfig
from itgrix_module.sandbox.pbx.exchange import Event
from itgrix_module.sandbox.pbx.faults import Faults
from itgrix_module.sandbox.pbx.plots.click import Order
from itgrix_module.sandbox.pbx.session import Received, Session
from itgrix_module.sandbox.pbx.situation import Situation, Truth
from itgrix_module.sandbox.pbx.stage import Played, Stage
from itgrix_module.sandbox.pbx.timeline import Process, Task
from itgrix_module.sandbox.pbx.wire import Wire

KEEP = 10_000  # actions
AHEAD = 1024 * 1024  # bytes that a simulated clock may be ahead of the slowest reader


class SandboxPbx:
    """``clock``: real time unless given; see ``clock`` for simulated ones.

    ``behaviour`` tells how the parties of a click-to-call behave; replace it to vary. ``actions``: what clients sent.
    ``truths``: of the calls that are over, oldest first. ``cdr``, ``cel``: rows of FreePBX's tables.
    """

    def __init__(self, config: PbxConfig | None = None, *, clock: Clock | None = None) -> None:
        self.config = config or PbxConfig()
        self.clock = clock or WallClock()
        simulated = not isinstance(self.clock, WallClock)
        self.stage = Stage(self.config, self.clock, self._let_readers_follow if simulated else lambda: None)
        self._wire = Wire(self._session, self._banner, self._is_up)
        self.faults = Faults(self.stage, self._wire)
        self.actions: deque[Received] = deque(maxlen=KEEP)
        self.behaviour: Callable[[Order], Click] = lambda _: self.config.click
        self._said = False
        self.stage.listeners.append(self._broadcast)
        self.stage.settled.append(self._flush)

    # -- life

    def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen (port 0: a free one) and let time pass. Once only. Raises OSError when the port is taken."""
        try:
            self._wire.open(host, port)
        except OSError:
            self._wire.close()
            raise
        self.stage.timeline.open()
        return self

    def stop(self) -> None:
        """End everything; no thread and no socket is left. May be repeated."""
        self.stage.timeline.close()
        self._wire.close()
        with self.stage.timeline.held():
            self.stage.lose_calls()
            self.stage.exchange.boot()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """Where AMI listens."""
        return self._wire.port

    # -- calls

    def play(self, situation: Situation, timeout: float = 60.0) -> Truth:
        """Play one call to its end. ``timeout``: real seconds. Raises ValueError, TimeoutError."""
        return self.stage.play(situation).wait(timeout)

    def begin(self, situation: Situation, after: float = 0.0) -> Played:
        """Start a call, ``after`` seconds from now, and return at once."""
        return self.stage.play(situation, after)

    def begin_all(self, situations: Iterable[tuple[float, Situation]]) -> list[Played]:
        """Start calls so many seconds from now each."""
        return self.stage.play_all(situations)

    def run(self, process: Process) -> Task:
        """Let a process (``player``) start calls on this PBX's timeline."""
        return self.stage.timeline.start(process)

    def advance(self, seconds: float, timeout: float = 10.0) -> None:
        """Turn a HandClock and wait until everything due has happened. Raises TypeError for another clock."""
        if not isinstance(self.clock, HandClock):
            raise TypeError("only a HandClock can be advanced")
        with self.stage.timeline.held():
            self.clock.advance(seconds)
            self.stage.timeline.wake()
        if not self.stage.timeline.settle(timeout):
            raise TimeoutError("the sandbox PBX does not come to rest")

    def idle(self, timeout: float = 60.0) -> bool:
        """Wait until no call is running; False when that takes too long."""
        return self.stage.idle(timeout)

    @property
    def truths(self) -> list[Truth]:
        return list(self.stage.truths)

    @property
    def cdr(self) -> list[dict[str, str]]:
        return list(self.stage.cdr)

    @property
    def cel(self) -> list[dict[str, str]]:
        return list(self.stage.cel)

    @property
    def connections(self) -> list[str]:
        """Names of the accounts that are connected; empty for those that have not logged in."""
        return [session.user for session in self._wire.sessions()]

    # -- between calls and connections

    def _session(self) -> Session:
        return Session(self.stage, self.actions.append, lambda order: self.behaviour(order))

    def _is_up(self) -> None:
        self.stage.down = False

    def _banner(self) -> bytes:
        if self.faults.banner is not None:
            return self.faults.banner
        return f"Asterisk Call Manager/{self.config.ami_version}\r\n".encode()

    def _broadcast(self, event: Event) -> None:
        self._said = True
        self._wire.broadcast(event)

    def _flush(self) -> None:
        if self._said:
            self._said = False
            self._wire.wake()

    def _let_readers_follow(self) -> None:
        self._wire.wait_for_room(AHEAD)
