# SPDX-License-Identifier: GPL-3.0-or-later
"""``users``, ``backup``, ``restore``, ``diagnostics`` and ``clients`` as commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from itgrix_module.app import passwords
from itgrix_module.cli import main
from itgrix_module.core import open_core
from itgrix_module.place import Place
from tests.web.seeds import row, save, step

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ITGRIX_DATABASE_URL", raising=False)
    monkeypatch.setattr(passwords, "_COST", 2**8)
    return tmp_path / "home"


def run(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(main, words, input=given)


def test_users_are_added_changed_and_removed() -> None:
    assert "this machine only" in run("users", "list").output
    assert run("users", "add", "Анна", given=f"{PASSWORD}\n").output == "user анна added\n"
    assert run("users", "add", "igor", "--role", "view", "--listens", given=f"{PASSWORD}\n").exit_code == 0
    assert run("users", "role", "igor", "operate").exit_code == 0
    refused = run("users", "remove", "анна")
    assert refused.exit_code == 1
    assert "nobody would be left who administers" in refused.output
    listed = json.loads(run("users", "list", "--json").output)["users"]
    assert [(user["name"], user["role"], user["listens"]) for user in listed] == [
        ("igor", "operate", False),
        ("анна", "administer", True),
    ]
    assert "password" not in listed[0]
    assert run("users", "remove", "IGOR").exit_code == 0
    assert "users.remove" in run("users", "journal").output


@pytest.mark.parametrize("given", ["short\n", "\n", "aaaaaaaaaaaa\n", ""])
def test_bad_password_is_refused(given: str) -> None:
    assert run("users", "add", "anna", given=given).exit_code == 1


def test_backup_and_restore_round(tmp_path: Path) -> None:
    run("settings", "set", "dial.timeout", "44")
    file = tmp_path / "one.zip"
    assert run("backup", str(file)).exit_code == 0
    assert run("backup", str(file)).exit_code == 1, "nothing is overwritten"
    run("settings", "set", "dial.timeout", "11")
    assert run("restore", str(file), "--check").output.startswith("good: made")
    assert run("restore", str(file), given="n\n").exit_code == 1
    assert run("settings", "get", "dial.timeout").output == "dial.timeout = 11\n"
    done = run("restore", str(file), given="y\n")
    assert done.exit_code == 0, done.output
    assert run("settings", "get", "dial.timeout").output == "dial.timeout = 44\n"
    kinds = {each["kind"] for each in json.loads(run("backup", "--list", "--json").output)["backups"]}
    assert kinds == {"before-restore"}
    assert run("restore", str(tmp_path / "none.zip"), "--yes").exit_code == 1


def test_diagnostics_are_written_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "out.tar.gz"
    assert run("diagnostics", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("diagnostics", str(tmp_path / "none" / "out.tar.gz")).exit_code == 1


def test_client_is_exported_and_erased_without_a_trace_in_the_journal(home: Path) -> None:
    with open_core(Place(home, f"sqlite:///{home}/itgrix.db")) as core:
        save(core.database, row("1.1", client="+79161234567"), [step()])
    data = json.loads(run("clients", "export", "89161234567").output)
    assert [call["linkedid"] for call in data["calls"]] == ["1.1"]
    assert run("clients", "erase", "89161234567", given="n\n").exit_code == 1
    erased = json.loads(run("clients", "erase", "8 (916) 123-45-67", "--json").output)
    assert erased["calls"] == 1
    assert json.loads(run("clients", "export", "+79161234567").output)["calls"] == []
    assert "9161234567" not in run("users", "journal", "--json").output
    assert run("clients", "erase", "nobody").exit_code == 1
