# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a recording is complete. Asterisk writes blocks of 32 KiB and closes some ms after the hang-up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from itgrix_module.domain.failures import Permanent
from itgrix_module.media.faults import reading
from itgrix_module.media.formats import Raw, Sound, inspect

APART = 1.0  # seconds between two looks
QUIET = 1.0  # seconds since the last write
SETTLED = 60.0  # seconds since the last write after which one look is enough
UNCLOSED = 30.0  # seconds to wait for the writer of a file without sizes in its header, or without a byte


@dataclass(frozen=True)
class Ready:
    """Complete. ``size``: bytes; ``changed``: last write, ns since the epoch."""

    size: int
    changed: int


@dataclass(frozen=True)
class Growing:
    """Still being written, as far as can be seen."""

    size: int


@dataclass(frozen=True)
class Empty:
    """Complete and without sound: the header only, as after a missed call."""


@dataclass(frozen=True)
class Missing:
    """Not there."""


State = Ready | Growing | Empty | Missing
_Look = tuple[int, int] | None  # size in bytes, last write in ns


def state(
    path: Path,
    *,
    clock: Callable[[], float] = time.time,
    pause: Callable[[float], object] = time.sleep,
) -> State:
    """State of one recording, after at most one pause. Raises Temporary ``recording_unreadable``."""
    return states([path], clock=clock, pause=pause)[0]


def states(
    paths: Sequence[Path],
    *,
    clock: Callable[[], float] = time.time,
    pause: Callable[[float], object] = time.sleep,
) -> list[State]:
    """States of several recordings with one pause for all."""
    before = [_look(path) for path in paths]
    if any(look and _age(look, clock()) < SETTLED for look in before):
        pause(APART)
    now = clock()
    return [_judged(path, look, _look(path), now) for path, look in zip(paths, before, strict=True)]


def _look(path: Path) -> _Look:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise reading(error, path.name) from error
    return stat.st_size, stat.st_mtime_ns


def _age(look: tuple[int, int], now: float) -> float:
    """Seconds since the last write; below zero when the clock of the disk's server is ahead."""
    return now - look[1] / 1e9


def _judged(path: Path, before: _Look, after: _Look, now: float) -> State:
    if after is None:
        return Missing()
    size, age = after[0], _age(after, now)
    if before != after or 0 <= age < QUIET:
        return Growing(size)
    if size == 0:
        return Growing(0) if 0 <= age < UNCLOSED else Empty()
    sound = _sound(path)
    if isinstance(sound, Raw) and not sound.closed and sound.length and 0 <= age < UNCLOSED:
        return Growing(size)
    return Empty() if sound and sound.seconds == 0 else Ready(size, after[1])


def _sound(path: Path) -> Sound | None:
    """What is in a wav; None for other formats and for what will not play, which is for the conversion to say."""
    if not path.suffix.casefold().startswith(".wav"):
        return None
    try:
        return inspect(path)
    except Permanent:
        return None
