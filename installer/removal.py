# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing the product: what is ours goes, what the administrator asked to keep stays, and both are told."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from installer import client, database, instance, manager, unit
from installer.companion import Companion
from installer.control import Control
from installer.home import Home, Record, alone
from installer.owner import Owner, as_root, is_root
from installer.request import USUAL_HOME
from installer.words import LANGUAGES, Refused, Teller

# With data kept, these go: an installation makes them anew.
PROGRAMS = ("packages", "venvs", "bin", "current", "examples", "work", "update")
TRACES = ("installed.json", "itgrix.pid", "itgrix.lock", "watch.lock", "heard", "stopped", "paused", "notices.json")


@dataclass(frozen=True)
class Wish:
    """``purge``: data, settings and secrets as well. ``keep_programs``: an installation follows at once."""

    home: Path
    language: str = ""
    purge: bool = False
    keep_programs: bool = False


class Removal:
    """One run; each step does nothing when its work is done already."""

    def __init__(self, wish: Wish, teller: Teller) -> None:
        self.wish, self.teller = wish, teller
        self.home = Home(wish.home)
        self.owner = Owner.of_folder(self.home.folder)
        self.record = Record.read(self.home)

    def run(self) -> None:
        steps = [("Service", self.stop), ("Manager user of the PBX", self.manager_user)]
        steps += [("Data", self.data)] if self.wish.purge else []
        steps += [] if self.wish.keep_programs else [("Files", self.files)]
        self.teller.count(len(steps))
        if os.geteuid() not in (0, self.owner.uid):
            raise Refused("Run this as root or as {name}.", name=self.owner.name)
        for title, work in steps:
            with self.teller.step(title):
                work()
        self._tell_what_stays()

    def stop(self) -> None:
        control = Control(self.home.folder)
        if not control.stop(for_good=not self.wish.keep_programs):
            raise Refused("The service does not stop; end it by hand, then repeat.")
        if unit.remove(self.home, self.record.unit):
            self.teller.note("systemd unit {name} removed", name=self.record.unit)
        elif self.record.unit and (unit.FOLDER / f"{self.record.unit}.service").exists():
            self.teller.note("the systemd unit {name} is left: only root can remove it", name=self.record.unit)
        if not self.wish.keep_programs:
            instance.unlink_command(self.home, self.record)

    def manager_user(self) -> None:
        if not self.record.manager_file:
            self.teller.note("none of ours in a file")
            return
        file = Path(self.record.manager_file)
        if manager.remove(file, self.record.manager_name):
            manager.reload()
            self.teller.note("[{name}] taken out of {file}", name=self.record.manager_name, file=file)

    def data(self) -> None:
        """Tables in MariaDB; SQLite and keys are files of the home. Needs the programs, so it comes before them."""
        url = database.address_of(self.home)
        if url.startswith("sqlite"):
            return
        if self.home.current.exists():
            answer = self._drop(url)
            if not answer["ok"]:
                raise Refused("The tables in MariaDB cannot be removed: {reason}", reason=answer.get("reason", ""))
        else:
            self._drop_without_programs(url)
        self.teller.note("tables removed")

    def _drop_without_programs(self, url: str) -> None:
        """An earlier uninstallation, which kept the data, has removed them and named this way."""
        is_own = bool(self.record.own_database) and is_root()
        known = client.found(Owner.named("root") if is_own else self.owner)
        if known is None:
            raise Refused(
                "The tables in MariaDB cannot be removed: the program is gone. Install it again, then repeat."
            )
        if is_own:
            known.drop_own_database(self.record.own_database, self._socket(url))
        else:
            known.remove_tables(url)

    @staticmethod
    def _socket(url: str) -> str:
        return parse_qs(urlsplit(url).query).get("unix_socket", [""])[0]

    def _drop(self, url: str) -> dict[str, object]:
        package = self.home.current.resolve()
        # Its own copy: what lies beside this program the owner may not be able to read.
        program = package / "installer" / "inside.py"
        companion = Companion(package / "venv", self.owner, package=package, program=program)
        if self.record.own_database and is_root():
            name = self.record.own_database
            with as_root(), companion.of_root() as root:
                return root.ask("drop_own_database", name=name, socket=self._socket(url))
        with companion:
            return companion.ask("remove_tables", 600, url=url)

    def files(self) -> None:
        names = PROGRAMS + TRACES
        if self.wish.purge:
            self._empty()
            return
        for name in names:
            _remove(self.home.folder / name)
        self._note_database()

    def _note_database(self) -> None:
        """Whoever purges later has to know that the whole database is ours."""
        if self.record.own_database:
            Record(own_database=self.record.own_database).write(self.home)
            if is_root():
                os.chown(self.home.record, self.owner.uid, self.owner.gid)

    def _empty(self) -> None:
        """The whole home; what others put there goes too, which is what --purge says."""
        for path in self.home.folder.iterdir():
            _remove(path)
        with suppress(OSError):  # its parent may belong to somebody else: an empty folder is left
            self.home.folder.rmdir()

    def _tell_what_stays(self) -> None:
        left = sorted(path.name for path in self.home.folder.iterdir()) if self.home.folder.exists() else []
        if not left:
            self.teller.say("Removed: nothing is left.")
            return
        kept = database.address_of(self.home).startswith("sqlite")
        where = "" if kept else self.teller.text(", and the tables itgrix_… in MariaDB")
        self.teller.say(
            "Removed. Kept in {folder}: {names}{where}", folder=self.home.folder, names=", ".join(left), where=where
        )
        script = Path(__file__).resolve().parents[1] / "uninstall.py"
        # One of the installation itself is gone by now.
        known = script if script.exists() else script.name
        home = "" if self.home.folder == Path(USUAL_HOME) else f" --home {shlex.quote(str(self.home.folder))}"
        self.teller.say("To remove that too: python3 {script}{home} --purge", script=known, home=home)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _wish(arguments: list[str]) -> Wish:
    options = argparse.ArgumentParser(prog="uninstall.py", description="Remove Itgrix.")
    options.add_argument(
        "--home", default=os.environ.get("ITGRIX_HOME") or USUAL_HOME, help="folder of the installation"
    )
    options.add_argument("--language", default="", choices=("", *LANGUAGES))
    options.add_argument(
        "--keep-data", action="store_true", help="the default: settings, calls, keys, hooks, backups stay"
    )
    options.add_argument("--purge", action="store_true", help="remove these as well, and the tables in MariaDB")
    options.add_argument("--keep-programs", action="store_true", help="only stop it: an installation follows")
    given = options.parse_args(arguments)
    if given.keep_data and given.purge:
        options.error("--keep-data and --purge exclude each other")
    return Wish(Path(given.home).absolute(), given.language, given.purge, given.keep_programs)


def _remove_installation(wish: Wish, teller: Teller) -> None:
    home = Home(wish.home)
    if not home.folder.is_dir():
        teller.say("Removed: nothing is left.")
        return
    if not (home.record.exists() or home.service_file.exists() or home.gate_key.exists() or home.packages.is_dir()):
        raise Refused("The folder {folder} does not hold an installation.", folder=home.folder)
    with alone(home):
        Removal(wish, teller).run()


def main(arguments: list[str]) -> int:
    """0 removed or not there, 1 refused with the reason."""
    wish = _wish(arguments)
    teller = Teller(wish.language)
    try:
        _remove_installation(wish, teller)
    except Refused as refused:
        teller.say("Not removed: {reason}", reason=teller.refusal(refused))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
