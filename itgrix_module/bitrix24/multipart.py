# SPDX-License-Identifier: GPL-3.0-or-later
"""A file as multipart/form-data body that is read while it is sent and never held whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from itgrix_module.bitrix24.errors import UPLOAD, fault


class FileBody:
    """Body with one file, for requests: has a length and ``read``.

    ``source``: a path, or an open binary file that can seek, sent from its current position. Raises Permanent
    ``recording_missing`` when it cannot be read, is empty, or becomes shorter while it is sent.
    """

    def __init__(self, field: str, source: str | Path | BinaryIO, filename: str) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{_quoted(field)}"; filename="{_quoted(filename)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._source = source
        self._owned: BinaryIO | None = None
        self._file, self._start, self._size = self._opened()
        self._sent = 0

    def __enter__(self) -> FileBody:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owned:
            self._owned.close()

    def __len__(self) -> int:
        return len(self._head) + self._size + len(self._tail)

    def rewind(self) -> None:
        """Send it again from the beginning (after a redirect)."""
        self._file.seek(self._start)
        self._sent = 0

    def read(self, size: int = -1) -> bytes:
        """Next bytes of the body, empty at its end; ``size`` < 0: a block of 64 KiB."""
        wanted = size if size >= 0 else 65536
        head, body = len(self._head), len(self._head) + self._size
        if self._sent < head:
            piece = self._head[self._sent : self._sent + wanted]
        elif self._sent < body:
            piece = self._from_file(min(wanted, body - self._sent))
        else:
            piece = self._tail[self._sent - body : self._sent - body + wanted]
        self._sent += len(piece)
        return piece

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read():
            yield piece

    def _from_file(self, size: int) -> bytes:
        piece = self._file.read(size)
        if not piece:
            raise fault("recording_missing", UPLOAD, said="it became shorter while it was sent")
        return piece

    def _own(self, path: Path) -> BinaryIO:
        self._owned = path.open("rb")
        return self._owned

    def _opened(self) -> tuple[BinaryIO, int, int]:
        try:
            file = self._source if not isinstance(self._source, str | Path) else self._own(Path(self._source))
            start = file.tell()
            size = file.seek(0, os.SEEK_END) - start
            file.seek(start)
        except OSError as error:
            raise fault("recording_missing", UPLOAD, said=error.strerror or "not readable") from None
        if size <= 0:
            self.__exit__(None, None, None)
            raise fault("recording_missing", UPLOAD, said="it is empty")
        return file, start, size


def _quoted(name: str) -> str:
    """A name for a header, as browsers write it: no line ends, no quotation marks."""
    safe = name.encode("utf-8", "replace").decode()
    for forbidden, written in (("\r", "%0D"), ("\n", "%0A"), ('"', "%22"), ("\0", "%00")):
        safe = safe.replace(forbidden, written)
    return safe
