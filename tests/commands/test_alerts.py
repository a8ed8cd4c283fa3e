# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix alerts test``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from itgrix_module.cli import main
from itgrix_module.core import open_core
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.storage.audit import AuditFilter, SqlAudit
from tests.fakes.mail_server import MailBox, mail_box
from tests.service.house import configure, place_of, portal_config


@pytest.fixture
def box(tmp_path: Path) -> Iterator[MailBox]:
    with mail_box() as found, SandboxPortal(portal_config()) as portal:
        given = {
            "portal.webhook_url": portal.webhook_url(),
            "alerts.user": 1,
            "alerts.mail_to": ["anna@example.org"],
            "alerts.mail_server": f"127.0.0.1:{found.port}",
        }
        configure(place_of(tmp_path / "home"), given)
        yield found


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["alerts", "test", *words], env={"ITGRIX_HOME": str(folder / "home")})


def journal(folder: Path) -> list[str]:
    with open_core(place_of(folder / "home")) as core:
        return [entry.action for entry in SqlAudit(core.database).page(AuditFilter(), 10)]


def test_every_way_is_told_and_noted(tmp_path: Path, box: MailBox) -> None:
    done = run(tmp_path)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == ["user 1: sent", "mail anna@example.org: sent"]
    assert len(box.mails) == 1
    assert journal(tmp_path) == ["alerts.test"]


def test_way_that_failed_is_told_with_what_to_do(tmp_path: Path, box: MailBox) -> None:
    box.refused["anna@example.org"] = "550 nobody"
    done = run(tmp_path)
    assert done.exit_code == 1
    assert "user 1: sent" in done.stdout
    assert "mail anna@example.org: not sent: the mail server takes no mail for the given addresses" in done.stdout
    assert "Check alerts.mail_to." in done.stdout


def test_json_names_each_way(tmp_path: Path, box: MailBox) -> None:
    box.refused["anna@example.org"] = "550 nobody"
    done = run(tmp_path, "--json")
    assert done.exit_code == 1
    data = json.loads(done.stdout)
    assert [(each["way"], each["to"], each["sent"], each["code"]) for each in data["ways"]] == [
        ("user", "1", True, ""),
        ("mail", "anna@example.org", False, "mail_refused"),
    ]
    assert data["paused"] is False


def test_nobody_named_is_an_error(tmp_path: Path) -> None:
    configure(place_of(tmp_path / "home"), {})
    done = run(tmp_path, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"]["code"] == "nobody_to_tell"
    assert journal(tmp_path) == []


def test_pause_is_told(tmp_path: Path, box: MailBox) -> None:
    configure(place_of(tmp_path / "home"), {"portal.paused": True})
    done = run(tmp_path)
    assert done.exit_code == 0
    assert "paused by hand" in done.stdout
    assert len(box.mails) == 1
