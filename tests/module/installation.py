# SPDX-License-Identifier: GPL-3.0-or-later
"""Installations in temporary homes, from a small copy of the source tree, with an environment that is made once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer import environment
from tests.gate.stage import free_port

ROOT = Path(__file__).parent.parent.parent
TREE = ("itgrix_module", "web", "migrations", "installer", "examples", "packaging", "requirements", "pyproject.toml")
SCRIPTS = ("install.py", "uninstall.py")


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
        command = [self.home / "bin" / "itgrix-service", *words]
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

    def setting(self, key: str) -> Any:
        return json.loads(self.itgrix("settings", "get", key, "--secrets", "--json"))[key]


def new(folder: Path) -> Installation:
    """Nothing is installed yet, but the environment is there."""
    tree = copy_tree(folder / "tree")
    home = folder / "home"
    ready_environment(home, tree)
    return Installation(home, tree, free_port())
