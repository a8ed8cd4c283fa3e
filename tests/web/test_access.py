# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is let in, under which name, and with which rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Request
from flask.testing import FlaskClient

from itgrix_module.storage.engine import Database
from tests.web.seeds import row, save, step
from web.access import CHANGE, LISTEN, SEE, Viewer

EVERY_PAGE = ["/", "/live", "/calls/", "/calls/news", "/deliveries/", "/status", "/api/status", "/api/calls/recent"]


def from_address(client: FlaskClient, address: str | None, path: str = "/", **headers: str) -> int:
    return client.get(path, environ_overrides={"REMOTE_ADDR": address}, headers=headers).status_code


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_let_in(client: FlaskClient, address: str) -> None:
    assert from_address(client, address) == 200


@pytest.mark.parametrize("path", EVERY_PAGE)
@pytest.mark.parametrize("address", ["10.0.0.7", "8.8.8.8", "fe80::1", "", "localhost", None])
def test_nobody_else_is_let_in(client: FlaskClient, address: str | None, path: str) -> None:
    assert from_address(client, address, path) == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via", "X-Forwarded-Host"])
def test_whoever_comes_through_a_relay_is_not_this_machine(client: FlaskClient, header: str) -> None:
    assert from_address(client, "127.0.0.1", **{header: "127.0.0.1"}) == 403


def test_alive_is_told_to_everybody(client: FlaskClient) -> None:
    assert from_address(client, "10.0.0.7", "/healthz") == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8077", "localhost.evil.example", "127.0.0.1.nip.io", "[::2]", ""]
)
def test_foreign_host_name_is_refused(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8077", "127.0.0.1:8077", "[::1]:8077", "[::1]"])
def test_own_host_names_are_taken(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_configured_host_name_is_taken(make_panel: Callable[..., Flask]) -> None:
    client = make_panel(hosts=["PBX.example.org"]).test_client()
    assert client.get("/", headers={"Host": "pbx.example.org:8077"}).status_code == 200
    assert client.get("/", headers={"Host": "pbx.example.com"}).status_code == 421


def test_given_viewer_decides_alone(make_panel: Callable[..., Flask]) -> None:
    def signed(request: Request) -> Viewer | None:
        return Viewer("admin") if request.headers.get("X-Signed") == "yes" else None

    client = make_panel(viewer=signed).test_client()
    assert from_address(client, "127.0.0.1") == 403
    assert from_address(client, "10.0.0.7", **{"X-Signed": "yes"}) == 200


@pytest.fixture
def with_rights(make_panel: Callable[..., Flask], database: Database) -> Callable[..., FlaskClient]:
    save(database, row(), [step()])

    def make(*rights: str, **changes: Any) -> FlaskClient:
        app = make_panel(viewer=lambda _: Viewer("clerk", frozenset(rights)), **changes)
        app.config["WTF_CSRF_ENABLED"] = False
        return app.test_client()

    return make


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_without_the_right_to_see_nothing_is_shown(with_rights: Callable[..., FlaskClient], path: str) -> None:
    answer = with_rights(LISTEN, CHANGE).get(path)
    assert answer.status_code == 403
    assert "79161234567" not in answer.text


def test_without_the_right_to_change_the_list_has_no_buttons(with_rights: Callable[..., FlaskClient]) -> None:
    text = with_rights(SEE).get("/deliveries/").text
    assert "Tell of the call" in text
    assert 'name="step"' not in text
    assert "<button" not in text


def test_without_the_right_to_change_nothing_is_changed(with_rights: Callable[..., FlaskClient]) -> None:
    asked: list[object] = []
    client = with_rights(SEE, drop_steps=lambda *given: asked.append(given))
    answer = client.post("/deliveries/change", data={"order": "drop-confirmed", "state": "waiting", "step": "1"})
    assert answer.status_code == 403
    assert not asked


def test_changes_are_made_in_the_name_of_the_viewer(with_rights: Callable[..., FlaskClient]) -> None:
    asked: list[tuple[list[int], str]] = []

    def drop(ids: list[int], who: str) -> int:
        asked.append((ids, who))
        return 1

    client = with_rights(SEE, CHANGE, drop_steps=drop)
    client.post("/deliveries/change", data={"order": "drop-confirmed", "state": "waiting", "step": "1"})
    assert asked == [([1], "clerk")]
