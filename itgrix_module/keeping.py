# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own copies of recordings: ``recordings/YYYY/MM/<node>-<linkedid>.mp3`` in the home, a note beside each.

A copy is written whole or not at all, belongs to the user of the service alone, and never takes the last 500 MB of its
disk. It is a convenience: where the PBX still has its files, a copy can be made again at any time.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from itgrix_module.app.ports import CallRow
from itgrix_module.media.cache import plain_name
from itgrix_module.media.faults import fault, writing

RESERVE = 500 * 1024 * 1024  # bytes of the disk that copies leave free
IN_USE = 3600.0  # seconds since its last use in which a copy is never removed
LEFTOVER = 86_400.0  # seconds after which half of a copy is a leftover of a crash
_DAY = 86_400.0
_PART = ".part"
_BLOCK = 1024 * 1024  # bytes


@dataclass(frozen=True)
class Note:
    """What a copy is of. ``paths``: recordings as the PBX names them; ``given``: the file that a customization made.

    ``linked_until``: epoch second until which people's links to it may live, 0 when there are none; ``made_at``: when
    the copy was made, epoch seconds.
    """

    node: str
    linkedid: str
    started: float
    paths: tuple[str, ...]
    given: str = ""
    linked_until: float = 0.0
    made_at: float = 0.0

    @classmethod
    def of(cls, data: dict[str, Any]) -> Note:
        return cls(**{**data, "paths": tuple(data["paths"])})


@dataclass(frozen=True)
class Copy:
    """A copy on the disk. ``used_at``: when somebody last listened or it was made, epoch seconds; ``size``: bytes."""

    path: Path
    note: Note
    used_at: float
    size: int


class Keeping:
    """Copies in ``folder``. ``free``: bytes free on the disk of a folder. Thread-safe: every step is one rename."""

    def __init__(self, folder: Path, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> None:
        self._folder, self._free = folder, free

    def place(self, call: CallRow) -> Path:
        """Where the copy of a call's recording lies, whether it is there or not."""
        month = datetime.fromtimestamp(max(0.0, call.started), UTC).strftime("%Y/%m")
        return self._folder / month / f"{plain_name(f'{call.node}-{call.linkedid}')}.mp3"

    def find(self, call: CallRow) -> Path | None:
        """The copy, if it is there."""
        path = self.place(call)
        return path if path.is_file() else None

    def use(self, path: Path, now: float) -> None:
        """Somebody listens: it is not removed for an hour."""
        with suppress(OSError):
            os.utime(_note_of(path), (now, now))

    def keep(self, call: CallRow, source: Path, note: Note, *, ours: bool) -> Path:
        """Put a copy in its place. ``ours``: the file is our own, so that the copy may share its blocks on the disk.

        Raises Temporary ``disk_full``, ``work_folder``.
        """
        target = self.place(call)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            _made_folder(target.parent, self._folder)
            if self._free(target.parent) < RESERVE + source.stat().st_size:
                raise fault("disk_full", directory=self._folder)
            _written(_note_of(target), json.dumps(asdict(note)).encode())
            _placed(source, target, ours=ours)
            self.use(target, note.made_at)
        except OSError as error:
            raise writing(error, self._folder) from error
        return target

    def remove(self, call: CallRow) -> None:
        """There is no copy afterwards."""
        _remove(self.place(call))

    def note(self, call: CallRow) -> Note | None:
        """What the copy is of, if there is one."""
        return _read_note(self.place(call))

    def copies(self) -> Iterator[Copy]:
        """All that are there, in no order."""
        for path in self._folder.glob("*/*/*.mp3"):
            note = _read_note(path)
            with suppress(OSError):
                if note is not None:
                    yield Copy(path, note, _note_of(path).stat().st_mtime, path.stat().st_size)

    def prune(self, now: float, keep_days: int, can_be_made: Callable[[Note], bool]) -> int:
        """Remove copies that are older than the settings say, the oldest first; returns how many.

        One that people's links lead to stays as long as they live, unless it ``can_be_made`` again. When the disk gets
        full, younger ones go as well. What was used in the last hour always stays.
        """
        removed = 0
        for copy in sorted(self.copies(), key=lambda copy: copy.note.made_at):
            too_old = now - copy.note.made_at > keep_days * _DAY
            if now - copy.used_at < IN_USE or not (too_old or self._is_full()):
                continue
            if copy.note.linked_until <= now or can_be_made(copy.note):
                _remove(copy.path)
                removed += 1
        self._sweep(now)
        return removed

    def _is_full(self) -> bool:
        with suppress(OSError):
            return self._free(self._folder) < RESERVE
        return False

    def _sweep(self, now: float) -> None:
        """Leftovers of a crash, and folders of months that have nothing left."""
        for path in self._folder.glob("*/*/*"):
            with suppress(OSError):
                if now - path.stat().st_mtime > LEFTOVER and _is_leftover(path):
                    path.unlink()
        for folder in (*self._folder.glob("*/*"), *self._folder.glob("*")):
            with suppress(OSError):
                folder.rmdir()


def _note_of(path: Path) -> Path:
    return path.with_suffix(".json")


def _read_note(path: Path) -> Note | None:
    try:
        return Note.of(json.loads(_note_of(path).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # none, or not ours


def _is_leftover(path: Path) -> bool:
    if path.suffix == _PART:
        return True
    if path.suffix == ".json":
        return not path.with_suffix(".mp3").exists()
    return path.suffix == ".mp3" and not _note_of(path).exists()


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
        _note_of(path).unlink(missing_ok=True)


def _written(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix="note-", suffix=_PART, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _placed(source: Path, target: Path, *, ours: bool) -> None:
    """A second name for the same blocks where that is possible, else a copy of them."""
    part = _shared(source, target.parent) if ours else None
    part = part or _copied(source, target.parent)
    try:
        part.chmod(0o600)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _shared(source: Path, folder: Path) -> Path | None:
    part = folder / f"copy-{uuid4().hex}{_PART}"
    try:
        part.hardlink_to(source)
    except OSError:
        return None
    return part


def _copied(source: Path, folder: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix="copy-", suffix=_PART, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file, source.open("rb") as original:
            shutil.copyfileobj(original, file, _BLOCK)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _made_folder(folder: Path, root: Path) -> None:
    """With all folders above it up to ``root``, each for its owner alone."""
    for part in (*reversed(folder.relative_to(root).parents), folder.relative_to(root)):
        (root / part).mkdir(mode=0o700, exist_ok=True)
