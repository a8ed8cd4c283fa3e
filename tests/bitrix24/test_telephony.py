# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from itgrix_module.app.rest_ports import Command
from itgrix_module.bitrix24 import telephony
from itgrix_module.bitrix24.telephony_answers import Line
from itgrix_module.domain.failures import Temporary

STARTED = datetime(2026, 3, 10, 11, 19, 38, 123456, timezone(timedelta(hours=3)))


def register(**changes: Any) -> Command:
    known = {"phone": "+79062195047", "kind": telephony.INCOMING, "external_id": "pbx1-1", "started": STARTED}
    return telephony.register("r", **{**known, "user_id": 1269, **changes})


def test_register_sends_what_it_must_and_leaves_out_what_is_not_set() -> None:
    assert register().params == {
        "USER_ID": 1269,
        "PHONE_NUMBER": "+79062195047",
        "TYPE": 2,
        "CALL_START_DATE": "2026-03-10T11:19:38+03:00",
        "CRM_CREATE": 0,
        "SHOW": 0,
        "ADD_TO_CHAT": 1,
        "EXTERNAL_CALL_ID": "pbx1-1",
    }


def test_register_takes_everything_the_portal_knows() -> None:
    params = register(
        user_id=None,
        extension="101",
        line="3",
        create=True,
        source="CALL",
        entity=("CONTACT", 797),
        show=True,
        add_to_chat=False,
        call_list_id=5,
    ).params
    assert (params["USER_PHONE_INNER"], params["LINE_NUMBER"], params["CRM_SOURCE"]) == ("101", "3", "CALL")
    assert (params["CRM_ENTITY_TYPE"], params["CRM_ENTITY_ID"], params["CALL_LIST_ID"]) == ("CONTACT", 797, 5)
    assert (params["CRM_CREATE"], params["SHOW"], params["ADD_TO_CHAT"]) == (1, 1, 0)
    assert "USER_ID" not in params


def test_call_without_employee_id_or_time_zone_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="user or an extension"):
        register(user_id=None)
    with pytest.raises(ValueError, match="id of its own"):
        register(external_id="")
    with pytest.raises(ValueError, match="time zone"):
        register(started=datetime(2026, 3, 10))
    with pytest.raises(ValueError, match="user or an extension"):
        telephony.finish("f", "c", duration=1, status="200")
    with pytest.raises(ValueError, match="every call"):
        telephony.statistic("s")


def test_moment_has_an_offset() -> None:
    assert telephony.moment(datetime(2026, 1, 2, 3, 4, 5, 999999, UTC)) == "2026-01-02T03:04:05+00:00"


def test_card_of_a_call_registered_in_the_same_batch() -> None:
    show = telephony.show("s", telephony.call_id_of("r"), [1269, 1270])
    assert show.params == {"CALL_ID": "$result[r][CALL_ID]", "USER_ID": [1269, 1270]}


def test_finish_always_sends_a_duration_and_a_status() -> None:
    command = telephony.finish("f", "c", user_id=1, duration=0, status="304")
    assert command.params == {"CALL_ID": "c", "USER_ID": 1, "DURATION": 0, "STATUS_CODE": "304", "ADD_TO_CHAT": 1}
    full = telephony.finish(
        "f", "c", extension="101", duration=95, status="200", vote=5, cost=1.5, currency="RUB", reason="x"
    )
    assert (full.params["VOTE"], full.params["COST"], full.params["COST_CURRENCY"]) == (5, 1.5, "RUB")
    assert telephony.finish("f", "c", user_id=1, duration=-3, status="200").params["DURATION"] == 0


REGISTERED: dict[str, Any] = {
    "CALL_ID": "externalCall.716f1cb73def9700a23842adf9c4c568.1773130779",
    "CRM_CREATED_LEAD": None,
    "CRM_CREATED_ENTITIES": [],
    "CRM_ENTITY_TYPE": "CONTACT",
    "CRM_ENTITY_ID": 797,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("CONTACT", 797, None, (), "")),
        ({"CRM_ENTITY_ID": "797"}, ("CONTACT", 797, None, (), "")),
        ({"CRM_ENTITY_TYPE": None, "CRM_ENTITY_ID": 0}, ("", None, None, (), "")),
        ({"CRM_ENTITY_TYPE": "", "CRM_ENTITY_ID": None}, ("", None, None, (), "")),
        (
            {"CRM_CREATED_LEAD": "1608", "CRM_CREATED_ENTITIES": [{"ENTITY_TYPE": "LEAD", "ENTITY_ID": "1608"}]},
            ("CONTACT", 797, 1608, (("LEAD", 1608),), ""),
        ),
        (
            {"CRM_CREATED_ENTITIES": {"0": {"ENTITY_TYPE": "contact", "ENTITY_ID": 43}, "1": None}},
            ("CONTACT", 797, None, (("CONTACT", 43),), ""),
        ),
        (
            {
                "CRM_CREATED_ENTITIES": [
                    {"ENTITY_TYPE": "CONTACT", "ENTITY_ID": 43},
                    {"ENTITY_TYPE": "DEAL", "ENTITY_ID": 410},
                ]
            },
            ("CONTACT", 797, None, (("CONTACT", 43), ("DEAL", 410)), ""),
        ),
        ({"CRM_CREATED_ENTITIES": "x", "LEAD_CREATION_ERROR": "no rights"}, ("CONTACT", 797, None, (), "no rights")),
    ],
)
def test_registered_call_is_read_in_every_looseness(changes: dict[str, object], expected: tuple[object, ...]) -> None:
    found = telephony.registered({**REGISTERED, **changes})
    assert found.call_id == REGISTERED["CALL_ID"]
    assert (found.entity_type, found.entity_id, found.created_lead, found.created, found.creation_error) == expected


@pytest.mark.parametrize("result", [[], {}, None, True, "x", {"CALL_ID": None}, {"CALL_ID": []}])
def test_registration_without_an_id_is_repeated_because_it_may_have_been_executed(result: object) -> None:
    with pytest.raises(Temporary) as caught:
        telephony.registered(result)
    assert (caught.value.code, caught.value.executed) == ("bad_answer", True)


FINISHED: dict[str, Any] = {
    "CALL_ID": "externalCall.1",
    "EXTERNAL_CALL_ID": None,
    "PORTAL_USER_ID": 1269,
    "INCOMING": "2",
    "CALL_DURATION": 95,
    "CALL_START_DATE": {},
    "CALL_STATUS": 1,
    "CALL_FAILED_CODE": "200",
    "CRM_ACTIVITY_ID": 7943,
    "COMMENT": None,
    "CRM_ENTITY_TYPE": "CONTACT",
    "CRM_ENTITY_ID": 797,
    "ID": 7,
}


def test_finished_call_is_read() -> None:
    found = telephony.finished(FINISHED)
    assert (found.call_id, found.activity_id, found.user_id, found.duration) == ("externalCall.1", 7943, 1269, 95)
    assert (found.status, found.entity_type, found.entity_id) == ("200", "CONTACT", 797)


def test_finished_call_without_a_client_has_no_activity() -> None:
    found = telephony.finished({**FINISHED, "CRM_ACTIVITY_ID": None, "CRM_ENTITY_ID": "0", "CALL_DURATION": "x"})
    assert (found.activity_id, found.entity_id, found.duration) == (None, None, 0)


def test_faults_of_the_portal_after_the_finish_are_kept_as_words() -> None:
    found = telephony.finished({**FINISHED, "ERRORS": [{"code": "x", "message": "no disk"}, "plain"]})
    assert found.errors == ("x no disk", "plain")


def test_upload_target_is_read_and_does_not_show_its_token() -> None:
    target = telephony.upload_target({"uploadUrl": "https://p/rest/upload.json?token=s3cr3t", "fieldName": "file"})
    assert (target.field, "s3cr3t" in repr(target)) == ("file", False)
    assert telephony.upload_target({"uploadUrl": "https://p/x", "fieldName": None}).field == "file"
    with pytest.raises(Temporary):
        telephony.upload_target({"FILE_ID": 5})


@pytest.mark.parametrize(
    ("answer", "expected"), [({"FILE_ID": "9079"}, 9079), ({"ID": 5}, 5), ([], None), ({"FILE_ID": {}}, None)]
)
def test_file_id_is_read(answer: object, expected: int | None) -> None:
    assert telephony.file_id(answer) == expected


def test_clients_of_a_number_are_read_with_their_responsible() -> None:
    rows = [
        {
            "CRM_ENTITY_TYPE": "CONTACT",
            "CRM_ENTITY_ID": 651,
            "ASSIGNED_BY_ID": 99,
            "NAME": "John Doe",
            "ASSIGNED_BY": {"ID": "99", "TIMEMAN_STATUS": "CLOSED", "USER_PHONE_INNER": None, "PERSONAL_MOBILE": "1"},
        },
        {"CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": "7", "ASSIGNED_BY": []},
        {"CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": None},
        None,
    ]
    first, second = telephony.clients(rows)
    assert (first.entity_type, first.entity_id, first.responsible, first.timeman) == ("CONTACT", 651, 99, "CLOSED")
    assert (first.name, first.extension, first.mobile) == ("John Doe", "", "1")
    assert (second.entity_id, second.responsible, second.timeman) == (7, None, "")
    assert telephony.clients({}) == telephony.clients(None) == []


def test_lines_are_read() -> None:
    rows = [{"NUMBER": "141", "NAME": "Support", "CRM_AUTO_CREATE": "N"}, {"NUMBER": 7, "CRM_AUTO_CREATE": "Y"}, {}]
    assert telephony.lines(rows) == [Line("141", "Support", False), Line("7", "", True)]


def test_line_commands() -> None:
    assert telephony.line_add("l", "7", "Ads", create=True).params == {
        "NUMBER": "7",
        "NAME": "Ads",
        "CRM_AUTO_CREATE": "Y",
    }
    assert telephony.line_update("l", "7", "Ads").params["CRM_AUTO_CREATE"] == "N"
    assert telephony.line_delete("l", "7").params == {"NUMBER": "7"}
    assert telephony.line_list("l").params == {}


@pytest.mark.parametrize("value", [True, 1, "1", "Y"])
def test_card_was_shown(value: object) -> None:
    assert telephony.shown(value) is True
    assert telephony.shown(False) is False


# the statistics of finished calls

ROW = {
    "CALL_ID": "externalCall.1",
    "CALL_DURATION": "95",
    "CRM_ACTIVITY_ID": "7943",
    "CALL_FAILED_CODE": "200",
    "PORTAL_USER_ID": "1",
    "RECORD_FILE_ID": None,
}


def test_statistics_are_read() -> None:
    row = telephony.statistics([{**ROW, "EXTERNAL_CALL_ID": "pbx-1", "CALL_TYPE": "2", "CALL_VOTE": "5"}, {}])[0]
    assert (row.external_id, row.kind, row.vote, row.record_file_id) == ("pbx-1", 2, 5.0, None)
