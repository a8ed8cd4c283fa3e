# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix lines``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from itgrix_module.cli import main
from itgrix_module.core import open_core
from itgrix_module.place import Place
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.storage.calls import SqlCallStore
from tests.service.house import place_of

LINES = [{"match": "74950000001", "name": "Сайт", "line": "7", "source": "WEB"}]


def run(place: Place, *arguments: str) -> Result:
    environment = {"ITGRIX_HOME": str(place.home), "ITGRIX_DATABASE_URL": place.database_url}
    return CliRunner().invoke(main, ["lines", *arguments], env=environment)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = place_of(tmp_path)
    with SandboxPortal() as portal, open_core(made) as core:
        core.settings.save({"lines": LINES, "portal.webhook_url": portal.webhook_url()})
        with SqlCallStore(core.database).work() as work:
            work.see_line("84950000001", "beeline", 1_795_000_000.0)
            work.see_line("74950000009", "mts", 1_795_000_000.0)
        yield made


def test_lines_are_listed_with_those_that_nobody_named(place: Place) -> None:
    data = json.loads(run(place, "list", "--json").stdout)
    assert [line["name"] for line in data["lines"]] == ["Сайт"]
    assert [(line["line"], line["trunk"]) for line in data["unmapped"]] == [("74950000009", "mts")]
    told = run(place, "list").stdout
    assert "Сайт" in told
    assert "74950000009" in told


def test_webhook_that_may_not_make_lines_ends_with_what_to_do(place: Place) -> None:
    result = run(place, "sync")
    assert result.exit_code == 1
    assert "local application" in result.stdout
