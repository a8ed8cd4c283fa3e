# SPDX-License-Identifier: GPL-3.0-or-later
"""Outside numbers that are employees' own: numbers and patterns of the settings, and a file that scripts may write."""

from __future__ import annotations

import logging
import os
import re
import stat
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itgrix_module.app.e164 import number_digits, prepared

log = logging.getLogger("itgrix.employees")

MOST_BYTES = 1_000_000
MOST_LINES = 10_000
MOST_PATTERNS = 1000  # in the settings
CHECK_EVERY = 2.0  # seconds between looks at the file
_KEY = 10  # last digits that tell numbers apart, however they are written
_FEWEST, _MOST = 5, 20  # digits of a number
_FIXED = 3  # digits that a pattern must name: without them it would take in every client
_WILD = str.maketrans({"x": "X", "х": "X", "Х": "X"})  # people type the Cyrillic letter
_SPELLED = re.compile(r"\(?\+?[0-9X\s().\-\u2010-\u2015\u2212]+")

Signature = tuple[int, int]


@dataclass(frozen=True)
class Numbers:
    """Numbers and patterns made ready. ``masks``: which places of a key are any digit -> keys with ``X`` there."""

    plain: frozenset[str]
    masks: tuple[tuple[int, tuple[int, ...], frozenset[str]], ...]

    @classmethod
    def of(cls, keys: Iterable[str]) -> Numbers:
        """From keys as ``_key`` gives them."""
        plain: set[str] = set()
        masks: dict[tuple[int, tuple[int, ...]], set[str]] = {}
        for key in keys:
            places = tuple(place for place, char in enumerate(key) if char == "X")
            (masks.setdefault((len(key), places), set()) if places else plain).add(key)
        return cls(frozenset(plain), tuple((*mask, frozenset(found)) for mask, found in masks.items()))

    def __contains__(self, key: str) -> bool:
        return key in self.plain or any(
            len(key) == length and _masked(key, places) in found for length, places, found in self.masks
        )


def _masked(key: str, places: tuple[int, ...]) -> str:
    chars = list(key)
    for place in places:
        chars[place] = "X"
    return "".join(chars)


class Mobiles:
    """Thread-safe. ``file`` may be absent; ``clock``: monotonic seconds, for how often the file is looked at."""

    def __init__(self, patterns: Iterable[str], file: Path | None, clock: Callable[[], float]) -> None:
        self._set = Numbers.of(key for key in map(_key, patterns) if key)
        self._file, self._clock = file, clock
        self._lock = threading.Lock()
        self._read = Numbers.of(())
        self._taken: Signature | None = None
        self._shrunken: Signature | None = None
        self._complaint = ""
        self._looked = clock()
        self._look()

    def matches(self, number: str) -> bool:
        """Is this outside number an employee's? Looks at the file at most each ``CHECK_EVERY`` seconds."""
        self._refresh()
        digits = number_digits(number)
        if not _FEWEST <= len(digits) <= _MOST:
            return False
        key = digits[-_KEY:]
        return key in self._set or key in self._read

    def _refresh(self) -> None:
        if self._file is None or self._clock() - self._looked < CHECK_EVERY:
            return
        # Who comes while another one reads answers by what is known.
        if self._lock.acquire(blocking=False):
            try:
                self._looked = self._clock()
                self._look()
            finally:
                self._lock.release()

    def _look(self) -> None:
        if self._file is None:
            return
        try:
            self._take(self._file)
        except FileNotFoundError:
            if self._taken is not None:
                self._complain("is gone: its numbers stay in force; leave an empty file to take them away")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._complain(f"cannot be read, what was in it stays in force: {reason}")

    def _take(self, file: Path) -> None:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as stream:  # noqa: PTH123 - by descriptor, so that a pipe in its place cannot hold us up
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise ValueError("it is no plain file")
            signature = (found.st_mtime_ns, found.st_size)
            if signature == self._taken:
                self._complaint = ""
                return
            if self._may_be_half_written(signature):
                return
            if found.st_size > MOST_BYTES:
                raise ValueError(f"it has more than {MOST_BYTES} bytes")
            content = stream.read(MOST_BYTES)
        self._use(content)
        self._taken = signature

    def _may_be_half_written(self, signature: Signature) -> bool:
        """A file that has become smaller is believed when it looks the same the next time."""
        if self._taken is None or signature[1] >= self._taken[1] or signature == self._shrunken:
            return False
        self._shrunken = signature
        return True

    def _use(self, content: bytes) -> None:
        lines = _lines(content)
        keys = [_key(line) for line in lines[:MOST_LINES]]
        self._read = Numbers.of(key for key in keys if key)
        bad = [at for at, line in enumerate(lines[:MOST_LINES], 1) if _entry(line) and not keys[at - 1]]
        good = sum(map(bool, keys))
        if len(lines) > MOST_LINES:
            self._complain(f"has more than {MOST_LINES} lines: the others are left out")
        elif bad:
            self._complain(f"has {len(bad)} lines that are no number or pattern, the first is line {bad[0]}")
        else:
            self._complaint = ""
            log.info("%s: %d numbers and patterns of employees' mobiles", self._file, good)

    def _complain(self, text: str) -> None:
        """Once for each trouble, not at each look."""
        if text != self._complaint:
            log.warning("the file %s with employees' mobiles %s", self._file, text)
        self._complaint = text


def _lines(content: bytes) -> list[str]:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    # Comments may be in any old encoding; numbers are the same in all of them.
    return content.decode(encoding, errors="replace").splitlines()


def _entry(line: str) -> str:
    return line.partition("#")[0].strip("\0 \t\r\ufeff")


def _key(line: str) -> str:
    """The last ten digits of a number or pattern, ``X`` for any digit; empty when it is none."""
    text = prepared(_entry(line)).translate(_WILD)
    plain = "".join(char for char in text if char in "0123456789X")
    if not _SPELLED.fullmatch(text) or not _FEWEST <= len(plain) <= _MOST:
        return ""
    key = plain[-_KEY:]
    return key if sum(char != "X" for char in key) >= _FIXED else ""


def problem_of_patterns(value: Sequence[Any]) -> str:
    """What is wrong with ``employees.mobiles``; empty when nothing is."""
    if len(value) > MOST_PATTERNS:
        return f"must be at most {MOST_PATTERNS} entries; the file takes more"
    for number, item in enumerate(value, 1):
        if not isinstance(item, str) or not _key(item):
            return f"entry {number} is no number or pattern such as 8123456XXXX, with {_FIXED} digits or more in it"
    return ""
