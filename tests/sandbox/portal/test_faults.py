# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults as a client meets them, and whether the portal did what it was asked."""

from __future__ import annotations

import threading

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.faults import KINDS, Faults
from tests.known import known
from tests.sandbox.portal.conftest import Api, wav

REGISTER = "telephony.externalCall.register"
GOOD = {"USER_ID": 2, "PHONE_NUMBER": "+79062195047", "TYPE": 2, "EXTERNAL_CALL_ID": "x"}


def attempt(api: Api, timeout: float = 10.0) -> requests.Response:
    return requests.post(api.base + REGISTER, json=GOOD, timeout=timeout, allow_redirects=False)


@pytest.mark.parametrize("kind", ["timeout_before", "reset"])
def test_portal_that_is_not_reached_does_nothing(api: Api, kind: str) -> None:
    api.portal.faults.add(REGISTER, kind, seconds=0.0)
    with pytest.raises(requests.ConnectionError):
        attempt(api)
    assert api.portal.calls() == []
    assert api.portal.requests[-1].fault == kind
    assert api.portal.requests[-1].status == 0
    assert attempt(api).status_code == 200


def test_reset_is_a_reset(api: Api) -> None:
    api.portal.faults.add("profile", "reset")
    with pytest.raises(requests.ConnectionError, match="reset"):
        api.session.post(api.base + "profile", timeout=10)


@pytest.mark.parametrize("kind", ["lost_answer", "timeout_after"])
def test_lost_answer_leaves_the_call_registered_and_a_repeat_finds_it(api: Api, kind: str) -> None:
    api.portal.faults.add(REGISTER, kind, seconds=0.0)
    with pytest.raises(requests.ConnectionError):
        attempt(api)
    call_id = api.portal.calls()[0].call_id
    assert attempt(api).json()["result"]["CALL_ID"] == call_id
    assert len(api.portal.calls()) == 1


def test_lost_answer_of_finish_makes_the_repeat_fail(api: Api) -> None:
    call_id = api.register()
    api.portal.faults.add("telephony.externalCall.finish", "lost_answer")
    with pytest.raises(requests.ConnectionError):
        api.post("telephony.externalCall.finish", CALL_ID=call_id, USER_ID=2, DURATION=3)
    refusal = api.refused("telephony.externalCall.finish", CALL_ID=call_id, USER_ID=2, DURATION=3)
    assert refusal[2].startswith("Call is not found")
    assert known(api.portal.calls()[0].finish).duration == 3


def test_held_request_ends_when_the_client_gives_up(api: Api) -> None:
    api.portal.faults.add(REGISTER, "timeout_before", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        attempt(api, timeout=0.2)
    entry = api.portal.wait(lambda portal: [e for e in portal.requests if e.fault == "timeout_before"], 5)
    assert entry[0].seconds < 30


def test_bad_gateway_is_html(api: Api) -> None:
    api.portal.faults.add("*", "html_502")
    answer = attempt(api)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert "<html>" in answer.text
    assert api.portal.calls() == []


def test_sick_portal_says_500_in_json_and_does_nothing(api: Api) -> None:
    api.portal.faults.add(REGISTER, "http_500")
    answer = attempt(api)
    assert (answer.status_code, answer.json()["error"]) == (500, "INTERNAL_SERVER_ERROR")
    assert api.portal.calls() == []


def test_error_without_a_code(api: Api) -> None:
    api.portal.faults.add(REGISTER, "empty_error")
    assert (attempt(api).status_code, attempt(api).status_code) == (400, 200)


def test_error_with_status_200(api: Api) -> None:
    api.portal.faults.add(REGISTER, "error_200")
    answer = attempt(api)
    assert (answer.status_code, answer.json()["error"]) == (200, "ERROR_CORE")


def test_truncated_answer_is_shorter_than_it_promised(api: Api) -> None:
    api.portal.faults.add(REGISTER, "truncated")
    with pytest.raises(requests.RequestException, match="IncompleteRead"):
        attempt(api)
    assert len(api.portal.calls()) == 1


def test_slow_answer_arrives_whole(api: Api) -> None:
    api.portal.faults.add(REGISTER, "slow", seconds=0.1)
    assert attempt(api).json()["result"]["CRM_ENTITY_ID"] == 1


def test_redirect_keeps_the_address_by_default(api: Api) -> None:
    api.portal.faults.add(REGISTER, "redirect")
    answer = attempt(api)
    assert (answer.status_code, answer.headers["Location"]) == (302, api.base + REGISTER)


def test_list_where_a_map_is_expected(api: Api) -> None:
    api.portal.faults.add(REGISTER, "list_for_map")
    assert attempt(api).json()["result"] == []


def test_dates_as_empty_maps(api: Api) -> None:
    api.portal.faults.add("crm.contact.get", "empty_dates")
    assert api.ok("crm.contact.get", id=1)["DATE_CREATE"] == {}
    api.portal.faults.add("crm.contact.list", "empty_dates")
    assert [row["DATE_CREATE"] for row in api.ok("crm.contact.list")] == [{}, {}, {}]


def test_missing_method_is_not_there_for_method_get_either(api: Api) -> None:
    api.portal.faults.add(REGISTER, "missing", times=None)
    assert attempt(api).status_code == 404
    assert api.ok("method.get", name=REGISTER) == {"isExisting": False, "isAvailable": False}


def test_fault_of_a_method_inside_a_batch_loses_the_whole_answer(api: Api) -> None:
    api.portal.faults.add(REGISTER, "lost_answer")
    command = REGISTER + "?USER_ID=2&PHONE_NUMBER=1&TYPE=2&EXTERNAL_CALL_ID=x"
    with pytest.raises(requests.ConnectionError):
        api.post("batch", cmd={"a": command})
    assert len(api.portal.calls()) == 1


def test_sick_method_inside_a_batch_fails_alone(api: Api) -> None:
    api.portal.faults.add("profile", "http_500")
    result = api.ok("batch", cmd={"a": "profile", "b": "server.time"})
    assert result["result_error"]["a"]["error"] == "INTERNAL_SERVER_ERROR"
    assert "b" in result["result"]


def test_upload_whose_answer_is_lost_has_arrived_and_its_address_is_spent(api: Api) -> None:
    offered = api.ok("telephony.externalCall.attachRecord", CALL_ID=api.finished(), FILENAME="a.wav")
    api.portal.faults.add("upload", "lost_answer")
    with pytest.raises(requests.ConnectionError):
        requests.post(offered["uploadUrl"], files={"file": wav(1)}, timeout=10)
    assert known(api.portal.calls()[0].record).playable
    assert requests.post(offered["uploadUrl"], files={"file": wav(1)}, timeout=10).status_code == 400


def test_faults_come_so_often_and_so_late_as_told(api: Api) -> None:
    api.portal.faults.add("profile", "http_500", times=2, every=2, after=1)
    assert [api.post("profile").status_code for _ in range(7)] == [200, 200, 500, 200, 500, 200, 200]


def test_faults_can_be_taken_back(api: Api) -> None:
    rule = api.portal.faults.add("profile", "http_500", times=None)
    api.portal.faults.add("scope", "http_500", times=None)
    api.portal.faults.remove(rule.id)
    assert (api.post("profile").status_code, api.post("scope").status_code) == (200, 500)
    api.portal.faults.clear()
    assert api.post("scope").status_code == 200


@pytest.mark.parametrize(("kind", "every", "after"), [("nonsense", 1, 0), ("reset", 0, 0), ("reset", 1, -1)])
def test_senseless_faults_are_refused(kind: str, every: int, after: int) -> None:
    with pytest.raises(ValueError):
        Faults().add("*", kind, every=every, after=after)


def test_every_fault_leaves_a_portal_that_works(api: Api) -> None:
    for kind in sorted(KINDS):
        api.portal.faults.add("profile", kind, seconds=0.0)
        try:
            api.post("profile")
        except requests.RequestException:
            api.session.close()
        assert api.post("profile").status_code == 200, kind


def test_outage_takes_everything_but_the_control_path(portal: SandboxPortal, api: Api) -> None:
    portal.outage(True)
    with pytest.raises(requests.ConnectionError):
        attempt(api)
    assert requests.get(portal.url + "/sandbox/snapshot", timeout=10).json()["outage"] == "reset"
    portal.outage(False)
    assert attempt(api).status_code == 200


@pytest.mark.parametrize(("kind", "status"), [("html_502", 502), ("http_500", 500)])
def test_outage_may_look_like_a_sick_proxy(portal: SandboxPortal, api: Api, kind: str, status: int) -> None:
    portal.outage(True, kind)
    assert attempt(api).status_code == status
    with pytest.raises(ValueError, match="unknown outage"):
        portal.outage(True, "vacation")


def test_latency_keeps_one_method_waiting(api: Api) -> None:
    api.portal.faults.latency("profile", 60)
    with pytest.raises(requests.ReadTimeout):
        requests.post(api.base + "profile", timeout=0.2)
    assert api.post("server.time").status_code == 200
    api.portal.faults.latency("profile", 0)
    assert api.post("profile").status_code == 200


def test_held_requests_do_not_keep_the_portal_from_stopping(portal: SandboxPortal, api: Api) -> None:
    portal.faults.add("profile", "timeout_before", times=None, seconds=600)
    failed: list[Exception] = []

    def ask() -> None:
        try:
            requests.post(api.base + "profile", timeout=30)
        except requests.RequestException as error:
            failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    portal.wait(lambda found: found.faults.rules()[0]["struck"], 5)
    portal.stop()
    asking.join(10)
    assert len(failed) == 1
