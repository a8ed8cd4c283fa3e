# SPDX-License-Identifier: GPL-3.0-or-later
"""The deliverer's side: lanes of waiting steps, claimed by lease.

A claim is one UPDATE for each priority that waits, over a plain range of the index on (priority, ready_at), so it
costs the same with ten waiting calls and with fifty thousand, due or not. It writes a token that no other claim has;
the rows with the token are the claim. No row locks outlive the statement's transaction and no SKIP LOCKED is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update
from sqlalchemy.sql import Executable

from itgrix_module.app.ports import Lane as ClaimedLane
from itgrix_module.app.ports import NewStep, PortalSide, Settlement, StoredStep, TimelineEntry
from itgrix_module.domain.failures import Temporary
from itgrix_module.storage.engine import Database
from itgrix_module.storage.lanes import follow_steps, refresh_lane, release_lane, state_is
from itgrix_module.storage.models import Call, Lane, Step, Timeline
from itgrix_module.storage.rows import (
    STEP_CODE_LENGTH,
    STEP_TEXT_LENGTH,
    call_key,
    call_row,
    portal_side,
    portal_values,
    stored_step,
    timeline_values,
)
from itgrix_module.storage.values import clip, to_json
from itgrix_module.storage.writing import table_of

calls: Table = table_of(Call)
lanes: Table = table_of(Lane)
steps: Table = table_of(Step)
timeline: Table = table_of(Timeline)

STATES = ("waiting", "done", "failed", "dropped")
TAKE_SQLITE = text(
    "UPDATE itgrix_lanes SET owner = :owner, token = :token, ready_at = :until WHERE call_id IN ("
    "SELECT call_id FROM itgrix_lanes WHERE priority = :priority AND ready_at <= :now "
    "AND :node IN ('', node) ORDER BY ready_at LIMIT :limit)"
)
TAKE_MARIADB = text(
    "UPDATE itgrix_lanes SET owner = :owner, token = :token, ready_at = :until "
    "WHERE priority = :priority AND ready_at <= :now AND :node IN ('', node) ORDER BY ready_at LIMIT :limit"
)

# Each worker asks these several times a second; building them anew takes longer than the database's answer.
NEXT_PRIORITY = text("SELECT MIN(priority) FROM itgrix_lanes WHERE priority BETWEEN :first AND :last")
EARLIEST = text("SELECT MIN(ready_at) FROM itgrix_lanes WHERE priority = :priority")


class SqlOutbox:
    """ports.Outbox. ``owner``: a name of one worker; two workers must not share one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._take: Executable = TAKE_SQLITE if database.is_sqlite else TAKE_MARIADB

    def claim(
        self, owner: str, now: float, lease: float, limit: int, first: int = 0, last: int = 99, node: str = ""
    ) -> list[ClaimedLane]:
        if not owner:
            raise ValueError("a claim needs an owner")
        ready = self.next_due(now, first, last)
        if limit <= 0 or ready is None or ready > now:
            return []
        token = uuid4().hex
        values = {"owner": clip(owner, 100), "now": now, "until": now + lease, "token": token, "node": clip(node, 64)}
        return self._database.run(
            lambda connection: self._claim(connection, values, limit, first, last),
            durable=False,
            committed=lambda connection: _has_claimed(connection, token),
        )

    def _claim(
        self, connection: Connection, values: Mapping[str, Any], limit: int, first: int, last: int
    ) -> list[ClaimedLane]:
        left = limit
        for priority in _priorities(connection, first, last):
            left -= connection.execute(self._take, {**values, "priority": priority, "limit": left}).rowcount
            if left <= 0:
                break
        return _claimed(connection, values["token"])

    def settle(
        self,
        owner: str,
        node: str,
        linkedid: str,
        settlements: Sequence[Settlement],
        portal: PortalSide | None,
        timeline: Sequence[TimelineEntry],
        now: float,
        follow: Sequence[NewStep] = (),
    ) -> bool:
        """``follow``: steps that follow from these settlements, stored with them (see ``lanes.follow_steps``)."""
        rows = [timeline_values(entry) for entry in timeline]
        side = portal_values(portal) if portal else {}

        def store(connection: Connection) -> bool:
            call = _locked_call(connection, node, linkedid)
            if call is None or not _holds(connection, call, owner):
                return False
            _settle_steps(connection, call, settlements, now)
            follow_steps(connection, call, follow)
            _settle_call(connection, call, side, rows)
            release_lane(connection, call)
            refresh_lane(connection, call, call_key(node, linkedid)[0])
            return True

        return self._database.run(
            store, committed=lambda connection: not _holds_call(connection, node, linkedid, owner)
        )

    def remember_sent(self, owner: str, step: int, sent: Mapping[str, Any]) -> None:
        """Raises Temporary ``lease_lost`` when the step's lane is not the owner's any more: do not send then."""
        held = select(lanes.c.call_id).where(lanes.c.call_id == steps.c.call_id, lanes.c.owner == clip(owner, 100))
        statement = update(steps).where(steps.c.id == step, held.exists()).values(sent=to_json(sent))
        if not self._database.run(lambda connection: connection.execute(statement).rowcount, durable=False):
            raise Temporary("lease_lost", f"step {step} is no longer held by {owner}")

    def extend(self, owner: str, node: str, linkedid: str, until: float) -> bool:
        if not owner:
            return False
        key = call_key(node, linkedid)
        call = select(calls.c.id).where(calls.c.node == key[0], calls.c.linkedid == key[1]).scalar_subquery()
        mine = update(lanes).where(lanes.c.call_id == call, lanes.c.owner == clip(owner, 100))
        statement = mine.values(ready_at=until)
        return bool(self._database.run(lambda connection: connection.execute(statement).rowcount, durable=False))

    def next_due(self, now: float, first: int = 0, last: int = 99) -> float | None:  # noqa: ARG002
        """Epoch second when a lane can next be claimed, a held one at the end of its lease; past when one can now."""
        with self._database.read() as connection:
            earliest = [_earliest(connection, priority) for priority in _priorities(connection, first, last)]
        # A lane may have gone between the two looks.
        return min((at for at in earliest if at is not None), default=None)

    def counts(self) -> Mapping[str, int]:
        with self._database.read() as connection:
            found = connection.execute(select(steps.c.state, func.count()).group_by(steps.c.state))
            counted = dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in found}
            return counted | {"lanes": connection.scalar(select(func.count()).select_from(lanes)) or 0}


def _priorities(connection: Connection, first: int, last: int) -> Iterator[int]:
    """The priorities that wait, first the most urgent; each is one look into the index."""
    while True:
        found = connection.scalar(NEXT_PRIORITY, {"first": first, "last": last})
        if found is None:
            return
        yield found
        first = found + 1


def _earliest(connection: Connection, priority: int) -> float | None:
    earliest: float | None = connection.scalar(EARLIEST, {"priority": priority})
    return earliest


def _has_claimed(connection: Connection, token: str) -> bool:
    return connection.execute(select(lanes.c.call_id).where(lanes.c.token == token).limit(1)).first() is not None


def _claimed(connection: Connection, token: str) -> list[ClaimedLane]:
    query = select(calls).join(lanes, lanes.c.call_id == calls.c.id).where(lanes.c.token == token)
    held = {row["id"]: row for row in connection.execute(query).mappings()}
    waiting = _waiting_steps(connection, list(held))
    for call in held.keys() - waiting.keys():
        # Its steps were dropped by hand while a worker that died held it.
        connection.execute(delete(lanes).where(lanes.c.call_id == call))
    found = [ClaimedLane(call_row(held[call]), portal_side(held[call]), tuple(waiting[call])) for call in waiting]
    return sorted(found, key=lambda lane: (lane.urgency, lane.steps[0].due_at))


def _waiting_steps(connection: Connection, ids: Sequence[int]) -> dict[int, list[StoredStep]]:
    query = select(steps).where(steps.c.call_id.in_(ids), state_is("waiting"))
    found: dict[int, list[StoredStep]] = {}
    for row in connection.execute(query.order_by(steps.c.call_id, steps.c.n)).mappings():
        found.setdefault(row["call_id"], []).append(stored_step(row))
    return found


def _locked_call(connection: Connection, node: str, linkedid: str) -> int | None:
    key = call_key(node, linkedid)
    query = select(calls.c.id).where(calls.c.node == key[0], calls.c.linkedid == key[1]).with_for_update()
    return connection.scalar(query)


def _holds(connection: Connection, call: int, owner: str) -> bool:
    query = select(lanes.c.owner).where(lanes.c.call_id == call).with_for_update()
    return bool(owner) and connection.scalar(query) == clip(owner, 100)


def _holds_call(connection: Connection, node: str, linkedid: str, owner: str) -> bool:
    call = _locked_call(connection, node, linkedid)
    return call is not None and _holds(connection, call, owner)


def _settle_steps(connection: Connection, call: int, settlements: Sequence[Settlement], now: float) -> None:
    for settled in settlements:
        if settled.state not in STATES:
            raise ValueError(f"no such state of a step: {settled.state!r}")
        # What was dropped by hand meanwhile stays dropped, unless the portal has it: then that is the truth.
        before = ("waiting", "dropped") if settled.state == "done" else ("waiting",)
        mine = update(steps).where(steps.c.id == settled.step, steps.c.call_id == call, steps.c.state.in_(before))
        connection.execute(mine.values(_settlement_values(settled, now)))


def _settlement_values(settled: Settlement, now: float) -> dict[str, Any]:
    values = {
        "state": settled.state,
        "attempts": settled.attempts,
        "unsure": settled.unsure,
        "code": clip(settled.code, STEP_CODE_LENGTH),
        "text": clip(settled.text, STEP_TEXT_LENGTH),
        "answer": None if settled.answer is None else to_json(settled.answer),
        "settled_at": None if settled.state == "waiting" else now,
    }
    if settled.sent is not None:
        values["sent"] = to_json(settled.sent)
    return values | ({"due_at": settled.due_at} if settled.state == "waiting" else {})


def _settle_call(
    connection: Connection, call: int, side: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> None:
    if side:
        connection.execute(update(calls).where(calls.c.id == call).values(dict(side)))
    if entries:
        connection.execute(insert(timeline), [{**entry, "call_id": call} for entry in entries])
