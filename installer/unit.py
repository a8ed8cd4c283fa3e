# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd unit, where root installs on a machine with systemd."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from string import Template

from installer.home import Home
from installer.owner import Owner, as_root, is_root
from installer.words import Refused

FOLDER = Path("/usr/local/lib/systemd/system")
ETC = Path("/etc/systemd/system")  # the administrator's: mask and edit put a file of the same name there
OTHERS = (Path("/run/systemd/system"), Path("/usr/lib/systemd/system"), Path("/lib/systemd/system"))
_MARK = "# Made by install.py of Itgrix for"


def is_possible() -> bool:
    return is_root() and Path("/run/systemd/system").is_dir()


def ensure(root: Path, home: Home, owner: Owner, name: str, bind: str, known: str) -> str:
    """Its name; empty where there can be none. ``known``: what an earlier run made. Raises Refused when it is taken.

    It is enabled once: whoever has disabled or masked it since wants that to stay.
    """
    if not is_possible():
        return ""
    refuse_taken(home, name)
    is_new = name != known or not _file(name).exists()
    write(root, home, owner, name, bind)
    if is_new:
        enable(name)
    return name


def refuse_taken(home: Home, name: str) -> None:
    """Raises Refused when a unit of that name runs something else."""
    if is_of_another(home, name):
        raise Refused(
            "There is a systemd unit {name} of something else: choose another name with --unit.",
            name=name,
        )


def write(root: Path, home: Home, owner: Owner, name: str, bind: str) -> None:
    """Install the unit; call it when ``is_possible``."""
    template = Template((root / "packaging" / "itgrix.service.in").read_text(encoding="utf-8"))
    text = template.substitute(
        home=str(home.folder).replace("%", "%%"), user=owner.name, bind=bind, mark=f"{_MARK} {home.folder}"
    )
    with as_root():
        file = _file(name)
        _make(file.parent)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            file.chmod(0o644)
            _systemctl("daemon-reload")


def enable(name: str) -> None:
    """It starts with the machine."""
    with as_root():
        _systemctl("enable", f"{name}.service")


def remove(home: Home, name: str) -> bool:
    """Remove the unit if it is that of this home; True when it was there."""
    ours = [file for file in (_file(name, ETC), _file(name)) if _is_of(home, file)]
    if not name or not is_root() or not ours:
        return False
    with as_root():
        if _is_mask(_file(name, ETC)):  # it would keep down the next one of that name
            _systemctl("unmask", f"{name}.service")
        _systemctl("disable", "--now", f"{name}.service")
        for file in ours:
            file.unlink()
        with suppress(OSError):  # others have theirs there
            FOLDER.rmdir()
            FOLDER.parent.rmdir()
        _systemctl("daemon-reload")
    return True


def is_of_another(home: Home, name: str) -> bool:
    """Does a unit of that name run something else?"""
    files = (_file(name, folder) for folder in (ETC, FOLDER, *OTHERS))
    return any(file.exists() and not _is_mask(file) and not _is_of(home, file) for file in files)


def _file(name: str, folder: Path | None = None) -> Path:
    return (folder or FOLDER) / f"{name}.service"


def _is_of(home: Home, file: Path) -> bool:
    try:
        return f"{_MARK} {home.folder}\n" in file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


def _is_mask(file: Path) -> bool:
    return file.is_symlink() and str(file.readlink()) == os.devnull


def _make(folder: Path) -> None:
    """Everybody may look into it, as into the others."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def _systemctl(*words: str) -> None:
    subprocess.run(["systemctl", "-q", *words], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
