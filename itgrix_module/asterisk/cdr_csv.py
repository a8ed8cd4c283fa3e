# SPDX-License-Identifier: GPL-3.0-or-later
"""CDR and CEL in files, where the PBX has no database: ``cdr_csv`` or ``cdr_custom`` and ``cel_custom``.

``cdr_csv`` writes sixteen to eighteen columns, the last ones only if ``loguniqueid`` (needed here) and ``loguserfield``
are on; it knows no Linkedid, so that a call through several channels is only one where CEL is there as well.
``cel_custom`` writes the twenty columns of its sample. Rotated files (``Master.csv.1`` ...) are read first.
Records are written when they end, in that order: where a moment lies is found by halving the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from itgrix_module.asterisk.record_rows import attempts_of, events_of
from itgrix_module.asterisk.wall_clock import WallClock, born_at
from itgrix_module.domain.failures import Temporary
from itgrix_module.domain.records import Attempt, Event

_CDR = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "calldate",
    "answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield",
)  # fmt: skip
_CDR_CUSTOM = (
    "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "calldate", "answer", "end",
    "duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "sequence",
)  # fmt: skip
_CEL = (
    "eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context",
    "channame", "appname", "appdata", "amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield",
    "userdeftype", "extra",
)  # fmt: skip
_NUMBERED = re.compile(r"\.(\d{1,4})$")
_LONGEST_LINE = 16_384  # bytes
_EARLIER = 3660.0 + 6 * 3600.0  # seconds: the clock may jump, and a long call's row stands where it ended
Row = dict[str, str]


class CdrFiles:
    """``path``: the file, or the folder with ``Master.csv``."""

    def __init__(self, path: str, clock: WallClock) -> None:
        self._path, self._clock = Path(path), clock

    @property
    def exists(self) -> bool:
        """Is there a file?"""
        return bool(_files(self._path))

    def attempts(self, since: float, until: float) -> Iterator[Attempt]:
        """Those that began within these epoch seconds, the earliest first. Raises Temporary."""
        rows = [row for row in self._rows(since) if row.get("uniqueid")]
        self._clock.settle((row["calldate"], born_at(row["uniqueid"])) for row in rows)
        found = (attempt for attempt in attempts_of(rows, self._clock) if since <= attempt.started < until)
        yield from sorted(found, key=lambda attempt: (attempt.started, attempt.order))

    def began(self, linkedid: str) -> float | None:
        """When a call began, for one whose Linkedid does not say."""
        found = (row for row in self._rows(0.0) if row.get("uniqueid") == linkedid)
        return next((self._clock.at(row["calldate"]) for row in found), None)

    def _rows(self, since: float) -> Iterator[Row]:
        for file in _files(self._path):
            for values in _lines(file, since - _EARLIER, self._clock, ("end", "calldate"), _cdr_row):
                row = _cdr_row(values)
                if row is not None:
                    yield row


class CelFile:
    """``path``: the file, or the folder with ``Master.csv``."""

    def __init__(self, path: str, clock: WallClock) -> None:
        self._path, self._clock = Path(path), clock

    @property
    def exists(self) -> bool:
        """Is there a file?"""
        return bool(_files(self._path))

    def events(self, since: float) -> Iterator[Event]:
        """All from a moment on (or a little earlier), in order. Raises Temporary."""
        yield from events_of(self._rows(since), self._clock)

    def began(self, linkedid: str) -> float | None:
        """When a call began, for one whose Linkedid does not say."""
        found = (row for row in self._rows(0.0) if row["linkedid"] == linkedid)
        return next((self._clock.at(row["eventtime"]) for row in found), None)

    def _rows(self, since: float) -> Iterator[Row]:
        for file in _files(self._path):
            for values in _lines(file, since - 3660.0, self._clock, ("eventtime",), _cel_row):
                row = _cel_row(values)
                if row is not None:
                    yield row


def _cdr_row(values: list[str]) -> Row | None:
    """Of either way to write them: the one has its times from the tenth column on, the other from the ninth."""
    for names in (_CDR, _CDR_CUSTOM):
        if len(values) >= 16 and WallClock.parsed(values[names.index("calldate")]) is not None:
            row = dict(zip(names, values, strict=False))
            return row if row["duration"].isdigit() else None
    return None


def _cel_row(values: list[str]) -> Row | None:
    """None for half a line, which the PBX is writing at this moment."""
    return dict(zip(_CEL, values, strict=False)) if len(values) >= len(_CEL) - 4 else None


def _files(path: Path) -> list[Path]:
    """The oldest first."""
    try:
        file = path / "Master.csv" if path.is_dir() else path
        older = [(int(found[1]), one) for one in file.parent.glob(f"{file.name}.*") if (found := _number(one))]
        return [one for _, one in sorted(older, reverse=True)] + ([file] if file.is_file() else [])
    except OSError:
        return []


def _number(path: Path) -> re.Match[str] | None:
    return _NUMBERED.search(path.name)


def _lines(file: Path, since: float, clock: WallClock, times: tuple[str, ...], read: object) -> Iterator[list[str]]:
    """Values of each line from a moment on."""
    assert callable(read)

    def written(line: bytes) -> float | None:
        row = read(next(csv.reader([line.decode("utf-8", "replace").replace("\0", "")]), []))
        if row is None:
            return None
        return next((at for name in times if (at := _moment(clock, row.get(name))) is not None), None)

    try:
        with file.open("rb") as handle:
            handle.seek(_place(handle, since, written))
            yield from csv.reader(_whole_lines(handle))
    except (OSError, csv.Error) as error:
        raise Temporary("cdr_unreadable", f"the call records in {file} cannot be read: {error}") from error


def _moment(clock: WallClock, value: str | None) -> float | None:
    moment = WallClock.parsed(value)
    return None if moment is None else clock.at(moment)


def _whole_lines(handle: BinaryIO) -> Iterable[str]:
    """Text without zero bytes; the last line only when it is finished."""
    for line in handle:
        if line.endswith(b"\n") and len(line) <= _LONGEST_LINE:
            yield line.decode("utf-8", "replace").replace("\0", "")


def _place(handle: BinaryIO, since: float, written: object) -> int:
    """Where the first line begins that is as young as that."""
    assert callable(written)
    low, high = 0, handle.seek(0, io.SEEK_END)
    while high - low > _LONGEST_LINE:
        middle = (low + high) // 2
        handle.seek(middle)
        handle.readline(_LONGEST_LINE)
        start = handle.tell()
        at = written(handle.readline(_LONGEST_LINE))
        if at is None or at >= since or start >= high:
            high = middle
        else:
            low = start
    return low
