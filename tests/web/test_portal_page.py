# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that says how the portal is joined."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from itgrix_module.app.application import Bound, Mended
from itgrix_module.app.event_pace import Delay
from itgrix_module.app.joining import Lack, Overview, Trial
from itgrix_module.domain.failures import NeedsOwner
from tests.web.markup import problems
from tests.web.seeds import NOW
from tests.web.test_portal_endpoint import PortalDesk
from web.access import SEE, Viewer

WEBHOOK = Overview("webhook", "none", "p.example", is_set_up=True)
APP = Overview(
    "app",
    "poll",
    "p.example",
    is_set_up=True,
    is_authorised=True,
    domain="p.example",
    user_id=1,
    scope=("crm", "telephony"),
    bound=(Bound("ONEXTERNALCALLSTART", offline=True),),
    missing={"ONCRMLEADADD": "The portal denies access: <b>no</b>"},
    looked_at=NOW - 60,
    delay=Delay(1.25, 4.0, 7),
    last_at=NOW - 5,
    recent=(
        {"name": "ONCRMLEADADD", "sent_at": NOW, "received_at": NOW, "state": "failed", "note": "<script>"},
        {"name": "ONUSERADD", "sent_at": NOW, "received_at": NOW, "state": "waiting", "note": ""},
    ),
)


@pytest.fixture
def desk() -> PortalDesk:
    return PortalDesk()


@pytest.fixture(params=["en", "ru"])
def client(make_panel: Callable[..., Flask], desk: PortalDesk, request: pytest.FixtureRequest) -> FlaskClient:
    made = make_panel(portal=desk).test_client()
    made.set_cookie("itgrix_lang", request.param)
    return made


def post(client: FlaskClient, path: str, **fields: str) -> str:
    page = client.get("/portal/").text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    answer = client.post(path, data={"csrf_token": token, **fields}, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize(
    "seen",
    [
        WEBHOOK,
        replace(WEBHOOK, is_set_up=False, portal=""),
        APP,
        replace(APP, is_authorised=False, scope=(), bound=(), missing={}, recent=(), delay=None, last_at=None),
        replace(APP, is_set_up=False, way="off"),
        replace(APP, way="push", problem="it is no address", knows_sender=False),
        replace(APP, failure=NeedsOwner("no_authorisation", "The portal is not connected yet.", "Authorise.")),
    ],
)
def test_every_state_of_the_portal_has_its_page(client: FlaskClient, desk: PortalDesk, seen: Overview) -> None:
    desk.seen = seen
    page = client.get("/portal/").text
    assert "<script>" not in page
    assert "<b>no</b>" not in page
    assert len(page) < 100_000
    assert problems(page) == []


def test_webhook_is_shown_with_what_it_lacks(client: FlaskClient, desk: PortalDesk) -> None:
    desk.seen = WEBHOOK
    page = client.get("/portal/").text
    assert 'id="lacks"' in page
    assert "/portal/authorise" not in page
    assert page.count("<li>") >= len(WEBHOOK.lacks)


def test_delay_and_events_are_shown(client: FlaskClient, desk: PortalDesk) -> None:
    desk.seen = APP
    page = client.get("/portal/").text
    assert "1.2" in page
    assert "4.0" in page
    assert "ONEXTERNALCALLSTART" in page


def test_connection_is_tried_and_what_lacks_is_told(client: FlaskClient, desk: PortalDesk) -> None:
    lack = Lack("Without the permission im: no messages about calls.", "Tick it.", required=False)
    desk.trial = Trial(True, 1, False, ("crm",), (lack,))
    assert 'id="tested"' in post(client, "/portal/test")
    desk.trial = NeedsOwner("no_authorisation", "The portal is not connected yet.", "Authorise.")
    assert 'id="tested"' in post(client, "/portal/test")


def test_way_to_the_portals_page_leaves_the_frame(client: FlaskClient) -> None:
    page = post(client, "/portal/authorise")
    assert 'href="https://p.example/oauth/authorize/?client_id=x&amp;state=s1"' in page
    assert 'target="_blank" rel="noopener noreferrer"' in page


def test_pasted_address_finishes_the_authorisation(client: FlaskClient, desk: PortalDesk) -> None:
    post(client, "/portal/authorised", address=" https://localhost/?code=c1&state=s1&server_domain=oauth.bitrix.info ")
    assert desk.finished == [("s1", "c1", "oauth.bitrix.info")]


@pytest.mark.parametrize("address", ["", "https://localhost/", "c1", "http://[", "x" * 5000, "https://l/?code=c1"])
def test_address_without_a_code_is_explained_and_kept(client: FlaskClient, desk: PortalDesk, address: str) -> None:
    assert 'name="address"' in post(client, "/portal/authorised", address=address)
    assert desk.finished == []


def test_portal_may_lead_back_to_the_panel_itself(client: FlaskClient, desk: PortalDesk) -> None:
    answer = client.get("/portal/authorised?code=c1&state=s1&server_domain=oauth.bitrix.info")
    assert answer.status_code == 302
    assert desk.finished == [("s1", "c1", "oauth.bitrix.info")]
    assert client.get("/portal/authorised?code=c1&state=guess").status_code == 302


def test_handlers_are_mended_and_counted(client: FlaskClient, desk: PortalDesk) -> None:
    assert "2" in post(client, "/portal/handlers")
    desk.mended = Mended()
    post(client, "/portal/handlers")


@pytest.mark.parametrize("path", ["/portal/test", "/portal/handlers", "/portal/authorise", "/portal/authorised"])
def test_orders_need_the_token_of_the_form_and_the_right(
    make_panel: Callable[..., Flask], desk: PortalDesk, path: str
) -> None:
    assert make_panel(portal=desk).test_client().post(path).status_code == 400
    reader = make_panel(portal=desk, viewer=lambda _: Viewer("reader", frozenset({SEE}))).test_client()
    assert reader.get("/portal/").status_code == 200
    assert "/portal/authorise" not in reader.get("/portal/").text
    assert reader.get("/portal/authorised?code=c&state=s1").status_code == 403
    assert desk.finished == []


def test_no_secret_stands_on_the_page(client: FlaskClient, desk: PortalDesk) -> None:
    desk.seen = replace(APP, way="push", handler="https://pbx.example/bitrix24/events")
    page = client.get("/portal/").text
    assert "access_token" not in page
    assert "client_secret=" not in page
