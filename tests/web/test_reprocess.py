# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls compared with the PBX's records: ordered, watched and stopped in the panel, and by programs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from itgrix_module.app.reconcile_ports import Found, Order, Progress
from itgrix_module.domain.failures import Temporary
from itgrix_module.storage.engine import Database
from tests.known import known
from tests.web.markup import problems, words
from tests.web.seeds import NODE, NOW, row, save
from tests.web.test_deliveries import TOKEN
from web.access import SEE, Viewer

MakeApp = Callable[..., Flask]


class Desk:
    """What the panel orders. ``refusal``: what ``begin`` says."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.orders: list[Order] = []
        self.halted = 0
        self.refusal: Temporary | None = None

    def begin(self, order: Order) -> Progress:
        if self.refusal is not None:
            raise self.refusal
        self.orders.append(order)
        self.progress = Progress(order, begun=NOW)
        return self.progress

    def halt(self) -> None:
        self.halted += 1


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(make_panel: MakeApp, desk: Desk) -> FlaskClient:
    return make_panel(reprocessing=desk).test_client()


def send(client: FlaskClient, **values: str) -> tuple[int, str]:
    page = client.get("/reprocess/").text
    token = TOKEN.search(page)
    assert token is not None
    answer = client.post("/reprocess/", data={"csrf_token": token[1], **values})
    return answer.status_code, answer.text


def test_page_is_sound_and_offers_yesterday_and_today(client: FlaskClient) -> None:
    page = client.get("/reprocess/").text
    assert problems(page) == []
    assert 'type="date"' in page
    assert len(page) < 100_000


def test_days_are_whole_and_the_future_is_left_out(client: FlaskClient, desk: Desk) -> None:
    assert send(client, since="2020-01-01", until="2020-01-02", dry="y")[0] == 302
    assert send(client, since="2020-01-01", until="2999-01-02")[0] == 302
    first, second = desk.orders
    assert (first.until - first.since, first.dry, first.by_hand) == (2 * 86400.0, True, True)
    assert second.until == NOW


@pytest.mark.parametrize(
    "values",
    [
        {"since": "soon", "until": "2020-01-02"},
        {"since": "2020-01-03", "until": "2020-01-02"},
        {"calls": "1795223771.21 <script>"},
        {"calls": " ".join(f"1795223771.{number}" for number in range(101))},
    ],
)
def test_what_is_wrong_is_said_beside_the_field(client: FlaskClient, desk: Desk, values: dict[str, str]) -> None:
    status, page = send(client, **values)
    assert status == 422
    assert 'class="problem"' in page
    assert desk.orders == []


def test_calls_are_named_by_their_ids_each_once(client: FlaskClient, desk: Desk) -> None:
    assert send(client, calls="1795223771.21, 1795223771.22\n1795223771.21")[0] == 302
    assert desk.orders[0].calls == ("1795223771.21", "1795223771.22")


def test_refusal_is_shown(client: FlaskClient, desk: Desk) -> None:
    desk.refusal = Temporary("reconcile_busy", "calls are being compared with the PBX's records just now")
    status, page = send(client, since="2020-01-01", until="2020-01-02")
    assert status == 409
    assert "just now" in words(page)


def test_progress_shows_what_was_found_and_can_be_stopped(client: FlaskClient, desk: Desk) -> None:
    send(client, since="2020-01-01", until="2020-01-02")
    assert desk.progress is not None
    desk.progress.looked = 3
    desk.progress.counts["added"] = 1
    desk.progress.found.append(Found("1.2", "added", "unknown until now", NOW, "incoming", "<b>7916</b>"))
    page = client.get("/reprocess/").text
    assert problems(page) == []
    assert "<b>7916" not in page
    part = client.get("/reprocess/progress").text
    assert "Unknown until now" in words(part)
    token = TOKEN.search(page)
    assert token is not None
    assert client.post("/reprocess/stop", data={"csrf_token": token[1]}).status_code == 302
    assert desk.halted == 1


def test_whoever_may_only_see_neither_orders_nor_stops(make_panel: MakeApp, desk: Desk) -> None:
    only = make_panel(reprocessing=desk, viewer=lambda _: Viewer("eve", frozenset({SEE}))).test_client()
    assert only.get("/reprocess/").status_code == 403
    assert only.get("/api/reprocess").json == {"state": "never"}
    assert only.post("/api/reprocess", json={}).status_code in (400, 403)
    assert desk.orders == []


def test_programs_order_watch_and_stop_by_json(client: FlaskClient, desk: Desk) -> None:
    token = TOKEN.search(client.get("/reprocess/").text)
    assert token is not None
    headers = {"X-CSRFToken": token[1]}
    begun = client.post("/api/reprocess", json={"from": "2020-01-01", "to": "2020-01-01"}, headers=headers)
    assert (begun.status_code, known(begun.json)["state"]) == (202, "running")
    wrong = client.post("/api/reprocess", json={"from": 5, "calls": {"a": 1}}, headers=headers)
    assert (wrong.status_code, sorted(known(wrong.json)["problems"])) == (422, ["since", "until"])
    assert client.post("/api/reprocess", data="[]", headers=headers).status_code == 400
    assert client.post("/api/reprocess", json={"stop": True}, headers=headers).status_code == 200
    assert desk.halted == 1


def test_without_records_there_is_no_page(make_panel: MakeApp) -> None:
    assert make_panel().test_client().get("/reprocess/").status_code == 404


def test_call_without_failures_is_compared_from_its_page(client: FlaskClient, desk: Desk, database: Database) -> None:
    save(database, row("1795260000.7"))
    address = f"/calls/{NODE}/1795260000.7"
    token = TOKEN.findall(client.get(address).text)[0]
    answer = client.post(f"{address}/again", data={"csrf_token": token})
    assert answer.location == "/reprocess/"
    assert [each.calls for each in desk.orders] == [("1795260000.7",)]
    desk.refusal = Temporary("busy", "a comparison is under way", "Wait until it is done")
    answer = client.post(f"{address}/again", data={"csrf_token": token}, follow_redirects=True)
    assert "A comparison is under way. Wait until it is done." in words(answer.text)
