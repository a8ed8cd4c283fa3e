# SPDX-License-Identifier: GPL-3.0-or-later
"""``/bitrix24/events``: open to the internet, beside the panel, unmoved by whatever comes."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from itgrix_module.app.application import Mended
from itgrix_module.app.happenings import Taken
from itgrix_module.app.joining import Overview, Trial
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.storage.engine import Database
from tests.bitrix24.test_intake import TOKEN, Desk
from tests.web.seeds import health
from web import PanelDeps
from web.pages.portal import mount
from web.pages.portal.endpoint import LARGEST
from web.pages.portal.flood import Flood

PATH = "/bitrix24/events"


class PortalDesk:
    """A desk that remembers."""

    def __init__(self) -> None:
        self.bodies = list[bytes]()
        self.answer = Taken.TAKEN
        self.error: Exception | None = None
        self.finished = list[tuple[str, str, str]]()
        self.seen = Overview("app", "push", "p.example", is_set_up=True)
        self.trial: Trial | Failure = Trial(True, 1, True, ("crm",), ())
        self.mended = Mended(added=2)

    def take(self, body: bytes) -> Taken:
        if self.error:
            raise self.error
        self.bodies.append(body)
        return self.answer

    def overview(self, *, recent: bool = False) -> Overview:
        return self.seen

    def authorise(self) -> str:
        return "https://p.example/oauth/authorize/?client_id=x&state=s1"

    def authorised(self, state: str, code: str, server: str = "") -> str:
        self.finished.append((state, code, server))
        if state != "s1":
            raise NeedsOwner("state_unknown", "This authorisation was not begun here, or too long ago.", "Begin again.")
        return "p.example"

    def test(self) -> Trial:
        if isinstance(self.trial, Failure):
            raise self.trial
        return self.trial

    def mend(self) -> Mended:
        return self.mended


@pytest.fixture
def desk() -> PortalDesk:
    return PortalDesk()


@pytest.fixture
def client(make_panel: Callable[..., Flask], desk: PortalDesk) -> FlaskClient:
    return make_panel(portal=desk).test_client()


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
def test_event_passes_without_session_token_or_rights(client: FlaskClient, desk: PortalDesk, path: str) -> None:
    outside = {"Host": "pbx.example", "X-Forwarded-For": "203.0.113.5"}
    answer = client.post(path, data=b"event=A&x=%D1%91", headers=outside, content_type="text/plain")
    assert (answer.status_code, answer.data) == (200, b"taken\n")
    assert desk.bodies == [b"event=A&x=%D1%91"]
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_rest_of_the_panel_is_not_reached_that_way(client: FlaskClient) -> None:
    outside = {"Host": "pbx.example", "X-Forwarded-For": "203.0.113.5"}
    for path in (f"{PATH}/../../calls", f"{PATH}/x", "/bitrix24", "/portal/", "/"):
        assert client.get(path, headers=outside).status_code in (403, 404, 421)


@pytest.mark.parametrize(
    ("taken", "status"),
    [(Taken.IGNORED, 200), (Taken.REFUSED, 403), (Taken.SENSELESS, 400), (Taken.CROWDED, 503)],
)
def test_answer_says_what_became_of_it(client: FlaskClient, desk: PortalDesk, taken: Taken, status: int) -> None:
    desk.answer = taken
    assert client.post(PATH, data="event=A").status_code == status


def test_large_body_is_not_read(client: FlaskClient, desk: PortalDesk) -> None:
    assert client.post(PATH, data=b"x" * (LARGEST + 1)).status_code == 413
    assert client.post(PATH, data=b"x" * LARGEST).status_code == 200
    assert len(desk.bodies) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_do_nothing(client: FlaskClient, desk: PortalDesk, method: str) -> None:
    assert client.open(PATH, method=method).status_code in (200, 405)
    assert desk.bodies == []


def test_fault_is_no_traceback(client: FlaskClient, desk: PortalDesk) -> None:
    desk.error = RuntimeError("secret inside")
    answer = client.post(PATH, data="event=A")
    assert (answer.status_code, answer.data) == (503, b"not now\n")


def test_flood_of_one_address_is_cut_and_others_pass(client: FlaskClient, desk: PortalDesk) -> None:
    statuses = [
        client.post(PATH, data="event=A", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code for _ in range(700)
    ]
    assert 429 in statuses
    assert client.post(PATH, data="event=A", environ_base={"REMOTE_ADDR": "203.0.113.10"}).status_code == 200


def test_flood_drains_and_forgets() -> None:
    now = [0.0]
    flood = Flood(lambda: now[0], rate=1.0, burst=2.0)
    assert [flood.admits("a") for _ in range(3)] == [True, True, False]
    now[0] = 1.0
    assert [flood.admits("a"), flood.admits("a")] == [True, False]
    for number in range(2000):
        assert flood.admits(str(number))
    assert len(flood._levels) == 1000


def test_page_of_the_portal_leads_back_here(client: FlaskClient, desk: PortalDesk) -> None:
    answer = client.get(f"{PATH}?code=c1&state=s1&domain=p.example&server_domain=oauth.bitrix.info")
    assert answer.status_code == 200
    assert "p.example" in answer.text
    assert desk.finished == [("s1", "c1", "oauth.bitrix.info")]
    assert "form-action 'none'" in answer.headers["Content-Security-Policy"]


def test_unknown_state_is_told_and_guessing_is_cut(client: FlaskClient, desk: PortalDesk) -> None:
    assert client.get(f"{PATH}?code=c1&state=guess").status_code == 400
    statuses = [client.get(f"{PATH}?code=c1&state={number}").status_code for number in range(40)]
    assert 429 in statuses
    assert len(desk.finished) < 20


def test_address_opened_in_a_browser_says_what_it_is(client: FlaskClient, desk: PortalDesk) -> None:
    assert "POST" in client.get(PATH).text
    assert client.get(f"{PATH}?code=c1").status_code == 200
    assert desk.finished == []


def test_without_a_way_in_there_is_no_such_page(make_panel: Callable[..., Flask]) -> None:
    client = make_panel().test_client()
    assert client.post(PATH, data="event=A").status_code in (400, 404, 405)
    assert client.get("/portal/").status_code == 404


_AUTH = (
    "member_id",
    "application_token",
    "domain",
    "access_token",
    "client_endpoint",
    "server_endpoint",
    "refresh_token",
)
NAMES = st.sampled_from(
    ["event", "data", "ts", "auth", "data[FIELDS][ID]", "data[][]", "[", "]", *(f"auth[{name}]" for name in _AUTH)]
)
VALUES = st.one_of(
    st.sampled_from(["ONEXTERNALCALLSTART", "ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL", "member", "-1", "1e999"]),
    st.text(max_size=40),
)
FORMS = st.lists(st.tuples(st.one_of(NAMES, st.text(max_size=20)), VALUES), max_size=12).map(
    lambda fields: "&".join(
        f"{quote(name, errors='replace')}={quote(value, errors='replace')}" for name, value in fields
    ).encode()
)
GIVEN = PanelDeps(Database(create_engine("sqlite://")), health, "not a secret")
BODIES = st.one_of(FORMS, st.binary(max_size=300), st.tuples(FORMS, st.binary(max_size=20)).map(b"&".join))


@settings(max_examples=300, deadline=None)
@given(body=BODIES, kind=st.sampled_from(["application/x-www-form-urlencoded", "application/json", "", "\x7f"]))
def test_nothing_gets_in_without_the_token_and_nothing_breaks(body: bytes, kind: str) -> None:
    behind = Desk()
    behind.refuses = True
    app = Flask("panel")
    mount(app, GIVEN, PortalDeskOf(behind))
    answer = app.test_client().post(PATH, data=body, content_type=kind)
    assert answer.status_code in (200, 400, 403, 413)
    if TOKEN.encode() not in body:
        assert behind.kept == []


class PortalDeskOf(PortalDesk):
    """With the real door behind it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def take(self, body: bytes) -> Taken:
        return self._desk.door.take(body)
