# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of an installation or an upgrade, in their order, and what undoes them when one fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from installer import database, environment, instance, manager, package, settings, unit
from installer.companion import Companion
from installer.control import Control
from installer.home import Home, Record, alone, read_json, write_private
from installer.owner import Owner, as_root, is_root, privileges
from installer.request import USUAL_BIND, Request, parse
from installer.words import Refused, Teller

ROOT = Path(__file__).resolve().parent.parent
TITLE = "Install or upgrade Itgrix. It can be repeated; what is done already is left alone."


class Installation:
    """One run. Until ``_switch`` nothing that is in use changes; what fails after it is put back."""

    companion: Companion  # from the second step on

    def __init__(self, request: Request, teller: Teller, root: Path = ROOT) -> None:
        self.request, self.teller, self.root = request, teller, root
        self.home = Home(request.home)
        self.owner = Owner.named(request.owner or self._usual_owner(), request.group)
        self.version = package.version_of(root)
        self.record = Record()
        self.ami: dict[str, str] = {}
        self.package = Path()
        self.before: Path | None = None
        self.snapshot: Path | None = None
        self.was_running = False
        self._ended = ExitStack()
        self._down = ExitStack()  # what keeps the service down until it is started again

    def _usual_owner(self) -> str:
        if self.home.folder.exists():
            return Owner.of_folder(self.home.folder).name
        if not is_root():
            return ""
        try:
            return Owner.named("asterisk").name
        except Refused:
            raise Refused("There is no user asterisk here: name the user of the service with --owner.") from None

    @property
    def steps(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """Title and work, in order."""
        return (
            ("Folder of the installation", self.prepare),
            ("Python environment", self.make_environment),
            ("Program", self.copy_package),
            ("Manager user of the PBX", self.manager_user),
            ("Database", self.choose_database),
            ("Tables", self.migrate),
            ("Switch to this version", self.switch),
            ("Settings", self.fill_settings),
            ("Service", self.start),
        )

    def run(self) -> None:
        """All steps. Raises Refused when one cannot be done; then what was in use is in use again."""
        self.teller.say("Itgrix {version} into {folder}", version=self.version, folder=self.home.folder)
        self.teller.count(len(self.steps))
        try:
            for title, work in self.steps:
                with self.teller.step(title):
                    work()
        except BaseException:
            self.undo()
            raise
        finally:
            self._ended.close()
            self._down.close()
        self._finish()

    # -- the steps

    def prepare(self) -> None:
        self._make_home()
        self.owner.become()
        if not os.access(self.root / "pyproject.toml", os.R_OK):
            raise Refused(
                "{name} may not read {folder}: unpack the archive below /opt or /usr/local/src.",
                name=self.owner.name,
                folder=self.root,
            )
        self.home.prepare()
        self.record = Record.read(self.home)
        instance.refuse_older(self.version, self.record)
        self.request = instance.named(self.request, self.home, self.record)
        last = self.home.packages / self.record.package
        self.before = last if self.record.package and last.is_dir() else None
        instance.settle_gate(self.request, self.home, self.record)
        self.teller.note(
            "upgrade from {version}" if self.record.version else "new installation", version=self.record.version
        )

    def _make_home(self) -> None:
        """The folder itself may lie where only root writes."""
        if not is_root() or self.home.folder.exists():
            return
        self.home.folder.parent.mkdir(parents=True, exist_ok=True)
        self.home.folder.mkdir(mode=0o750)
        os.chown(self.home.folder, self.owner.uid, self.owner.gid)

    def make_environment(self) -> None:
        made = environment.ensure(self.root, self.home, self.owner, self.request, self.teller)
        self.companion = self._ended.enter_context(made)

    def copy_package(self) -> None:
        self.package = package.ensure(self.root, self.home, self.companion.venv)
        self.companion.package = self.package
        self.teller.note("{name}", name=self.package.name)

    def manager_user(self) -> None:
        if self.request.fact("ami", "secret"):
            self.teller.note("made by the PBX's own module")
            return
        if not self.request.standalone and not self.request.fact("etc"):
            self.teller.note("nothing is known about a PBX: set ami.username and ami.secret later")
            return
        name = self.record.manager_name or self.request.unit
        file = manager.file_for(Path(str(self.request.fact("etc") or "/etc/asterisk")))
        secret = manager.known_secret(file, name) or manager.new_secret()
        manager.write(file, name, secret)
        self.record.manager_file, self.record.manager_name = str(file), name
        self.record.write(self.home)
        self.ami = {"username": name, "secret": secret}
        reloaded = manager.reload()
        self.teller.note("[{name}] in {file}", name=name, file=file)
        if not reloaded:
            self.teller.note("Asterisk did not take it over: run asterisk -rx 'manager reload'")

    def choose_database(self) -> None:
        database.choose(self.home, self.companion, self.request, self.record, self.teller)
        self.record.write(self.home)

    def migrate(self) -> None:
        self._recover()
        if not database.needs_migration(self.home, self.companion):
            self.teller.note("up to date")
            return
        self._stop()
        self.snapshot = database.save(self.home, self.companion, self.record.version or self.version)
        if self.snapshot is not None:
            self.teller.note("a copy from before is kept in {file}", file=self.snapshot)
            self.record.snapshot = str(self.snapshot)
            self.record.write(self.home)
        database.migrate(self.home, self.companion)
        self._migrated()

    def _recover(self) -> None:
        """A migration that was cut off may have left the tables half-way: they are put back and it begins again."""
        if not self.record.snapshot:
            return
        self._stop()
        file = Path(self.record.snapshot)
        if file.exists() and not database.restore(self.home, self.companion, file):
            raise Refused("The database could not be put back; the copy from before is {file}", file=file)
        self.teller.note("an upgrade was cut off: the tables are as they were before it")
        self._migrated()

    def _migrated(self) -> None:
        self.record.snapshot = ""
        self.record.write(self.home)

    def switch(self) -> None:
        if self.before != self.package:
            self._stop()
        package.switch(self.home, self.package)
        package.copy_examples(self.home)

    def fill_settings(self) -> None:
        saved = settings.fill(self.home, self.companion, self.request, self.ami)
        self.teller.note("set: {names}", names=", ".join(saved) or "-")
        known = read_json(self.home.service_file)
        bind = self.request.bind or known.get("bind") or USUAL_BIND
        made = unit.ensure(self.root, self.home, self.owner, self.request.unit, str(bind), self.record.unit)
        if made and self.record.unit != made:
            unit.remove(self.home, self.record.unit)
        self.record.unit = made or self.record.unit
        instance.link_command(self.request, self.home, self.record)
        self.record.write(self.home)
        about = {**known, "bind": bind, "unit": self.record.unit, "version": self.version}
        about |= {"agi": self.request.agi} if self.request.agi else {}
        if self.request.fact("etc"):  # the PBX's own module: where an update has to put the next version
            about |= {"source": str(self.root), "language": self.request.language}
        write_private(self.home.service_file, f"{settings.as_json(about)}\n", 0o640)

    def start(self) -> None:
        control = self._control()
        if not self.request.start:
            self.teller.note("left stopped")
            return
        if control.is_masked():
            self.teller.note("left stopped: its systemd unit {name} is masked", name=self.record.unit)
            return
        if self.before and not self.was_running and not control.wants_to_run():
            self.teller.note("left stopped, as it was; to start it: {program} start", program=self.home.control)
            return
        self._down.close()
        with privileges():
            running = control.start()
        if not running:
            raise Refused(
                "The service does not start:\n{said}\nThe whole log: {log}",
                said=control.last_words(),
                log=self.home.folder / "log" / "itgrix.log",
            )
        self.teller.note("runs on http://{bind}", bind=control.bind)

    # -- and back

    def _stop(self) -> None:
        control = self._control()
        self._down.enter_context(control.kept_down())
        if control.is_running():
            self.was_running = True
            with privileges():
                control.stop(for_good=False)

    def _control(self) -> Control:
        return Control(self.home.folder)

    def undo(self) -> None:
        """Back to the version that ran before; a first installation is left where it can be resumed."""
        if self.package == Path() or self.before is None:
            return
        self.teller.say("Going back to version {version}", version=self.record.version)
        self._down.enter_context(self._control().kept_down())
        if self.home.current.resolve() != self.before:
            with privileges():
                self._control().stop(for_good=False)
            package.switch(self.home, self.before)
        self._put_tables_back()
        self._down.close()
        if self.was_running:
            with privileges():
                self._control().start()

    def _put_tables_back(self) -> None:
        if self.snapshot is None:
            return
        if database.restore(self.home, self.companion, self.snapshot):
            self._migrated()
        else:
            self.teller.say("The database could not be put back; the copy from before is {file}", file=self.snapshot)

    def _finish(self) -> None:
        self.record.version, self.record.package = self.version, self.package.name
        self.record.write(self.home)
        keep = {self.package} | ({self.before} if self.before is not None else set())
        package.clean(self.home, keep)
        self._give_back()
        self.teller.say("Installed: Itgrix {version}", version=self.version)

    def _give_back(self) -> None:
        """What root may have made in the home belongs to the owner."""
        if not is_root():
            return
        with as_root():
            for name in ("bin", "log", "backups", "stopped", "itgrix.pid", "service.json"):
                path = self.home.folder / name
                if path.exists() and path.stat().st_uid != self.owner.uid:
                    os.chown(path, self.owner.uid, self.owner.gid, follow_symlinks=False)


def main(arguments: list[str]) -> int:
    """0 installed, 1 refused with the reason."""
    teller = Teller()
    try:
        request = parse(arguments, TITLE)
        teller = Teller(request.language)
        os.umask(0o027)
        with alone(Home(request.home)):
            Installation(request, teller).run()
    except Refused as refused:
        teller.say("Not installed: {reason}", reason=teller.refusal(refused))
        return 1
    except KeyboardInterrupt:
        teller.say("Interrupted; run it again to go on.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
