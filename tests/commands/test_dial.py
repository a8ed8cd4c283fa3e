# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix dial`` and ``itgrix callbacks`` as an administrator runs them, beside a PBX."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from itgrix_module.app.dial_ports import Callback
from itgrix_module.cli import main
from itgrix_module.core import open_core
from itgrix_module.place import Place
from itgrix_module.sandbox.pbx import AmiUser, SandboxPbx
from itgrix_module.storage.dials import SqlDials
from tests.service.house import until

RULE = {"match": r"^\+7", "replace": "8"}
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def pbx() -> Iterator[SandboxPbx]:
    with SandboxPbx() as made:
        yield made


@pytest.fixture
def run(pbx: SandboxPbx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path))
    monkeypatch.delenv("ITGRIX_DATABASE_URL", raising=False)

    def runs(*arguments: str, **settings: Any) -> tuple[int, str]:
        with open_core(Place.of({"ITGRIX_HOME": str(tmp_path)})) as core:
            ami = {"ami.port": pbx.port, "ami.username": "itgrix", "ami.secret": "sandbox-secret"}
            core.settings.save({**ami, **{name.replace("__", "."): value for name, value in settings.items()}})
        result = CliRunner().invoke(main, list(arguments))
        return result.exit_code, result.output

    return runs


def test_call_from_the_command_line_rings_the_phone(run: Run, pbx: SandboxPbx) -> None:
    code, out = run("dial", "101", "+7 916 123-45-67", "--json", dial__prefix="9")
    found = json.loads(out)
    assert (code, found["exten"], found["sent"]) == (0, "9+79161234567", True)
    until(lambda: pbx.stage.running)


def test_dry_run_asks_nobody(run: Run, pbx: SandboxPbx) -> None:
    code, out = run("dial", "101", "89161234567", "--dry-run")
    assert code == 0
    assert "would be asked to call Local/101@from-internal/n" in out
    assert not pbx.actions


def test_dry_run_names_the_spellings_for_routes_without_a_plus(run: Run) -> None:
    code, out = run("dial", "101", "+7 916 123-45-67", "--dry-run")
    assert (code, "then +79161234567 or 89161234567 or 79161234567 in" in out) == (0, True)
    code, out = run("dial", "101", "+7 916 123-45-67", "--dry-run", numbers__dial_rules=[RULE])
    assert (code, "then 89161234567 in" in out) == (0, True)


@pytest.mark.parametrize("number", ["8916;9", "*72101", "x"])
def test_number_that_cannot_be_dialled_is_refused(run: Run, number: str) -> None:
    code, out = run("dial", "101", number)
    assert (code, "cannot be dialled" in out) == (1, True)


def test_lacking_right_is_told_with_what_to_do(run: Run, pbx: SandboxPbx) -> None:
    user = AmiUser("itgrix", "sandbox-secret", write=("call",))
    pbx.stage.config = dataclasses.replace(pbx.stage.config, users=(user,))
    code, out = run("dial", "101", "89161234567")
    assert (code, "manager.conf" in out) == (1, True)


def test_forms_are_listed(run: Run, tmp_path: Path) -> None:
    assert "nobody has asked" in run("callbacks", "list")[1]
    with open_core(Place.of({"ITGRIX_HOME": str(tmp_path)})) as core:
        SqlDials(core.database).keep(Callback("pbx1", "1", "+79161234567", 1.0, 2.0, 3.0, text="Привет"))
    code, out = run("callbacks", "list", "--json", "--state", "waiting")
    (form,) = json.loads(out)["callbacks"]
    assert (code, form["number"], form["state"], form["text"]) == (0, "+79161234567", "waiting", "Привет")
    assert "+79161234567" in run("callbacks", "list")[1]
