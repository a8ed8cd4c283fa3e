# SPDX-License-Identifier: GPL-3.0-or-later
"""The read side for the panel, the commands and the API: calls by filters, one call with all about it, counts.

Pages go by key (started, id), never by offset: page one thousand costs what page one costs. Each filter has an index
that ends in ``started``, so the newest rows of a filter are found first; with several filters the database walks one
such index and tests the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select, and_, func, or_, select

from itgrix_module.app.ports import CallRow, PortalSide, TimelineEntry
from itgrix_module.domain.failures import Permanent
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Call, Client, Party, SeenLine, Step, Timeline
from itgrix_module.storage.outbox_admin import StepRow, step_columns, step_row
from itgrix_module.storage.rows import call_key, call_row, portal_side, timeline_entry
from itgrix_module.storage.writing import table_of

calls = table_of(Call)
clients = table_of(Client)
parties = table_of(Party)
lines = table_of(SeenLine)
steps = table_of(Step)
timeline = table_of(Timeline)

FEW_NUMBERS = 2000


@dataclass(frozen=True)
class CallFilter:
    """Which calls; empty and None mean any.

    ``since``, ``until``: of the start, epoch seconds, the second one excluded. ``client``: a part of the number.
    ``employee``: an extension that rang or talked. ``undelivered``: with steps that wait or failed.
    """

    since: float | None = None
    until: float | None = None
    client: str = ""
    employee: str = ""
    line: str = ""
    direction: str = ""
    outcome: str = ""
    node: str = ""
    undelivered: bool = False


@dataclass(frozen=True)
class CallItem:
    """A call in a list. ``delivery``: waiting, failed, done, or empty when the portal was never to hear of it."""

    call: CallRow
    portal: PortalSide
    delivery: str


@dataclass(frozen=True)
class CallPage:
    """Newest first. ``after``: give it to get the next page; empty at the end."""

    items: tuple[CallItem, ...]
    after: str


@dataclass(frozen=True)
class CallStory:
    """All about one call. ``merged``: linked ids that became part of it."""

    item: CallItem
    timeline: tuple[TimelineEntry, ...]
    steps: tuple[StepRow, ...]
    merged: tuple[str, ...]


@dataclass(frozen=True)
class LineSeen:
    """A line seen in traffic. Times in epoch seconds, UTC."""

    line: str
    trunk: str
    first_at: float
    last_at: float
    times: int


class Calls:
    """Reads only, never waits for a writer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: CallFilter, limit: int = 50, after: str = "") -> CallPage:
        """Raises Permanent ``page_key`` for an ``after`` that no page gave."""
        with self._database.read() as connection:
            query = _filtered(connection, wanted)
            if query is None:
                return CallPage((), "")
            started, number = _place(wanted)
            query = query.where(*_older_than(after, started, number, wanted.until))
            query = query.order_by(started.desc(), number.desc()).limit(limit + 1)
            rows = connection.execute(query).mappings().all()
        shown = rows[:limit]
        return CallPage(tuple(map(_item, shown)), _key(shown[-1]) if len(rows) > limit else "")

    def story(self, node: str, linkedid: str) -> CallStory | None:
        """None when there is no such call."""
        key = call_key(node, linkedid)
        query = select(calls).where(calls.c.node == key[0], calls.c.linkedid == key[1])
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
            return _story(connection, row) if row else None

    def newest(self, number: int) -> list[CallItem]:
        return list(self.page(CallFilter(), number).items)

    def live(self, node: str = "") -> list[CallItem]:
        """Oldest first."""
        query = select(calls).where(calls.c.live).order_by(calls.c.started, calls.c.id)
        if node:
            query = query.where(calls.c.node == node)
        with self._database.read() as connection:
            return [_item(row) for row in connection.execute(query).mappings()]

    def counts(self, since: float) -> Mapping[str, int]:
        """For the status page: ``live``, ``undelivered`` and ``failed`` calls, and those since then by outcome."""
        with self._database.read() as connection:
            outcome = _plain(calls.c.outcome, True)
            found = connection.execute(
                select(outcome, func.count())
                .where(calls.c.started >= since, calls.c.merged_into == "", ~calls.c.live)
                .group_by(outcome)
            )
            counted = {f"outcome.{outcome or 'unknown'}": number for outcome, number in found}
            return counted | {
                "live": _count(connection, calls.c.live),
                "undelivered": _count(connection, calls.c.undelivered),
                "failed": _count(connection, and_(calls.c.undelivered, calls.c.delivery == "failed")),
            }

    def lines(self) -> list[LineSeen]:
        """Lines seen in traffic, last seen first."""
        with self._database.read() as connection:
            found = connection.execute(select(lines).order_by(lines.c.last_at.desc(), lines.c.line)).mappings()
            return [LineSeen(**row) for row in found]


def _filtered(connection: Connection, wanted: CallFilter) -> Select[tuple[object, ...]] | None:
    """None when no call can fit."""
    query = select(calls).where(calls.c.merged_into == "")
    numbers = _numbers(connection, wanted.client) if wanted.client else None
    if numbers == []:
        return None
    if numbers is not None:
        query = query.where(calls.c.client.in_(numbers))
    elif wanted.client:
        query = query.where(calls.c.client.contains(wanted.client, autoescape=True))
    if wanted.employee:
        query = query.join(parties, parties.c.call_id == calls.c.id).where(parties.c.extension == wanted.employee)
    selective = numbers is not None or bool(wanted.employee)
    for name in ("line", "direction", "outcome", "node"):
        if value := getattr(wanted, name):
            query = query.where(_plain(calls.c[name], selective) == value)
    if wanted.undelivered:
        query = query.where(calls.c.undelivered)
    return query if wanted.since is None else query.where(_place(wanted)[0] >= wanted.since)


def _plain(column: ColumnElement[str], selective: bool) -> ColumnElement[str]:
    """Keeps the database from going by the index of a filter that fits half of all calls where a better one is."""
    return func.coalesce(column, "") if selective else column


def _numbers(connection: Connection, part: str) -> list[str] | None:
    """The numbers with this part; None when they are too many: then one is soon met walking back in time."""
    found = select(clients.c.number).where(clients.c.number.contains(part, autoescape=True)).limit(FEW_NUMBERS + 1)
    numbers = list(connection.scalars(found))
    return numbers if len(numbers) <= FEW_NUMBERS else None


def _place(wanted: CallFilter) -> tuple[Column[float], Column[int]]:
    """By what the pages go: of the table whose index leads to the rows."""
    return (parties.c.started, parties.c.call_id) if wanted.employee else (calls.c.started, calls.c.id)


def _older_than(
    after: str, started: Column[float], number: Column[int], until: float | None
) -> list[ColumnElement[bool]]:
    """What comes after the key and before ``until``: one bound only, for SQLite begins at the first it is given."""
    key = _read_key(after) if after else None
    if key is None or (until is not None and until <= key[0]):
        return [] if until is None else [started < until]
    at, last = key
    return [started <= at, or_(started < at, number < last)]


def _read_key(after: str) -> tuple[float, int]:
    time, _, row = after.partition("_")
    try:
        at = float.fromhex(time)
    except (ValueError, OverflowError):
        at = math.nan
    if not math.isfinite(at) or not (row.isascii() and row.isdigit()):
        raise Permanent("page_key", "this page of calls does not exist", "Begin with the first page.")
    return at, int(row)


def _key(row: RowMapping) -> str:
    return f"{float(row['started']).hex()}_{row['id']}"


def _item(row: RowMapping) -> CallItem:
    return CallItem(call_row(row), portal_side(row), row["delivery"])


def _story(connection: Connection, row: RowMapping) -> CallStory:
    gone = select(calls.c.id, calls.c.linkedid).where(
        calls.c.merged_into == row["linkedid"], calls.c.merged_into != "", calls.c.node == row["node"]
    )
    parts = {row["id"]: "", **{number: linkedid for number, linkedid in connection.execute(gone)}}  # noqa: C416
    told = select(timeline).where(timeline.c.call_id.in_(parts)).order_by(timeline.c.at, timeline.c.id)
    sent = step_columns().where(steps.c.call_id.in_(parts)).order_by(steps.c.decided_at, steps.c.call_id, steps.c.n)
    return CallStory(
        item=_item(row),
        timeline=tuple(timeline_entry(line) for line in connection.execute(told).mappings()),
        steps=tuple(step_row(step) for step in connection.execute(sent).mappings()),
        merged=tuple(linkedid for linkedid in parts.values() if linkedid),
    )


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(calls).where(condition)) or 0
