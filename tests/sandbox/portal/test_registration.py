# SPDX-License-Identifier: GPL-3.0-or-later
"""register, show, hide, finish: equal calls, order of checks, cards, what an end leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal
from tests.known import known
from tests.sandbox.portal.conftest import Api, Clock

Start = Callable[..., SandboxPortal]
REGISTER = "telephony.externalCall.register"
FINISH = "telephony.externalCall.finish"
GOOD = {"USER_ID": 2, "PHONE_NUMBER": "+79062195047", "TYPE": 2}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"USER_ID": None}, "USER_ID or USER_PHONE_INNER should be set"),
        ({"USER_ID": 99, "TYPE": 9}, "User is not found or is not active"),
        ({"USER_ID": 12}, "User is not found or is not active"),
        ({"USER_ID": None, "USER_PHONE_INNER": "999"}, "User is not found or is not active"),
        ({"TYPE": 9, "PHONE_NUMBER": ""}, "Unknown TYPE"),
        ({"TYPE": None}, "Unknown TYPE"),
        ({"PHONE_NUMBER": "anonymous", "CALL_START_DATE": "x"}, "Unsupported phone number format"),
        ({"PHONE_NUMBER": ""}, "Unsupported phone number format"),
        ({"CALL_START_DATE": "yesterday", "LINE_NUMBER": "x"}, "CALL_START_DATE should be in the ISO-8601 format"),
        ({"LINE_NUMBER": "777"}, "Could not find line with number 777"),
    ],
)
def test_register_checks_in_order(api: Api, changes: dict[str, Any], text: str) -> None:
    assert api.refused(REGISTER, **(GOOD | changes)) == (400, "ERROR_CORE", text)
    assert api.portal.calls() == []


def test_numbers_may_come_as_text(portal: SandboxPortal, session: requests.Session) -> None:
    answer = session.post(
        portal.webhook_url() + REGISTER,
        data={"USER_ID": "2", "PHONE_NUMBER": "+79062195047", "TYPE": "2", "SHOW": "0"},
        timeout=10,
    )
    call = portal.calls()[0]
    assert answer.json()["result"]["CALL_ID"] == call.call_id
    assert (call.user_id, call.type, call.open_cards) == (2, 2, frozenset())


def test_repeat_with_the_same_external_id_is_the_same_call(api: Api) -> None:
    first, second = (api.register(EXTERNAL_CALL_ID="pbx-1") for _ in range(2))
    assert first == second
    assert api.portal.call("pbx-1").registers == 2


def test_repeat_creates_no_second_lead(api: Api) -> None:
    answers = [
        api.ok(REGISTER, **GOOD | {"PHONE_NUMBER": "+79990001122", "CRM_CREATE": 1, "EXTERNAL_CALL_ID": "a"})
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len(api.portal.leads) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"PHONE_NUMBER": "+79031112233"},
        {"TYPE": 1},
        {"USER_ID": 3},
        {"LINE_NUMBER": "78127654321"},
        {"EXTERNAL_CALL_ID": "pbx-2"},
    ],
)
def test_any_key_that_differs_makes_another_call(api: Api, changes: dict[str, Any]) -> None:
    base = GOOD | {"LINE_NUMBER": "74951234567", "EXTERNAL_CALL_ID": "pbx-1"}
    first, second = (api.ok(REGISTER, **fields)["CALL_ID"] for fields in (base, base | changes))
    assert first != second


def test_same_employee_by_id_and_by_extension_is_the_same_call(api: Api) -> None:
    first = api.register(EXTERNAL_CALL_ID="x")
    second = api.register(EXTERNAL_CALL_ID="x", USER_ID=None, USER_PHONE_INNER="102")
    assert first == second


def test_applications_do_not_share_calls(api: Api, app_api: Api) -> None:
    assert api.register(EXTERNAL_CALL_ID="x") != app_api.register(EXTERNAL_CALL_ID="x")


def test_repeat_after_half_an_hour_is_another_call(api: Api, clock: Clock) -> None:
    first = api.register(EXTERNAL_CALL_ID="x")
    clock.advance(1799)
    assert api.register(EXTERNAL_CALL_ID="x") == first
    clock.advance(2)
    assert api.register(EXTERNAL_CALL_ID="x") != first


def test_repeat_after_the_end_is_another_call(api: Api) -> None:
    first = api.finished(EXTERNAL_CALL_ID="x")
    assert api.register(EXTERNAL_CALL_ID="x") != first


def test_overlapping_calls_without_external_id_share_one_call_and_the_second_finish_fails(api: Api) -> None:
    first, second = api.register(), api.register()
    assert first == second
    assert api.post(FINISH, CALL_ID=first, USER_ID=2, DURATION=5).status_code == 200
    assert api.refused(FINISH, CALL_ID=second, USER_ID=2, DURATION=9) == (
        400,
        "",
        "Call is not found (call should be registered prior to finishing",
    )
    assert api.portal.calls()[0].refused_finishes == 1
    assert known(api.portal.calls()[0].finish).duration == 5


def test_call_that_was_never_finished_swallows_the_next_one(api: Api, clock: Clock) -> None:
    began = clock.now
    first = api.register()
    clock.advance(600)
    assert api.register() == first
    assert [call.started for call in api.portal.calls()] == [began]


def test_show_and_hide_of_unknown_or_finished_calls_are_false(api: Api) -> None:
    done = api.finished()
    for method in ("show", "hide"):
        for call_id in ("nobody", done):
            assert api.ok(f"telephony.externalCall.{method}", CALL_ID=call_id, USER_ID=2) is False


def test_cards_are_a_set_and_its_history_is_kept(api: Api, clock: Clock) -> None:
    call_id = api.register()
    for method, users in (("show", [2, 3, 99, 12]), ("show", 3), ("hide", [4, 2])):
        clock.advance(1)
        api.ok(f"telephony.externalCall.{method}", CALL_ID=call_id, USER_ID=users)
    call = api.portal.calls()[0]
    assert call.open_cards == {3}
    assert call.shown_to == (2, 3)
    assert [(event.at - call.registered_at, event.user_id, event.opened, event.by) for event in call.cards] == [
        (0, 2, True, "register"),
        (1, 3, True, "show"),
        (3, 2, False, "hide"),
    ]


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"CALL_ID": 5, "USER_ID": 2}, (400, "INVALID_ARGUMENT", "CALL_ID must be a string")),
        ({"USER_ID": 2}, (400, "INVALID_ARGUMENT", "CALL_ID must be a string")),
        ({"CALL_ID": "x"}, (400, "ERROR_CORE", "USER_ID or USER_PHONE_INNER should be set")),
        ({"CALL_ID": "x", "USER_ID": 99}, (400, "ERROR_CORE", "User is not found or is not active")),
    ],
)
def test_finish_checks(api: Api, params: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    assert api.refused(FINISH, **params) == refusal


@pytest.mark.parametrize(
    ("given", "code", "status"), [({"DURATION": 5}, "200", 1), ({}, "304", 0), ({"STATUS_CODE": "486"}, "486", 0)]
)
def test_finish_supplies_the_status(api: Api, given: dict[str, Any], code: str, status: int) -> None:
    result = api.ok(FINISH, CALL_ID=api.register(), USER_ID=2, **given)
    assert (result["CALL_FAILED_CODE"], result["CALL_STATUS"]) == (code, status)


def test_who_ends_the_call_answers_for_the_lead_it_created_but_not_for_older_clients(api: Api) -> None:
    created = api.register(phone="+79998887766", CRM_CREATE=1)
    known = api.register(phone="+79062195047")
    for call_id in (created, known):
        api.ok(FINISH, CALL_ID=call_id, USER_ID=5, DURATION=3)
    assert api.portal.leads[-1].responsible == 5
    assert api.portal.contacts[0].responsible == 3


def test_call_without_client_has_no_activity(api: Api) -> None:
    result = api.ok(FINISH, CALL_ID=api.register(phone="+79998887766"), USER_ID=2, DURATION=3)
    assert result["CRM_ACTIVITY_ID"] is None
    assert api.portal.activities == []


def test_end_of_a_call_leaves_activity_statistics_and_a_message(api: Api) -> None:
    call_id = api.finished(duration=65)
    activity = api.portal.activities[0]
    assert (activity.owner, activity.subject, activity.completed) == ((3, 1), "Входящий от Андрей Крылов", True)
    assert activity.fields["PROVIDER_ID"] == "VOXIMPLANT_CALL"
    assert api.ok("voximplant.statistic.get", FILTER={"CALL_ID": call_id})[0]["CALL_DURATION"] == "65"
    assert [(said.dialog, said.text) for said in api.portal.messages] == [
        ("2", "Входящий звонок: Андрей Крылов (1:05)")
    ]


def test_cost_comes_back_as_it_was(api: Api) -> None:
    for given, told in ((1.5, 1.5), ("2", 2), ("x", 0)):
        result = api.ok(FINISH, CALL_ID=api.register(), USER_ID=2, COST=given, COST_CURRENCY="RUB")
        assert (result["COST"], result["COST_CURRENCY"]) == (told, "RUB")
    assert api.ok("voximplant.statistic.get")[0]["COST"] == "1.5000"


def test_english_portal_speaks_english(start: Start, session: requests.Session) -> None:
    api = Api(start(language="en"), session)
    api.finished(TYPE=1)
    assert api.portal.activities[0].subject == "Outgoing call to Андрей Крылов"
    assert api.portal.messages[0].text.startswith("Outgoing call")
    api.register(phone="+79990001122", CRM_CREATE=1)
    assert api.portal.leads[-1].fields["TITLE"] == "+79990001122 - Incoming call"


def test_chat_is_spared_on_demand(api: Api) -> None:
    api.ok(FINISH, CALL_ID=api.register(), USER_ID=2, DURATION=3, ADD_TO_CHAT=0)
    assert api.portal.messages == []


@pytest.mark.parametrize("spelling", ["+79062195047", "89062195047", "8 (906) 219-50-47", "79062195047;ext=5"])
def test_client_is_found_by_any_spelling(api: Api, spelling: str) -> None:
    assert api.ok(REGISTER, **GOOD | {"PHONE_NUMBER": spelling})["CRM_ENTITY_ID"] == 1


def test_client_may_be_named(api: Api) -> None:
    named = api.ok(REGISTER, **GOOD, CRM_ENTITY_TYPE="COMPANY", CRM_ENTITY_ID=2)
    assert (named["CRM_ENTITY_TYPE"], named["CRM_ENTITY_ID"]) == ("COMPANY", 2)
    deal = api.ok(REGISTER, **GOOD | {"TYPE": 1}, CRM_ENTITY_TYPE="DEAL", CRM_ENTITY_ID=1)
    assert deal["CRM_ENTITY_TYPE"] == "CONTACT"


def test_line_that_makes_no_clients_makes_none_on_outgoing_calls(api: Api, app_api: Api) -> None:
    app_api.ok("telephony.externalLine.add", NUMBER="555", NAME="Без лидов", CRM_AUTO_CREATE="N")
    fields = {"PHONE_NUMBER": "+79990001122", "LINE_NUMBER": "555", "CRM_CREATE": 1}
    assert api.ok(REGISTER, **GOOD | fields | {"TYPE": 1})["CRM_CREATED_LEAD"] is None
    assert api.ok(REGISTER, **GOOD | fields)["CRM_CREATED_LEAD"] is not None


def test_lead_that_cannot_be_made_is_told_beside_the_call(start: Start, session: requests.Session) -> None:
    api = Api(start(lead_creation_error=True), session)
    answer = api.ok(REGISTER, **GOOD | {"PHONE_NUMBER": "+79990001122", "CRM_CREATE": 1})
    assert answer["LEAD_CREATION_ERROR"] == "Lead creation is disabled for local users"
    assert api.portal.calls()[0].crm == ("", 0)


def test_clicked_call_that_nobody_finishes_closes_itself(api: Api, clock: Clock) -> None:
    portal = api.portal
    call_id = portal.click_to_call(3, "+79062195047")
    assert portal.calls()[0].open_cards == {3}
    clock.advance(301)
    portal.tick()
    call = portal.calls()[0]
    finish = known(call.finish)
    assert (finish.status, finish.failed_reason, call.open_cards) == ("304", "Call canceled", frozenset())
    assert api.refused(FINISH, CALL_ID=call_id, USER_ID=3)[1] == ""


def test_click_by_unknown_employee_or_on_no_number_is_refused(portal: SandboxPortal) -> None:
    with pytest.raises(ValueError, match="no employee"):
        portal.click_to_call(99, "+79062195047")
    with pytest.raises(ValueError, match="no telephone number"):
        portal.click_to_call(3, "abc")


def test_lines_of_an_application(app_api: Api) -> None:
    added = app_api.ok("telephony.externalLine.add", NUMBER="555", NAME="Новая")
    assert isinstance(added["ID"], int)
    assert app_api.ok("telephony.externalLine.update", NUMBER="555", NAME="Другая") == {"ID": str(added["ID"])}
    assert {"NUMBER": "555", "NAME": "Другая", "CRM_AUTO_CREATE": "Y"} in app_api.ok("telephony.externalLine.get")
    assert app_api.ok("telephony.externalLine.delete", NUMBER="555") == []


@pytest.mark.parametrize(
    ("method", "params", "text"),
    [
        ("add", {}, "NUMBER should not be empty"),
        ("add", {"NUMBER": "74951234567"}, "Line already exists"),
        ("update", {"NUMBER": "1"}, "There are no fields to update"),
        ("update", {"NUMBER": "1", "NAME": "x"}, "Could not find line with number 1"),
        ("delete", {"NUMBER": "1"}, "Could not find line with number 1"),
    ],
)
def test_line_refusals(app_api: Api, method: str, params: dict[str, str], text: str) -> None:
    assert app_api.refused(f"telephony.externalLine.{method}", **params) == (400, "ERROR_CORE", text)
