# SPDX-License-Identifier: GPL-3.0-or-later
"""Installations in temporary homes, from a small copy of the source tree, with an environment that is made once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer import environment
from installer.control import Control
from itgrix_module.core import Core, open_core
from itgrix_module.place import Place
from tests.fakes.ports import free_port

ROOT = Path(__file__).parent.parent.parent
TREE = ("itgrix_module", "web", "migrations", "installer", "examples", "packaging", "requirements", "pyproject.toml")
SCRIPTS = ("install.py", "uninstall.py")
FACTS: dict[str, Any] = {
    "ami": {"host": "127.0.0.1", "port": 5039, "username": "itgrix", "secret": "s3cret"},
    "recordings": "/srv/monitor",
    "cdr": {"host": "localhost", "user": "u", "password": "p@ss/ö", "name": "asteriskcdrdb"},
}
# Of a run that was cut off when the program lay there.
DECIDED_LATER = (
    "bin",
    "current",
    "examples",
    "installed.json",
    "itgrix.db",
    "secret.key",
    "service.json",
    "session.key",
)


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def copy_tree(target: Path) -> Path:
    """The source as an archive brings it."""
    target.mkdir(parents=True)
    for name in (*TREE, *SCRIPTS):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, target / name)
    return target


def set_version(tree: Path, version: str) -> None:
    file = tree / "pyproject.toml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text(
        "".join(f'version = "{version}"\n' if line.startswith("version = ") else line for line in lines),
        encoding="utf-8",
    )


def ready_environment(home: Path, tree: Path) -> None:
    """An environment as ``installer.environment`` makes it, without its minutes: it uses the packages of this one."""
    folder = home / "venvs" / environment.name_of(tree)
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = next((folder / "lib").glob("python3*")) / "site-packages"
    for entry in (Path(sys.prefix) / "lib" / packages.parent.name / "site-packages").iterdir():
        if "itgrix" not in entry.name and entry.suffix != ".pth":
            (packages / entry.name).symlink_to(entry)
    (folder / environment.READY).touch()


@dataclass
class Installation:
    """A home and the tree that it is installed from."""

    home: Path
    tree: Path
    port: int

    def run(self, script: str, *words: str, feed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(self.tree / script), "--home", str(self.home), "--language", "en", *words]
        known = {name: value for name, value in os.environ.items() if not name.startswith("ITGRIX_")}
        return subprocess.run(
            command, input=feed, capture_output=True, text=True, check=False, timeout=240, env=known | environ
        )

    def install(self, *words: str, **facts: Any) -> subprocess.CompletedProcess[str]:
        """From ``self.tree``; with ``facts`` as a PBX passes them."""
        options = ["--owner", "root" if os.geteuid() == 0 else "", "--bind", f"127.0.0.1:{self.port}", *words]
        options = [word for word in options if word] if os.geteuid() == 0 else options[2:]
        return self.run(
            "install.py", *options, *(["--facts", "-"] if facts else []), feed=json.dumps(facts) if facts else ""
        )

    def uninstall(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("uninstall.py", *words)

    def itgrix(self, *words: str) -> str:
        done = subprocess.run(
            [self.home / "bin" / "itgrix", *words], capture_output=True, text=True, check=True, timeout=120
        )
        return done.stdout

    def control(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.home / "bin" / "itgrix-service"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    @property
    def status(self) -> dict[str, Any]:
        found = json.loads(self.control("status").stdout)
        assert isinstance(found, dict)
        return found

    @property
    def record(self) -> dict[str, Any]:
        found = json.loads((self.home / "installed.json").read_text())
        assert isinstance(found, dict)
        return found

    @property
    def address(self) -> str:
        """Of the database."""
        file = self.home / "database.url"
        return file.read_text().strip() if file.exists() else f"sqlite:///{self.home / 'itgrix.db'}"

    @contextmanager
    def core(self) -> Iterator[Core]:
        """The data of the installation, without the second that its command takes to start."""
        with open_core(Place(self.home, self.address)) as core:
            yield core

    def setting(self, key: str) -> Any:
        with self.core() as core:
            return core.settings.current[key]

    def set(self, key: str, value: Any) -> None:
        with self.core() as core:
            core.settings.save({key: value})

    def start(self) -> Installation:
        """The service runs, as after an installation that was not told to leave it."""
        assert Control(self.home).start(), Control(self.home).last_words()
        return self

    def stop(self) -> None:
        """Down, but nobody wants it to stay down: as after a power cut."""
        if (self.home / "packages").is_dir():
            assert Control(self.home).stop(for_good=False)

    @property
    def answers(self) -> bool:
        """Does the service, as whoever watches it would ask?"""
        return Control(self.home).is_running() and Control(self.home).is_healthy()


LINKED = ("packages", "venvs")


def lay(source: Path, target: Path) -> None:
    """A copy with all dates, so that what is compiled stays so; in the place of what is there.

    Programs of a home are linked: nobody writes into their files, an upgrade makes new ones.
    """
    subprocess.run(["rm", "-rf", target], check=True)
    target.mkdir(mode=0o750)
    linked = [source / name for name in LINKED if (source / name).is_dir()]
    copied = [path for path in source.iterdir() if path not in linked]
    if linked:
        subprocess.run(["cp", "-al", *linked, target], check=True)
    if copied:
        subprocess.run(["cp", "-a", *copied, target], check=True)


class Pattern:
    """An installation as it is now, to be laid where it is now: an environment knows its own place."""

    def __init__(self, place: Installation, folder: Path) -> None:
        self._place, self._folder = place, folder
        folder.mkdir()
        lay(place.home, folder / "home")
        lay(place.tree, folder / "tree")

    def laid(self) -> Installation:
        """Its service is not running."""
        lay(self._folder / "tree", self._place.tree)
        return laid(self._folder / "home", self._place)


def laid(home: Path, place: Installation) -> Installation:
    """The copy of a home where it was, at a free address."""
    port = free_port()
    lay(home, place.home)
    file = place.home / "service.json"
    if file.exists():
        file.write_text(json.dumps({**json.loads(file.read_text()), "bind": f"127.0.0.1:{port}"}))
    return Installation(place.home, place.tree, port)


@dataclass(frozen=True)
class First:
    """The first installation: what it said, what was seen while its service ran, and its copy for others."""

    said: str
    status: dict[str, Any]
    version: str
    settings: dict[str, Any]
    pattern: Pattern


def first(folder: Path) -> First:
    """Installed from nothing, with the facts of a PBX."""
    place = new(folder)
    try:
        said = ok(place.install(**FACTS))
        status, version = place.status, place.itgrix("--version")
        settings = json.loads(place.itgrix("settings", "get", "--secrets", "--json"))
    finally:
        place.stop()
    return First(said, status, version, settings, Pattern(place, folder / "pattern"))


def new(folder: Path, tree: Path | None = None) -> Installation:
    """Nothing is installed yet, but the environment is there."""
    tree = tree or copy_tree(folder / "tree")
    home = folder / "home"
    ready_environment(home, tree)
    return Installation(home, tree, free_port())
