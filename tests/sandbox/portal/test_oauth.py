# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: codes, rotation, expiry, revocation, and what the authorisation server refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.config import AppSeed
from tests.sandbox.portal.conftest import Api, Clock, Receiver

Start = Callable[..., SandboxPortal]
APP = AppSeed(redirect_uri="https://pbx.example/oauth")


def ask(portal: SandboxPortal, **changes: Any) -> requests.Response:
    values = {"client_id": APP.client_id, "client_secret": APP.client_secret} | changes
    return requests.get(f"{portal.oauth_url}/oauth/token/", params=values, timeout=10)


def refresh(portal: SandboxPortal, token: str, **changes: Any) -> requests.Response:
    return ask(portal, grant_type="refresh_token", refresh_token=token, **changes)


def test_authorisation_server_has_a_host_of_its_own(portal: SandboxPortal) -> None:
    assert portal.oauth_url != portal.url
    assert requests.get(f"{portal.url}/oauth/token/", timeout=10).status_code == 404


def test_one_server_can_be_both(start: Start) -> None:
    portal = start(separate_oauth=False)
    assert portal.oauth_url == portal.url
    assert refresh(portal, portal.issue_tokens().refresh).status_code == 200


def test_refresh_gives_a_new_pair_and_kills_the_old_one(portal: SandboxPortal, session: requests.Session) -> None:
    old = portal.issue_tokens()
    body = refresh(portal, old.refresh).json()
    assert set(body) == {
        "access_token",
        "refresh_token",
        "expires",
        "expires_in",
        "domain",
        "client_endpoint",
        "server_endpoint",
        "member_id",
        "scope",
        "status",
        "user_id",
    }
    assert (body["client_endpoint"], body["server_endpoint"]) == (f"{portal.url}/rest/", f"{portal.oauth_url}/rest/")
    assert (body["expires_in"], body["status"], body["user_id"]) == (3600, "L", 1)
    assert Api(portal, session, body["access_token"]).ok("profile")["ID"] == "1"
    assert Api(portal, session, old.access).refused("profile")[:2] == (401, "NO_AUTH_FOUND")
    again = refresh(portal, old.refresh)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert (portal.refreshes, portal.state.tokens.refused_refreshes) == (1, 1)
    assert portal.http["oauth"] == 2


def test_access_token_expires_after_an_hour_and_refreshes(
    portal: SandboxPortal, session: requests.Session, clock: Clock
) -> None:
    pair = portal.issue_tokens()
    clock.advance(3601)
    assert Api(portal, session, pair.access).refused("profile") == (
        401,
        "expired_token",
        "The access token provided has expired.",
    )
    fresh = refresh(portal, pair.refresh).json()["access_token"]
    assert Api(portal, session, fresh).post("profile").status_code == 200


def test_tokens_can_be_made_stale_at_once(portal: SandboxPortal, app_api: Api) -> None:
    portal.expire_tokens()
    assert app_api.refused("profile")[1] == "expired_token"


def test_refresh_token_dies_after_its_life(portal: SandboxPortal, clock: Clock) -> None:
    pair = portal.issue_tokens()
    clock.advance(180 * 86400 + 1)
    assert refresh(portal, pair.refresh).json() == {"error": "invalid_grant"}


def test_old_refresh_token_may_live_on_for_a_grace(start: Start) -> None:
    portal = start(grace_old_refresh=60.0)
    pair = portal.issue_tokens()
    assert [refresh(portal, pair.refresh).status_code for _ in range(2)] == [200, 200]


def test_code_of_the_browser_is_good_once(start: Start) -> None:
    portal = start(apps=(APP,))
    answer = requests.get(
        f"{portal.url}/oauth/authorize/",
        params={"client_id": APP.client_id, "state": "s1"},
        timeout=10,
        allow_redirects=False,
    )
    location = urlsplit(answer.headers["Location"])
    values = {key: value[0] for key, value in parse_qs(location.query).items()}
    assert (answer.status_code, location.netloc, values["state"]) == (302, "pbx.example", "s1")
    assert values["member_id"] == portal.state.member_id
    assert values["server_domain"] == portal.oauth_url.partition("//")[2]
    first = ask(portal, grant_type="authorization_code", code=values["code"])
    assert first.json()["member_id"] == portal.state.member_id
    assert ask(portal, grant_type="authorization_code", code=values["code"]).json() == {"error": "invalid_grant"}


def test_code_lives_thirty_seconds(start: Start, clock: Clock) -> None:
    portal = start(apps=(APP,))
    code = portal.state.tokens.code(APP.client_id, 1, clock.now).value
    clock.advance(31)
    assert ask(portal, grant_type="authorization_code", code=code).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("values", "status", "error"),
    [
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "invalid_request"),
        ({}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "client_secret": "bad"}, 400, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "client_id": "bad"}, 400, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
    ],
)
def test_what_the_authorisation_server_refuses(
    portal: SandboxPortal, values: dict[str, str], status: int, error: str
) -> None:
    answer = ask(portal, **values)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_token_of_another_application_is_no_grant(start: Start) -> None:
    other = AppSeed(client_id="local.other.1")
    portal = start(apps=(APP, other))
    token = portal.issue_tokens(other.client_id).refresh
    assert refresh(portal, token).json() == {"error": "invalid_grant"}


def test_wrong_client_comes_with_status_200(portal: SandboxPortal) -> None:
    portal.switches.wrong_client = True
    answer = refresh(portal, portal.issue_tokens().refresh)
    assert (answer.status_code, answer.json()) == (200, {"error": "wrong_client"})


def test_unpaid_application_gets_no_tokens(portal: SandboxPortal) -> None:
    portal.switches.payment_required = True
    answer = refresh(portal, portal.issue_tokens().refresh)
    assert (answer.status_code, answer.json()["error"]) == (401, "PAYMENT_REQUIRED")


def test_uninstalled_application_has_neither_tokens_nor_access(
    portal: SandboxPortal, session: requests.Session
) -> None:
    pair = portal.issue_tokens()
    portal.uninstall()
    assert Api(portal, session, pair.access).refused("profile")[1] == "NO_AUTH_FOUND"
    late = portal.issue_tokens()
    assert Api(portal, session, late.access).refused("profile")[:2] == (401, "APPLICATION_NOT_FOUND")
    answer = refresh(portal, pair.refresh)
    assert (answer.status_code, answer.json()["error"]) == (401, "NOT_INSTALLED")


def test_install_tells_the_application_everything_it_needs(portal: SandboxPortal, receiver: Receiver) -> None:
    portal.install(url=receiver.url)
    portal.couriers.drain()
    event = receiver.events[0]
    assert (event["event"], event["ts"]) == ("ONAPPINSTALL", "1773130779")
    assert event["data"] == {"VERSION": "1", "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": "ru"}
    assert "event_handler_id" not in event
    assert set(event["auth"]) == {
        "access_token",
        "refresh_token",
        "expires_in",
        "scope",
        "domain",
        "server_endpoint",
        "client_endpoint",
        "member_id",
        "status",
        "application_token",
    }
    assert refresh(portal, event["auth"]["refresh_token"]).status_code == 200


def test_install_may_carry_the_optional_keys(portal: SandboxPortal, receiver: Receiver) -> None:
    portal.install(url=receiver.url, extra=True)
    portal.couriers.drain()
    assert {"expires", "user_id", "client_id"} < set(receiver.events[0]["auth"])


def test_uninstall_tells_without_tokens_and_drops_bindings(app_api: Api, receiver: Receiver) -> None:
    portal = app_api.portal
    portal.install(url=receiver.url)
    app_api.ok("event.bind", event="ONCRMLEADADD", handler=receiver.url)
    portal.uninstall(clean=True)
    portal.couriers.drain()
    event = receiver.named("ONAPPUNINSTALL")[0]
    assert event["data"] == {"LANGUAGE_ID": "ru", "CLEAN": "1"}
    assert set(event["auth"]) == {"domain", "server_endpoint", "client_endpoint", "member_id", "application_token"}
    assert portal.application().bindings == []


def test_update_changes_the_application_token(portal: SandboxPortal, receiver: Receiver) -> None:
    portal.install(url=receiver.url)
    before = portal.application().application_token
    portal.happenings.update()
    portal.couriers.drain()
    event = receiver.named("ONAPPUPDATE")[0]
    assert event["data"] == {"VERSION": "2", "PREVIOUS_VERSION": "1", "LANGUAGE_ID": "ru"}
    assert event["auth"]["application_token"] == portal.application().application_token != before


def test_licence_can_be_checked_at_the_authorisation_server(portal: SandboxPortal) -> None:
    token = portal.issue_tokens().access
    answer = requests.get(f"{portal.oauth_url}/rest/app.info", params={"auth": token}, timeout=10)
    assert answer.json()["result"]["member_id"] == portal.state.member_id
    assert requests.get(f"{portal.oauth_url}/rest/app.info", timeout=10).status_code == 401


@pytest.mark.parametrize(("kind", "status"), [("html_502", 502), ("http_500", 500), ("redirect", 302)])
def test_sick_authorisation_server_rotates_nothing(portal: SandboxPortal, kind: str, status: int) -> None:
    pair = portal.issue_tokens()
    portal.faults.add("oauth.token", kind)
    values = {"client_id": APP.client_id, "client_secret": APP.client_secret, "refresh_token": pair.refresh}
    address = f"{portal.oauth_url}/oauth/token/"
    answer = requests.post(address, data=values | {"grant_type": "refresh_token"}, timeout=10, allow_redirects=False)
    assert answer.status_code == status
    assert refresh(portal, pair.refresh).status_code == 200
    assert portal.requests[0].params["client_secret"] == "***"


def test_refresh_can_lose_its_answer(portal: SandboxPortal) -> None:
    pair = portal.issue_tokens()
    portal.faults.add("oauth.token", "lost_answer")
    with pytest.raises(requests.ConnectionError):
        refresh(portal, pair.refresh)
    assert portal.refreshes == 1
    assert refresh(portal, pair.refresh).json() == {"error": "invalid_grant"}
