# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversations of the contract's appendix A, word for word where the contract fixes the words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal
from tests.known import known
from tests.sandbox.portal.conftest import Api, Receiver, mp3

CALL_ID = re.compile(r"externalCall\.[0-9a-f]{32}\.1773130779")
LINE = "74951234567"


def test_a1_incoming_call_of_a_queue_with_recording(app_api: Api) -> None:
    portal = app_api.portal
    registered = app_api.ok(
        "telephony.externalCall.register",
        USER_ID=2,
        PHONE_NUMBER="+79062195047",
        TYPE=2,
        LINE_NUMBER=LINE,
        EXTERNAL_CALL_ID="pbx1-1710140185.18441",
        CALL_START_DATE="2026-03-10T11:19:38+03:00",
        CRM_CREATE=1,
        CRM_SOURCE="CALL",
        SHOW=0,
        ADD_TO_CHAT=1,
    )
    call_id = registered["CALL_ID"]
    assert CALL_ID.fullmatch(call_id)
    assert registered == {
        "CALL_ID": call_id,
        "CRM_CREATED_LEAD": None,
        "CRM_CREATED_ENTITIES": [],
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": 1,
    }
    assert portal.calls()[0].cards == ()
    assert app_api.ok("telephony.externalCall.show", CALL_ID=call_id, USER_ID=[2, 3, 4]) is True
    assert portal.calls()[0].open_cards == {2, 3, 4}
    assert app_api.ok("telephony.externalCall.hide", CALL_ID=call_id, USER_ID=[2, 4]) is True
    assert portal.calls()[0].open_cards == {3}
    finished = app_api.ok(
        "telephony.externalCall.finish", CALL_ID=call_id, USER_ID=3, DURATION=95, STATUS_CODE="200", ADD_TO_CHAT=1
    )
    assert finished == {
        "CALL_ID": call_id,
        "EXTERNAL_CALL_ID": "pbx1-1710140185.18441",
        "PORTAL_USER_ID": 3,
        "PHONE_NUMBER": "79062195047",
        "PORTAL_NUMBER": LINE,
        "INCOMING": "2",
        "CALL_DURATION": 95,
        "CALL_START_DATE": {},
        "CALL_STATUS": 1,
        "CALL_VOTE": 0,
        "COST": 0,
        "COST_CURRENCY": "",
        "CALL_FAILED_CODE": "200",
        "CALL_FAILED_REASON": "",
        "REST_APP_ID": "1",
        "REST_APP_NAME": "Itgrix",
        "CRM_ACTIVITY_ID": portal.activities[0].id,
        "COMMENT": None,
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": 1,
        "ID": 1,
    }
    offered = app_api.ok("telephony.externalCall.attachRecord", CALL_ID=call_id, FILENAME="pbx1-1710140185.18441.mp3")
    assert offered["fieldName"] == "file"
    assert offered["uploadUrl"].startswith(f"{portal.url}/rest/upload.json?auth={app_api.auth}&token=telephony%7C")
    uploaded = app_api.session.post(offered["uploadUrl"], files={"file": ("any.mp3", mp3(4.0))}, timeout=10)
    assert uploaded.status_code == 200
    call = portal.call("pbx1-1710140185.18441")
    record, finish = known(call.record), known(call.finish)
    assert uploaded.json()["result"]["FILE_ID"] == record.file_id
    assert record.filename == "pbx1-1710140185.18441.mp3"
    assert record.seconds == pytest.approx(4.0, abs=0.05)
    assert record.playable
    assert (finish.user_id, finish.duration, call.open_cards) == (3, 95, frozenset())
    assert [(event.user_id, event.opened) for event in call.cards] == [
        (2, True),
        (3, True),
        (4, True),
        (2, False),
        (4, False),
        (3, False),
    ]


def test_a2_missed_incoming_call(api: Api) -> None:
    call_id = api.register()
    api.ok("telephony.externalCall.show", CALL_ID=call_id, USER_ID=[3])
    api.ok("telephony.externalCall.hide", CALL_ID=call_id, USER_ID=[3])
    finished = api.ok(
        "telephony.externalCall.finish", CALL_ID=call_id, USER_ID=2, DURATION=0, STATUS_CODE="304", ADD_TO_CHAT=1
    )
    assert (finished["CALL_STATUS"], finished["CALL_FAILED_CODE"]) == (0, "304")
    assert api.portal.activities[0].completed is False


def test_a3_outgoing_call_by_desk_phone(api: Api) -> None:
    registered = api.ok(
        "telephony.externalCall.register", USER_PHONE_INNER="101", PHONE_NUMBER="+79062195047", TYPE=1, SHOW=1
    )
    assert api.portal.calls()[0].open_cards == {1}
    finished = api.ok(
        "telephony.externalCall.finish", CALL_ID=registered["CALL_ID"], USER_PHONE_INNER="101", DURATION=7
    )
    assert (finished["INCOMING"], finished["CALL_FAILED_CODE"]) == ("1", "200")


def test_a4_click_to_call_is_finished_and_recorded_under_its_own_id(app_api: Api, receiver: Receiver) -> None:
    portal = app_api.portal
    app_api.ok("event.bind", event="OnExternalCallStart", handler=receiver.url)
    call_id = portal.click_to_call(3, "+79062195047", LINE)
    portal.couriers.drain()
    data = receiver.named("ONEXTERNALCALLSTART")[0]["data"]
    assert data == {
        "PHONE_NUMBER": "+79062195047",
        "PHONE_NUMBER_INTERNATIONAL": "+79062195047",
        "EXTENSION": "",
        "USER_ID": "3",
        "CALL_LIST_ID": "0",
        "LINE_NUMBER": LINE,
        "IS_MOBILE": "0",
        "CALL_ID": call_id,
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": "1",
    }
    finished = app_api.ok("telephony.externalCall.finish", CALL_ID=call_id, USER_ID=3, DURATION=4)
    assert finished["EXTERNAL_CALL_ID"] is None
    offered = app_api.ok("telephony.externalCall.attachRecord", CALL_ID=call_id, FILENAME="x.mp3")
    assert app_api.session.post(offered["uploadUrl"], files={"file": mp3(2)}, timeout=10).status_code == 200
    assert known(portal.calls()[0].record).playable


def test_a5_callback_form_is_registered_as_type_4(app_api: Api, receiver: Receiver) -> None:
    portal = app_api.portal
    app_api.ok("event.bind", event="ONEXTERNALCALLBACKSTART", handler=receiver.url)
    portal.callback_form("+79165550011", LINE, "перезвоните")
    portal.couriers.drain()
    event = receiver.named("ONEXTERNALCALLBACKSTART")[0]
    data = event["data"]
    assert "CALL_ID" not in data
    assert "access_token" not in event["auth"]
    registered = app_api.ok(
        "telephony.externalCall.register",
        USER_ID=4,
        PHONE_NUMBER=data["PHONE_NUMBER"],
        TYPE=4,
        LINE_NUMBER=data["LINE_NUMBER"],
        CRM_ENTITY_TYPE=data["CRM_ENTITY_TYPE"],
        CRM_ENTITY_ID=data["CRM_ENTITY_ID"],
    )
    assert (registered["CRM_ENTITY_TYPE"], registered["CRM_ENTITY_ID"]) == ("LEAD", int(data["CRM_ENTITY_ID"]))
    finished = app_api.ok("telephony.externalCall.finish", CALL_ID=registered["CALL_ID"], USER_ID=4, DURATION=3)
    assert finished["INCOMING"] == "4"


def test_a6_unknown_caller_becomes_a_lead_in_classic_mode(api: Api) -> None:
    registered = api.ok("telephony.externalCall.register", USER_ID=2, PHONE_NUMBER="+79998887766", TYPE=2, CRM_CREATE=1)
    number = registered["CRM_CREATED_LEAD"]
    assert registered["CRM_CREATED_ENTITIES"] == [{"ENTITY_TYPE": "LEAD", "ENTITY_ID": number}]
    assert (registered["CRM_ENTITY_TYPE"], registered["CRM_ENTITY_ID"]) == ("LEAD", number)
    lead = api.portal.leads[-1]
    assert (lead.id, lead.phones, lead.source, lead.responsible) == (number, ("+79998887766",), "CALL", 2)


def test_a7_unknown_caller_becomes_contact_and_deal_in_simple_mode(
    start: Callable[..., SandboxPortal], session: requests.Session
) -> None:
    api = Api(start(crm_mode=2), session)
    registered = api.ok("telephony.externalCall.register", USER_ID=2, PHONE_NUMBER="+79998887766", TYPE=2, CRM_CREATE=1)
    assert registered["CRM_CREATED_LEAD"] is None
    assert [entity["ENTITY_TYPE"] for entity in registered["CRM_CREATED_ENTITIES"]] == ["CONTACT", "DEAL"]
    assert registered["CRM_ENTITY_TYPE"] == "CONTACT"
    assert api.ok("crm.settings.mode.get") == 2
    assert api.portal.deals[-1].fields["CONTACT_ID"] == str(registered["CRM_ENTITY_ID"])


REFUSALS: list[tuple[str, dict[str, Any], tuple[int, str, str]]] = [
    ("no.such.method", {}, (404, "ERROR_METHOD_NOT_FOUND", "Method not found!")),
    (
        "telephony.externalCall.register",
        {"USER_ID": 2, "PHONE_NUMBER": "1", "TYPE": 9},
        (400, "ERROR_CORE", "Unknown TYPE"),
    ),
    (
        "telephony.externalCall.finish",
        {"USER_ID": 2, "CALL_ID": "nobody"},
        (400, "", "Call is not found (call should be registered prior to finishing"),
    ),
    ("crm.lead.get", {"id": 777}, (400, "", "Not found")),
    ("tasks.task.add", {}, (400, "100", "Could not find value for parameter {fields} (internal error)")),
    (
        "telephony.externalLine.get",
        {},
        (403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method"),
    ),
]


@pytest.mark.parametrize(("method", "params", "refusal"), REFUSALS)
def test_a8_error_bodies(api: Api, method: str, params: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    assert api.refused(method, **params) == refusal


def test_a9_event_as_it_is_encoded_on_the_wire(app_api: Api, receiver: Receiver) -> None:
    portal = app_api.portal
    app_api.ok("event.bind", event="ONEXTERNALCALLSTART", handler=receiver.url)
    portal.click_to_call("103", "+494951234567", LINE)
    portal.couriers.drain()
    body = receiver.bodies[0]
    for part in (
        "event=ONEXTERNALCALLSTART&event_handler_id=",
        "data%5BPHONE_NUMBER%5D=%2B494951234567&data%5BPHONE_NUMBER_INTERNATIONAL%5D=%2B494951234567",
        "data%5BEXTENSION%5D=&data%5BUSER_ID%5D=3&data%5BCALL_LIST_ID%5D=0",
        "ts=1773130779&auth%5Baccess_token%5D=",
        "auth%5Bexpires_in%5D=3600&auth%5Bscope%5D=",
        "auth%5Bstatus%5D=L",
        f"auth%5Bmember_id%5D={portal.state.member_id}",
        f"auth%5Bapplication_token%5D={portal.application().application_token}",
    ):
        assert part in body


def test_a10_batch_for_a_screen_pop(app_api: Api) -> None:
    result = app_api.ok(
        "batch",
        halt=0,
        cmd={
            "crm": "telephony.externalCall.searchCrmEntities?PHONE_NUMBER=%2B79062195047",
            "dup": "crm.duplicate.findbycomm?type=PHONE&values[]=%2B79062195047&values[]=89062195047",
            "deals": "crm.deal.list?filter[CONTACT_ID]=$result[dup][CONTACT][0]&filter[CLOSED]=N"
            "&select[]=ID&select[]=TITLE",
        },
    )
    assert result["result_error"] == []
    assert result["result"]["crm"][0] == {
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": 1,
        "ASSIGNED_BY_ID": 3,
        "NAME": "Андрей Крылов",
        "ASSIGNED_BY": {
            "ID": "3",
            "TIMEMAN_STATUS": "OPENED",
            "USER_PHONE_INNER": "103",
            "WORK_PHONE": None,
            "PERSONAL_PHONE": None,
            "PERSONAL_MOBILE": "+79161000103",
        },
    }
    assert result["result"]["dup"] == {"CONTACT": [1]}
    assert result["result"]["deals"] == [{"ID": "1", "TITLE": "Поставка оборудования"}]
    assert result["result_total"] == {"deals": 1}
