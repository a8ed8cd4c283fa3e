# SPDX-License-Identifier: GPL-3.0-or-later
"""An installation behind FreePBX, small enough to be updated in a second: a home, a module's folder, a fwconsole and a
service that do what the real ones would, and that fail where they are told to."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path

from installer.control import Control
from installer.package import COMMAND
from itgrix_module.app.update_run import Run
from itgrix_module.place import Place
from itgrix_module.update_files import UpdateFiles
from itgrix_module.updates import Updates
from itgrix_module.updating import Updating
from tests.fakes.ports import free_port
from tests.fakes.releases import Publisher, Shelf, archive

OLD, NEW = "1.0.0", "1.1.0"
HEALTH_SECONDS = 1.0  # whoever starts the service waits until it answers, as long as that lives

SERVICE = """\
import fcntl, json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
home = Path(__file__).absolute().parents[2]
version = (home / "current").resolve().name
if (home / "current" / "broken").exists():
    sys.exit("the new version is broken")
lock = os.open(home / "itgrix.lock", os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args):
        pass
host, port = sys.argv[-1].split(":")
server = HTTPServer((host, int(port)), Handler)
(home / "update").mkdir(exist_ok=True)
draft = home / "update" / "running.new"
draft.write_text(json.dumps({"version": version}))
draft.replace(home / "update" / "running.json")
server.serve_forever()
"""

FWCONSOLE = """\
import json, re, shutil, sqlite3, subprocess, sys
from pathlib import Path
assert sys.argv[1:] == ["ma", "install", "itgrix"], sys.argv
root = Path({root!r})
home, module = root / "home", root / "admin" / "modules" / "itgrix"
fails = (root / "fails").read_text()
version = re.search("<version>(.*?)</version>", (module / "module.xml").read_text())[1]
with (root / "asked").open("a") as asked:
    asked.write(version + "\\n")
if fails == "at once" or (fails == "always"):
    sys.exit("refused")
if fails == "quietly":
    sys.exit(0)
known = json.loads((home / "installed.json").read_text())
if known["version"] == version:
    sys.exit(0)
package = home / "packages" / version
shutil.copytree(home / "packages" / "1.0.0", package, symlinks=True, dirs_exist_ok=True)
base = sqlite3.connect(home / "itgrix.db")
if fails != "same schema":
    base.execute("CREATE TABLE itgrix_new (id INT)")
    base.execute("UPDATE itgrix_alembic_version SET version_num = 'new'")
    base.commit()
if fails == "after the migration":
    sys.exit("cut off")
if fails in ("broken", "same schema"):
    (package / "broken").touch()
link = home / "current.new"
link.symlink_to("packages/" + version)
link.replace(home / "current")
if fails == "after the switch":
    sys.exit("no")
(home / "installed.json").write_text(json.dumps({{"version": version, "package": version}}))
subprocess.run([sys.executable, str(root / "restart.py")], check=False)
"""

RESTART = """\
import sys
sys.path.insert(0, {checkout!r})
from pathlib import Path
from installer.control import Control
found = Control(Path({home!r}))
found.stop(for_good=False)
found.start()
"""


@dataclass
class Stage:
    """``root``: of everything."""

    root: Path
    publisher: Publisher
    shelf: Shelf
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        home = self.root / "home"
        self.place = Place(home, f"sqlite:///{home / 'itgrix.db'}")
        self.publisher.url = f"http://{self.shelf.address}"

    @property
    def home(self) -> Path:
        return self.place.home

    @property
    def module(self) -> Path:
        return self.root / "admin" / "modules" / "itgrix"

    @property
    def files(self) -> UpdateFiles:
        return UpdateFiles(self.home)

    @property
    def control(self) -> Control:
        return Control(self.home)

    def set_up(self, migrated: Path, bin_folder: Path) -> None:
        """The old version, installed and running; ``bin_folder`` is on PATH."""
        for name in ("bin", "packages", "log", "backups", "work", "hooks"):
            (self.home / name).mkdir(parents=True)
        shutil.copy(migrated, self.home / "itgrix.db")
        package = self.home / "packages" / OLD
        (package / "venv" / "bin").mkdir(parents=True)
        (package / "venv" / "bin" / "python").symlink_to(sys.executable)
        (package / "installer").mkdir()
        (package / "installer" / "launch.py").write_text(SERVICE)
        (self.home / "current").symlink_to(f"packages/{OLD}")
        (self.home / "installed.json").write_text(json.dumps({"version": OLD, "package": OLD}))
        about = {"bind": f"127.0.0.1:{free_port()}", "source": str(self.module), "language": "ru"}
        (self.home / "service.json").write_text(json.dumps(about))
        self.module.mkdir(parents=True)
        (self.module / "module.xml").write_text(f"<module><version>{OLD}</version></module>")
        (self.module / "of the old version").touch()
        self._programs(bin_folder)
        self.fail_at("")
        assert self.control.start()

    def _programs(self, folder: Path) -> None:
        self._program(self.home / "bin" / "itgrix", COMMAND)
        checkout = str(Path(__file__).parent.parent.parent)
        (self.root / "restart.py").write_text(RESTART.format(checkout=checkout, home=str(self.home)))
        folder.mkdir(exist_ok=True)
        text = FWCONSOLE.format(root=str(self.root))
        self._program(folder / "fwconsole", f"#!{sys.executable}\n{text}")

    def _program(self, file: Path, text: str) -> None:
        file.write_text(text)
        file.chmod(0o755)

    def fail_at(self, step: str) -> None:
        """Where the next fwconsole fails."""
        (self.root / "fails").write_text(step)

    def asked(self) -> list[str]:
        """Versions that fwconsole was to install."""
        file = self.root / "asked"
        return file.read_text().split() if file.exists() else []

    def updates(self, installed: str = OLD) -> Updates:
        return Updates(
            self.home,
            lambda: {"updates.check": True, "updates.url": f"{self.publisher.url}/itgrix.json"},
            installed,
            key=lambda: self.publisher.key,
        )

    def publish(self, content: bytes | None = None, version: str = NEW, served: bytes | None = None) -> None:
        """A version that can be had. ``served``: what the server gives in the archive's place."""
        packed = archive(version) if content is None else content
        release = self.publisher.release(version, packed)
        self.shelf.files["/itgrix.json"] = self.publisher.list(release, self.publisher.release(OLD))
        self.shelf.files[f"/itgrix-{version}.tgz"] = packed if served is None else served
        self.updates().check()

    def update(self, target: str = NEW, way: str = "forward", step: str = "download") -> Run:
        """The whole update, in this process."""
        self.files.note_run(Run(OLD, target, "anna", 1.0, step=step))
        updating = Updating(self.place, key=lambda: self.publisher.key, health_seconds=HEALTH_SECONDS)
        updating.forward() if way == "forward" else updating.resume()
        assert self.files.run() == updating.result
        return updating.result

    def tables(self) -> set[str]:
        base = sqlite3.connect(self.home / "itgrix.db")
        try:
            return {row[0] for row in base.execute("SELECT name FROM sqlite_master")}
        finally:
            base.close()

    def is_as_before(self) -> bool:
        """Everything of the old version is in its place, and it works."""
        assert (self.home / "current").resolve().name == OLD
        assert json.loads((self.home / "installed.json").read_text())["version"] == OLD
        assert (self.module / "of the old version").exists()
        assert OLD in (self.module / "module.xml").read_text()
        assert "itgrix_new" not in self.tables()
        running = json.loads(self.files.running_version.read_text())
        return running["version"] == OLD and self.control.is_healthy()
