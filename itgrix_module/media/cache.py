# SPDX-License-Identifier: GPL-3.0-or-later
"""Finished mp3 in the work folder, so that an upload that is repeated needs no second conversion.

Beside each ``NAME.mp3`` lies ``NAME.json``: what it was made of. It counts as long as its sources are as they were or
are gone (cleaned up since).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from itgrix_module.media.encode import PART
from itgrix_module.media.faults import writing

_STRANGE = re.compile(r"[^A-Za-z0-9._+-]+")
_LONGEST = 100  # characters
_ENDINGS = (".mp3", ".json", PART)


@dataclass(frozen=True)
class Made:
    """``seconds``: length; ``size``: bytes; ``parts``: recordings in it; ``left_out``: why others are not."""

    seconds: float
    size: int
    parts: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slot:
    """The place of one mp3 in the work folder, and what it shall be made of.

    ``asked``: recordings as the PBX names them. ``bitrate``: kbit/s. ``sources``: what ``looks`` says of the files.
    """

    work_dir: Path
    name: str
    asked: tuple[str, ...]
    bitrate: int
    sources: Mapping[str, tuple[int, int]]

    @property
    def target(self) -> Path:
        return self.work_dir / f"{self.name}.mp3"

    @property
    def _note(self) -> Path:
        return self.work_dir / f"{self.name}.json"

    def recall(self) -> Made | None:
        """What is there already, if it was made of the same. Keeps it from clean-up for another while."""
        try:
            note = json.loads(self._note.read_bytes())
            made = Made(**{**note["made"], "left_out": tuple(note["made"]["left_out"])})
            if not self._is_of(note) or self.target.stat().st_size != made.size:
                return None
            os.utime(self.target)
            os.utime(self._note)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # no note, or none of ours: made again
        return made

    def _is_of(self, note: dict[str, Any]) -> bool:
        if (note["asked"], note["bitrate"]) != (list(self.asked), self.bitrate):
            return False
        return all(note["sources"].get(path) == list(look) for path, look in self.sources.items())

    def remember(self, made: Made) -> None:
        """Note what the mp3 was made of. Raises Temporary ``disk_full``, ``work_folder``."""
        note = {"asked": self.asked, "bitrate": self.bitrate, "sources": dict(self.sources), "made": asdict(made)}
        try:
            handle, name = tempfile.mkstemp(prefix="note-", suffix=PART, dir=self.work_dir)
            try:
                with os.fdopen(handle, "w") as file:
                    json.dump(note, file)
                Path(name).replace(self._note)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise writing(error, self.work_dir) from error


def plain_name(name: str) -> str:
    """A name that is one in every file system and in a header, still different for different names."""
    stem = name.removesuffix(".mp3")
    plain = _STRANGE.sub("_", stem).strip("._-")[:_LONGEST]
    if plain and plain == stem:
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{plain}-{digest}".lstrip("-")


def looks(sources: Sequence[Path]) -> dict[str, tuple[int, int]]:
    """Size in bytes and last write in ns of each file that is there."""
    found = {}
    for path in sources:
        with suppress(OSError):
            look = path.stat()
            found[str(path)] = (look.st_size, look.st_mtime_ns)
    return found


def cleanup(work_dir: str | Path, older_than: float, *, clock: Callable[[], float] = time.time) -> int:
    """Remove what nobody asked for in the last ``older_than`` seconds, and leftovers of a crash; how many files."""
    removed = 0
    with suppress(FileNotFoundError), os.scandir(work_dir) as entries:
        for entry in entries:
            removed += entry.name.endswith(_ENDINGS) and _removed(entry, clock() - older_than)
    return removed


def _removed(entry: os.DirEntry[str], before: float) -> bool:
    with suppress(OSError):
        look = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(look.st_mode) and look.st_mtime < before:
            Path(entry.path).unlink()
            return True
    return False
