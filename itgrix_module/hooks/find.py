# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of a customization: ``<folder>/<name>`` or ``<folder>/<name>.<ending>``, and how it is started.

The scripts run with the rights of the service, so nobody else may be able to change them.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from itgrix_module.hooks.faults import HookFault, one_line

# What editors, upgrades and administrators leave beside a script.
_LEFT_OVER = frozenset(("bak", "old", "orig", "save", "swp", "tmp", "off", "disabled", "txt", "md", "sample"))
_ENDING = re.compile(r"\.([A-Za-z0-9_-]{1,16})")

# Runs a PHP file in either of two styles: it reads standard input and prints its answer, or it finds the input in
# $params and returns its answer (as scripts for Itgrix do). Standard input is a file, so it can be read twice.
_PHP = (
    "$params = json_decode(stream_get_contents(STDIN), true); rewind(STDIN); "
    "$itgrix_answer = require $argv[1]; "
    "if (is_array($itgrix_answer) || is_object($itgrix_answer)) { "
    "echo json_encode($itgrix_answer, JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION | JSON_THROW_ON_ERROR); } "
    "elseif (is_string($itgrix_answer)) { echo $itgrix_answer; }"
)
_PHP_SETTINGS = ("-d", "display_errors=stderr", "-d", "log_errors=0", "-d", "html_errors=0")


@dataclass(frozen=True)
class Script:
    """``stamp``: changes whenever the file does. ``command``: program and arguments."""

    name: str
    file: Path
    stamp: tuple[int, int, int]
    command: tuple[str, ...]


def candidates(folder: Path, name: str) -> list[Path]:
    """Files that could be the script of this name, left-overs of editors not counted."""
    try:
        with os.scandir(folder) as entries:
            return sorted(folder / entry.name for entry in entries if _is_of(entry.name, name))
    except OSError:
        return []


def _is_of(file: str, name: str) -> bool:
    if not file.startswith(name):
        return False
    ending = _ENDING.fullmatch(file[len(name) :])
    return file == name or (ending is not None and ending[1].lower() not in _LEFT_OVER)


def find(folder: Path, name: str) -> Script:
    """The script of a customization. Raises HookFault when there is none, or several, or one that cannot be trusted."""
    found = candidates(folder, name)
    if not found:
        raise HookFault(f"there is no file {name} (or {name}.php, {name}.py, {name}.sh) in {folder}")
    if len(found) > 1:
        names = ", ".join(one_line(file.name) for file in found)
        raise HookFault(f"there are several files for it ({names}); leave one")
    try:
        file = found[0].resolve(strict=True)
        _check_trust(folder, file)
        seen = file.stat()
    except (OSError, RuntimeError) as error:  # a ring of links is one or the other, by the version of Python
        why = getattr(error, "strerror", None) or "its link leads nowhere"
        raise HookFault(f"{found[0].name} cannot be read: {why}") from None
    return Script(name, found[0], (seen.st_ino, seen.st_mtime_ns, seen.st_size), _command(found[0], file))


def _check_trust(folder: Path, file: Path) -> None:
    """``file``: where a link leads to; then the folder that it lies in counts as well."""
    if not file.is_file():
        raise HookFault(f"{file.name} is not a regular file")
    for path in (folder.resolve(), file.parent, file):
        for problem in _problems(path, path.stat()):
            raise HookFault(f"{path} {problem}")


def _problems(path: Path, seen: os.stat_result) -> Iterator[str]:
    if seen.st_uid not in (0, os.geteuid()):
        wanted = " or ".join(dict.fromkeys(("root", _user(os.geteuid()))))
        yield (
            f"belongs to {_user(seen.st_uid)}, and its owner could change what runs here: "
            f"give it to {wanted}, or run this as {_user(seen.st_uid)}"
        )
    if seen.st_mode & stat.S_IWOTH:
        yield f"can be changed by anybody: chmod o-w {path}"
    if seen.st_mode & stat.S_IWGRP and seen.st_gid not in (0, os.getegid()):
        yield f"can be changed by a group that is not the service's own: chmod g-w {path}"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _command(shown: Path, file: Path) -> tuple[str, ...]:
    """By the ending of the name that the administrator gave it."""
    ending = shown.suffix.lower()
    if ending == ".php":
        return (_installed("php", shown), *_PHP_SETTINGS, "-r", _PHP, "--", str(file))
    if ending == ".py":
        return (sys.executable or _installed("python3", shown), "-X", "utf8", str(file))
    if ending == ".sh":
        return ("/bin/sh", str(file))
    if not os.access(file, os.X_OK):
        raise HookFault(f"{shown.name} is not executable: chmod u+x {file}, or name it {shown.stem}.php, .py or .sh")
    return (str(file),)


def _installed(program: str, shown: Path) -> str:
    found = shutil.which(program, path=search_path())
    if not found:
        raise HookFault(f"{shown.name} needs {program}, which is not installed: apt-get install {program}-cli")
    return found


def search_path() -> str:
    """Where programs are looked for, by us and by the scripts."""
    return os.environ.get("PATH") or os.defpath
