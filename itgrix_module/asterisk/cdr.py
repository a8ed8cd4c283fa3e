# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX's call records (CDR) in a database: what happened while nobody listened.

FreePBX keeps them in ``asteriskcdrdb.cdr``. Times are the PBX's local wall clock with a resolution of one second; there
is no key and no index on ``linkedid``, but one on ``uniqueid`` and one on ``calldate``: everything is read by these. A
PBX that dies writes no record of the calls it had.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from itgrix_module.asterisk.record_rows import Row, attempts_of, number
from itgrix_module.asterisk.record_tables import PAGE, RecordTable, open_records, shown
from itgrix_module.asterisk.wall_clock import WallClock, born_at
from itgrix_module.domain.records import Attempt

__all__ = ["CdrTable", "ends", "open_records"]

_COLUMNS = (
    "calldate", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "duration", "billsec",
    "disposition", "uniqueid", "did", "recordingfile", "cnum", "cnam", "linkedid", "sequence",
)  # fmt: skip
_NEEDED = ("calldate", "channel", "duration", "uniqueid")
_AT_ONCE = 500  # unique ids in one query
_SAME = 1.5  # seconds between a beginning as heard and as written
_SLICE = timedelta(minutes=15)
_AROUND = timedelta(seconds=3660)  # the wall clock may jump back by an hour
_MOST = 20_000  # rows of one second; more are nobody's calls


class CdrTable:
    """``clock``: of the PBX; it is put right by the newest rows."""

    def __init__(self, engine: Engine, clock: WallClock) -> None:
        self._table = RecordTable(engine, "cdr", _COLUMNS, _NEEDED)
        self._clock = clock
        self._is_set = False

    @property
    def exists(self) -> bool:
        """Does the PBX keep them? Raises Temporary."""
        return self._table.exists

    def attempts(self, since: float, until: float) -> Iterator[Attempt]:
        """Those that began within these epoch seconds, in order. Raises Temporary."""
        self._set_clock()
        start, end = self._clock.local(since) - _AROUND, self._clock.local(until) + _AROUND
        found = attempts_of(self._rows(start, end), self._clock)
        yield from (attempt for attempt in found if since <= attempt.started < until)

    def began(self, linkedid: str) -> float | None:
        """When a call began, for one whose Linkedid does not say."""
        found = self._table.page(self._table.rows.c.uniqueid == linkedid, order=("calldate",), limit=1)
        return self._clock.at(found[0]["calldate"]) if found else None

    def ends(self, legs: Mapping[str, float]) -> dict[str, float]:
        """When channels ended, of those that began at these times and of which a record tells. Raises Temporary."""
        found: dict[str, float] = {}
        wanted = sorted(legs)
        self._set_clock()
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            rows = self._table.page(self._table.rows.c.uniqueid.in_(some), order=("calldate",), limit=len(some) * 50)
            self._clock.settle(_births(rows))
            for leg, end in self._ended(rows, legs):
                found[leg] = max(end, found.get(leg, 0.0))
        return found

    def _ended(self, rows: list[dict[str, Any]], legs: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        for row in rows:
            leg = str(row["uniqueid"])
            began = self._clock.at(row["calldate"], born_at(leg), sure=False)
            if began is None:
                continue
            # Both are cut to whole seconds; where we heard the beginning ourselves, half a second is left to guess.
            exact = legs.get(leg, 0.0)
            start = exact if abs(exact - began) <= _SAME else began + 0.5
            yield leg, start + number(row, "duration") + 0.5

    def _rows(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        step = _SLICE
        while start < end:
            until = min(start + step, end)
            rows = self._table.rows.c
            limit = PAGE if step > timedelta(seconds=1) else _MOST
            page = self._table.page(
                rows.calldate >= shown(start), rows.calldate < shown(until), order=("calldate", "sequence"), limit=limit
            )
            if len(page) == PAGE and step > timedelta(seconds=1):
                step = timedelta(seconds=max(1, int(step.total_seconds()) // 4))
                continue
            self._clock.settle(_births(page))
            yield from page
            start = until
            step = min(_SLICE, step * 2) if len(page) < PAGE // 4 else step

    def _set_clock(self) -> None:
        if self._is_set or not self.exists:
            return
        self._clock.settle(_births(self._table.page(order=("calldate",), limit=100, newest=True)))
        self._is_set = True


def _births(rows: Iterable[Row]) -> Iterator[tuple[object, float | None]]:
    """When each channel's first row was written, and when the channel was made."""
    seen: set[str] = set()
    for row in rows:
        leg = str(row["uniqueid"])
        if leg not in seen:
            seen.add(leg)
            yield row["calldate"], born_at(leg)


def ends(engine: Engine, legs: Mapping[str, float], clock: WallClock | None = None) -> dict[str, float]:
    """When legs ended, epoch seconds, of those that the records know. ``legs``: unique id to when it began.

    Raises Temporary when the records cannot be read.
    """
    return CdrTable(engine, clock or WallClock()).ends(legs) if legs else {}
