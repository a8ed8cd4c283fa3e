# SPDX-License-Identifier: GPL-3.0-or-later
"""``GET /route`` for the dialplan function CURL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from itgrix_module.app.route_ports import Asked, Routed
from itgrix_module.domain.routing import Decision
from tests.app.route_desk import PATIENCE, Gate
from web.pages.route import HttpRoutes, mount
from web.pages.route.views import AT_ONCE

TOKEN = "0123456789abcdef-token"
FOUND = Decision("101", "responsible", "Иван | Петров")


class Desk:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.decision = FOUND
        self.failure: Exception | None = None
        self.gate = Gate()
        self.token = ""
        app = Flask("panel")
        app.add_url_rule("/<path:path>", "panel", lambda path: f"panel {path}")
        mount(app, HttpRoutes(self.answer, lambda: self.token))
        self.app = app

    def answer(self, asked: Asked) -> Routed:
        self.asked.append(asked)
        self.gate.through()
        if self.failure is not None:
            raise self.failure
        return Routed(asked, self.decision)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    return desk.app.test_client()


def test_extension_is_the_whole_body(client: FlaskClient, desk: Desk) -> None:
    answer = client.get("/route?number=89161234567&line=7495")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"101", "text/plain")
    assert answer.headers["X-Itgrix-Reason"] == "responsible"
    assert answer.headers["X-Itgrix-Name"].isascii()
    assert "Set-Cookie" not in answer.headers
    assert desk.asked == [Asked("89161234567", "7495")]


def test_usual_way_is_an_empty_body_with_the_reason(client: FlaskClient, desk: Desk) -> None:
    desk.decision = Decision("", "busy")
    answer = client.get("/route?number=89161234567")
    assert (answer.status_code, answer.data, answer.headers["X-Itgrix-Reason"]) == (200, b"", "busy")


def test_full_answer_has_three_parts_whatever_the_name(client: FlaskClient) -> None:
    assert client.get("/route?number=8&full=1").data.decode() == "101|responsible|Иван Петров"


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("number=+79161234567", Asked("+79161234567")),
        ("number=%2B79161234567", Asked("+79161234567")),
        ("number=8&name=%D0%BE%D1%82%D0%B4%D0%B5%D0%BB&call=1.2&limit_ms=300", Asked("8", "", "отдел", "1.2", 0.3)),
        ("number=8%0D%0AX-Evil:1&line=%00", Asked("8X-Evil:1")),
        ("number=", Asked("")),
    ],
)
def test_question_is_read_and_cleaned(client: FlaskClient, desk: Desk, query: str, asked: Asked) -> None:
    assert client.get(f"/route?{query}").status_code == 200
    assert desk.asked == [asked]


@pytest.mark.parametrize(
    ("query", "status"), [("", 400), ("line=1", 400), ("number=" + "8" * 3000, 414), ("number=8&x=" + "y" * 3000, 414)]
)
def test_bad_question_is_answered_by_nothing(client: FlaskClient, desk: Desk, query: str, status: int) -> None:
    answer = client.get(f"/route?{query}")
    assert (answer.status_code, answer.data) == (status, b"")
    assert desk.asked == []


def test_other_method_and_fault_are_answered_by_nothing(client: FlaskClient, desk: Desk) -> None:
    assert client.post("/route?number=8").data == b""
    desk.failure = ValueError("nobody foresaw it")
    answer = client.get("/route?number=8")
    assert (answer.status_code, answer.data) == (500, b"")


OTHER = {"REMOTE_ADDR": "10.0.0.9"}
LOCAL: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("token", "given", "environ", "headers", "status"),
    [
        ("", "", LOCAL, {}, 200),
        ("", "", OTHER, {}, 403),
        ("", "", LOCAL, {"X-Forwarded-For": "10.0.0.9"}, 403),
        ("", "", LOCAL, {"Host": "evil.example"}, 403),
        ("", "", {"REMOTE_ADDR": "::1"}, {"Host": "[::1]:8077"}, 200),
        ("", "anything", OTHER, {}, 403),
        (TOKEN, TOKEN, OTHER, {"Host": "pbx.example:8077"}, 200),
        (TOKEN, "", OTHER, {"Authorization": f"Bearer {TOKEN}"}, 200),
        (TOKEN, "", OTHER, {"Authorization": "Bearer wrong"}, 403),
        (TOKEN, "", OTHER, {"Authorization": "Basic x"}, 403),
        (TOKEN, "wrong", LOCAL, {}, 403),
        (TOKEN, "%D1%82%D0%BE%D0%BA%D0%B5%D0%BD", OTHER, {}, 403),
        (TOKEN, "", OTHER, {}, 403),
        (TOKEN, "", LOCAL, {}, 200),
    ],
)
def test_this_machine_or_whoever_knows_the_token_may_ask(
    desk: Desk, token: str, given: str, environ: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    desk.token = token
    answer = desk.app.test_client().get(
        f"/route?number=8&token={given}", environ_base={"REMOTE_ADDR": "127.0.0.1", **environ}, headers=headers
    )
    assert answer.status_code == status
    assert answer.data == (b"101" if status == 200 else b"")
    assert len(desk.asked) == (status == 200)


def test_slow_answers_leave_threads_for_the_panel(desk: Desk) -> None:
    desk.gate.shut()
    ask: Callable[[], Any] = lambda: desk.app.test_client().get("/route?number=8")  # noqa: E731
    threads = [threading.Thread(target=ask) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in range(AT_ONCE):
        desk.gate.wait_reached()
    answer = ask()
    assert (answer.status_code, answer.data, answer.headers["X-Itgrix-Reason"]) == (503, b"", "overload")
    desk.gate.open()
    for thread in threads:
        thread.join(PATIENCE)
    assert ask().status_code == 200


def test_everything_else_is_the_panels(client: FlaskClient) -> None:
    assert client.get("/routes").data == b"panel routes"
    assert client.get("/route/x").data == b"panel route/x"


def test_without_routes_there_is_no_such_page() -> None:
    app = Flask("panel")
    mount(app, None)
    assert app.test_client().get("/route?number=8").status_code == 404
