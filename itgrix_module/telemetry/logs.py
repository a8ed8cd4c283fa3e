# SPDX-License-Identifier: GPL-3.0-or-later
"""Where log lines go and what they look like."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from itgrix_module.telemetry.masking import without_persons, without_secrets

FILE_BYTES, FILES = 10_000_000, 5
PARTS = (
    *("asterisk", "calls", "delivery", "employees", "errands", "events", "health", "hooks", "lines", "numbers"),
    *("operations", "panel", "recordings", "routing", "service"),
)
_LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_QUIET = ("alembic", "apscheduler", "urllib3", "waitress", "werkzeug")
_OURS = ("itgrix", "itgrix_module")


def _as_it_is() -> bool:
    return False


class Lines(logging.Formatter):
    """One line, or one and indented ones: what came over a wire cannot pass for another line. Never a secret.

    ``hides_persons``: asked for each line.
    """

    def __init__(self, hides_persons: Callable[[], bool] = _as_it_is) -> None:
        super().__init__(_LINE)
        self._hides_persons = hides_persons

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        text = without_secrets(super().format(record))
        if self._hides_persons():
            text = without_persons(text)
        return text.replace("\r", " ").replace("\n", "\n    ") if "\n" in text or "\r" in text else text


class _File(RotatingFileHandler):
    """Belongs to the user of the service alone. A full disk neither stops the service nor fills another log."""

    def _open(self):  # type: ignore[no-untyped-def]
        os.close(os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o640))
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """The checks of the disk say what is wrong with it."""


def to_stderr(
    level: str = "INFO",
    file: Path | None = None,
    hides_persons: Callable[[], bool] = _as_it_is,
    shown: str = "DEBUG",
) -> None:
    """Our lines at ``level``, those of the libraries only from warnings on.

    ``file``: where they go as well, unless whoever started us sends our standard error there anyway. ``shown``: the
    least that goes to standard error.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    handlers[0].setLevel(shown)
    if file is not None and not _is_stderr(file):
        handlers += _file_handlers(file)
    for handler in handlers:
        handler.setFormatter(Lines(hides_persons))
    root = logging.getLogger()
    for old in root.handlers:
        if isinstance(old, _File):
            old.close()
    root.handlers[:] = handlers
    root.setLevel(logging.WARNING)
    set_levels(level, {})
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _file_handlers(file: Path) -> list[logging.Handler]:
    try:
        file.parent.mkdir(mode=0o750, exist_ok=True)
        return [_File(file, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", errors="backslashreplace")]
    except OSError as error:
        sys.stderr.write(f"the log file {file} cannot be written: {error.strerror}\n")
        return []


def _is_stderr(file: Path) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(sys.stderr.fileno()))
    except (OSError, ValueError):
        return False


def cut(file: Path, longest: int = FILE_BYTES) -> None:
    """Put what is in ``file`` aside when it is longer (bytes) and our standard error goes there, opened by whoever
    started us.

    Copied and emptied, since it is written on; for that it must have been opened for appending.
    """
    # A full disk: the file grows on until there is room again.
    with suppress(OSError):
        if not _is_stderr(file) or file.stat().st_size <= longest:
            return
        for number in range(FILES - 2, 0, -1):
            with suppress(FileNotFoundError):
                _numbered(file, number).replace(_numbered(file, number + 1))
        shutil.copy(file, _numbered(file, 1))
        os.truncate(file, 0)


def _numbered(file: Path, number: int) -> Path:
    return file.with_name(f"{file.name}.{number}")


def set_levels(level: str, parts: Mapping[str, str]) -> None:
    """How much is logged from now on; ``parts``: those that differ."""
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    for part in PARTS:
        logging.getLogger(f"itgrix.{part}").setLevel(parts.get(part, logging.NOTSET))
