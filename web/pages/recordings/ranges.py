# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a file over HTTP (RFC 9110 §13 and §14), without reading the file. Pure but for ``Window``."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from typing import BinaryIO

_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r'(W/)?"([^"]*)"')


@dataclass(frozen=True)
class Look:
    """What a file is like at one moment. ``size``: bytes; ``changed``: last write, ns since the epoch."""

    size: int
    changed: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Look:
        return cls(stat.st_size, stat.st_mtime_ns)

    @property
    def tag(self) -> str:
        """Strong: other bytes have another one."""
        return f'"{self.changed:x}-{self.size:x}"'

    @property
    def modified(self) -> str:
        """For ``Last-Modified``."""
        return formatdate(self.changed // 10**9, usegmt=True)


@dataclass(frozen=True)
class Part:
    """Bytes from ``start`` up to ``stop`` (not included) of ``size``. ``status``: 200, 206, 304 or 416."""

    status: int
    start: int
    stop: int
    size: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        """For 206 and 416, else empty."""
        if self.status == 416:
            return f"bytes */{self.size}"
        return f"bytes {self.start}-{self.stop - 1}/{self.size}" if self.status == 206 else ""


def asked(headers: Mapping[str, str], look: Look) -> Part:
    """Which part a request wants. What cannot be understood counts as not said, as the standard wants it."""
    whole = Part(200, 0, look.size, look.size)
    if _is_known(headers, look):
        return Part(304, 0, 0, look.size)
    wanted = headers.get("Range", "")
    if not wanted or not _still_the_same(headers.get("If-Range", ""), look):
        return whole
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or found.groups() == ("", ""):
        return whole  # several parts, another unit, or nonsense: the whole file is right for all of them
    return _part(found[1], found[2], look.size) or whole


def _part(first: str, last: str, size: int) -> Part | None:
    if not first:
        start, stop = max(0, size - int(last)), size
        return Part(206, start, stop, size) if int(last) and size else Part(416, 0, 0, size)
    start = int(first)
    if last and int(last) < start:
        return None
    stop = min(size, int(last) + 1) if last else size
    return Part(206, start, stop, size) if start < size else Part(416, 0, 0, size)


def _is_known(headers: Mapping[str, str], look: Look) -> bool:
    tags = headers.get("If-None-Match", "")
    if tags:
        return tags.strip() == "*" or any(f'"{tag}"' == look.tag for _, tag in _TAG.findall(tags))
    since = headers.get("If-Modified-Since", "")
    return bool(since) and _seconds(since) is not None and look.changed // 10**9 <= (_seconds(since) or 0)


def _still_the_same(condition: str, look: Look) -> bool:
    """Is the file the one of which a part was fetched before? A weak tag never says so."""
    if not condition:
        return True
    return condition.strip() in (look.tag, look.modified)


def _seconds(date: str) -> int | None:
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None


class Window(io.RawIOBase):
    """A part of an open file as a file of its own, so that a server may send it in its own way. Closes the file."""

    def __init__(self, file: BinaryIO, start: int, stop: int) -> None:
        super().__init__()
        self._file, self._start, self._stop = file, start, stop
        file.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        left = max(0, self._stop - self._file.tell())
        data = self._file.read(min(len(buffer), left))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        bases = {os.SEEK_SET: self._start, os.SEEK_CUR: self._file.tell(), os.SEEK_END: self._stop}
        place = min(max(self._start, bases[whence] + offset), self._stop)
        return self._file.seek(place) - self._start

    def tell(self) -> int:
        return self._file.tell() - self._start

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
