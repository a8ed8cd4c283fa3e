# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a recording is: from what Asterisk, the CDR or the naming rule of FreePBX say to a file in the folder.

Names come from the PBX and partly from callers: nothing outside the recordings folder is ever returned.
Naming rule: ``YYYY/MM/DD/<type>-<to>-<from>-YYYYMMDD-HHMMSS-<Uniqueid>.<format>``, local time of the recording's start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from itgrix_module.media.faults import fault, reading
from itgrix_module.media.formats import SUFFIXES

_MOST = 4096  # characters of a path, as in the kernel
_LONGEST = 255  # bytes of one name, as in the file systems
_STAMP = re.compile(r"-(\d{4})(\d\d)(\d\d)-\d{6}-")
_UNIQUEID = re.compile(r"(?:[\w.]+(?:-[\w.]+)*-)?(\d{9,11})\.\d{1,9}", re.ASCII)


def locate(path_or_name: str, directory: str | Path, started: float | None) -> Path | None:
    """The file of a recording, all links resolved; None when it is not there (yet).

    ``path_or_name``: full path (MIXMONITOR_FILENAME), path in the folder, name (CDR recordingfile), or the Uniqueid of
    the channel that recorded. Of the same name with another ending (converted since) the one is taken that is there.
    ``started``: start of the call, epoch seconds; its day and the neighbours are searched.
    Raises Permanent ``recording_refused`` for a name that is none, ``recording_outside`` for a file elsewhere;
    Temporary ``recordings_folder``, ``recording_unreadable``.
    """
    return next(iter(locate_all(path_or_name, directory, started)), None)


def locate_all(path_or_name: str, directory: str | Path, started: float | None) -> tuple[Path, ...]:
    """As ``locate``; a Uniqueid may have several recordings (stopped and started again), the oldest first."""
    name = _checked(path_or_name)
    root = _root(directory)
    for base in _bases(name, root, started):
        if found := _variant(base, root):
            return (found,)
    if _UNIQUEID.fullmatch(name) and (several := _search(name, root, started)):
        return several
    _refuse_elsewhere(name, root)
    return ()


def _checked(text: str) -> str:
    """The name without the file system's special meanings."""
    if not text or len(text) > _MOST or not text.isprintable():
        raise fault("recording_refused", name=text, why="it is empty, too long or holds control characters")
    parts = text.split("/")
    if ".." in parts:
        raise fault("recording_refused", name=text, why="it leaves the recordings folder")
    if any(len(os.fsencode(part)) > _LONGEST - max(map(len, SUFFIXES)) for part in parts) or not parts[-1].strip("."):
        raise fault("recording_refused", name=text, why="it is not a file's name")
    return text


def _root(directory: str | Path) -> Path:
    try:
        root = Path(directory).resolve(strict=True)
        with os.scandir(root):
            return root
    except OSError as error:
        raise fault("recordings_folder", directory=directory, why=error.strerror or error) from error


def _bases(name: str, root: Path, started: float | None) -> Iterator[Path]:
    """Places where a file of this name may be, the likeliest first."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/"):
        yield Path(name)
        # the PBX may see its disk elsewhere (container, mount): some tail of the path is then valid in the folder
        yield from (root.joinpath(*parts[start:]) for start in range(len(parts) - 1))
    else:
        yield root.joinpath(*parts)
    yield from (root / day.strftime("%Y/%m/%d") / parts[-1] for day in _days(parts[-1], started))
    yield root / parts[-1]


def _days(name: str, started: float | None) -> list[date]:
    """Days whose folders to search: the one in the name, then those of the start and around it."""
    found = []
    if stamp := _STAMP.search(name):
        year, month, day = map(int, stamp.groups())
        found += [day for day in [_date(year, month, day)] if day]
    epochs = [started] if started is not None else []
    if unique := _UNIQUEID.fullmatch(name):
        epochs.insert(0, float(unique[1]))
    for epoch in epochs:
        # UTC will do for any zone, because the neighbours are searched as well
        near = datetime.fromtimestamp(epoch, UTC).date()
        found += [near + timedelta(days=shift) for shift in (0, 1, -1)]
    return list(dict.fromkeys(found))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _variant(base: Path, root: Path) -> Path | None:
    """The file itself, or the same name with another ending."""
    if found := _taken(base, root):
        return found
    stem = base.name[: -len(base.suffix)] if base.suffix in SUFFIXES else base.name
    names = dict.fromkeys([stem + suffix for suffix in SUFFIXES] + [base.name + ".mp3"])
    candidates = (base.with_name(name) for name in names)
    return next((found for candidate in candidates if (found := _taken(candidate, root))), None)


def _taken(path: Path, root: Path) -> Path | None:
    """The regular file at ``path`` if it is inside of ``root`` when all links are followed."""
    try:
        if not path.is_file():
            return None
        real = path.resolve(strict=True)
    except FileNotFoundError:
        return None
    except (OSError, RuntimeError) as error:
        raise reading(error if isinstance(error, OSError) else OSError("loop of links"), path.name) from error
    if real.is_relative_to(root):
        return real
    if path.is_relative_to(root):
        raise fault("recording_outside", name=path.name, directory=root)
    return None


def _search(uniqueid: str, root: Path, started: float | None) -> tuple[Path, ...]:
    """Recordings that the naming rule gives for a channel, by the first day's folder that has any."""
    for day in _days(uniqueid, started):
        folder = root / day.strftime("%Y/%m/%d")
        stems = {name[: -len(Path(name).suffix)] for name in _named(folder, f"-{uniqueid}.")}
        files = (_variant(folder / stem, root) for stem in sorted(stems, key=_moment))
        if found := tuple(path for path in files if path):
            return found
    return ()


def _named(folder: Path, mark: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [e.name for e in entries if mark in e.name and Path(e.name).suffix in SUFFIXES]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise fault("recordings_folder", directory=folder, why=error.strerror or error) from error


def _moment(stem: str) -> tuple[str, str]:
    stamp = _STAMP.search(stem)
    return (stamp[0] if stamp else "", stem)


def _refuse_elsewhere(name: str, root: Path) -> None:
    """A full path that exists outside of the folder is a wrong setting, not a file to wait for."""
    try:
        elsewhere = name.startswith("/") and Path(name).is_file() and not Path(name).resolve().is_relative_to(root)
    except OSError:
        return
    if elsewhere:
        raise fault("recording_outside", name=name, directory=root)
