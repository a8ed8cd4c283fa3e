# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a live AMI session into a transcript: raw blocks, arrival times added, secrets removed."""

from __future__ import annotations

import gzip
import logging
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from itgrix_module.asterisk.redaction import redact
from itgrix_module.asterisk.stream_clock import RECEIVED

log = logging.getLogger("itgrix.asterisk")

_GREETING = b"Asterisk Call Manager/0 (recorded by itgrix)\r\n"


class Recorder:
    """``tap`` is the connection's tap. The file appears under its name at ``close``; until then it is ``NAME.part``.

    Packed when the name ends with ``.gz``. ``flush_every``: seconds after which what was heard is safe on disk, even if
    this process dies. A full disk ends the recording, not the session: ``failure`` says so.
    """

    def __init__(self, path: str | os.PathLike[str], flush_every: float = 2.0) -> None:
        self.messages = 0
        self.failure = ""
        self._path = Path(path)
        self._part = self._path.with_name(self._path.name + ".part")
        self._flush_every = flush_every
        self._flushed_at = 0.0
        self._lock = threading.Lock()
        raw = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._raw: IO[bytes] | None = raw
        self._file: IO[bytes] = raw
        if self._path.suffix == ".gz":
            self._file = gzip.GzipFile(fileobj=raw, mode="wb", mtime=0)  # type: ignore[assignment]
        self._file.write(_GREETING)

    def tap(self, block: bytes, at: float) -> None:
        """One raw block that arrived at ``at`` (epoch seconds). Never raises."""
        with self._lock:
            if self._raw is None:
                return
            try:
                self._file.write(b"%s\r\n%s: %.6f\r\n\r\n" % (redact(block), RECEIVED.encode(), at))
                self.messages += 1
                if not 0 <= at - self._flushed_at < self._flush_every:
                    self._flushed_at = at
                    self._flush()
            except OSError as error:
                self._give_up(error)

    def close(self) -> None:
        """Finish the file and give it its name. May be repeated. Raises OSError when the recording is incomplete."""
        with self._lock:
            if self.failure:
                raise OSError(self.failure)
            if self._raw is None:
                return
            raw, self._raw = self._raw, None
            with raw:
                if self._file is not raw:
                    self._file.close()
                raw.flush()
                os.fsync(raw.fileno())
            self._part.replace(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _flush(self) -> None:
        self._file.flush()
        if self._raw is not None:
            self._raw.flush()

    def _give_up(self, error: OSError) -> None:
        self.failure = f"the recording {self._part} ended: {error.strerror or error}"
        log.error("%s", self.failure)
        raw, self._raw = self._raw, None
        for file in (self._file, raw):
            try:
                if file is not None:
                    file.close()
            except OSError:
                log.debug("closing %s failed as well", self._part)
