# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel events (CEL) in a database: FreePBX keeps them in ``asteriskcdrdb.cel``.

Rows are numbered in the order in which they were written, and FreePBX has no index on their time: where a moment lies
is found by halving the numbers, and pages go by number from there. A table without numbers is read by time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Engine, func, select

from itgrix_module.asterisk.record_rows import events_of
from itgrix_module.asterisk.record_tables import PAGE, RecordTable, reading, shown
from itgrix_module.asterisk.wall_clock import WallClock, born_at
from itgrix_module.domain.records import Event

_COLUMNS = (
    "id", "eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "exten", "context", "channame", "appname",
    "appdata", "uniqueid", "linkedid", "extra",
)  # fmt: skip
_NEEDED = ("eventtype", "eventtime", "channame", "uniqueid", "linkedid")
_ENDS = ("HANGUP", "CHAN_END")
_AT_ONCE = 200  # unique ids in one query
_TWICE = 3600.0 + 60.0  # seconds that the wall clock may jump back, and a little
_NEWEST = 100
_TIMELESS = 20  # rows without a time that may follow one another


class CelTable:
    """``clock``: of the PBX; it is put right by the newest rows."""

    def __init__(self, engine: Engine, clock: WallClock) -> None:
        self._table = RecordTable(engine, "cel", _COLUMNS, _NEEDED)
        self._clock = clock
        self._is_set = self._in_seconds = False

    @property
    def exists(self) -> bool:
        """Does the PBX keep them? Raises Temporary."""
        return self._table.exists

    def events(self, since: float) -> Iterator[Event]:
        """All from a moment on (or a little earlier), in order. Raises Temporary."""
        self._set_clock()
        yield from events_of(self._rows(since), self._clock)

    def began(self, linkedid: str) -> float | None:
        """When a call began, for one whose Linkedid does not say."""
        rows = self._table.rows
        found = self._table.page(rows.c.linkedid == linkedid, order=self._order, limit=1)
        return self._clock.at(found[0]["eventtime"]) if found else None

    def ends(self, legs: Mapping[str, float]) -> dict[str, float]:
        """When channels ended, of those that began at these times. Raises Temporary."""
        if not legs or not self.exists:
            return {}
        self._set_clock()
        first, wanted = self._first_number(min(legs.values())), sorted(legs)
        found: dict[str, float] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            for row in self._end_rows(wanted[start : start + _AT_ONCE], first):
                at = self._clock.at(row["eventtime"])
                if at is not None:
                    # The row is cut to the second: on average the channel went half a second later.
                    found[row["uniqueid"]] = min(found.get(row["uniqueid"], at + 0.5), at + 0.5)
        return found

    def _end_rows(self, legs: list[str], first: int | None) -> list[dict[str, Any]]:
        rows = self._table.rows
        conditions: list[Any] = [rows.c.uniqueid.in_(legs), rows.c.eventtype.in_(_ENDS)]
        if first is not None:
            conditions.append(rows.c.id >= first)
        return self._table.page(*conditions, order=self._order, limit=len(legs) * 4)

    @property
    def _order(self) -> tuple[str, ...]:
        return ("id",) if "id" in self._table.columns else ("eventtime",)

    def _rows(self, since: float) -> Iterator[dict[str, Any]]:
        first = self._first_number(since)
        if first is None:
            yield from self._by_time(since)
            return
        while True:
            page = self._table.page(self._table.rows.c.id >= first, order=("id",))
            yield from page
            if len(page) < PAGE:
                return
            first = page[-1]["id"] + 1

    def _by_time(self, since: float) -> Iterator[dict[str, Any]]:
        """Pages that begin in the second in which the one before ended; what it held of that second is skipped."""
        rows, start = self._table.rows, self._column(since - _TWICE)
        limit, skipped = PAGE, 0
        while True:
            page = self._table.page(rows.c.eventtime >= start, order=("eventtime",), limit=limit)
            yield from page[skipped:]
            if len(page) < limit:
                return
            last = page[-1]["eventtime"]
            same = sum(row["eventtime"] == last for row in page)
            limit = limit * 2 if same == len(page) else PAGE + same
            start, skipped = last, same

    def _first_number(self, since: float) -> int | None:
        """Of the first row that may be as young as that; None for a table without numbers."""
        if "id" not in self._table.columns:
            return None
        with reading(self._table.engine) as connection:
            rows = self._table.rows
            low, high = connection.execute(select(func.min(rows.c.id), func.max(rows.c.id))).one()
        low, high = low or 0, (high or 0) + 1
        while low < high:
            middle = (low + high) // 2
            number, is_older = self._is_older(middle, since - _TWICE)
            if is_older:
                low = max(middle, number) + 1
            else:
                high = middle
        return int(low)

    def _is_older(self, number: int, than: float) -> tuple[int, bool]:
        """The first row from this number on that has a time: its number, and whether it was written before."""
        for row in self._table.page(self._table.rows.c.id >= number, order=("id",), limit=_TIMELESS):
            moment = WallClock.parsed(row["eventtime"])
            if moment is not None:
                aware = moment.tzinfo is not None
                return row["id"], moment.timestamp() < than if aware else moment < self._clock.local(than)
        return number, False

    def _column(self, at: float) -> str:
        """A moment as this table writes it."""
        return f"{at:.6f}" if self._in_seconds else shown(self._clock.local(at))

    def _set_clock(self) -> None:
        if self._is_set or not self.exists:
            return
        newest = self._table.page(order=self._order, limit=_NEWEST, newest=True)
        latest = WallClock.parsed(newest[0]["eventtime"]) if newest else None
        self._in_seconds = latest is not None and latest.tzinfo is not None
        for row in reversed(newest):
            if row["eventtype"] == "CHAN_START":
                self._clock.at(row["eventtime"], born_at(str(row["uniqueid"])))
        self._is_set = True
