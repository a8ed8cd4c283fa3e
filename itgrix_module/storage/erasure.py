# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tables hold about one client number: found, written out, taken away.

The client's own calls lose everything that was said of him; elsewhere (the portal's events, another client's call
that was transferred to him, the journal of changes) the number alone is taken out of the texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, String, Table, Text, delete, or_, select, update

from itgrix_module.app.erasure import SURE, Sought
from itgrix_module.storage.engine import Database
from itgrix_module.storage.lanes import refresh_lane
from itgrix_module.storage.models import Base, Call, Client, OpenTask, Setting, Step, Timeline
from itgrix_module.storage.values import from_json
from itgrix_module.storage.writing import slices, table_of

calls, timeline, steps = table_of(Call), table_of(Timeline), table_of(Step)
clients, tasks, settings = table_of(Client), table_of(OpenTask), table_of(Setting)

GONE = "•••"
SLICE = 50
# Of the company, not of its clients; or opened by a key only.
_LEFT_ALONE = frozenset(
    f"itgrix_{name}"
    for name in (
        *("settings", "users", "sessions", "login_waits", "employees", "portal_lines", "lines_seen", "turns", "marks"),
        *("leases", "portal_tokens", "portal_limits", "lanes", "report_days", "report_rows", "wizard_steps"),
        "event_ways",
    )
)
_PERSONAL = {"client": "", "number": "", "client_name": "", "caller": "", "state": ""}


class SqlErasure:
    """Looks through whole tables: for rare orders of a person, not for each call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spellings(self, sought: Sought) -> list[str]:
        """How the number is written in calls and tasks."""
        ending = f"%{sought.digits[-2:]}%"
        columns = (calls.c.client, calls.c.number, clients.c.number, tasks.c.number)
        with self._database.read() as connection:
            found = {
                str(each)
                for column in columns
                for each in connection.scalars(select(column).where(column.like(ending)).distinct())
            }
        return sorted(each for each in found if sought.is_same(each))

    def own_calls(self, spellings: Sequence[str]) -> list[Mapping[str, Any]]:
        """Calls with the client, the oldest first: all columns."""
        found: list[Mapping[str, Any]] = []
        with self._database.read() as connection:
            for some in slices(spellings, 200):
                query = select(calls).where(or_(calls.c.client.in_(some), calls.c.number.in_(some)))
                found += map(dict, connection.execute(query).mappings())
        return sorted({row["id"]: row for row in found}.values(), key=lambda row: row["started"])

    def story(self, call: int) -> dict[str, Any]:
        """Timeline and deliveries of a call."""
        with self._database.read() as connection:
            entries = connection.execute(select(timeline).where(timeline.c.call_id == call).order_by(timeline.c.id))
            told = [{**row, "data": from_json(row["data"], {})} for row in entries.mappings()]
            sent = connection.execute(select(steps).where(steps.c.call_id == call).order_by(steps.c.n)).mappings()
            deliveries = [
                {**row, **{name: from_json(row[name], None) for name in ("payload", "sent", "answer")}} for row in sent
            ]
        return {"timeline": told, "deliveries": deliveries}

    def tasks(self, spellings: Sequence[str]) -> list[dict[str, Any]]:
        """Open tasks for the client."""
        with self._database.read() as connection:
            rows = connection.execute(select(tasks).where(tasks.c.number.in_(list(spellings)))).mappings()
            return [dict(row) for row in rows]

    def mentions(self, sought: Sought, own: Sequence[int]) -> list[dict[str, Any]]:
        """Rows elsewhere that name the number."""
        with self._database.read() as connection:
            return [
                {"table": table.name, **row}
                for table in _searched(sought)
                if table not in (clients, tasks)
                for row in _naming(connection, table, sought)
                if not _is_of(table, row, frozenset(own))
            ]

    def settings(self, sought: Sought) -> list[str]:
        """Keys of settings that name it; sealed ones cannot be searched."""
        if len(sought.digits) < SURE:
            return []
        with self._database.read() as connection:
            rows = connection.execute(select(settings).where(~settings.c.secret)).mappings()
            return sorted(row["name"] for row in rows if sought.anywhere.search(row["value"]))

    # -- taking away

    def erase_calls(self, own: Sequence[int]) -> int:
        """What was said of the client in these calls; returns how many deliveries had to be given up for it."""
        return sum(self._database.run(_eraser(some)) for some in slices(own, SLICE))

    def erase_tasks(self, spellings: Sequence[str]) -> int:
        """Open tasks and the list of clients."""

        def work(connection: Connection) -> int:
            connection.execute(delete(clients).where(clients.c.number.in_(list(spellings))))
            return connection.execute(delete(tasks).where(tasks.c.number.in_(list(spellings)))).rowcount

        return self._database.run(work)

    def erase_mentions(self, sought: Sought, live: Sequence[int]) -> int:
        """The number in all other texts; returns in how many rows it stood. ``live``: calls that are left alone."""
        left = frozenset(live)
        return sum(self._database.run(_cleaner(table, sought, left)) for table in _searched(sought))


def _eraser(own: Sequence[int]) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        query = select(calls.c.id, calls.c.node).where(calls.c.id.in_(own), ~calls.c.live)
        ids = {int(number): str(node) for number, node in connection.execute(query.with_for_update())}
        if not ids:
            return 0
        connection.execute(delete(timeline).where(timeline.c.call_id.in_(ids)))
        mine = steps.c.call_id.in_(ids)
        waiting = update(steps).where(mine, steps.c.state.in_(("waiting", "failed")))
        dropped = connection.execute(waiting.values(state="dropped")).rowcount
        connection.execute(update(steps).where(mine).values(payload="{}", sent=None, answer=None, text=""))
        connection.execute(update(calls).where(calls.c.id.in_(ids)).values(_PERSONAL))
        for number, node in ids.items():
            refresh_lane(connection, number, node)
        return int(dropped)

    return work


def _searched(sought: Sought) -> Iterator[Table]:
    """A short number stands in many texts by chance: it is looked for as a client's number only."""
    if len(sought.digits) < SURE:
        return
    for table in Base.metadata.sorted_tables:
        if table.name not in _LEFT_ALONE:
            yield table


def _texts(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if isinstance(column.type, String | Text)]


def _naming(connection: Connection, table: Table, sought: Sought) -> Iterator[dict[str, Any]]:
    columns = _texts(table)
    # Text with signs between the digits is found in the calls that belong to the client; here the plain form is enough.
    query = select(table).where(or_(*(column.contains(sought.tail) for column in columns)))
    for row in connection.execute(query.execution_options(yield_per=500)).mappings():
        if any(sought.anywhere.search(str(row[column.name] or "")) for column in columns):
            yield dict(row)


def _is_of(table: Table, row: Mapping[str, Any], own: frozenset[int]) -> bool:
    return (row["id"] if table is calls else row.get("call_id")) in own


def _cleaner(table: Table, sought: Sought, left: frozenset[int]) -> Callable[[Connection], int]:
    keys = list(table.primary_key.columns)

    def work(connection: Connection) -> int:
        count = 0
        for row in list(_naming(connection, table, sought)):
            mine = [column == row[column.name] for column in keys]
            if _is_of(table, row, left) or (table is calls and row["live"]):
                continue
            if any(sought.anywhere.search(str(row[column.name])) for column in keys):
                connection.execute(delete(table).where(*mine))
            else:
                connection.execute(update(table).where(*mine).values(_cleaned(table, row, sought)))
            count += 1
        return count

    return work


def _cleaned(table: Table, row: Mapping[str, Any], sought: Sought) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for column in _texts(table):
        old = row[column.name]
        if isinstance(old, str) and sought.anywhere.search(old):
            changed[column.name] = _clean_json(old, sought) if isinstance(column.type, Text) else _clean(old, sought)
    return changed


def _clean(text: str, sought: Sought) -> str:
    return sought.anywhere.sub(GONE, text)


def _clean_json(stored: str, sought: Sought) -> str:
    try:
        data = json.loads(stored)
    except ValueError:
        return _clean(stored, sought)
    return json.dumps(_walked(data, sought), ensure_ascii=False, separators=(",", ":"))


def _walked(data: Any, sought: Sought) -> Any:
    if isinstance(data, Mapping):
        return {_clean(str(key), sought): _walked(value, sought) for key, value in data.items()}
    if isinstance(data, list):
        return [_walked(item, sought) for item in data]
    if isinstance(data, str):
        return _clean(data, sought)
    is_number = isinstance(data, int) and not isinstance(data, bool)
    return 0 if is_number and sought.anywhere.fullmatch(str(data)) else data
