# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix numbers test`` as an administrator runs it, on the stored settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from itgrix_module.commands.numbers import numbers
from itgrix_module.core import open_core
from itgrix_module.place import Place

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path))
    monkeypatch.delenv("ITGRIX_DATABASE_URL", raising=False)
    return tmp_path


@pytest.fixture
def run(home: Path) -> Run:
    def runs(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(numbers, ["test", *arguments])
        return result.exit_code, result.output

    return runs


def save(home: Path, changes: dict[str, Any]) -> None:
    with open_core(Place.of({"ITGRIX_HOME": str(home)})) as core:
        core.settings.save(changes)


def test_each_stage_and_the_spellings_are_shown(home: Path, run: Run) -> None:
    save(home, {"numbers.client_rules": [{"match": r"^9(8\d{10})$", "replace": "$1"}]})
    code, out = run("989161234567", "--json")
    assert code == 0
    assert json.loads(out) == {
        "number": "989161234567",
        "kind": "client",
        "result": "+79161234567",
        "stages": [
            {"rule": r"^9(8\d{10})$ → $1", "before": "989161234567", "after": "89161234567", "note": ""},
            {"rule": "E.164", "before": "89161234567", "after": "+79161234567", "note": "complete number"},
        ],
        "variants": ["+79161234567", "79161234567", "89161234567", "9161234567"],
    }


def test_people_get_a_table_with_the_result(run: Run) -> None:
    code, out = run("8 (916) 123-45-67")
    assert code == 0
    assert "result: +79161234567" in out
    assert "looked for as: +79161234567, 79161234567, 89161234567, 9161234567" in out


def test_kind_chooses_the_rules(home: Path, run: Run) -> None:
    save(home, {"numbers.dial_rules": [{"match": r"^\+7", "replace": "8"}]})
    document = json.loads(run("+79161234567", "--kind", "dial", "--json")[1])
    assert (document["result"], document["variants"]) == ("89161234567", [])
    assert json.loads(run("+79161234567", "--kind", "user", "--json")[1])["result"] == "+79161234567"


def test_country_of_the_settings_counts(home: Path, run: Run) -> None:
    save(home, {"numbers.country": "DE"})
    assert json.loads(run("030 123456", "--json")[1])["result"] == "+4930123456"


def test_number_that_begins_with_a_dash_is_no_option(run: Run) -> None:
    code, out = run("-101", "--json")
    assert code == 0
    assert json.loads(out)["result"] == "-101"


def test_unknown_kind_is_refused(run: Run) -> None:
    code, out = run("101", "--kind", "friend")
    assert code == 2
    assert "friend" in out
