# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a recording: one table from a stable code to its kind, its text and what to do about it.

A missing program is Temporary and not NeedsOwner: the upload waits until somebody installs it, the portal goes on.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

from itgrix_module.domain.failures import Failure, Permanent, Temporary

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_INSTALL = "Install one of: apt-get install lame (best), or sox with libsox-fmt-mp3, or ffmpeg"


@dataclass(frozen=True)
class _Row:
    """``wait``: seconds until the next attempt, None for what no repeat mends."""

    text: str
    hint: str
    wait: float | None = None


_TABLE = {
    "recording_none": _Row("the PBX named no recording for this call", "Check that the line or extension is recorded"),
    "recording_missing": _Row(
        "recording {name} is not in {directory}",
        "Check the setting recordings.directory, and whether a clean-up or another disk takes recordings away",
        5.0,
    ),
    "recording_growing": _Row(
        "recording {name} is still being written", "Check in the PBX whether a channel of this call hangs", 2.0
    ),
    "recording_empty": _Row("recording {name} holds no sound: nobody talked while it ran", ""),
    "recording_refused": _Row(
        "recording name {name} is refused: {why}", "Check what the dialplan sets as the name of the recording"
    ),
    "recording_outside": _Row(
        "recording {name} is outside {directory}", "Set recordings.directory to the folder where the PBX records"
    ),
    "recordings_folder": _Row(
        "the recordings folder {directory} cannot be read: {why}",
        "Check the setting recordings.directory, its owner and its mount",
        60.0,
    ),
    "recording_unreadable": _Row(
        "recording {name} cannot be read: {why}",
        "Let the service's user read it (chown asterisk), check the disk",
        60.0,
    ),
    "recording_damaged": _Row(
        "recording {name} is damaged: {why}", "Play the file on the PBX; if it does not play there, it is lost"
    ),
    "encoder_missing": _Row("no program that makes mp3 is installed", _INSTALL, 600.0),
    "decoder_missing": _Row(
        "no installed program can read {name} ({why})",
        "Install sox with libsox-fmt-mp3, or ffmpeg: apt-get install sox libsox-fmt-mp3 ffmpeg",
        600.0,
    ),
    "encoder_failed": _Row("{program} failed: {why}", _INSTALL),
    "encoder_killed": _Row("{program} was killed: {why}", "Check the memory of the machine and its system log", 60.0),
    "encoder_timeout": _Row(
        "the conversion took longer than {seconds} s", "Check the load of the machine and its disks", 300.0
    ),
    "disk_full": _Row("no space left in {directory}", "Free space on that disk; the upload goes on by itself", 300.0),
    "work_folder": _Row(
        "the work folder {directory} cannot be written: {why}",
        "Let the service's user write it (chown asterisk)",
        300.0,
    ),
    "stopped": _Row("the service stops; the recording is taken up again afterwards", "", 0.0),
}


def fault(code: str, *, final: bool = False, **words: object) -> Failure:
    """Failure for a code of the table; ``words`` fill its text. ``final``: no more attempts."""
    row = _TABLE[code]
    text = row.text.format_map({key: shown(str(word)) for key, word in words.items()})
    if final or row.wait is None:
        return Permanent(code, text, row.hint)
    return Temporary(code, text, row.hint, retry_after=row.wait)


def shown(word: str, limit: int = 300) -> str:
    """A name or a program's words, fit for one line of a log: no control characters, no lone surrogates, bounded."""
    clean = "".join(char if char.isprintable() else "?" for char in word)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def is_full(error: OSError) -> bool:
    """The disk, the quota or the size limit of files is used up."""
    return error.errno in _FULL


def writing(error: OSError, directory: object) -> Failure:
    """Failure for an error while writing to the work folder."""
    if is_full(error):
        return fault("disk_full", directory=directory)
    return fault("work_folder", directory=directory, why=error.strerror or error)


def reading(error: OSError, name: str) -> Failure:
    """Failure for an error while reading a recording. A file that went away meanwhile is a missing one."""
    if isinstance(error, FileNotFoundError):
        return fault("recording_missing", name=name, directory="its folder any more")
    return fault("recording_unreadable", name=name, why=error.strerror or error)
