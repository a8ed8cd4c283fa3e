# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix route`` as an administrator runs it, beside a portal and a PBX."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from itgrix_module.commands.route import route
from itgrix_module.core import open_core
from itgrix_module.place import Place
from itgrix_module.sandbox.pbx import SandboxPbx
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.config import ClientSeed
from tests.service.house import sandboxes, settings_of, user_of

NUMBER = "+79161234567"
CONTACT = ClientSeed("CONTACT", {"NAME": "Иван", "PHONE": [{"VALUE": NUMBER}], "ASSIGNED_BY_ID": user_of(102)})
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[SandboxPbx, SandboxPortal]]:
    with sandboxes(tmp_path, portal={"clients": (CONTACT,)}) as made:
        yield made


@pytest.fixture
def run(ends: tuple[SandboxPbx, SandboxPortal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ITGRIX_DATABASE_URL", raising=False)

    def runs(*arguments: str, **settings: Any) -> tuple[int, str]:
        place = Place.of({"ITGRIX_HOME": str(tmp_path / "home")})
        with open_core(place) as core:
            core.settings.save({**settings_of(*ends), **settings})
        result = CliRunner().invoke(route, list(arguments))
        return result.exit_code, result.output

    return runs


def test_decision_is_told_with_its_reason(run: Run) -> None:
    code, out = run("8 916 123-45-67")
    assert code == 0
    assert "client:     Иван" in out
    assert "to 102, the client's responsible" in out


def test_decision_as_data(run: Run) -> None:
    code, out = run("89161234567", "--line", "7495", "--name", "sales", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["extension"], found["reason"], found["number"]) == ("102", "responsible", NUMBER)
    assert (found["line"], found["destination"], found["limit"]) == ("7495", "sales", 1.0)


def test_whoever_did_not_get_the_call_is_named(run: Run) -> None:
    _, out = run("+70000000001", **{"routing.choices": ["responsible", "last"]})
    assert "not responsible: the portal does not know the caller" in out
    assert "not last: nobody has talked with the client" in out
    assert "ITGRIX_EXTENSION=\n" in out


def test_pbx_that_is_away_leaves_the_phone_unknown(run: Run, ends: tuple[SandboxPbx, SandboxPortal]) -> None:
    ends[0].stop()
    code, out = run("89161234567", **{"routing.unknown_is_free": False, "ami.port": 1})
    assert code == 0
    assert "102 has a phone of unknown state" in out


def test_portal_that_is_away_is_told(run: Run, ends: tuple[SandboxPbx, SandboxPortal]) -> None:
    ends[1].outage(True)
    code, out = run("89161234567")
    assert code == 0
    assert "the portal cannot be asked" in out
