# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps one AMI session alive and feeds the tracker's queue; heals itself and says so once down, once back.

Connect, log in, wait for FullyBooted, narrow the events, take a snapshot, then live events in order; Ping watches over
it. After any loss the same again, with back-off. Actions go over a second session (commands.py).
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from itgrix_module.asterisk import faults
from itgrix_module.asterisk.commands import Commands
from itgrix_module.asterisk.connection import Connection, LinkFault, NotAllowed, Tap
from itgrix_module.asterisk.filters import narrow
from itgrix_module.asterisk.intake import Delivery, Intake
from itgrix_module.asterisk.link_state import LinkSettings, LinkState, Phase, pause
from itgrix_module.asterisk.listings import seconds
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.resync import collect
from itgrix_module.asterisk.snapshot import Snapshot
from itgrix_module.asterisk.wire import Headers
from itgrix_module.domain.failures import Failure, NeedsOwner

__all__ = ["Delivery", "Link", "LinkSettings", "LinkState"]

log = logging.getLogger("itgrix.asterisk")

_ROOM_CHECK = 1.0  # seconds between two looks at a full queue before a resync
_UP: tuple[Phase, ...] = ("resyncing", "up")


class Link:
    """``inbox`` gets Message and Snapshot objects: after each (re)connect a snapshot, then the events since.

    A snapshot may show what the events after it tell again, so applying an event twice must do no harm. ``inbox``
    should be bounded: when it is full, events are dropped, counted and, if one was needed, a resync follows.
    ``clock`` gives epoch seconds, ``draw`` a number in [0, 1), ``wait`` waits for an event for some seconds; they are
    there for tests. ``tap``: see Connection.
    """

    def __init__(
        self,
        settings: LinkSettings,
        inbox: queue.Queue[Delivery],
        *,
        clock: Callable[[], float] = time.time,
        draw: Callable[[], float] = random.random,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
        tap: Tap | None = None,
    ) -> None:
        self._settings = settings
        self._clock, self._draw, self._wait, self._tap = clock, draw, wait, tap
        self.intake = Intake(inbox, self._overflow, settings.wanted.needed)
        self._commands = Commands(self._open_commands)
        self._state = LinkState(since=clock())
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._booted = threading.Event()
        self._resync_wanted = threading.Event()
        self._current: Connection | None = None
        self._lost: str | None = None
        self._booted_at: float | None = None
        self._lost_at: float | None = None
        self._alive_at = 0.0
        self._up_since: float | None = None
        self._told_down_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="ami-link", daemon=True)

    @property
    def state(self) -> LinkState:
        """The state now; a value, safe to keep."""
        return self._state

    def start(self) -> None:
        """Begin in a thread of its own; returns at once."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Log off and end the thread; waits at most ``timeout`` seconds. May be repeated."""
        self._stopping.set()
        self._booted.set()
        self._wake.set()
        if self._current:
            self._current.shut("stopped")
        self._commands.close()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def request_resync(self) -> None:
        """Ask for a new snapshot as soon as the queue has room."""
        self._resync_wanted.set()
        self._wake.set()

    def action(self, name: str, headers: Headers = (), timeout: float = 5.0) -> Message:
        """An action on the second session; OriginateResponse comes through the inbox. Raises like Connection.action,
        at once while the link is down.
        """
        self._require_up()
        return self._commands.action(name, headers, timeout)

    def list_action(self, name: str, headers: Headers = (), timeout: float = 10.0, complete: str = "") -> list[Message]:
        """Items of a list, over the second session. Raises like ``action``."""
        self._require_up()
        return self._commands.list_action(name, headers, timeout, complete)

    def command(self, command: str, timeout: float = 10.0) -> str:
        """Output of a CLI command, over the second session. Raises like ``action``."""
        self._require_up()
        return self._commands.command(command, timeout)

    def _require_up(self) -> None:
        state = self._state
        if state.phase in _UP:
            return
        text = f"the AMI link is down: {state.reason or 'connecting'}"
        kind = NotAllowed if state.phase == "refused" else LinkFault
        raise kind(state.code or "down", text, state.hint)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            failure = self._session()
            if self._stopping.is_set():
                break
            failures = 1 if self._was_stable() else failures + 1
            self._tell_down(failure, failures)
            refused = isinstance(failure, NeedsOwner)
            self._wait(self._stopping, pause(self._settings, failures, refused, self._draw))
        self._become("down", reason="stopped")

    def _session(self) -> Failure:
        """One session from connect to its end; returns why it ended."""
        connection = self._current = self._connection(self._receive, self._on_lost)
        self._wake.clear()
        self._booted.clear()
        self._lost, self._up_since = None, None
        self.intake.hold()
        try:
            connection.open()
            connection.login(self._settings.username, self._settings.secret, self._settings.wanted.mask())
            self._go_live(connection)
            return self._tend(connection)
        except Failure as failure:
            return failure
        except Exception as error:
            log.exception("the AMI link failed")
            return LinkFault("internal", f"internal fault: {error!r}")
        finally:
            connection.close()
            self.intake.release(None, self._ending)

    def _go_live(self, connection: Connection) -> None:
        self._become("resyncing", protocol_version=connection.version)
        self._wait(self._booted, self._settings.boot_wait)
        self._booted.set()
        narrowed = narrow(connection, self._settings.wanted)
        self._state = replace(self._state, filtered=narrowed.filtered, dialplan=narrowed.dialplan)
        self._resync(connection)

    def _resync(self, connection: Connection) -> None:
        self._resync_wanted.clear()
        self._become("resyncing")
        self.intake.hold()
        snapshot = collect(connection, self._clock, self._settings.resync_timeout)
        snapshot = replace(snapshot, booted_at=self._booted_at, lost_at=self._lost_at)
        if self.intake.release(snapshot, self._ending):
            self._lost_at, self._alive_at = None, snapshot.at
            self._tell_up(snapshot)

    def _tend(self, connection: Connection) -> Failure:
        missed = 0
        while True:
            woken = missed == 0 and self._wait(self._wake, self._idle_time())
            self._wake.clear()
            if self._ending():
                return LinkFault("lost", self._lost or "stopped", faults.CHECK_RUNNING)
            if self._resync_wanted.is_set():
                if self.intake.has_room():
                    self._resync(connection)
            elif not woken:
                missed = 0 if self._ping(connection) else missed + 1
            if missed >= self._settings.ping_missed:
                return LinkFault("silent", f"no answer to {missed} Pings", faults.CHECK_FIREWALL)

    def _idle_time(self) -> float:
        return _ROOM_CHECK if self._resync_wanted.is_set() else self._settings.ping_every

    def _ping(self, connection: Connection) -> bool:
        began = time.monotonic()
        try:
            connection.action("Ping", timeout=self._settings.ping_timeout)
        except LinkFault as failure:
            if failure.code == "timeout":
                return False
            raise
        self._alive_at = self._clock()
        self._state = replace(self._state, latency=time.monotonic() - began)
        return True

    def _receive(self, message: Message) -> None:
        if message.event == "FullyBooted":
            self._booted_at = message.at - seconds(message.get("Uptime"))
            if self._booted.is_set():
                self.request_resync()  # it had not booted when we stopped waiting for that
            self._booted.set()
        self.intake.receive(message)

    def _on_lost(self, reason: str) -> None:
        self._lost = reason
        self._booted.set()
        self._wake.set()

    def _overflow(self) -> None:
        if not self._resync_wanted.is_set():
            log.warning("the queue for AMI events is full, events are dropped; a resync will follow")
            self.request_resync()

    def _ending(self) -> bool:
        return self._lost is not None or self._stopping.is_set()

    def _connection(self, on_message: Callable[[Message], None], on_lost: Callable[[str], None]) -> Connection:
        settings = self._settings
        return Connection(
            settings.host,
            settings.port,
            on_message=on_message,
            on_lost=on_lost,
            connect_timeout=settings.connect_timeout,
            tls=settings.tls,
            skip=settings.wanted.noise,
            variables=settings.wanted.variables,
            tap=self._tap,
            clock=self._clock,
        )

    def _open_commands(self) -> Connection:
        connection = self._connection(_ignore, _ignore)
        connection.tap = None
        connection.open()
        connection.login(self._settings.username, self._settings.secret, "off")
        return connection

    def _was_stable(self) -> bool:
        return self._up_since is not None and self._clock() - self._up_since >= self._settings.stable_after

    def _become(self, phase: Phase, **changes: Any) -> None:
        since = self._state.since if phase == self._state.phase else self._clock()
        self._state = replace(self._state, phase=phase, since=since, **changes)

    def _tell_up(self, snapshot: Snapshot) -> None:
        version = snapshot.asterisk_version
        changes = {"reason": "", "hint": "", "code": "", "attempts": 0}
        self._become("up", asterisk_version=version, missing=snapshot.missing, **changes)
        if self._up_since is not None:
            return
        self._up_since = self._clock()
        where = f"{self._settings.host}:{self._settings.port}"
        if self._told_down_at is None:
            log.info("AMI link to %s is up, Asterisk %s", where, version or "of unknown version")
        else:
            log.warning("AMI link to %s is back after %.0f s", where, self._clock() - self._told_down_at)
        self._told_down_at = None

    def _tell_down(self, failure: Failure, attempts: int) -> None:
        if self._lost_at is None and self._up_since is not None:
            self._lost_at = max(self.intake.last_at or 0.0, self._alive_at)
        phase: Phase = "refused" if isinstance(failure, NeedsOwner) else "down"
        self._become(phase, reason=str(failure), hint=failure.hint, code=failure.code, latency=None, attempts=attempts)
        if self._told_down_at is None:
            self._told_down_at = self._clock()
            log.warning("AMI link is down: %s", f"{failure}. {failure.hint}" if failure.hint else failure)


def _ignore(_: object) -> None:
    """A session for actions has no use for events, and its loss shows at the next action."""
