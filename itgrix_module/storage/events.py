# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of the portal: one row for each, whoever delivers it how often, over a crash and a change of the way in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, update
from sqlalchemy.dialects import mysql, sqlite

from itgrix_module.app.happenings import CALLS, Happening, Kept
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models_events import Event, EventWay
from itgrix_module.storage.values import clip, from_json, to_json
from itgrix_module.storage.writing import slices, table_of, upsert

events = table_of(Event)
ways = table_of(EventWay)

WAITING, DONE, STALE, FAILED = "waiting", "done", "stale", "failed"
_ROWS = 50  # in one statement
_SLICE = 500  # rows that are removed in one transaction


@dataclass(frozen=True)
class Counted:
    """``last_at``: epoch seconds when the last one came, None when none has come yet."""

    waiting: int = 0
    failed: int = 0
    last_at: float | None = None


class SqlHappenings:
    """Fulfils ``app.happenings.HappeningStore`` for one node."""

    def __init__(self, database: Database, node: str) -> None:
        self._database, self._node = database, clip(node, 64)

    def add(self, happenings: Sequence[Happening]) -> int:
        """See the port. A commit whose answer was lost is repeated without harm, then nothing of it is new."""
        rows = [self._row(happening) for happening in happenings]
        return self._database.run(lambda connection: _add(connection, rows)) if rows else 0

    def due(self, now: float, limit: int, *, calls: bool) -> Sequence[Kept]:
        """See the port."""
        query = select(events).where(*self._waiting(), _of_calls(calls), events.c.next_at <= now)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(events.c.id).limit(limit)).mappings().all()
        return [_kept(dict(row)) for row in rows]

    def next_due(self, *, calls: bool) -> float | None:
        """See the port."""
        query = select(func.min(events.c.next_at)).where(*self._waiting(), _of_calls(calls))
        with self._database.read() as connection:
            found: float | None = connection.scalar(query)
        return found

    def done(self, id: int, now: float, state: str = DONE, note: str = "") -> None:  # noqa: A002
        """See the port. What was secret of it is gone."""
        values = {"state": state, "done_at": now, "note": clip(note, 500), "sealed": ""}
        self._change(id, values)

    def later(self, id: int, at: float, note: str) -> None:  # noqa: A002
        """See the port."""
        self._change(id, {"next_at": at, "note": clip(note, 500), "attempts": events.c.attempts + 1})

    def take_over(self, before: float) -> int:
        """Orders of calls that came before that moment and that another node has not acted on; returns how many."""
        late = (events.c.state == WAITING, events.c.node != self._node, _of_calls(True), events.c.received_at < before)
        with self._database.read() as connection:
            if connection.scalar(select(events.c.id).where(*late).limit(1)) is None:
                return 0
        mine = update(events).where(*late).values(node=self._node)
        return self._database.run(lambda connection: connection.execute(mine).rowcount)

    def counted(self) -> Counted:
        """For the panel and the health."""
        each = select(events.c.state, func.count()).where(events.c.node == self._node).group_by(events.c.state)
        last = select(func.max(events.c.received_at)).where(events.c.node == self._node)
        with self._database.read() as connection:
            found = {row[0]: row[1] for row in connection.execute(each)}
            return Counted(found.get(WAITING, 0), found.get(FAILED, 0), connection.scalar(last))

    def recent(self, limit: int) -> list[dict[str, Any]]:
        """The last ones of this node: name, at, received, state, note; newest first."""
        columns = (events.c.name, events.c.sent_at, events.c.received_at, events.c.state, events.c.note)
        query = select(*columns).where(events.c.node == self._node).order_by(events.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def prune(self, before: float) -> int:
        """Forget those that came before, unless they still wait; returns how many."""
        gone = 0
        while count := self._database.run(lambda connection: _prune(connection, before), durable=False):
            gone += count
        return gone

    def way(self) -> str:
        """Where the portal was last told to send the events of this node."""
        with self._database.read() as connection:
            return connection.scalar(select(ways.c.way).where(ways.c.node == self._node)) or ""

    def set_way(self, way: str) -> None:
        """Note it, before the portal is told: what was perhaps told must be known."""
        row = {"node": self._node, "way": clip(way, 500)}
        self._database.run(lambda connection: upsert(connection, EventWay, [row], keys=["node"], update=["way"]))

    def _waiting(self) -> tuple[ColumnElement[bool], ...]:
        return events.c.state == WAITING, events.c.node == self._node

    def _change(self, number: int, values: dict[str, Any]) -> None:
        statement = update(events).where(events.c.id == number).values(values)
        self._database.run(lambda connection: connection.execute(statement))

    def _row(self, happening: Happening) -> dict[str, Any]:
        return {
            "unique_key": clip(happening.key, 191),
            "node": self._node,
            "name": clip(happening.name, 100),
            "data": to_json(happening.data),
            "sealed": happening.sealed,
            "sent_at": happening.at,
            "received_at": happening.received,
        }


def _of_calls(calls: bool) -> ColumnElement[bool]:
    found = events.c.name.in_(CALLS)
    return found if calls else ~found


def _add(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    before = _highest(connection)
    for some in slices(rows, _ROWS):
        if connection.dialect.name == "sqlite":
            connection.execute(sqlite.insert(events).on_conflict_do_nothing(index_elements=["unique_key"]), some)
        else:
            # Not IGNORE, which would also swallow what does not fit.
            other = mysql.insert(events)
            connection.execute(other.on_duplicate_key_update(unique_key=events.c.unique_key), some)
    keys = [row["unique_key"] for row in rows]
    mine = select(func.count()).where(events.c.id > before, events.c.unique_key.in_(keys))
    return connection.scalar(mine) or 0


def _highest(connection: Connection) -> int:
    return connection.scalar(select(func.max(events.c.id))) or 0


def _prune(connection: Connection, before: float) -> int:
    old = select(events.c.id).where(events.c.received_at < before, events.c.state != WAITING).limit(_SLICE)
    ids = connection.scalars(old).all()
    return connection.execute(delete(events).where(events.c.id.in_(ids))).rowcount if ids else 0


def _kept(row: dict[str, Any]) -> Kept:
    happening = Happening(
        row["name"],
        from_json(row["data"], {}),
        row["sent_at"],
        row["received_at"],
        row["unique_key"],
        row["sealed"],
    )
    return Kept(row["id"], happening, row["attempts"])
