# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that read the service: with the token they get the interface for programs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

TOKEN = "a-long-enough-token"
OUTSIDE = {"REMOTE_ADDR": "10.0.0.7"}


@pytest.fixture
def outside(make_panel: Callable[..., Flask]) -> FlaskClient:
    return make_panel(api_token=lambda: TOKEN, metrics=lambda: b"itgrix_calls_live 1\n").test_client()


def ask(client: FlaskClient, path: str, authorization: str | None) -> int:
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.get(path, headers=headers, environ_overrides=OUTSIDE).status_code


@pytest.mark.parametrize("path", ["/status", "/metrics", "/api/status", "/api/calls/recent"])
def test_token_opens_the_interface_for_programs(outside: FlaskClient, path: str) -> None:
    assert ask(outside, path, f"Bearer {TOKEN}") == 200
    assert ask(outside, path, f"bearer  {TOKEN} ") == 200


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer é"]
)
def test_anything_else_does_not(outside: FlaskClient, authorization: str | None) -> None:
    assert ask(outside, "/metrics", authorization) == 403


@pytest.mark.parametrize("path", ["/", "/calls/", "/deliveries/"])
def test_token_opens_no_page(outside: FlaskClient, path: str) -> None:
    assert ask(outside, path, f"Bearer {TOKEN}") == 403


def test_no_token_in_the_settings_lets_no_program_in(make_panel: Callable[..., Flask]) -> None:
    client = make_panel(metrics=lambda: b"").test_client()
    assert ask(client, "/metrics", "Bearer ") == 403
    assert ask(client, "/status", "Bearer x") == 403


def test_metrics_are_plain_text_for_prometheus(outside: FlaskClient) -> None:
    answer = outside.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, environ_overrides=OUTSIDE)
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.data == b"itgrix_calls_live 1\n"


def test_panel_without_metrics_has_no_such_page(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404
