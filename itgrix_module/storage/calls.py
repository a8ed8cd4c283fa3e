# SPDX-License-Identifier: GPL-3.0-or-later
"""The tracker's side: calls, their steps and their timeline, stored together or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from uuid import uuid4

from sqlalchemy import Connection, Table, insert, select, update

from itgrix_module.app.ports import CallRow, NewStep, TimelineEntry, Work
from itgrix_module.domain.failures import Failure, Permanent
from itgrix_module.domain.steps import Priority
from itgrix_module.storage.engine import Database
from itgrix_module.storage.lanes import IN_ONE_STATEMENT, append_steps, new_step_values
from itgrix_module.storage.models import Call, Client, Party, SeenLine, Timeline
from itgrix_module.storage.reports import forget_days, forget_merged
from itgrix_module.storage.rows import CALL_COLUMNS, call_key, call_row, call_values, parties_of, timeline_values
from itgrix_module.storage.values import clip
from itgrix_module.storage.writing import slices, table_of, upsert

Key = tuple[str, str]
calls: Table = table_of(Call)
timeline: Table = table_of(Timeline)


class BufferedWork:
    """Collects one transaction, so that it can be written in few statements and again when another writer won.

    Nothing is read back in between: the last state of a call counts, its steps and entries keep their order.
    """

    def __init__(self) -> None:
        self.token = uuid4().hex
        self.rows: dict[Key, CallRow] = {}
        self.steps: dict[Key, list[dict[str, object]]] = {}
        self.timeline: dict[Key, list[dict[str, object]]] = {}
        self.merges: list[tuple[str, str, str]] = []
        self.lines: dict[Key, list[float]] = {}
        self.hastened: dict[Key, float] = {}

    def save_call(self, row: CallRow) -> None:
        self.rows[call_key(row.node, row.linkedid)] = row

    def add_steps(self, node: str, linkedid: str, steps: Sequence[NewStep]) -> None:
        if steps:
            self.steps.setdefault(call_key(node, linkedid), []).extend(map(new_step_values, steps))

    def hasten(self, node: str, linkedid: str, now: float) -> None:
        self.hastened[call_key(node, linkedid)] = now

    def add_timeline(self, node: str, linkedid: str, entries: Sequence[TimelineEntry]) -> None:
        if entries:
            self.timeline.setdefault(call_key(node, linkedid), []).extend(map(timeline_values, entries))

    def merge_call(self, node: str, gone: str, kept: str) -> None:
        self.merges.append((*call_key(node, gone), call_key(node, kept)[1]))

    def see_line(self, line: str, trunk: str, at: float) -> None:
        self.lines.setdefault((clip(line, 100), clip(trunk, 100)), []).append(at)

    def empty(self) -> bool:
        return not (self.rows or self.steps or self.timeline or self.merges or self.lines or self.hastened)

    def is_lasting(self) -> bool:
        """Whether a power cut must not take it away. A card is worth nothing after one, and somebody waits for it."""
        return any(step["priority"] != Priority.CARD for steps in self.steps.values() for step in steps)

    def repeats(self, other: BufferedWork) -> bool:
        """Whether this is the other work once more, perhaps with more behind it."""
        return all(key in self.rows for key in other.rows) and all(
            mine.get(key, [])[: len(rows)] == rows
            for mine, theirs in ((self.steps, other.steps), (self.timeline, other.timeline))
            for key, rows in theirs.items()
        )

    def without(self, other: BufferedWork) -> BufferedWork:
        """What this work has beyond the other one, which it repeats."""
        rest = copy(self)
        rest.steps = _beyond(self.steps, other.steps)
        rest.timeline = _beyond(self.timeline, other.timeline)
        return rest


Values = dict[Key, list[dict[str, object]]]


def _beyond(mine: Values, theirs: Values) -> Values:
    rest = {key: rows[len(theirs.get(key, ())) :] for key, rows in mine.items()}
    return {key: rows for key, rows in rest.items() if rows}


class SqlCallStore:
    """ports.CallStore."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._in_doubt: BufferedWork | None = None

    @contextmanager
    def work(self) -> Iterator[Work]:
        """One transaction. It is written when the block ends, so its failures come from there.

        Raises Temporary or NeedsOwner when the database cannot take it: nothing is stored then (``executed`` False)
        or, when the connection broke in mid-commit and stayed away, perhaps all of it (``executed`` True). Either
        way the same may be stored again, with more behind it: nothing gets in twice.
        Raises Permanent ``unknown_call`` when a step or an entry is for a call that was never saved.
        """
        work = BufferedWork()
        yield work
        if not work.empty():
            self._store(work)

    def _store(self, work: BufferedWork) -> None:
        earlier = self._in_doubt
        if earlier is not None and not work.repeats(earlier):
            earlier = None
        try:
            self._database.run(
                lambda connection: _write(connection, _new_part(connection, work, earlier)),
                durable=work.is_lasting(),
                committed=lambda connection: _is_written(connection, work),
            )
        except Failure as failure:
            if failure.executed:
                self._in_doubt = work
            raise
        if earlier is not None:
            self._in_doubt = None

    def live_calls(self, node: str) -> list[CallRow]:
        query = select(calls).where(calls.c.live, calls.c.node == node).order_by(calls.c.started, calls.c.id)
        with self._database.read() as connection:
            return [call_row(row) for row in connection.execute(query).mappings()]


def store_work(connection: Connection, work: BufferedWork) -> None:
    """Store a work as part of a larger transaction."""
    _write(connection, work)


def _new_part(connection: Connection, work: BufferedWork, earlier: BufferedWork | None) -> BufferedWork:
    if earlier is None or not _is_written(connection, earlier):
        return work
    return work.without(earlier)


def _write(connection: Connection, work: BufferedWork) -> None:
    # Calls first: their rows are what every writer of a call's steps locks first.
    _write_calls(connection, work)
    ids = _ids_of(connection, _touched(work))
    _write_search(connection, work, ids)
    _write_steps(connection, work, ids)
    _write_timeline(connection, work, ids)
    for merge in work.merges:
        _merge(connection, ids, *merge)
    _write_lines(connection, work)
    forget_days(connection, work.rows.values())


def _touched(work: BufferedWork) -> list[Key]:
    merged = [(node, linkedid) for node, gone, kept in work.merges for linkedid in (gone, kept)]
    return list(dict.fromkeys([*work.rows, *work.steps, *work.timeline, *work.hastened, *merged]))


def _write_calls(connection: Connection, work: BufferedWork) -> None:
    values = [{**call_values(row), "work": work.token} for row in work.rows.values()]
    upsert(connection, Call, values, keys=["node", "linkedid"], update=[*CALL_COLUMNS, "work"])


def _ids_of(connection: Connection, keys: Iterable[Key]) -> dict[Key, int]:
    by_node: dict[str, list[str]] = {}
    for node, linkedid in keys:
        by_node.setdefault(node, []).append(linkedid)
    found: dict[Key, int] = {}
    for node, names in by_node.items():
        for some in slices(names, IN_ONE_STATEMENT):
            query = select(calls.c.linkedid, calls.c.id).where(calls.c.node == node, calls.c.linkedid.in_(some))
            rows = connection.execute(query.order_by(calls.c.id).with_for_update())
            found.update({(node, linkedid): number for linkedid, number in rows})
    return found


def _id_of(ids: dict[Key, int], key: Key) -> int:
    if key not in ids:
        raise Permanent("unknown_call", f"call {key[1]} of node {key[0]} was never saved")
    return ids[key]


def _write_search(connection: Connection, work: BufferedWork, ids: dict[Key, int]) -> None:
    parties = [
        {"call_id": ids[key], "extension": name, "started": row.started}
        for key, row in work.rows.items()
        for name in parties_of(row)
    ]
    upsert(connection, Party, parties, keys=["call_id", "extension"], update=["started"])
    seen = {clip(row.client, 100): row.started for row in work.rows.values() if row.client}
    numbers = [{"number": number, "seen": at} for number, at in seen.items()]
    upsert(connection, Client, numbers, keys=["number"], update=["seen"])


def _write_steps(connection: Connection, work: BufferedWork, ids: dict[Key, int]) -> None:
    added = {_id_of(ids, key): rows for key, rows in work.steps.items()}
    hastened = {ids[key]: at for key, at in work.hastened.items() if key in ids}
    if not added and not hastened:
        return
    append_steps(connection, {number: key[0] for key, number in ids.items()}, added, hastened)
    for some in slices(added, IN_ONE_STATEMENT):
        waiting = {"delivery": "waiting", "undelivered": True, "work": work.token}
        connection.execute(update(calls).where(calls.c.id.in_(some)).values(waiting))


def _write_timeline(connection: Connection, work: BufferedWork, ids: dict[Key, int]) -> None:
    entries = [{**entry, "call_id": _id_of(ids, key)} for key, rows in work.timeline.items() for entry in rows]
    if entries:
        connection.execute(insert(timeline), entries)
    if entries and not work.rows and not work.steps:
        connection.execute(update(calls).where(calls.c.id == entries[0]["call_id"]).values(work=work.token))


def _merge(connection: Connection, ids: dict[Key, int], node: str, gone: str, kept: str) -> None:
    old, new = ids.get((node, gone)), ids.get((node, kept))
    if old is None:
        return
    connection.execute(update(calls).where(calls.c.id == old).values(merged_into=kept, live=False))
    forget_merged(connection, old)
    if new is not None:
        connection.execute(update(timeline).where(timeline.c.call_id == old).values(call_id=new))


def _write_lines(connection: Connection, work: BufferedWork) -> None:
    rows = [
        {"line": line, "trunk": trunk, "first_at": min(times), "last_at": max(times), "times": len(times)}
        for (line, trunk), times in work.lines.items()
    ]
    upsert(connection, SeenLine, rows, keys=["line", "trunk"], update=["last_at"], added=["times"])


def _is_written(connection: Connection, work: BufferedWork) -> bool:
    """Whether a commit in doubt happened. Locking the row waits for a transaction that is still being committed."""
    marked = [*work.rows, *work.steps, *work.timeline][:1]
    ids = _ids_of(connection, marked)
    if not ids:
        return False
    query = select(calls.c.work).where(calls.c.id == ids[marked[0]]).with_for_update()
    return connection.execute(query).scalar() == work.token
