# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversations of the contract's appendix A, word for word: what we send and what we make of the answers."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from itgrix_module.app.rest_ports import Command
from itgrix_module.bitrix24 import telephony
from itgrix_module.bitrix24.auth import AppAuth
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.encoding import reference
from itgrix_module.bitrix24.errors import refusal
from itgrix_module.bitrix24.memory import MemoryTokens
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from tests.bitrix24.conftest import Connect, Serve, pair
from tests.bitrix24.wires import Request, Server, reply, result

CALL = "externalCall.716f1cb73def9700a23842adf9c4c568.1773130779"
STARTED = datetime(2026, 3, 10, 11, 19, 38, tzinfo=timezone(timedelta(hours=3)))
EXTERNAL = "pbx1-1710140185.18441"
TIME = {
    "start": 1757424671.509725,
    "finish": 1757424672.203906,
    "duration": 0.694,
    "processing": 0.672,
    "date_start": "2025-09-09T16:31:11+03:00",
    "date_finish": "2025-09-09T16:31:12+03:00",
    "operating_reset_at": 1757425271,
    "operating": 0.6726,
}
FINISHED: dict[str, Any] = {
    "CALL_ID": CALL,
    "EXTERNAL_CALL_ID": None,
    "PORTAL_USER_ID": 1270,
    "PHONE_NUMBER": "79062195047",
    "PORTAL_NUMBER": "3",
    "INCOMING": "2",
    "CALL_DURATION": 95,
    "CALL_START_DATE": {},
    "CALL_STATUS": 1,
    "CALL_VOTE": 5,
    "COST": 0,
    "COST_CURRENCY": "",
    "CALL_FAILED_CODE": "200",
    "CALL_FAILED_REASON": "",
    "REST_APP_ID": "3",
    "REST_APP_NAME": "REST API Documentation",
    "CRM_ACTIVITY_ID": 7943,
    "COMMENT": None,
    "CRM_ENTITY_TYPE": "CONTACT",
    "CRM_ENTITY_ID": 797,
    "ID": 7,
}


class Golden:
    """Answers in the order of the transcript."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)

    def __call__(self, request: Request) -> bytes:
        return self.answers.pop(0)


Talk = Callable[..., tuple[Server, PortalClient]]


@pytest.fixture
def talk(serve: Serve, connect: Connect) -> Talk:
    """Server with these answers and a client of an application whose token is A1."""

    def opened(*answers: bytes) -> tuple[Server, PortalClient]:
        server = serve(Golden(*answers))
        return server, connect(AppAuth(MemoryTokens(pair(server.url)), "i", "s"))

    return opened


def good(value: object) -> bytes:
    return reply({"result": value, "time": TIME})


def test_a1_incoming_call_through_a_queue(talk: Talk) -> None:
    registered: dict[str, Any] = {
        "CALL_ID": CALL,
        "CRM_CREATED_LEAD": None,
        "CRM_CREATED_ENTITIES": [],
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": 797,
    }
    upload = {"uploadUrl": "HERE/rest/upload.json?auth=A1&token=telephony%7CY2Fs", "fieldName": "file"}
    server, client = talk(
        good(registered), good(True), good(True), good(FINISHED), good(upload), result({"FILE_ID": 9079})
    )

    def send(command: Command) -> Any:
        return client.call(command.method, command.params)

    call = telephony.registered(
        send(
            telephony.register(
                "r",
                user_id=1269,
                phone="+79062195047",
                kind=telephony.INCOMING,
                line="3",
                external_id=EXTERNAL,
                started=STARTED,
                create=True,
                source="CALL",
            )
        )
    )
    assert telephony.shown(send(telephony.show("s", call.call_id, [1269, 1270, 1271])))
    assert telephony.shown(send(telephony.hide("h", call.call_id, [1269, 1271])))
    done = telephony.finished(send(telephony.finish("f", call.call_id, user_id=1270, duration=95, status="200")))
    target = telephony.upload_target(send(telephony.attach_upload("a", call.call_id, f"{EXTERNAL}.mp3")))
    url = target.url.replace("HERE", server.url)
    sent = client.upload(url, target.field, io.BytesIO(b"ID3"), f"{EXTERNAL}.mp3")

    assert (call.call_id, call.entity_type, call.entity_id, call.created) == (CALL, "CONTACT", 797, ())
    assert (done.activity_id, done.status, done.duration) == (7943, "200", 95)
    assert telephony.file_id(sent) == 9079
    assert [request.path for request in server.requests] == [
        "/rest/telephony.externalCall.register",
        "/rest/telephony.externalCall.show",
        "/rest/telephony.externalCall.hide",
        "/rest/telephony.externalCall.finish",
        "/rest/telephony.externalCall.attachRecord",
        "/rest/upload.json?auth=A1&token=telephony%7CY2Fs",
    ]
    assert [request.json for request in server.requests[:5]] == [
        {
            "USER_ID": 1269,
            "PHONE_NUMBER": "+79062195047",
            "TYPE": 2,
            "LINE_NUMBER": "3",
            "EXTERNAL_CALL_ID": EXTERNAL,
            "CALL_START_DATE": "2026-03-10T11:19:38+03:00",
            "CRM_CREATE": 1,
            "CRM_SOURCE": "CALL",
            "SHOW": 0,
            "ADD_TO_CHAT": 1,
            "auth": "A1",
        },
        {"CALL_ID": CALL, "USER_ID": [1269, 1270, 1271], "auth": "A1"},
        {"CALL_ID": CALL, "USER_ID": [1269, 1271], "auth": "A1"},
        {"CALL_ID": CALL, "USER_ID": 1270, "DURATION": 95, "STATUS_CODE": "200", "ADD_TO_CHAT": 1, "auth": "A1"},
        {"CALL_ID": CALL, "FILENAME": f"{EXTERNAL}.mp3", "auth": "A1"},
    ]


def test_a2_missed_incoming_call(talk: Talk) -> None:
    missed = {**FINISHED, "CALL_STATUS": 0, "CALL_FAILED_CODE": "304", "CALL_DURATION": 0}
    server, client = talk(good(missed))
    command = telephony.finish("f", CALL, user_id=1269, duration=0, status="304")
    done = telephony.finished(client.call(command.method, command.params))
    assert (done.status, done.duration) == ("304", 0)
    assert server.requests[0].json["DURATION"] == 0
    assert server.requests[0].json["STATUS_CODE"] == "304"


def test_a3_outgoing_call_by_desk_phone() -> None:
    command = telephony.register(
        "r", extension="101", phone="+7900", kind=telephony.OUTGOING, external_id=EXTERNAL, started=STARTED, show=True
    )
    assert (command.params["TYPE"], command.params["SHOW"], command.params["USER_PHONE_INNER"]) == (1, 1, "101")


def test_a6_unknown_caller_in_classic_mode() -> None:
    found = telephony.registered(
        {
            "CALL_ID": CALL,
            "CRM_CREATED_LEAD": 1608,
            "CRM_CREATED_ENTITIES": [{"ENTITY_TYPE": "LEAD", "ENTITY_ID": 1608}],
            "CRM_ENTITY_TYPE": "LEAD",
            "CRM_ENTITY_ID": 1608,
        }
    )
    assert (found.created_lead, found.created, found.entity_type) == (1608, (("LEAD", 1608),), "LEAD")


def test_a7_unknown_caller_in_simple_mode() -> None:
    found = telephony.registered(
        {
            "CALL_ID": CALL,
            "CRM_CREATED_LEAD": None,
            "CRM_CREATED_ENTITIES": [
                {"ENTITY_TYPE": "CONTACT", "ENTITY_ID": 43},
                {"ENTITY_TYPE": "DEAL", "ENTITY_ID": 410},
            ],
        }
    )
    assert (found.created_lead, found.created) == (None, (("CONTACT", 43), ("DEAL", 410)))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": "expired_token", "error_description": "The access token provided has expired."}, Temporary),
        (401, {"error": "NO_AUTH_FOUND", "error_description": "Wrong authorization data"}, NeedsOwner),
        (403, {"error": "WRONG_AUTH_TYPE", "error_description": "Current authorization type is denied"}, NeedsOwner),
        (403, {"error": "ACCESS_DENIED", "error_description": "Access denied!"}, Permanent),
        (404, {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}, NeedsOwner),
        (400, {"error": "ERROR_CORE", "error_description": "Unknown TYPE"}, Permanent),
        (400, {"error": "", "error_description": "Call is not found (call should be registered prior to"}, Permanent),
        (400, {"error": "", "error_description": "Not found"}, Permanent),
        (400, {"error": "100", "error_description": "Could not find value for parameter {fields}"}, Permanent),
        (429, {"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked due to"}, Temporary),
        (503, {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}, Temporary),
    ],
)
def test_a8_error_bodies(status: int, body: dict[str, str], kind: type[Failure]) -> None:
    assert type(refusal(status, body["error"], body["error_description"], telephony.REGISTER)) is kind


def test_a10_batch_for_a_card(talk: Talk) -> None:
    found = {"CONTACT": [651]}
    server, client = talk(
        result(
            {
                "result": {"crm": [], "dup": found, "deals": [{"ID": "9", "TITLE": "Deal"}]},
                "result_error": [],
                "result_total": {"deals": 1},
                "result_next": [],
                "result_time": {},
            }
        )
    )
    answers = client.batch(
        [
            telephony.search("crm", "+79062195047"),
            Command("dup", "crm.duplicate.findbycomm", {"type": "PHONE", "values": ["+79062195047", "89062195047"]}),
            Command(
                "deals",
                "crm.deal.list",
                {
                    "filter": {"CONTACT_ID": reference("dup", "CONTACT", 0), "CLOSED": "N"},
                    "select": ["ID", "TITLE"],
                },
            ),
        ]
    )
    assert server.requests[0].path == "/rest/batch"
    assert server.requests[0].json == {
        "halt": 0,
        "cmd": {
            "crm": "telephony.externalCall.searchCrmEntities?PHONE_NUMBER=%2B79062195047",
            "dup": "crm.duplicate.findbycomm?type=PHONE&values[0]=%2B79062195047&values[1]=89062195047",
            "deals": "crm.deal.list?filter[CONTACT_ID]=$result[dup][CONTACT][0]&filter[CLOSED]=N"
            "&select[0]=ID&select[1]=TITLE",
        },
        "auth": "A1",
    }
    assert [answer.failure for answer in answers] == [None, None, None]
    assert (answers[1].result, answers[2].total) == (found, 1)
