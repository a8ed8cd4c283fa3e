# SPDX-License-Identifier: GPL-3.0-or-later
"""The version that an update replaces: what is kept of it, and how the home becomes as it was."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from installer import package as packages
from installer import snapshots
from installer.control import Control
from installer.home import Home, alone
from installer.words import Refused
from itgrix_module.place import Place
from itgrix_module.storage import migrate
from itgrix_module.update_files import UpdateFiles, replace_file
from itgrix_module.update_hands import Hand

_SAVED = ("installed.json", "service.json")
_ABOUT = "before.json"
_TABLES = "tables.snapshot"
_PATIENCE = 10  # seconds that somebody else may hold the home: the watch of each minute does so for a moment


class Former:
    """``control``: of the service."""

    def __init__(self, place: Place, control: Control) -> None:
        self._place, self._control, self._files = place, control, UpdateFiles(place.home)

    @property
    def is_wanted(self) -> bool:
        """Did the service run, or should it have?"""
        return bool(self._files.read(_ABOUT).get("wanted", True))

    def save(self, hand: Hand) -> None:
        """All that is needed to go back; complete before anything is changed."""
        before, home = self._files.before, self._place.home
        shutil.rmtree(before, ignore_errors=True)
        before.mkdir(mode=0o700)
        for name in _SAVED:
            shutil.copy2(home / name, before / name)
        about = {
            "package": str((home / "current").resolve()),
            "schema": migrate.current(self._place.database_url),
            "wanted": self._control.wants_to_run(),
        }
        self._files.write(_ABOUT, about)
        snapshots.save(self._place.database_url, before / _TABLES)
        hand.save(before)

    def put_back(self) -> None:
        """Program, tables if they were changed, and what was written down. Raises what goes wrong."""
        about, home = self._files.read(_ABOUT), self._place.home
        former = Path(str(about["package"]))
        with _alone(home), self._control.kept_down():
            is_same_schema = migrate.current(self._place.database_url) == about.get("schema")
            if (home / "current").resolve() != former or not is_same_schema:
                self._control.stop(for_good=False)
            if not is_same_schema:
                self._put_tables_back()
            packages.switch(Home(home), former)
            for name in _SAVED:
                replace_file(home / name, (self._files.before / name).read_bytes())

    def _put_tables_back(self) -> None:
        """By the newest copy of before: the installer makes one right before it changes the tables."""
        own = self._files.before / _TABLES
        made = [file for file in (self._place.home / "backups").glob("before-*.snapshot") if _time(file) >= _time(own)]
        newest = max((own, *made), key=_time)
        say(f"tables are put back from {newest}")
        snapshots.load(self._place.database_url, newest)


def _time(file: Path) -> float:
    return file.stat().st_mtime


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """The watch of each minute and other installers stay away meanwhile. Raises Refused."""
    with ExitStack() as stack:
        for left in reversed(range(_PATIENCE)):
            try:
                stack.enter_context(alone(Home(home)))
                break
            except Refused:
                if not left:
                    raise
                time.sleep(1.0)
        yield


def say(text: str) -> None:
    """A line of the update's log."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)  # noqa: T201 - the log of the update
