# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls for the panel's tests: plain rows, and whole stories played through tracker and deliverer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from itgrix_module.app.deliver import Deliverer
from itgrix_module.app.health import Check, Health, Level
from itgrix_module.app.orders import Options
from itgrix_module.app.ports import (
    CallOrder,
    CallReply,
    CallRow,
    Employee,
    Finished,
    NewStep,
    Registered,
    TimelineEntry,
)
from itgrix_module.app.track import CardTiming, Tracker
from itgrix_module.asterisk.listings import with_snapshots
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.snapshot import Snapshot
from itgrix_module.asterisk.transcript import read
from itgrix_module.asterisk.translate import Translator
from itgrix_module.domain.facts import Fact
from itgrix_module.domain.failures import Failure
from itgrix_module.domain.policy import Rules
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import Database
from itgrix_module.storage.outbox import SqlOutbox

NODE = "pbx1"
NOW = 1_795_260_000.0  # 2026-11-21 11:20:00 UTC
TRANSCRIPTS = Path(__file__).parent.parent / "journeys" / "transcripts"

EMPLOYEES = tuple(
    Employee(str(100 + number), number, name, (f"+7916100010{number}",))
    for number, name in enumerate(
        ("Анна Смирнова", "Иван Кузнецов", "Мария Соколова", "Пётр Лебедев", "Ольга Новикова", "Дмитрий Морозов"), 1
    )
)


def row(linkedid: str = "1795260000.1", **changes: Any) -> CallRow:
    """An answered incoming call of a minute ago."""
    values: dict[str, Any] = {
        "node": NODE,
        "linkedid": linkedid,
        "direction": "incoming",
        "phase": "ended",
        "client": "+79161234567",
        "line": "74951234567",
        "trunk": "provider",
        "started": NOW - 60,
        "answered": NOW - 52,
        "ended": NOW - 10,
        "outcome": "answered",
        "status": "200",
        "wait": 8.0,
        "talk": 42.0,
        "answered_by": "101",
        "last_talker": "101",
        "rang": ("101", "102"),
        "live": False,
    }
    return CallRow(**values | changes)


def step(kind: str = "register", **changes: Any) -> NewStep:
    values: dict[str, Any] = {
        "kind": kind,
        "payload": {"employees": ["101"], "why": "101 rings"},
        "priority": 1,
        "due_at": NOW,
        "decided_at": NOW - 50,
    }
    return NewStep(**values | changes)


def save(
    database: Database, call: CallRow, steps: Sequence[NewStep] = (), timeline: Sequence[TimelineEntry] = ()
) -> CallRow:
    """Store a call as the tracker does."""
    with SqlCallStore(database).work() as work:
        work.save_call(call)
        work.add_steps(call.node, call.linkedid, steps)
        work.add_timeline(call.node, call.linkedid, timeline)
        work.see_line(call.line, call.trunk, call.started)
    return call


def save_many(database: Database, calls: Iterable[CallRow]) -> None:
    """Many calls in one transaction."""
    with SqlCallStore(database).work() as work:
        for call in calls:
            work.save_call(call)


class Portal:
    """Fulfils app.ports.CallPortal: takes what it is given, or fails as told. ``fail``: what a request raises."""

    def __init__(self, fail: Callable[[CallOrder], Failure | None] = lambda _: None) -> None:
        self._fail, self._number = fail, 40

    def send(self, orders: Sequence[CallOrder], priority: int) -> list[CallReply]:
        return [self._reply(order) for order in orders]

    def _reply(self, order: CallOrder) -> CallReply:
        failure = self._fail(order)
        if failure is not None:
            return CallReply(
                order.key,
                registered=failure if order.register else None,
                shown=failure if order.show else None,
                hidden=failure if order.hide else None,
                finished=failure if order.finish else None,
            )
        self._number += 1
        registered = Registered(f"externalCall.{self._number:032x}.1", "CONTACT", "15", (("LEAD", str(self._number)),))
        return CallReply(
            order.key,
            registered=registered if order.register else None,
            shown=True if order.show else None,
            hidden=True if order.hide else None,
            finished=Finished(str(700 + self._number), "CONTACT", "15") if order.finish else None,
        )

    def finished_call(self, call_id: str) -> Finished | None:
        return None

    def attach(self, call_id: str, file: str, filename: str) -> str:
        return "1"

    def pressure(self) -> float:
        return 0.0

    def ready_in(self) -> float:
        return 0.0


class Known:
    """Fulfils app.orders.People with EMPLOYEES."""

    def user(self, party: str) -> int | None:
        return next((one.user_id for one in EMPLOYEES if party in (one.extension, *one.phones)), None)

    def default_user(self, line: str) -> int:
        return 1


def facts_of(path: Path) -> list[Fact]:
    """Facts of a recorded AMI session."""
    translator, sides = Translator(Sides()), Sides()
    translator = Translator(sides)
    found: list[Fact] = []
    for item in with_snapshots(read(path)):
        if isinstance(item, Message):
            found += list(translator.facts(item))
        else:
            assert isinstance(item, Snapshot)
    return found


def play(
    database: Database, facts: Sequence[Fact], ends: float, portal: Portal | None = None, *, together: bool = False
) -> None:
    """Let the facts happen so that the last one is at ``ends``, delivering after each, or once after all."""
    if not facts:
        return
    portal, clock = portal or Portal(), [0.0]
    tracker = Tracker(SqlCallStore(database), NODE, Rules, CardTiming, lambda: clock[0])
    deliverer = Deliverer(SqlOutbox(database), portal, Known(), Options, lambda: clock[0], lambda: 0.5, "test")
    shift = ends - facts[-1].at
    moved = [replace(fact, at=fact.at + shift, **_renamed(fact, shift)) for fact in facts]
    for some in [moved] if together else [[fact] for fact in moved]:
        tracker.track(some)
        clock[0] = some[-1].at + 0.2
        while deliverer.deliver_due():
            pass


def _renamed(fact: Fact, shift: float) -> dict[str, Any]:
    """Linked ids hold the time of the recording; two plays of one recording must not meet."""
    names = ("leg", "call", "by", "second", "target")
    return {name: _moved(getattr(fact, name), shift) for name in names if hasattr(fact, name) and getattr(fact, name)}


def _moved(unique_id: str, shift: float) -> str:
    head, dot, tail = unique_id.rpartition(".")
    prefix, dash, seconds = head.rpartition("-")
    return f"{prefix}{dash}{int(seconds) + int(shift)}{dot}{tail}" if seconds.isdigit() else unique_id


def health(*checks: Check, **changes: Any) -> Health:
    """A service in which everything works, but for the checks given."""
    parts = {check.part: check for check in (*_WELL, *checks)}
    values: dict[str, Any] = {
        "version": "1.0.0",
        "node": NODE,
        "started": NOW - 86_400,
        "now": NOW,
        "checks": tuple(parts.values()),
        "counts": {"live_calls": 0, "employees": len(EMPLOYEES)},
        "budget": 0.12,
    }
    return Health(**values | changes)


_WELL = (
    Check("pbx", Level.OK, "ami_up", "connected to Asterisk 22.10.1", since=NOW - 86_000),
    Check("portal", Level.OK, "portal_up", "the portal takes calls"),
    Check("database", Level.OK, "database_ok", "the database answers"),
    Check("deliveries", Level.OK, "deliveries_ok", "0 deliveries wait"),
    Check("recordings", Level.OK, "recordings_ok", "the recordings folder can be read"),
    Check("employees", Level.OK, "employees_ok", "6 employees known"),
)
