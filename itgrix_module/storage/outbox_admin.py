# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does with the outbox, in the panel and by ``itgrix outbox``: look, try again, drop.

Each act leaves a line in the call's timeline. A call that a worker holds at that moment stays with it: a step that is
dropped while it is being sent counts as done when the portal takes it, and is not sent again when it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from itgrix_module.app.ports import TimelineEntry
from itgrix_module.storage.engine import Database
from itgrix_module.storage.lanes import refresh_lane
from itgrix_module.storage.models import Call, Step, Timeline
from itgrix_module.storage.rows import timeline_values
from itgrix_module.storage.values import from_json
from itgrix_module.storage.writing import slices, table_of

calls = table_of(Call)
steps = table_of(Step)
timeline = table_of(Timeline)

AT_ONCE = 100
CAN_BE_RETRIED = ("failed", "dropped", "waiting")
CAN_BE_DROPPED = ("failed", "waiting")


@dataclass(frozen=True)
class StepFilter:
    """Which steps: empty and None mean any. ``client``: the number as stored. Times: when it was decided."""

    kind: str = ""
    node: str = ""
    linkedid: str = ""
    client: str = ""
    code: str = ""
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True)
class StepRow:
    """A step as a person sees it. ``text``: why it failed or waits. Times in epoch seconds, UTC."""

    id: int
    node: str
    linkedid: str
    client: str
    started: float
    n: int
    kind: str
    state: str
    priority: int
    due_at: float
    decided_at: float
    attempts: int
    unsure: bool
    code: str
    text: str
    settled_at: float | None
    payload: Any
    sent: Any
    answer: Any


class OutboxAdmin:
    """The outbox by hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def steps(
        self, state: str = "", offset: int = 0, limit: int = 50, wanted: StepFilter | None = None
    ) -> list[StepRow]:
        """Steps of a state (empty: any), newest decision first."""
        query = _filtered(step_columns(), state, wanted or StepFilter())
        query = query.order_by(steps.c.decided_at.desc(), steps.c.id.desc()).offset(offset).limit(limit)
        with self._database.read() as connection:
            return [step_row(row) for row in connection.execute(query).mappings()]

    def count(self, state: str = "", wanted: StepFilter | None = None) -> int:
        query = select(func.count()).select_from(steps.join(calls, calls.c.id == steps.c.call_id))
        with self._database.read() as connection:
            return connection.scalar(_filtered(query, state, wanted or StepFilter())) or 0

    def retry(self, ids: Iterable[int] | None, now: float, who: str) -> int:
        """Due at once, attempts counted anew. None: all failed ones. Returns how many steps.

        What was sent is kept, so that a repeat is the same request.
        """
        values = {"state": "waiting", "due_at": now, "attempts": 0, "settled_at": None}
        return self._change(ids, CAN_BE_RETRIED, values, now, f"tried again by {who}")

    def drop(self, ids: Iterable[int], now: float, who: str) -> int:
        """Never sent. Returns how many steps; those that are done stay done."""
        values = {"state": "dropped", "settled_at": now, "text": f"dropped by {who}"}
        return self._change(ids, CAN_BE_DROPPED, values, now, f"dropped by {who}")

    def _change(
        self, ids: Iterable[int] | None, states: Sequence[str], values: dict[str, Any], now: float, text: str
    ) -> int:
        # In slices, each a transaction of its own: the deliverer works on meanwhile.
        chosen = self._all_failed() if ids is None else list(ids)
        changed = 0
        for some in slices(chosen, AT_ONCE):
            work = partial(_change, ids=some, states=states, values=values, now=now, text=text)
            changed += self._database.run(work)
        return changed

    def _all_failed(self) -> list[int]:
        with self._database.read() as connection:
            return list(connection.scalars(select(steps.c.id).where(steps.c.state == "failed").order_by(steps.c.id)))


def step_columns() -> Select[Any]:
    ours = [column for column in steps.c if column.name != "call_id"]
    theirs = (calls.c.node, calls.c.linkedid, calls.c.client, calls.c.started)
    return select(*ours, *theirs).join(calls, calls.c.id == steps.c.call_id)


def _filtered(query: Select[Any], state: str, wanted: StepFilter) -> Select[Any]:
    exact = (
        (steps.c.state, state),
        (steps.c.kind, wanted.kind),
        (steps.c.code, wanted.code),
        (calls.c.node, wanted.node),
        (calls.c.linkedid, wanted.linkedid),
        (calls.c.client, wanted.client),
    )
    for column, value in exact:
        if value:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(steps.c.decided_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(steps.c.decided_at < wanted.until)
    return query


def step_row(row: RowMapping) -> StepRow:
    values = {**row, "unsure": bool(row["unsure"]), "payload": from_json(row["payload"], {})}
    return StepRow(**{**values, "sent": from_json(row["sent"], None), "answer": from_json(row["answer"], None)})


def _change(
    connection: Connection, ids: Sequence[int], states: Sequence[str], values: dict[str, Any], now: float, text: str
) -> int:
    nodes = _locked_calls(connection, ids)
    found = select(steps.c.id, steps.c.call_id, steps.c.kind).where(steps.c.id.in_(ids), steps.c.state.in_(states))
    chosen = connection.execute(found.order_by(steps.c.call_id, steps.c.n)).all()
    if not chosen:
        return 0
    connection.execute(update(steps).where(steps.c.id.in_([step for step, _, _ in chosen])).values(values))
    told = [(call, TimelineEntry(now, "note", f"{kind}: {text}", {"step": step})) for step, call, kind in chosen]
    connection.execute(insert(timeline), [{**timeline_values(entry), "call_id": call} for call, entry in told])
    for call in dict.fromkeys(call for _, call, _ in chosen):
        refresh_lane(connection, call, nodes[call])
    return len(chosen)


def _locked_calls(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    owners = select(steps.c.call_id).where(steps.c.id.in_(ids))
    numbers = sorted(set(connection.scalars(owners)))
    query = select(calls.c.id, calls.c.node).where(calls.c.id.in_(numbers)).order_by(calls.c.id).with_for_update()
    return {call: node for call, node in connection.execute(query)}  # noqa: C416 - rows are no pairs to the type checker
