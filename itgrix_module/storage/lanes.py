# SPDX-License-Identifier: GPL-3.0-or-later
"""The waiting steps of a call and its row in the lanes, kept in step.

Rules, for every function here: the caller holds the row of the call (its transaction has written or locked it), so two
writers of one call's steps follow one another; a lane exists exactly while steps wait; its priority is the
``urgency`` of those, its ``ready_at`` the first one's due time, unless somebody holds the lane: then it is the end of
the lease and only the holder's settlement changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, literal_column, select, update

from itgrix_module.app.ports import NewStep
from itgrix_module.domain.steps import urgency
from itgrix_module.storage.models import Call, Lane, Step
from itgrix_module.storage.values import clip, to_json
from itgrix_module.storage.writing import slices, table_of, upsert

IN_ONE_STATEMENT = 500
BACKGROUND = "attach"  # steps of this kind may wait for half an hour
steps = table_of(Step)
lanes = table_of(Lane)
calls = table_of(Call)
_IS_FREE = lanes.c.owner == literal_column("''")


@dataclass(frozen=True)
class Waiting:
    """What a lane needs to know of a waiting step."""

    id: int
    n: int
    kind: str
    priority: int
    due_at: float
    attempts: int


def new_step_values(step: NewStep) -> dict[str, Any]:
    """Columns of a new step but for its call and its place."""
    return {
        "state": "waiting",
        "kind": clip(step.kind, 32),
        "payload": to_json(step.payload),
        "priority": int(step.priority),
        "due_at": step.due_at,
        "decided_at": step.decided_at,
    }


def append_steps(
    connection: Connection,
    nodes: Mapping[int, str],
    added: Mapping[int, Sequence[dict[str, Any]]],
    hastened: Mapping[int, float] = MappingProxyType({}),
) -> None:
    """Store new steps behind those of their calls. ``added``: values by call id; ``nodes``: of all these calls.

    ``hastened``: calls whose steps that were never tried are due now, and when that is.
    """
    if added:
        last = _last_places(connection, added)
        rows = ((call, place, values) for call, new in added.items() for place, values in enumerate(_together(new), 1))
        connection.execute(
            insert(steps), [{**values, "call_id": call, "n": last.get(call, 0) + place} for call, place, values in rows]
        )
    _hasten(connection, hastened)
    waiting = waiting_steps(connection, dict.fromkeys((*added, *hastened)))
    _pull_forward(connection, waiting)
    _show_lanes(connection, nodes, waiting)


def _together(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps that are stored together: none is due later than one behind it (see ``_pull_forward``)."""
    found: list[dict[str, Any]] = []
    earliest = float("inf")
    for values in reversed(rows):
        earliest = min(earliest, values["due_at"])
        found.append({**values, "due_at": earliest})
    return found[::-1]


def follow_steps(connection: Connection, call: int, added: Sequence[NewStep]) -> None:
    """Store steps that follow from one that is being settled, before a recording of the call that still waits.

    A kind that the call has already, waiting or done, is left out: a call that is finished once more is not followed
    up twice. Only for the holder of the lane, who refreshes it afterwards.
    """
    there = select(steps.c.kind).where(steps.c.call_id == call, steps.c.state.in_(("waiting", "done")))
    known = set(connection.scalars(there))
    rows = [new_step_values(step) for step in added if clip(step.kind, 32) not in known]
    if not rows:
        return
    place = _make_room(connection, call, len(rows))
    connection.execute(
        insert(steps), [{**values, "call_id": call, "n": n} for n, values in enumerate(rows, start=place)]
    )


def _make_room(connection: Connection, call: int, count: int) -> int:
    """The first of ``count`` free places before the recordings that wait, or behind all steps."""
    query = select(steps.c.id, steps.c.n, steps.c.kind, steps.c.state).where(steps.c.call_id == call)
    listed = connection.execute(query.order_by(steps.c.n.desc())).all()
    behind: int = listed[0].n + 1 if listed else 1
    first: int = min((step.n for step in listed if (step.kind, step.state) == (BACKGROUND, "waiting")), default=behind)
    for step in listed:  # the last one first: no two have the same place, not even for a moment
        if step.n >= first:
            connection.execute(update(steps).where(steps.c.id == step.id).values(n=step.n + count))
    return first


def state_is(state: str) -> ColumnElement[bool]:
    """For the steps of known calls: tests the state without letting SQLite go by the index on it.

    It would rather look through all fifty thousand waiting steps of an outage than through the five of the call.
    """
    return func.coalesce(steps.c.state, "") == state


def _hasten(connection: Connection, hastened: Mapping[int, float]) -> None:
    # They were hastened within moments of one another; one time for all makes it one statement.
    now = min(hastened.values(), default=0.0)
    for some in slices(hastened, IN_ONE_STATEMENT):
        mine = update(steps).where(steps.c.call_id.in_(some), state_is("waiting"), steps.c.attempts == 0)
        connection.execute(mine.where(steps.c.due_at > now).values(due_at=now))


def _last_places(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in slices(ids, IN_ONE_STATEMENT):
        query = select(steps.c.call_id, func.max(steps.c.n)).where(steps.c.call_id.in_(some)).group_by(steps.c.call_id)
        found.update((call, n) for call, n in connection.execute(query))
    return found


def waiting_steps(connection: Connection, ids: Iterable[int]) -> dict[int, list[Waiting]]:
    """Waiting steps by call id, in order."""
    found: dict[int, list[Waiting]] = {}
    for some in slices(ids, IN_ONE_STATEMENT):
        query = (
            select(
                steps.c.call_id,
                steps.c.id,
                steps.c.n,
                steps.c.kind,
                steps.c.priority,
                steps.c.due_at,
                steps.c.attempts,
            )
            .where(steps.c.call_id.in_(some), state_is("waiting"))
            .order_by(steps.c.call_id, steps.c.n)
        )
        for call, *values in connection.execute(query):
            found.setdefault(call, []).append(Waiting(*values))
    return found


def _pull_forward(connection: Connection, waiting: dict[int, list[Waiting]]) -> None:
    """A step that waits for company (never tried yet) goes as soon as a later one of its call has to go.

    A step in its back-off is left alone: it waits because the portal failed.
    """
    changed = [step for call in waiting for step in _pulled(waiting, call)]
    if not changed:
        return
    statement = update(steps).where(steps.c.id == bindparam("step")).values(due_at=bindparam("due"))
    connection.execute(statement, [{"step": step.id, "due": step.due_at} for step in changed])


def _pulled(waiting: dict[int, list[Waiting]], call: int) -> list[Waiting]:
    changed = []
    earliest = float("inf")
    for index in range(len(waiting[call]) - 1, -1, -1):
        step = waiting[call][index]
        earliest = min(earliest, step.due_at)
        if step.due_at > earliest and not step.attempts:
            waiting[call][index] = replace(step, due_at=earliest)
            changed.append(waiting[call][index])
    return changed


def _show_lanes(connection: Connection, nodes: Mapping[int, str], waiting: Mapping[int, Sequence[Waiting]]) -> None:
    values = [_lane_values(call, nodes[call], rows) for call, rows in waiting.items()]
    # Only a free lane: what was added to a held one counts when its holder settles.
    upsert(connection, Lane, values, keys=["call_id"], update=["priority", "ready_at"], only=_IS_FREE)


def _lane_values(call: int, node: str, rows: Sequence[Waiting]) -> dict[str, Any]:
    free = {"owner": "", "token": ""}
    return {"call_id": call, "node": node, "priority": _urgency(rows), "ready_at": rows[0].due_at, **free}


def _urgency(rows: Sequence[Waiting]) -> int:
    return urgency((step.kind, step.priority) for step in rows)


def release_lane(connection: Connection, call: int) -> None:
    """Its holder gives the lane back: free from now on, as the waiting steps say."""
    connection.execute(update(lanes).where(lanes.c.call_id == call).values(owner="", token=""))


def refresh_lane(connection: Connection, call: int, node: str) -> None:
    """After steps of a call changed their state: make a free lane fit, and what the panel shows beside the call.

    A held lane is left to its holder, whose settlement comes here too.
    """
    waiting = waiting_steps(connection, [call])
    if waiting:
        _show_lanes(connection, {call: node}, waiting)
    else:
        connection.execute(delete(lanes).where(lanes.c.call_id == call, lanes.c.owner == ""))
    state = "waiting" if waiting else _settled_state(connection, call)
    connection.execute(
        update(calls).where(calls.c.id == call).values(delivery=state, undelivered=state in ("waiting", "failed"))
    )


def _settled_state(connection: Connection, call: int) -> str:
    failed = select(steps.c.id).where(steps.c.call_id == call, state_is("failed")).limit(1)
    return "failed" if connection.execute(failed).first() else "done"
