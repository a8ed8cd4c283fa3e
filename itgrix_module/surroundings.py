# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies around the service on its machine: disks, the folder of recordings, programs for sound."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from itgrix_module.app.health import Check, Level
from itgrix_module.app.lines import Lines
from itgrix_module.app.recording_rules import RecordingRules
from itgrix_module.media.installed import Installed
from itgrix_module.place import Place
from itgrix_module.settings import Settings

FULL = 64 * 1024 * 1024  # bytes free; the conversion of a recording leaves half of that
LOW = 512 * 1024 * 1024  # bytes free
_AGAIN = 10.0  # seconds for which a look counts
_MEGABYTE = 1024 * 1024


def disk(folders: Iterable[Path]) -> Check:
    """The fullest disk of these folders; those that are not there do not count."""
    free = {folder: found for folder in folders if (found := _free(folder)) is not None}
    if not free:
        return Check("disk", Level.OK, "disk_ok", "no disk to look at")
    folder = min(free, key=free.__getitem__)
    left = free[folder] // _MEGABYTE
    params = {"folder": str(folder), "megabytes": left}
    if free[folder] < FULL:
        words = f"the disk of {folder} is full ({left} MB free)"
        hint = "Free space on it: calls wait in memory, recordings wait in their folder, and go on by themselves."
        return Check("disk", Level.ERROR, "disk_full", words, hint, params=params)
    if free[folder] < LOW:
        words = f"the disk of {folder} is nearly full ({left} MB free)"
        return Check("disk", Level.WARNING, "disk_low", words, "Free space on it soon.", params=params)
    words = f"{left // 1024} GB free" if left >= 10 * 1024 else f"{left} MB free"
    return Check("disk", Level.OK, "disk_ok", words, params=params)


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def disks_of(place: Place, settings: Settings) -> list[Path]:
    """Folders that the product or the PBX writes to."""
    folders = [place.home]
    if _are_wanted(settings):
        folders.append(Path(settings["recordings.directory"]))
    return folders


def _are_wanted(settings: Settings) -> bool:
    return RecordingRules.of(settings, Lines.of(settings["lines"])).are_wanted


def recordings(settings: Settings) -> Check:
    """The folder of the PBX's recordings, and a program that makes mp3 of them."""
    if not _are_wanted(settings):
        return Check("recordings", Level.OK, "recordings_off", "recordings are switched off")
    folder = Path(settings["recordings.directory"])
    params = {"folder": str(folder)}
    if not folder.is_dir():
        words = f"the recordings folder {folder} is not there"
        hint = "Set recordings.directory to the folder where the PBX records, or recordings.mode to off."
        return Check("recordings", Level.ERROR, "recordings_missing", words, hint, params=params)
    if not os.access(folder, os.R_OK | os.X_OK):
        words = f"the recordings folder {folder} may not be read by this user"
        hint = "Run the service as the user asterisk, or let its user read the folder."
        return Check("recordings", Level.ERROR, "recordings_denied", words, hint, params=params)
    return _encoder(folder)


def _encoder(folder: Path) -> Check:
    found = Installed()
    ways = (found.lame, found.sox if found.sox_knows("mp3") else "", found.ffmpeg if found.ffmpeg_writes_mp3 else "")
    name = next(filter(None, ways), "")
    if not name:
        words = "nothing here writes mp3, so recordings that are no mp3 yet wait"
        return Check("recordings", Level.WARNING, "encoder_missing", words, "Install one: apt-get install lame.")
    words = f"recordings in {folder} can be read, mp3 is written by {Path(name).name}"
    return Check("recordings", Level.OK, "recordings_ok", words, params={"folder": str(folder)})


class Surroundings:
    """Looks around at most every few seconds, however often it is asked."""

    def __init__(
        self, place: Place, settings: Callable[[], Settings], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._place, self._settings, self._clock = place, settings, clock
        self._seen: tuple[float, Settings, tuple[Check, ...]] | None = None

    def checks(self) -> tuple[Check, ...]:
        """Disk and recordings."""
        settings, now, seen = self._settings(), self._clock(), self._seen
        if seen is not None and seen[1] is settings and now - seen[0] < _AGAIN:
            return seen[2]
        checks = (disk(disks_of(self._place, settings)), recordings(settings))
        self._seen = (now, settings, checks)
        return checks
