# SPDX-License-Identifier: GPL-3.0-or-later
"""The control path for other programs, and who may use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal
from tests.known import known
from tests.sandbox.portal.conftest import Api, Receiver, wav


@pytest.fixture
def push(portal: SandboxPortal, session: requests.Session) -> Callable[..., Any]:
    """Send an action; its result."""

    def act(action: str, **values: Any) -> Any:
        answer = session.post(f"{portal.url}/sandbox/{action}", json=values, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    return act


def test_faults_latency_and_outage(portal: SandboxPortal, api: Api, push: Callable[..., Any]) -> None:
    rule = push("faults", method="profile", kind="http_500", times=0)
    assert rule["times"] is None
    assert api.post("profile").status_code == 500
    assert requests.get(portal.url + "/sandbox/faults", timeout=10).json()[0]["struck"] == 1
    push("faults/clear", id=rule["id"])
    push("latency", method="profile", milliseconds=5)
    assert portal.faults.latency_of("profile") == 0.005
    push("outage", on=True, kind="html_502")
    assert api.post("profile").status_code == 502
    push("outage", on=False)
    assert api.post("profile").status_code == 200
    assert push("switches", overload=True)["overload"] is True
    assert api.post("profile").status_code == 503


def test_people_clients_clicks_and_forms(portal: SandboxPortal, push: Callable[..., Any]) -> None:
    user = push("users", name="Олег", last_name="Тест", extension="150")
    assert known(portal.state.user_by_extension("150")).id == user["id"] == 13
    client = push("clients", kind="contact", NAME="Клиент", phone="+79995554433", ASSIGNED_BY_ID=3)
    assert portal.state.crm.client_of("89995554433") == ("CONTACT", client["id"])
    call_id = push("click", extension="150", phone="+79995554433")["call_id"]
    assert portal.calls()[0].call_id == call_id
    push("callback", phone="+79995550000", text="перезвоните")
    assert portal.leads[-1].source == "CALLBACK"


def test_install_and_stale_tokens(
    portal: SandboxPortal, push: Callable[..., Any], receiver: Receiver, session: requests.Session
) -> None:
    told = push("install", url=receiver.url, tokens=True)
    portal.couriers.drain()
    assert receiver.events[0]["auth"]["access_token"] == told["access_token"]
    push("tokens/expire")
    assert Api(portal, session, told["access_token"]).refused("profile")[1] == "expired_token"


def test_snapshot_is_the_whole_state_without_secrets(portal: SandboxPortal, api: Api, app_api: Api) -> None:
    call_id = api.finished(EXTERNAL_CALL_ID="pbx-1")
    offered = app_api.ok("telephony.externalCall.attachRecord", CALL_ID=call_id, FILENAME="a.wav")
    app_api.session.post(offered["uploadUrl"], files={"file": wav(1)}, timeout=10)
    answer = requests.get(portal.url + "/sandbox/snapshot", timeout=10)
    snapshot = answer.json()
    call = snapshot["calls"][0]
    assert (call["external_call_id"], call["finish"]["duration"], call["record"]["seconds"]) == ("pbx-1", 5, 1.0)
    assert "content" not in call["record"]
    assert (snapshot["http"]["upload"], snapshot["bucket"]["burst"], len(snapshot["users"])) == (1, 10_000, 12)
    assert snapshot == portal.snapshot() | {"revision": snapshot["revision"]}
    assert app_api.auth not in answer.text
    assert portal.config.apps[0].client_secret not in answer.text


def test_reset_starts_over_and_keeps_who_is_connected(
    portal: SandboxPortal, api: Api, app_api: Api, push: Callable[..., Any]
) -> None:
    app_api.ok("event.bind", event="ONCRMLEADADD", handler="https://pbx.example/e")
    app_api.ok("telephony.externalLine.add", NUMBER="555")
    token = portal.application().application_token
    api.finished(phone="+79990001122", CRM_CREATE=1)
    portal.faults.add("profile", "http_500", times=None)
    push("reset")
    assert (portal.calls(), len(portal.leads), portal.requests, portal.faults.rules()) == ([], 1, [], [])
    assert api.post("profile").status_code == 200
    assert len(app_api.ok("event.get")) == 1
    assert len(app_api.ok("telephony.externalLine.get")) == 3
    assert portal.application().application_token == token


@pytest.mark.parametrize(
    ("action", "values", "word"),
    [
        ("faults", {"kind": "nonsense"}, "unknown fault"),
        ("outage", {"on": True, "kind": "x"}, "unknown outage"),
        ("click", {"user": 99, "phone": "+7999"}, "no employee"),
        ("click", {"user": 3, "phone": "abc"}, "no telephone number"),
        ("clients", {"kind": "CAT"}, "kind is one of"),
        ("install", {"client_id": "x"}, "no such application"),
    ],
)
def test_refusals_say_what_is_wrong(portal: SandboxPortal, action: str, values: dict[str, Any], word: str) -> None:
    answer = requests.post(f"{portal.url}/sandbox/{action}", json=values, timeout=10)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_unknown_action_and_body_that_is_no_object(portal: SandboxPortal) -> None:
    assert requests.post(portal.url + "/sandbox/nothing", json={}, timeout=10).status_code == 404
    assert requests.post(portal.url + "/sandbox/reset", data={"a": 1}, timeout=10).status_code == 400
    assert requests.post(portal.url + "/sandbox/reset", json=[], timeout=10).status_code == 400


@pytest.mark.parametrize("path", ["/sandbox/snapshot", "/", "/live"])
@pytest.mark.parametrize("name", ["evil.example", "evil.example:80"])
def test_pages_that_borrow_this_address_see_nothing(portal: SandboxPortal, path: str, name: str) -> None:
    assert requests.get(portal.url + path, headers={"Host": name}, timeout=10).status_code == 403


@pytest.mark.parametrize("path", ["/sandbox/reset", "/control"])
def test_other_pages_push_nothing(portal: SandboxPortal, path: str) -> None:
    headers = {"Origin": "https://evil.example"}
    assert requests.post(portal.url + path, json={}, headers=headers, timeout=10).status_code == 403


def test_strangers_are_kept_out_unless_the_portal_is_opened(start: Callable[..., SandboxPortal]) -> None:
    stranger = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}}
    assert start().app.test_client().get("/sandbox/snapshot", **stranger).status_code == 403
    assert start(open_control=True).app.test_client().get("/sandbox/snapshot", **stranger).status_code == 200


def test_unknown_recording_is_not_found(portal: SandboxPortal) -> None:
    assert requests.get(portal.url + "/sandbox/records/1/a.mp3", timeout=10).status_code == 404
