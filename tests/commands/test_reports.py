# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix reports``."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from itgrix_module.cli import main
from itgrix_module.storage.engine import open_database
from tests.fakes.migrated import migrated
from tests.web.seeds import row, save_many

PERIOD = ("--since", "2026-11-20", "--until", "2026-11-22")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    url = f"sqlite:///{tmp_path / 'itgrix.db'}"
    migrated(url)
    with closing(open_database(url)) as database:
        missed = row("1.2", outcome="missed", talk=0.0, last_talker="", line="=1+1")
        save_many(database, [row("1.1"), missed, row("1.3", direction="internal")])
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path))
    monkeypatch.setenv("ITGRIX_DATABASE_URL", url)
    return tmp_path


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("by", ["day", "hour", "line", "source", "employee", "outcome"])
def test_every_report_is_one_document(by: str) -> None:
    result = CliRunner().invoke(main, ["reports", "--by", by, *PERIOD, "--json"])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert (data["total"]["calls"], data["total"]["answered"], data["total"]["lost"]) == (2, 1, 1)
    assert data["rows"]


@pytest.mark.usefixtures("home")
def test_csv_is_exact_and_harmless() -> None:
    result = CliRunner().invoke(main, ["reports", "--by", "line", *PERIOD, "--csv"])
    table = list(csv.reader(io.StringIO(result.stdout.removeprefix("\ufeff"), newline="")))
    assert {line[0] for line in table[1:]} == {"74951234567", "'=1+1"}


@pytest.mark.usefixtures("home")
def test_period_that_is_none_is_refused_with_what_to_do() -> None:
    result = CliRunner().invoke(main, ["reports", "--since", "2026-11-22", "--until", "2026-11-20"])
    assert result.exit_code == 1
    assert "--since" in result.stderr


@pytest.mark.usefixtures("home")
def test_people_get_a_table() -> None:
    assert "74951234567" in CliRunner().invoke(main, ["reports", "--by", "line", *PERIOD]).stdout
