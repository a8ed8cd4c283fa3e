# SPDX-License-Identifier: GPL-3.0-or-later
"""The log as people read it: the newest lines first, by level, part and text, page by page.

Files are read from their end, and no more than some megabytes for one page: a long log must not keep the panel busy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_RANKS = {name: rank for rank, name in enumerate((*LEVELS, "CRITICAL"))}
_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) ([A-Z]+) +([\w.]+): (.*)")
_BLOCK = 65_536  # bytes
MOST_READ = 20_000_000  # bytes for one page
LONGEST = 8000  # characters of one entry that are shown
OLD_FILES = 9


@dataclass(frozen=True)
class LogEntry:
    """``stamp``: the time as it stands in the file; ``at``: epoch seconds; ``part``: of the service, ``calls`` ..."""

    stamp: str
    at: float
    level: str
    part: str
    text: str


@dataclass(frozen=True)
class LogFilter:
    """``level``: the least; ``part``: exact; ``text``: somewhere in the line. Empty: any."""

    level: str = ""
    part: str = ""
    text: str = ""

    def takes(self, entry: LogEntry) -> bool:
        """Is it one of those?"""
        if self.level and _RANKS.get(entry.level, 9) < _RANKS.get(self.level, 0):
            return False
        if self.part and entry.part != self.part:
            return False
        return not self.text or self.text.casefold() in entry.text.casefold()


@dataclass(frozen=True)
class LogPage:
    """``next``: for the page of older ones, empty at the end. ``is_cut``: older ones were not searched."""

    entries: tuple[LogEntry, ...]
    next: str = ""
    is_cut: bool = False


class LogBook:
    """``file``: the newest; older ones lie beside it as ``.1``, ``.2`` ..."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def files(self) -> list[Path]:
        """Those that are there, the newest first."""
        old = (self.file.with_name(f"{self.file.name}.{number}") for number in range(1, OLD_FILES + 1))
        return [path for path in (self.file, *old) if path.is_file()]

    def page(self, wanted: LogFilter, limit: int, before: str = "") -> LogPage:
        """The newest first. ``before``: what a page named as ``next``."""
        stamp, skip = _position(before)
        found: list[LogEntry] = []
        reader = _Reader(self.files())
        for entry in reader.entries():
            if stamp and entry.stamp > stamp:
                continue
            if stamp and entry.stamp == stamp and skip > 0:
                skip -= 1
                continue
            if not wanted.takes(entry):
                continue
            if len(found) == limit:
                return LogPage(tuple(found), _after(found, before))
            found.append(entry)
        return LogPage(tuple(found), "", reader.is_cut)

    def tail(self, lines: int) -> list[str]:
        """The newest lines as they stand in the files, the oldest of them first."""
        found: list[str] = []
        for line in _Reader(self.files()).lines():
            found.append(line)
            if len(found) >= lines:
                break
        return found[::-1]


def _position(before: str) -> tuple[str, int]:
    stamp, _, skip = before.partition("~")
    return stamp[:23], int(skip[:9]) if skip[:9].isdecimal() else 0


def _after(found: list[LogEntry], before: str) -> str:
    """Where the next page begins. Lines of one millisecond are counted: some of them may be on this page.

    What a filter left out in that millisecond is counted anew, so a line may come twice, but none is left out.
    """
    last = found[-1].stamp
    stamp, skip = _position(before)
    shown = sum(entry.stamp == last for entry in found)
    return f"{last}~{shown + (skip if stamp == last else 0)}"


class _Reader:
    def __init__(self, files: list[Path]) -> None:
        self._files, self._left = files, MOST_READ
        self.is_cut = False

    def entries(self) -> Iterator[LogEntry]:
        rest: list[str] = []
        for line in self.lines():
            entry = _entry(line, rest)
            if entry is None:
                rest.append(line)
            else:
                rest = []
                yield entry

    def lines(self) -> Iterator[str]:
        for path in self._files:
            with suppress(OSError):  # put aside at this moment
                yield from self._lines_of(path)
            if self._left <= 0:
                self.is_cut = True
                return

    def _lines_of(self, path: Path) -> Iterator[str]:
        with path.open("rb") as file:
            end, rest = file.seek(0, os.SEEK_END), b""
            while end > 0 and self._left > 0:
                size = min(_BLOCK, end)
                end -= size
                self._left -= size
                file.seek(end)
                first, *lines = (file.read(size) + rest).split(b"\n")
                yield from (_text(line) for line in reversed(lines) if line)
                rest = first
            if rest and end == 0:
                yield _text(rest)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")


def _entry(line: str, rest: list[str]) -> LogEntry | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    stamp, level, name, text = found.groups()
    try:
        at = datetime.fromisoformat(f"{stamp[:19]}.{stamp[20:]}").astimezone().timestamp()
    except ValueError:
        return None
    whole = "\n".join((text, *reversed(rest)))
    return LogEntry(stamp, at, level, name.removeprefix("itgrix."), whole[:LONGEST])
