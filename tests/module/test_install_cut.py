# SPDX-License-Identifier: GPL-3.0-or-later
"""install.py cut off after each of its steps, in a first installation and in an upgrade: the next run finishes it.

Each of both runs once. After each step what lies there is copied, which is what a kill or a power cut leaves.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from itgrix_module.storage import migrate
from tests.module import installation
from tests.module.installation import FACTS, TREE, Installation, ok, set_version

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

STEPS = 9
TABLES, SERVICE = 5, 8
FIRST, NEXT = "1.0.0", "1.0.1"
CUT = """
import os, subprocess, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1]); del sys.argv[1]
from installer import main
home, aside = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
def copy(at):
    to = aside / str(at)
    to.mkdir(mode=0o750)
    for path in home.iterdir():
        subprocess.run(["cp", "-al" if path.name in ("packages", "venvs") else "-a", path, to], check=True)
def steps(self, known=main.Installation.steps.fget):
    listed = list(known(self))
    def cut_after(at, work):
        def cut():
            work()
            copy(at)
            if at + 1 == len(listed):
                os._exit(77)
        return cut
    return tuple((title, cut_after(at, work)) for at, (title, work) in enumerate(listed))
main.Installation.steps = property(steps)
sys.exit(main.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Cut:
    """Copies of the home in ``folder``, below ``fresh`` or ``upgrade`` and the number of the step."""

    place: Installation
    folder: Path

    def laid(self, kind: str, at: int) -> Installation:
        return installation.laid(self.folder / kind / str(at), self.place)

    def is_as_after(self, kind: str, at: int, other: int) -> bool:
        """Byte for byte, but for what is only told and what the service compiles meanwhile."""
        folders = [str(self.folder / kind / str(number)) for number in (at, other)]
        left_out = ("--exclude=log", "--exclude=__pycache__")
        return subprocess.run(["diff", "-rq", "--no-dereference", *left_out, *folders], check=False).returncode == 0


def run_to_its_end(place: Installation, aside: Path) -> None:
    """Leaves a copy of the home after each step; killed when all are done, before it can note that."""
    aside.mkdir()
    words = ["--home", str(place.home), "--bind", f"127.0.0.1:{place.port}", "--facts", "-"]
    owner = ["--owner", "root"] if os.geteuid() == 0 else []
    command = [sys.executable, "-B", "-c", CUT, str(place.tree), str(place.home), str(aside), *words, *owner]
    killed = subprocess.run(command, input=json.dumps(FACTS), capture_output=True, text=True, check=False, timeout=240)
    assert killed.returncode == 77, killed.stdout + killed.stderr
    assert len(list(aside.iterdir())) == STEPS


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cut]:
    """Both runs, cut off."""
    folder = tmp_path_factory.mktemp("cut")
    place = installation.new(folder)
    try:
        set_version(place.tree, FIRST)
        run_to_its_end(place, folder / "fresh")
        ok(place.install(**FACTS))
        place.set("dial.prefix", "9")
        set_version(place.tree, NEXT)
        run_to_its_end(place, folder / "upgrade")
        place.stop()
        yield Cut(place, folder)
    finally:
        place.stop()


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("kind", ["fresh", "upgrade"])
def test_a_run_that_is_cut_off_after_any_step_is_finished_by_the_next(cut: Cut, kind: str, at: int) -> None:
    is_alive = (kind, at) == ("upgrade", TABLES) or at == SERVICE
    if not is_alive and at and cut.is_as_after(kind, at, at - 1):
        return  # this step had nothing to do: what the test says of the one before, it says of this
    place = cut.laid(kind, at)
    try:
        set_version(place.tree, FIRST if kind == "fresh" else NEXT)
        if is_alive:
            place.start()  # killed, while the service ran on
        # The rest of them differs by files only, of which none is missing then.
        is_started = is_alive or at == SERVICE - 1
        ok(place.install(*([] if is_started else ["--no-start"]), **FACTS))
        assert place.answers is is_started
        assert_whole(place, FIRST if kind == "fresh" else NEXT)
        assert place.setting("dial.prefix") == ("9" if kind == "upgrade" else "")
        assert len(list((place.home / "packages").iterdir())) == (2 if kind == "upgrade" else 1)
    finally:
        place.stop()


def assert_whole(place: Installation, version: str) -> None:
    """Nothing tells that it was cut off."""
    current = (place.home / "current").resolve()
    assert current.name.startswith(f"{version}-")
    record = place.record
    assert (record["version"], record["package"], record["snapshot"]) == (version, current.name, "")
    about = json.loads((place.home / "service.json").read_text())
    assert (about["version"], about["bind"]) == (version, f"127.0.0.1:{place.port}")
    names = [name for name in TREE if (place.tree / name).is_dir() and (current / name).exists()]
    assert [files(current / name) for name in names] == [files(place.tree / name) for name in names]
    assert migrate.current(place.address) == migrate.head()
    assert place.setting("ami.secret") == "s3cret"
    assert all(os.access(place.home / "bin" / name, os.X_OK) for name in ("itgrix", "itgrix-service"))
    assert len(list((place.home / "venvs").iterdir())) == 1


def files(folder: Path) -> set[Path]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder) for path in found}
