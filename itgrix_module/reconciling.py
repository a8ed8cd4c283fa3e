# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison with the PBX's records: when it is due, one at a time for each node, and by hand."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from queue import Full, Queue
from typing import Any

from itgrix_module.app import shapes
from itgrix_module.app.health import Check
from itgrix_module.app.reconcile import Reconciler, Surroundings
from itgrix_module.app.reconcile_health import Readable
from itgrix_module.app.reconcile_ports import SAME, Listener, Order, Progress
from itgrix_module.asterisk.link_state import LinkState
from itgrix_module.asterisk.record_rows import parties_of
from itgrix_module.asterisk.sides import Sides
from itgrix_module.core import Core, owner_name
from itgrix_module.domain.facts import LegEnded
from itgrix_module.domain.failures import Failure, Temporary
from itgrix_module.place import heard_at
from itgrix_module.records_door import RecordsDoor, unset
from itgrix_module.storage.leases import SqlLeases
from itgrix_module.storage.reconcile import SqlBooks

log = logging.getLogger("itgrix.calls")

LEASE = 120.0  # seconds
_RENEW = 20.0  # seconds between two renewals of it
_FRESH = 15.0  # seconds for which a sign of life of the service counts
OVERLAP = 60.0  # seconds looked at twice: records are cut to the second, clocks differ, a link may die unnoticed
_AGAIN = 300.0  # seconds after a comparison that failed
_SETTLE = 2.0  # seconds that a link gets to compare what lives now, before the past is looked at
BUSY = Temporary("reconcile_busy", "calls are being compared with the PBX's records just now", "Wait for its end.")


class LiveHere:
    """What lives on the PBX, by what the service has stored. ``is_heard``: does somebody listen to the PBX now?"""

    def __init__(self, books: SqlBooks, node: str, is_heard: Callable[[], bool], inbox: Queue[Any] | None) -> None:
        self._books, self._node, self._is_heard, self._inbox = books, node, is_heard, inbox
        self._at, self._legs = -1.0, frozenset[str]()

    def legs(self) -> Collection[str] | None:
        """See the port; at most a second old."""
        if not self._is_heard():
            return None
        now = time.monotonic()
        if self._at < 0 or now - self._at > 1.0:
            self._legs = frozenset(leg for row in self._books.live(self._node) for leg in _legs(row.state))
            self._at = now
        return self._legs

    def close(self, facts: Sequence[LegEnded]) -> bool:
        """See the port."""
        if self._inbox is None:
            return False
        try:
            for fact in facts:
                self._inbox.put_nowait(fact)
        except Full:
            return False  # the link asks for everything anew then
        return True


def _legs(state: Any) -> Collection[str]:
    try:
        return shapes.load(state).legs.keys() if state else ()
    except ValueError:
        return ()  # of another version; nobody tracks it


class Comparison:
    """Compares for one node, in whichever process. ``sides``: who is who; ``present``: what lives now."""

    def __init__(self, core: Core, door: RecordsDoor, sides: Sides, node: str, present: LiveHere) -> None:
        self._core, self._door, self._node = core, door, node
        self.books = SqlBooks(core.database)
        self._leases = SqlLeases(core.database)
        self._owner = f"{owner_name(core.place)}:reconcile:{threading.get_ident()}"
        settings = core.settings
        around = Surroundings(settings.rules, settings.annotated, lambda: parties_of(sides), time.time, self._grace)
        self._reconciler = Reconciler(node, self.books, present, around)

    def _grace(self) -> float:
        return float(self._core.settings.current["reconcile.grace_seconds"])

    def run(
        self, order: Order, stop: Callable[[], bool], listener: Listener, progress: Progress | None = None
    ) -> Progress:
        """Raises Failure when it cannot begin: no records are known, or another one runs."""
        if not self._door.is_set:
            raise unset()
        name = f"reconcile:{self._node}"
        if not self._leases.take(name, self._owner, time.time(), LEASE):
            raise BUSY.with_traceback(None)
        renewed = time.monotonic()

        def told(now: Progress) -> None:
            nonlocal renewed
            if time.monotonic() - renewed > _RENEW:
                renewed = time.monotonic()
                self._leases.take(name, self._owner, time.time(), LEASE)
            listener(now)

        try:
            return self._reconciler.run(order, self._door.stories(), stop, told, progress)
        finally:
            self._leases.release(name, self._owner)


def for_command(core: Core, door: RecordsDoor) -> Comparison:
    """In a process of its own, whether the service runs beside it or not."""
    settings = core.settings.current
    sides = Sides(pattern=settings["extensions.pattern"])
    sides.know(settings["extensions.list"], settings["trunks.list"])
    sides.is_own = core.settings.house.mobiles.matches
    door.configure(settings)

    def is_heard() -> bool:
        heard = heard_at(core.place.heartbeat)
        return heard is not None and time.time() - heard < _FRESH

    node = settings["pbx.node"]
    return Comparison(core, door, sides, node, LiveHere(SqlBooks(core.database), node, is_heard, None))


class Reconciling:
    """In the service: by itself and by hand, one at a time, in the background.

    ``state``: of the link to the PBX; ``inbox``: of the tracker; ``stop``: set when the service ends.
    """

    def __init__(
        self,
        core: Core,
        door: RecordsDoor,
        sides: Sides,
        node: str,
        state: Callable[[], LinkState],
        inbox: Queue[Any],
        stop: threading.Event,
    ) -> None:
        self._core, self._node, self._state, self._door, self._ending = core, node, state, door, stop
        self._present = LiveHere(SqlBooks(core.database), node, self._is_up, inbox)
        self._comparison = Comparison(core, door, sides, node, self._present)
        self._books = self._comparison.books
        self._heard = heard_at(core.place.heartbeat)
        self._lock = threading.Lock()
        self._busy = False
        self._halt = threading.Event()
        self._progress: Progress | None = None
        self._thread: threading.Thread | None = None
        self._next, self._up_since = 0.0, 0.0
        self._readable = Readable(self._is_wanted, time.time)
        self._named = door.version

    def _is_up(self) -> bool:
        return self._state().phase == "up"

    def _is_wanted(self) -> bool:
        return bool(self._core.settings.current["reconcile.enabled"]) and self._door.is_set

    @property
    def progress(self) -> Progress | None:
        """Of the comparison by hand that runs or ran last."""
        return self._progress

    @property
    def problem(self) -> str:
        """Why it could not be done the last time by itself; empty when it could."""
        return self._readable.problem

    def check(self) -> Check:
        """For the health."""
        return self._readable.check()

    # -- by itself

    def tick(self) -> None:
        """Compare when it is due: after a start, after each gap, and regularly. Raises Failure of our database."""
        settings, now = self._core.settings.current, time.time()
        if not self._is_wanted():
            self._readable.heed("")
            return
        if self.problem and self._door.version != self._named:
            self._next = min(self._next, now)  # somebody may have mended it
        # A clock that is set back must not put it off for hours.
        longest = settings["reconcile.minutes"] * 60.0 + settings["reconcile.grace_seconds"] + _SETTLE
        self._next = min(self._next, now + longest)
        state = self._state()
        if state.phase == "up" and state.since != self._up_since:
            self._up_since = state.since
            self._next = min(self._next or now, now) + settings["reconcile.grace_seconds"] + _SETTLE
        if self._next == 0.0:
            self._next = now + settings["reconcile.grace_seconds"] + _SETTLE
        if now >= self._next and self._taken():
            try:
                self._compare(now, settings)
            finally:
                self._busy = False

    def _compare(self, now: float, settings: Any) -> None:
        self._next = now + _AGAIN
        until = now - settings["reconcile.grace_seconds"]
        done = self._books.done_until(self._node)
        since = self._heard if done is None else done
        if since is None:
            # Calls from before our time are nobody's business, unless somebody asks for them.
            self._books.set_done(self._node, now)
            self._next = now + settings["reconcile.minutes"] * 60
            return
        since = max(min(since, now) - OVERLAP, now - settings["reconcile.window_hours"] * 3600)
        if since < until and not self._is_done(Order(since, until)):
            return
        self._next = now + settings["reconcile.minutes"] * 60

    def _is_done(self, order: Order) -> bool:
        """Raises Failure of our database; what the records do not allow is heeded."""
        self._named = self._door.version
        try:
            found = self._comparison.run(order, self._ending.is_set, lambda _: None)
        except Failure as failure:
            if failure is BUSY:  # somebody has ordered one in a process of his own
                return False
            if not failure.code.startswith("cdr_"):
                raise
            self._readable.heed(failure.text, failure.hint)
            return False
        self._books.set_done(self._node, max(order.since, found.judged))
        _say(found)
        self._readable.heed(found.problem, found.hint)
        return found.state == "done"

    # -- by hand

    def begin(self, order: Order) -> Progress:
        """Start it in the background. Raises Failure when one runs, or when no records are known."""
        if not self._door.is_set:
            raise unset()
        if not self._taken():
            raise BUSY.with_traceback(None)
        self._halt.clear()
        progress = self._progress = Progress(replace(order, by_hand=True), begun=time.time())
        self._thread = threading.Thread(target=self._work, args=(progress,), name="reprocess", daemon=True)
        self._thread.start()
        return progress

    def halt(self) -> None:
        """End what runs by hand after the call that it looks at."""
        self._halt.set()

    def close(self, seconds: float = 2.0) -> None:
        """Wait for its end, which ``stop`` has begun."""
        self._halt.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self, progress: Progress) -> None:
        def stopped() -> bool:
            return self._halt.is_set() or self._ending.is_set()

        try:
            self._comparison.run(progress.order, stopped, lambda _: None, progress)
            _say(progress)
        except Failure as failure:
            progress.state, progress.problem, progress.hint = "failed", failure.text, failure.hint
        except Exception:
            # Somebody looks at the progress; what nobody foresaw must not leave it running for ever.
            log.exception("the comparison with the PBX's records failed")
            progress.state, progress.problem = "failed", "an unforeseen fault; it is in the log"
        finally:
            progress.ended = time.time()
            self._busy = False

    def _taken(self) -> bool:
        with self._lock:
            if self._busy:
                return False
            self._busy = True
            return True


def _say(progress: Progress) -> None:
    done = {kind: number for kind, number in progress.counts.items() if number and kind != SAME}
    if done:
        words = ", ".join(f"{number} {kind}" for kind, number in done.items())
        log.info("compared %d calls with the PBX's records: %s", progress.looked, words)
