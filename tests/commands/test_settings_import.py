# SPDX-License-Identifier: GPL-3.0-or-later
"""``settings import`` as a restore of the PBX uses it: the settings become those of the file, but for the machine's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from itgrix_module.cli import main


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ITGRIX_DATABASE_URL", raising=False)
    run("settings", "set", "dial.timeout", "44")
    run("settings", "set", "ami.secret", "of this machine")


def run(*words: str, given: str = "") -> Result:
    done = CliRunner().invoke(main, words, input=given)
    assert done.exit_code in (0, 1), done.output
    return done


def imported(values: dict[str, Any], *words: str) -> dict[str, Any]:
    """All that is set afterwards."""
    run("settings", "import", *words, "-", given=json.dumps(values))
    found = json.loads(run("settings", "export", "--secrets").output)
    assert isinstance(found, dict)
    return found


OTHER = {"dial.prefix": "9", "ami.secret": "of that machine", "cdr.url": "mysql+pymysql://u:p@there/cdr"}


def test_usually_what_the_file_does_not_name_stays() -> None:
    assert imported(OTHER) == {**OTHER, "dial.timeout": 44}


def test_replaced_by_those_of_another_machine_only_this_machines_own_stay() -> None:
    assert imported(OTHER, "--replace", "--keep-machine") == {"dial.prefix": "9", "ami.secret": "of this machine"}
    assert imported(OTHER, "--replace") == OTHER


def test_a_value_that_cannot_be_leaves_all_as_it_is() -> None:
    assert imported({"dial.prefix": "9", "dial.timeout": "soon"}, "--replace") == {
        "dial.timeout": 44,
        "ami.secret": "of this machine",
    }
