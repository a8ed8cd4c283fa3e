# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of a recorded AMI session, cut into blocks, with the line of whatever is wrong."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from itgrix_module.asterisk.blocks import Blocks
from itgrix_module.asterisk.faults import printable
from itgrix_module.asterisk.message import END, MAX_MESSAGE

CHUNK = 256 * 1024  # bytes of one read
UNPACKED = 1024 * 1024  # bytes unpacked at once, so that a crafted archive cannot fill the memory

_GZIP = b"\x1f\x8b"
_GREETING = b"Asterisk Call Manager"
_STARTS = (b"Event: ", b"Response: ")
_LINE_END = b"\r\n"
_NO_COLON = re.compile(rb"\r\n([^\r\n:]+)(?=\r\n)")
_BUT_COLONS_AND_ENDS = bytes(set(range(256)) - set(b":\n"))


class TranscriptError(ValueError):
    """The file is not a recording of an AMI session, or is damaged. ``line``: from 1, in the unpacked text."""

    def __init__(self, path: str | os.PathLike[str], line: int, reason: str) -> None:
        super().__init__(f"{os.fspath(path)}, line {line}: {reason}")
        self.path = os.fspath(path)
        self.line = line
        self.reason = reason


class TranscriptFile:
    """Iterate over it once: whole blocks, checked. Raises TranscriptError; ``warnings`` gets a line for a cut end."""

    def __init__(self, path: str | os.PathLike[str], warnings: list[str]) -> None:
        self._path = Path(path)
        self._warnings = warnings
        self._line = 1  # of the first byte that was not handed out yet
        self._begun = False
        self._command = b""  # beginning of an old command's answer, until its end comes
        self._command_line = 1

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        for data in self._chunks():
            rest += data
            suspicious = needs_a_look(rest)
            *blocks, rest = rest.split(END)
            for block in blocks:
                if self._command or not block.startswith(_STARTS) or (suspicious and needs_a_look(block + _LINE_END)):
                    yield from self._inspect(block)
                else:
                    yield block
                self._line += block.count(b"\n") + 2
            self._begun = self._begun or bool(blocks)
            if len(rest) > MAX_MESSAGE:
                raise self._error(f"no end of a message within {MAX_MESSAGE} bytes")
        self._finish(rest)

    def _inspect(self, raw: bytes) -> Iterator[bytes]:
        if self._command and not raw.startswith(_STARTS):
            self._command += END + raw
        else:
            if self._command:
                yield self._command  # its end never came; what follows is no part of it
                self._command = b""
            line, block = self._opened(raw)
            if block.startswith(Blocks.OLD):
                self._command, self._command_line = block, line
            elif block:
                self._check(line, block)
                yield block
        if Blocks.MARK in self._command:
            yield self._command
            self._command = b""
        if len(self._command) > MAX_MESSAGE:
            raise self._error(f"no end of a command's output within {MAX_MESSAGE} bytes", self._command_line)

    def _opened(self, block: bytes) -> tuple[int, bytes]:
        """Line and block without the empty lines and greetings before it; what is left begins a message, or nothing."""
        line = self._line
        while True:
            bare = block.lstrip(b"\r\n")
            line += block[: len(block) - len(bare)].count(b"\n")
            first, _, after = bare.partition(b"\r\n")
            if b"\n" in first.rstrip(b"\n") and first.startswith((_GREETING, b"Event:", b"Response:")):
                raise self._error("lines end with LF, not CRLF: another program has changed this file", line)
            if not bare or bare.startswith(_STARTS):
                return line, bare
            if not first.startswith(_GREETING):
                raise self._error(self._foreign(first), line)
            self._begun = True
            line, block = line + 1, after

    def _foreign(self, first: bytes) -> str:
        if self._begun:
            return f"damaged: a message begins with Event or Response, here is {printable(first)}"
        return f"not a recording of an AMI session, it begins with {printable(first)}"

    def _check(self, line: int, block: bytes) -> None:
        zero = block.find(b"\0")
        if zero >= 0:
            raise self._error("damaged: binary data in a message", line + block[:zero].count(b"\n"))
        bad = _NO_COLON.search(block + b"\r\n")
        if bad:
            at = line + block[: bad.start(1)].count(b"\n")
            raise self._error(f"damaged: a header without a colon, {printable(bad[1])}", at)

    def _finish(self, rest: bytes) -> None:
        bare = rest.strip(b"\r\n")
        if not bare:
            if not self._begun and not rest:
                raise self._error("the file is empty")
        elif not (self._begun and any(start.startswith(bare) for start in _STARTS)) and not self._command:
            line, bare = self._opened(rest)
            self._check(line, bare.rpartition(b"\r\n")[0])
        if bare or self._command:
            self._warnings.append(f"{self._path}, line {self._line}: the last message is cut short and left out")

    def _chunks(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                head = file.read(CHUNK)
                if head.startswith(_GZIP):
                    yield from unpacked(file, head)
                    return
                while head:
                    yield head
                    head = file.read(CHUNK)
        except EOFError as error:
            raise self._error("the compressed file is cut short") from error
        except zlib.error as error:
            raise self._error(f"the compressed file is damaged ({error})") from error
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror or error}") from error

    def _error(self, reason: str, line: int | None = None) -> TranscriptError:
        return TranscriptError(self._path, self._line if line is None else line, reason)


def needs_a_look(data: bytes) -> bool:
    """True when a line may lack its colon, or binary data is in it; quick, and never False when one does.

    A line with a colon leaves ``:`` and its end when all else is deleted. Empty lines are counted apart, and rather too
    few of them where several follow each other.
    """
    ends = data.translate(None, _BUT_COLONS_AND_ENDS)
    empty = data.count(b"\n\r\n") + data.count(b"\r\n\r\n\r\n")
    return ends.count(b"\n") - ends.count(b":\n") > empty or b"\0" in data


def unpacked(file: BinaryIO, data: bytes) -> Iterator[bytes]:
    """Unpack gzip members in pieces of bounded size. Raises zlib.error, or EOFError when the end is missing."""
    engine = zlib.decompressobj(31)
    while data:
        if engine.eof:
            engine = zlib.decompressobj(31)
        piece = engine.decompress(data, UNPACKED)
        if piece:
            yield piece
        data = engine.unconsumed_tail or engine.unused_data.lstrip(b"\0") or file.read(CHUNK)
    if not engine.eof:
        yield engine.flush()
        raise EOFError
