# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls for the panel's tests: plain rows, and whole stories played through tracker and deliverer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from itgrix_module.app.health import Check, Health, Level
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.ports import CallRow, Lane, NewStep, PortalSide, Settlement, StoredStep, TimelineEntry
from itgrix_module.app.track import CardTiming, Tracker
from itgrix_module.asterisk.listings import with_snapshots
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.snapshot import Snapshot
from itgrix_module.asterisk.transcript import read
from itgrix_module.asterisk.translate import Translator
from itgrix_module.domain.facts import Fact
from itgrix_module.domain.failures import Failure, Permanent
from itgrix_module.domain.policy import Rules
from itgrix_module.domain.steps import Priority
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


Refuse = Callable[[str], Failure | None]


class Delivery:
    """Delivers as the engine does, but without a portal. ``refuse``: why a kind of step fails, None if it does not."""

    def __init__(self, database: Database, refuse: Refuse = lambda _: None) -> None:
        self._outbox, self._refuse, self._number = SqlOutbox(database), refuse, 40

    def deliver(self, now: float) -> None:
        """Send everything that is due but recordings."""
        while lanes := self._outbox.claim("test", now, 60.0, 10, Priority.CARD, Priority.TASK):
            for lane in lanes:
                self._send(lane, now)

    def _send(self, lane: Lane, now: float) -> None:
        side, settlements, entries = lane.portal, list[Settlement](), list[TimelineEntry]()
        for sent in [one for one in lane.steps if one.kind != "attach"]:
            failure = self._refuse(sent.kind)
            settlements.append(_settled(sent, failure, now))
            for kind in ("register", "show") if sent.kind == "register" else (sent.kind,):
                answer = None if failure else self._answer(kind)
                entries.append(_attempt(kind, self._request(kind, lane, sent), answer, failure, now))
                side = _known(side, kind, answer)
        call = lane.call
        assert self._outbox.settle("test", call.node, call.linkedid, settlements, side, entries, now)

    def _answer(self, kind: str) -> dict[str, Any] | None:
        self._number += 1
        entity = {"entity_type": "CONTACT", "entity_id": "15", "warning": ""}
        if kind == "register":
            created = [["LEAD", str(self._number)]]
            return {"call_id": f"externalCall.{self._number:032x}.1", **entity, "created": created}
        return {"activity_id": str(700 + self._number), **entity} if kind == "finish" else None

    def _request(self, kind: str, lane: Lane, sent: StoredStep) -> dict[str, Any]:
        call, users = lane.call, [user_of(party) for party in sent.payload.get("employees", ())]
        if kind == "register":
            external_id = f"{call.node}-{call.linkedid}"
            return {"external_id": external_id, "user_id": (users or [1])[0], "phone": call.client, "incoming": True}
        if kind == "finish":
            user = user_of(str(sent.payload["employee"]))
            return {"user_id": user, "seconds": round(sent.payload["talk"]), "status": sent.payload["status"]}
        return {"users": users}


def _settled(sent: StoredStep, failure: Failure | None, now: float) -> Settlement:
    attempts = sent.attempts + 1
    if failure is None:
        return Settlement(sent.id, "done", attempts=attempts)
    state, due_at = ("failed", 0.0) if isinstance(failure, Permanent) else ("waiting", now + 900)
    return Settlement(sent.id, state, due_at, attempts, code=failure.code, text=str(failure))


def _attempt(
    kind: str, request: dict[str, Any], answer: dict[str, Any] | None, failure: Failure | None, now: float
) -> TimelineEntry:
    data: dict[str, Any] = {"step": kind, "request": request}
    if failure is not None:
        data |= {"failure": type(failure).__name__, "code": failure.code, "text": failure.text, "hint": failure.hint}
        return TimelineEntry(now, "attempt", f"{kind}: {failure.text}", data)
    return TimelineEntry(now, "attempt", f"{kind}: accepted", data | ({"answer": answer} if answer else {}))


def _known(side: PortalSide, kind: str, answer: dict[str, Any] | None) -> PortalSide:
    if answer is None:
        return side
    side = replace(side, entity_type=answer["entity_type"], entity_id=answer["entity_id"])
    if kind == "register":
        created = tuple((what, number) for what, number in answer["created"])
        return replace(side, call_id=answer["call_id"], created=created, registered_user=1)
    return replace(side, finished=True, activity_id=answer["activity_id"])


def user_of(party: str) -> int:
    """Portal user of an extension; 1 for all others."""
    return next((one.user_id for one in EMPLOYEES if party in (one.extension, *one.phones)), 1)


def facts_of(path: Path) -> list[Fact]:
    """Facts of a recorded AMI session."""
    translator = Translator(Sides())
    found: list[Fact] = []
    for item in with_snapshots(read(path)):
        if isinstance(item, Message):
            found += list(translator.facts(item))
        else:
            assert isinstance(item, Snapshot)
    return found


def play(
    database: Database, facts: Sequence[Fact], ends: float, refuse: Refuse = lambda _: None, *, together: bool = False
) -> None:
    """Let the facts happen so that the last one is at ``ends``, delivering after each, or once after all."""
    if not facts:
        return
    delivery, clock = Delivery(database, refuse), [0.0]
    tracker = Tracker(SqlCallStore(database), NODE, Rules, CardTiming, lambda: clock[0])
    shift = ends - facts[-1].at
    moved = [replace(fact, at=fact.at + shift, **_renamed(fact, shift)) for fact in facts]
    for some in [moved] if together else [[fact] for fact in moved]:
        clock[0] = some[-1].at
        tracker.track(some)
        clock[0] += 0.2
        delivery.deliver(clock[0])


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
    Check("deliveries", Level.OK, "deliveries_ok", "deliveries that wait: 0"),
    Check("recordings", Level.OK, "recordings_ok", "the recordings folder can be read"),
    Check("employees", Level.OK, "employees_ok", "employees known: 6"),
)
