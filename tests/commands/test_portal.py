# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix portal``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import requests
from click.testing import CliRunner, Result

from itgrix_module.cli import main
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from tests.service.house import configure, place_of
from tests.service.join import app_settings


class Desk:
    """A home, and a portal that it is to be joined with."""

    def __init__(self, home: Path, portal: SandboxPortal) -> None:
        self.home, self.portal = home, portal

    def run(self, *words: str, stdin: str = "") -> Result:
        """The command, as in a shell."""
        return CliRunner().invoke(main, ["portal", *words], input=stdin, env={"ITGRIX_HOME": str(self.home)})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with SandboxPortal(PortalConfig()) as portal:
        place = place_of(tmp_path / "home")
        configure(place, app_settings(portal))
        yield Desk(place.home, portal)


def test_status_says_what_is_missing(desk: Desk) -> None:
    data = json.loads(desk.run("status", "--json").stdout)
    assert (data["mode"], data["way"], data["is_set_up"], data["is_authorised"]) == ("app", "poll", True, False)
    assert "itgrix portal authorise" in desk.run("status").stdout


def test_webhook_is_told_to_be_reduced(tmp_path: Path) -> None:
    place = place_of(tmp_path / "home")
    configure(place, {"portal.webhook_url": "https://p.example/rest/1/secretcode1/"})
    with SandboxPortal(PortalConfig()) as portal:
        desk = Desk(place.home, portal)
        shown = desk.run("status").stdout
        assert "reduced" in shown
        assert "Click-to-call" in shown
        assert "secretcode1" not in shown + desk.run("status", "--json").stdout
        failed = desk.run("handlers", "--json")
        assert failed.exit_code == 1
        assert json.loads(failed.stdout)["error"]["code"] == "nothing_to_bind"


class Browser:
    """Opens the address that the command shows and brings back where the portal leads to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._echo, self._shown = click.echo, list[str]()
        monkeypatch.setattr(click, "echo", self.show)
        monkeypatch.setattr(click, "prompt", self.paste)

    def show(self, message: str = "", **options: Any) -> None:
        self._shown += message.split()
        self._echo(message, **options)

    def paste(self, _text: str, **_options: Any) -> str:
        page = next(word for word in self._shown if "/oauth/authorize/" in word)
        return requests.get(page, timeout=10, allow_redirects=False).headers["Location"]


def test_application_is_authorised_and_its_events_are_bound(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.portal.application().redirect_uri = "http://127.0.0.1:1/nowhere"
    Browser(monkeypatch)
    done = desk.run("authorise", "--json")
    assert done.exit_code == 0, done.output
    names = {each["event"] for each in json.loads(done.stdout)["handlers"]["bound"]}
    assert "ONEXTERNALCALLSTART" in names
    listed = desk.run("handlers")
    assert "queue of the portal" in listed.stdout
    assert "0 bound, 0 unbound" in listed.stdout
    assert json.loads(desk.run("status", "--json").stdout)["is_authorised"]


def test_address_without_a_code_is_refused(desk: Desk) -> None:
    done = desk.run("authorise", stdin="http://127.0.0.1:1/nowhere\n")
    assert done.exit_code == 1
    assert "holds no code" in done.stderr


def test_address_of_somebody_else_is_refused(desk: Desk) -> None:
    done = desk.run("authorise", stdin="http://127.0.0.1:1/nowhere?state=guess&code=c\n")
    assert done.exit_code == 1
    assert "not begun here" in done.stderr
