# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that obeys the installer's orders: it answers, whatever else is printed, and its death is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from installer.companion import Companion
from installer.environment import COMPILED, _works
from installer.owner import Owner
from installer.words import Refused

VENV = Path(sys.prefix)
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def companion() -> Iterator[Companion]:
    with Companion(VENV, Owner.named(""), package=ROOT) as found:
        yield found


def playing(folder: Path, text: str) -> Companion:
    """One with another program."""
    (folder / "program.py").write_text(f"import os, sys, time\nfor line in sys.stdin:\n    {text}\n")
    return Companion(VENV, Owner.named(""), program=folder / "program.py")


def test_one_process_obeys_order_after_order(companion: Companion, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'itgrix.db'}"
    assert companion.ask("environment", packages={}, modules=COMPILED) == {"ok": True}
    process = companion._process
    before = companion.ask("schema", url=url)
    assert (before["ok"], before["current"]) == (True, None)
    assert companion.ask("upgrade", url=url) == {"ok": True}
    assert companion.ask("schema", url=url)["current"] == before["head"]
    assert companion.ask("settings", home=str(tmp_path), chosen={"dial.prefix": "9"})["given"] == {"dial.prefix": "9"}
    assert companion._process is process


def test_an_order_that_fails_is_told_and_the_next_is_obeyed(companion: Companion, tmp_path: Path) -> None:
    assert "no_such_module" in companion.ask("environment", packages={}, modules=["no_such_module"])["reason"]
    refused = companion.ask("settings", home=str(tmp_path), chosen={"dial.prefix": 7, "nothing.known": 1})
    assert "nothing.known" in refused["reason"]
    assert companion.ask("environment", packages={}, modules=["json"]) == {"ok": True}


def test_one_that_dies_is_told_with_its_last_words_and_started_anew(tmp_path: Path) -> None:
    mark = tmp_path / "died"
    dies = f"open({str(mark)!r}, 'x'); sys.exit('out of memory')"
    text = f"exec({dies!r}) if not os.path.exists({str(mark)!r}) else print('{{\"ok\": true}}', flush=True)"
    with playing(tmp_path, text) as companion:
        assert companion.ask("schema") == {"ok": False, "reason": "out of memory"}
        assert companion.ask("schema") == {"ok": True}


def test_one_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    with playing(tmp_path, "time.sleep(600)") as companion:
        with pytest.raises(Refused, match="no answer within"):
            companion.ask("schema", 0.2)
        process = companion._process
        assert process is not None
        assert process.wait(30) != 0


def test_what_packages_print_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text("import os\nprint('{\"ok\": false}')\nos.system('echo shouted')\n")
    with Companion(VENV, Owner.named(""), package=tmp_path) as companion:
        assert companion.ask("environment", packages={}, modules=["loud"]) == {"ok": True}


def test_an_environment_without_its_python_is_refused(tmp_path: Path) -> None:
    with Companion(tmp_path, Owner.named("")) as companion, pytest.raises(Refused, match="cannot be run"):
        companion.ask("environment", packages={}, modules=["json"])


@pytest.mark.parametrize(
    ("locked", "works"),
    [
        ("{version}", True),
        ("0.0.1", False),  # of another lock
        ("{version} ; sys_platform == 'win32'", True),
    ],
)
def test_an_environment_works_while_it_holds_what_is_locked(tmp_path: Path, locked: str, works: bool) -> None:
    lock = tmp_path / "runtime.lock"
    lock.write_text(f"flask=={locked.format(version=version('flask'))} \\\n    --hash=sha256:00\n")
    with Companion(VENV, Owner.named("")) as companion:
        assert _works(companion, lock) is works


def test_an_environment_without_a_locked_package_or_its_python_does_not_work(tmp_path: Path) -> None:
    lock = tmp_path / "runtime.lock"
    lock.write_text("no-such-package==1.0 \\\n    --hash=sha256:00\n")
    with Companion(VENV, Owner.named("")) as companion:
        assert not _works(companion, lock)
    with Companion(tmp_path, Owner.named("")) as companion:
        assert not _works(companion, ROOT / "requirements" / "runtime.lock")
