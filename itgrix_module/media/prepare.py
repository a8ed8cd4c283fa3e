# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the PBX calls the recordings of a call to one mp3 that can be uploaded."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from itgrix_module.domain.failures import Failure, Permanent
from itgrix_module.media.cache import Made, Slot, cleanup, looks, plain_name
from itgrix_module.media.encode import encode
from itgrix_module.media.faults import fault, reading, writing
from itgrix_module.media.find import locate_all
from itgrix_module.media.formats import Coded, Sound, inspect
from itgrix_module.media.installed import Installed
from itgrix_module.media.join import Joined
from itgrix_module.media.program import Watch
from itgrix_module.media.ready import Empty, Growing, Missing, states

__all__ = ["Prepared", "cleanup", "complete", "prepare"]

BITRATE = 32  # kbit/s
_RESERVE = 32 * 1024 * 1024  # bytes left free on the disk, which the database may share
_BASE = 60.0  # seconds that any conversion may take
_SPEED = 4.0  # seconds of sound in one second that the slowest machine converts


@dataclass(frozen=True)
class Prepared:
    """A recording to upload.

    ``path``: the mp3, in the work folder or, when the PBX had made it, where that put it: read only. ``filename``: name
    for the portal. ``seconds``: length. ``bytes``: size. ``source_count``: recordings in it. ``left_out``: texts about
    recordings that could not be had, for the call's timeline.
    """

    path: Path
    filename: str
    seconds: float
    bytes: int
    source_count: int
    left_out: tuple[str, ...] = ()


@dataclass
class _Parts:
    """What was found, in order, and why the rest was not."""

    directory: str
    final: bool
    found: list[Path] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[Failure] = field(default_factory=list)

    @property
    def left_out(self) -> list[Failure]:
        return self.refused + [self.absent(name) for name in self.missing]

    def absent(self, name: str) -> Failure:
        return fault("recording_missing", final=self.final, name=name, directory=self.directory)


def prepare(
    paths: Sequence[str],
    *,
    directory: str | Path,
    work_dir: str | Path,
    bitrate: int = BITRATE,
    name: str,
    started: float | None,
    deadline: float | None = None,
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.time,
) -> Prepared:
    """One mp3 of all recordings of a call, in the order of ``paths``.

    ``paths``: as ``find.locate`` takes them. ``directory``: the recordings folder. ``bitrate``: kbit/s. ``name``: file
    name of the result without ending, the same for the same call. ``started``: start of the call, epoch seconds.
    ``deadline``: epoch second after which nothing more is waited for: what is there is taken, and a recording that
    never appeared becomes Permanent; None waits for ever. ``stop``: set when the service stops, kills the programs.
    Raises Temporary or Permanent with a code of ``faults``.
    """
    final = deadline is not None and clock() >= deadline
    parts = _located(paths, str(directory), started, final)
    slot = Slot(Path(work_dir).absolute(), plain_name(name), tuple(paths), bitrate, looks(parts.found))
    if made := slot.recall():
        return _from_work(slot, made)
    _complete(parts, stop, clock)
    sounds = _sounds(parts)
    if len(sounds) == 1 and isinstance(sounds[0], Coded) and sounds[0].kind == "mp3":
        return _as_it_is(sounds[0], slot, parts)
    return _from_work(slot, _converted(sounds, parts, slot, stop))


def complete(
    paths: Sequence[str],
    *,
    directory: str | Path,
    started: float | None,
    deadline: float | None = None,
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.time,
) -> tuple[Path, ...]:
    """The files of a call's recordings, all complete and with sound, in order. Arguments and errors as ``prepare``."""
    parts = _located(paths, str(directory), started, deadline is not None and clock() >= deadline)
    _complete(parts, stop, clock)
    return tuple(parts.found)


def _located(paths: Sequence[str], directory: str, started: float | None, final: bool) -> _Parts:
    if not paths:
        raise fault("recording_none")
    parts = _Parts(directory, final)
    for asked in dict.fromkeys(paths):
        try:
            several = locate_all(asked, directory, started)
        except Permanent as failure:
            parts.refused.append(failure)
            continue
        parts.found += [path for path in several if path not in parts.found]
        parts.missing += [] if several else [asked]
    return parts


def _complete(parts: _Parts, stop: threading.Event | None, clock: Callable[[], float]) -> None:
    """Only complete recordings with sound remain in ``parts.found``; raises what keeps them from that."""
    pause = stop.wait if stop else time.sleep
    judged = list(zip(parts.found, states(parts.found, clock=clock, pause=pause), strict=True))
    parts.missing += [path.name for path, state in judged if isinstance(state, Missing)]
    if parts.missing and not parts.final:
        raise parts.absent(parts.missing[0])
    for path, state in judged:
        if isinstance(state, Growing):
            raise fault("recording_growing", final=parts.final, name=path.name)
    parts.found = [path for path, state in judged if not isinstance(state, Empty | Missing)]
    if parts.found:
        return
    empty = [path.name for path, state in judged if isinstance(state, Empty)]
    raise fault("recording_empty", name=empty[0]) if empty else parts.left_out[0]


def _sounds(parts: _Parts) -> list[Sound]:
    sounds: list[Sound] = []
    for path in parts.found:
        try:
            sounds.append(inspect(path))
        except Permanent as failure:
            parts.refused.append(failure)
    if not sounds:
        raise parts.refused[-1]
    return sounds


def _converted(sounds: list[Sound], parts: _Parts, slot: Slot, stop: threading.Event | None) -> Made:
    seconds = sum(sound.seconds for sound in sounds)
    _room(slot.work_dir, int(seconds * slot.bitrate * 125))
    watch = Watch(_BASE + seconds / _SPEED, stop)
    encoded = encode(Joined(sounds), slot.target, slot.bitrate, Installed(), watch)
    texts = tuple(failure.text for failure in parts.left_out) + encoded.left_out
    made = Made(encoded.seconds, encoded.size, len(sounds) - len(encoded.left_out), texts)
    slot.remember(made)
    return made


def _room(work: Path, needed: int) -> None:
    """The work folder exists and its disk holds the result and a reserve."""
    try:
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(work).free
    except OSError as error:
        raise writing(error, work) from error
    if free < needed + _RESERVE:
        raise fault("disk_full", directory=work)


def _from_work(slot: Slot, made: Made) -> Prepared:
    return Prepared(slot.target, slot.target.name, made.seconds, made.size, made.parts, made.left_out)


def _as_it_is(sound: Coded, slot: Slot, parts: _Parts) -> Prepared:
    """The PBX or its administrator made an mp3: nothing to add."""
    try:
        size = sound.path.stat().st_size
    except OSError as error:
        raise reading(error, sound.path.name) from error
    texts = tuple(failure.text for failure in parts.left_out)
    return Prepared(sound.path, slot.target.name, sound.seconds, size, 1, texts)
