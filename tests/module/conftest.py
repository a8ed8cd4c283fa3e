# SPDX-License-Identifier: GPL-3.0-or-later
"""Installations that are stopped when their test ends, and the module's PHP in the place of FreePBX."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.module import installation, interpreter
from tests.module.scenarios import HERE, Php


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source, for tests that leave it as it is."""
    return installation.copy_tree(tmp_path_factory.mktemp("source") / "tree")


@pytest.fixture
def place(tree: Path, tmp_path: Path) -> Iterator[installation.Installation]:
    """Nothing is installed."""
    found = installation.new(tmp_path, tree)
    yield found
    found.stop()


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> installation.First:
    """Made once: all others begin with its copy."""
    return installation.first(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def installed(first: installation.First) -> Iterator[installation.Installation]:
    """The first installation once more; its service is not running, as after a power cut."""
    found = first.pattern.laid()
    yield found
    found.stop()


@pytest.fixture
def running(installed: installation.Installation) -> installation.Installation:
    """The same with its service."""
    return installed.start()


@pytest.fixture
def prepared(installed: installation.Installation) -> installation.Installation:
    """Environment and program are there, nothing else: as after a first run that was cut off then."""
    for name in installation.DECIDED_LATER:
        path = installed.home / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return installed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where an installation would be, without its programs."""
    folder = tmp_path / "itgrix"
    (folder / "bin").mkdir(parents=True)
    return folder


@pytest.fixture
def php(home: Path) -> Php:
    """Plays a scenario in the module's PHP and gives its result; a notice of PHP fails the test."""

    def run(scenario: str, whole: bool = False, settings: dict[str, Any] | None = None, **environ: str) -> Any:
        known = {
            "ASTVARLIBDIR": str(home.parent),
            "AMPDBUSER": "freepbxuser",
            "AMPDBPASS": "p",
            "AMPDBNAME": "asterisk",
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ITGRIX_")}
        environment |= {"PBX_SETTINGS": json.dumps(known | (settings or {})), "LANG": "C", "LC_ALL": "C"} | environ
        command = [interpreter.php(), "-d", "display_errors=stderr", str(HERE / "run.php")]
        done = subprocess.run(command, input=scenario, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr + done.stdout
        found = json.loads(done.stdout)
        assert "fault" not in found, found
        return found if whole else found["result"]

    return run
