# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the command ``itgrix`` of an installation: its code, its home, its database, its user."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

# The real folder, not the link: a version that is installed meanwhile must not mix with this one.
PACKAGE = Path(__file__).resolve().parent.parent


def home_of(package: Path) -> Path:
    return package.parent.parent


def environment_of(home: Path, known: Mapping[str, str]) -> dict[str, str]:
    """What an installation adds to the variables ``known``: its home, and what its files name unless it is given."""
    found = {"ITGRIX_HOME": str(home)}
    for name, file in (("ITGRIX_DATABASE_URL", home / "database.url"), ("ITGRIX_NODE", home / "node")):
        if name not in known and file.exists():
            found[name] = file.read_text(encoding="utf-8").strip()
    return found


def denied(error: PermissionError) -> str:
    """What to say where a file that was named may not be read or written: root is not root here."""
    where = f"{error.filename}: " if error.filename else ""
    hint = "This command works as the user of the service, not as root: name a file that he may read or write."
    return f"error: {where}{error.strerror}\n  {hint}"


def set_up(home: Path) -> None:
    """Environment and user. Whoever is root becomes the owner of the home, so that no file is left to root."""
    if os.geteuid() == 0 and home.stat().st_uid != 0:
        sys.path.insert(0, str(PACKAGE))
        # What root compiles now, the owner could never remove: an upgrade or a removal from the GUI would fail at it.
        sys.dont_write_bytecode = True
        from installer.owner import Owner

        owner = Owner.of_folder(home)
        os.setgroups(owner.groups)
        os.setgid(owner.gid)
        os.setuid(owner.uid)
        sys.dont_write_bytecode = False
    os.environ.update(environment_of(home, os.environ))


def run() -> None:
    """Never returns."""
    set_up(home_of(PACKAGE))
    sys.path[:] = [str(PACKAGE), *(entry for entry in sys.path if entry != str(PACKAGE / "installer"))]
    from itgrix_module.cli import main

    try:
        main(prog_name="itgrix")
    except PermissionError as error:
        sys.exit(denied(error))


if __name__ == "__main__":
    run()
