# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON for monitoring and scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from itgrix_module.app.health import Check, Level
from itgrix_module.storage.engine import Database
from tests.web.seeds import NODE, NOW, health, row, save, save_many, step


def json_of(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    return answer.json


def test_alive(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_status_holds_the_whole_health(client: FlaskClient) -> None:
    data = json_of(client, "/status")
    assert data["level"] == "ok"
    assert data["node"] == NODE
    assert data["checks"]["pbx"]["level"] == "ok"
    assert data["checks"]["employees"]["code"] == "employees_ok"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("level", "ok"),
        ("checks.pbx.level", "ok"),
        ("checks.pbx.since", str(NOW - 86_000)),
        ("checks.portal.since", "null"),
        ("counts.employees", "6"),
        ("budget", "0.12"),
        ("version", "1.0.0"),
    ],
)
def test_path_picks_one_element_as_plain_text(client: FlaskClient, path: str, said: str) -> None:
    answer = client.get(f"/status?path={path}")
    assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/plain", f"{said}\n")


def test_path_to_a_branch_gives_json(client: FlaskClient) -> None:
    assert json_of(client, "/status?path=counts") == {"employees": 6, "live_calls": 0}


NOWHERE = ["nothing", "checks.pbx.level.x", "checks..level", ".", "__class__", "checks.pbx.params.__init__", "0"]


@pytest.mark.parametrize("path", [*NOWHERE, "a" * 3000])
def test_path_to_nothing_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get("/status", query_string={"path": path})
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"] == "no such element"


def test_dashboard_gets_levels_counts_and_running_calls(client: FlaskClient, database: Database) -> None:
    save(database, row("1.1", live=True, phase="ringing", outcome=""), [step()])
    data = json_of(client, "/api/status")
    assert data["checks"]["database"] == "ok"
    assert data["deliveries"]["waiting"] == 1
    assert data["live_count"] == 1
    assert data["live"][0]["linkedid"] == "1.1"
    assert data["live"][0]["rang"] == ["101", "102"]


def test_broken_service_is_503_for_those_who_want_that(make_panel: Callable[..., Flask]) -> None:
    bad = Check("pbx", Level.ERROR, "x", "down")
    client = make_panel(health=lambda: health(bad)).test_client()
    assert client.get("/api/status").status_code == 200
    assert client.get("/api/status?strict=1").status_code == 503


def test_recent_calls_come_newest_first_without_inner_state(client: FlaskClient, database: Database) -> None:
    save_many(database, [row(f"1.{number}", started=NOW - number, state={"legs": ["x"]}) for number in range(30)])
    calls = json_of(client, "/api/calls/recent")["calls"]
    assert [call["linkedid"] for call in calls] == [f"1.{number}" for number in range(20)]
    assert "state" not in calls[0]
    assert len(json_of(client, "/api/calls/recent?limit=3")["calls"]) == 3
    assert len(json_of(client, f"/api/calls/recent?since={NOW - 3}")["calls"]) == 3


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "limit=99999999999999", "since=nan", "since=x", "limit="])
def test_strange_limits_are_no_fault(client: FlaskClient, database: Database, query: str) -> None:
    save(database, row())
    assert client.get(f"/api/calls/recent?{query}").status_code == 200


def test_unknown_address_below_api_is_json(client: FlaskClient) -> None:
    answer = client.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"] == "Nothing here"


def test_refusal_is_json_for_scripts(client: FlaskClient) -> None:
    answer = client.get("/status", environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
    assert answer.status_code == 403
    assert answer.mimetype == "application/json"
