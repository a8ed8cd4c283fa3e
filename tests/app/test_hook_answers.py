# SPDX-License-Identifier: GPL-3.0-or-later
"""What customizations answer, and what a call goes on with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.app.hook_answers import CANCELS, Decision, asked, changes, checked, decided
from itgrix_module.app.hook_sample_call import made_up, sample
from itgrix_module.app.hooking import HOOKS, NoHooks, Said

REGISTER = "process_registration_params"
FINAL = "process_final_params"
DIAL = "process_originate_params"
ATTACH = "customize_attach_record_url"
TASK = "process_task_creation_params"


def fields(name: str) -> dict[str, Any]:
    return dict(made_up(name)[1])


class Told:
    """A script that says one thing."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.heard: list[tuple[str, Mapping[str, Any]]] = []

    def is_on(self, name: str) -> bool:
        return True

    def ask(self, name: str, params: Mapping[str, Any]) -> Said:
        self.heard.append((name, params))
        return self.said


# -- what goes on


def test_input_is_made_only_for_a_hook_that_is_on() -> None:
    assert asked(NoHooks(), REGISTER, lambda: pytest.fail("made"), {"A": 1}) == Decision({"A": 1})
    told = Told(Said(data={"result": False}))
    decision = asked(told, "need_registration", lambda: {"x": 1}, True)
    assert (decision.value, told.heard) == (False, [("need_registration", {"x": 1})])
    assert decision.told == "customization need_registration: the portal is not told of the call"


def test_failure_lets_the_default_go_on_and_is_told() -> None:
    decision = decided(FINAL, Said(failure="customization x: took longer than 2 s"), {"A": 1})
    assert decision.value == {"A": 1}
    assert decision.failure == "customization x: took longer than 2 s"
    assert decision.told == "customization x: took longer than 2 s; the default goes ahead"


def test_answer_that_cannot_be_used_is_a_failure() -> None:
    decision = decided("process_client_phone", Said(data={"phone": ""}), "+7916")
    assert decision.value == "+7916"
    assert "its answer cannot be used" in decision.failure


@pytest.mark.parametrize("name", HOOKS)
def test_empty_data_cancels_where_there_is_something_to_cancel(name: str) -> None:
    decision = decided(name, Said(cancelled=True), made_up(name)[1])
    assert decision.cancelled is (name in CANCELS)
    assert decision.failure == ""
    assert decision.value == made_up(name)[1]
    assert bool(decision.told) is (name in CANCELS)


@pytest.mark.parametrize("name", [name for name in HOOKS if name.startswith("process_") and name.endswith("_params")])
def test_request_handed_back_as_it_was_changes_nothing(name: str) -> None:
    given, default = made_up(name)
    answers: list[dict[str, Any]] = [given, given["params"], {key: given[key] for key in default}]
    for answer in (*answers, {"params": {}}, {"call_stage": "x"}):
        assert decided(name, Said(data=answer), default) == Decision(default)


def test_timeline_names_what_was_changed_and_not_to_what() -> None:
    decision = decided(FINAL, Said(data={"USER_ID": 9, "FAILED_REASON": "Mellon"}), fields(FINAL))
    assert decision.told == "customization process_final_params changed USER_ID, FAILED_REASON"
    assert changes(fields(FINAL), decision.value) == {"USER_ID": 9, "FAILED_REASON": "Mellon"}
    assert changes({"A": 1, "B": 2}, {"B": 2}) == {"A": None}


# -- requests


def test_change_counts_at_the_top_level_as_in_params() -> None:
    given = sample(FINAL)
    assert checked(FINAL, {**given, "USER_ID": 9}, fields(FINAL))["USER_ID"] == 9
    assert checked(FINAL, {**given, "params": {**given["params"], "USER_ID": 9}}, fields(FINAL))["USER_ID"] == 9


def test_fields_that_are_not_named_stay_and_null_takes_away() -> None:
    made = checked(REGISTER, {"CRM_SOURCE": None, "CRM_CREATE": True}, fields(REGISTER))
    assert "CRM_SOURCE" not in made
    assert made["CRM_CREATE"] == 1
    assert made["PHONE_NUMBER"] == "+79161234567"


def test_numbers_may_come_as_text_as_php_likes_it() -> None:
    made = checked(FINAL, {"USER_ID": "9", "STATUS_CODE": 304, "VOTE": "5"}, fields(FINAL))
    assert (made["USER_ID"], made["STATUS_CODE"], made["VOTE"]) == (9, "304", 5)


def test_unknown_fields_of_the_portal_go_through() -> None:
    made = checked(TASK, {"UF_AUTO_1": "x", "TAGS": ["a", "b"], "PRIORITY": 2, "ALLOW": True, "X": 1.5}, fields(TASK))
    assert made["TAGS"] == ["a", "b"]
    assert (made["UF_AUTO_1"], made["PRIORITY"], made["ALLOW"], made["X"]) == ("x", 2, True, 1.5)


def test_empty_object_that_php_made_a_list_is_no_change() -> None:
    default = {**fields(DIAL), "request_data": {}}
    assert checked(DIAL, {"params": {**default, "request_data": []}}, default) == default


@pytest.mark.parametrize(
    ("name", "answer", "reason"),
    [
        (REGISTER, "text", "must be an object"),
        (REGISTER, [1], "must be an object"),
        (REGISTER, {"EXTERNAL_CALL_ID": "other"}, "EXTERNAL_CALL_ID cannot be changed"),
        (REGISTER, {"EXTERNAL_CALL_ID": None}, "EXTERNAL_CALL_ID cannot be changed"),
        (FINAL, {"CALL_ID": "other"}, "CALL_ID cannot be changed"),
        (FINAL, {"params": {"CALL_ID": "other"}}, "CALL_ID cannot be changed"),
        (ATTACH, {"CALL_ID": ""}, "CALL_ID cannot be changed"),
        (DIAL, {"request_data": {"USER_ID": 1}}, "request_data cannot be changed"),
        (REGISTER, {"PHONE_NUMBER": None}, "PHONE_NUMBER is missing"),
        (REGISTER, {"USER_ID": None}, "USER_ID or USER_PHONE_INNER is missing"),
        (TASK, {"TITLE": ""}, "TITLE is missing"),
        (ATTACH, {"FILENAME": None}, "FILENAME or RECORD_URL is missing"),
        (REGISTER, {"CRM_ENTITY_ID": 5}, "CRM_ENTITY_TYPE and CRM_ENTITY_ID go together"),
        (REGISTER, {"CRM_ENTITY_TYPE": "lead", "CRM_ENTITY_ID": 5}, "LEAD, CONTACT or COMPANY"),
        (REGISTER, {"USER_ID": "me"}, "USER_ID must be a whole number"),
        (REGISTER, {"USER_ID": True}, "USER_ID must be a whole number"),
        (REGISTER, {"USER_ID": 0}, "USER_ID must be a whole number"),
        (REGISTER, {"USER_ID": 2**31}, "USER_ID must be a whole number"),
        (REGISTER, {"USER_ID": "9" * 5000}, "USER_ID must be a whole number"),
        (REGISTER, {"TYPE": 9}, "TYPE must be a whole number from 1 to 5"),
        (REGISTER, {"PHONE_NUMBER": "7\r\nX"}, "PHONE_NUMBER must be a number"),
        (FINAL, {"STATUS_CODE": "fine"}, "STATUS_CODE must be a status"),
        (FINAL, {"DURATION": -1}, "DURATION must be a whole number"),
        (FINAL, {"FIELD": {"a": 1}}, "FIELD must be a text, a number, or a list"),
        (FINAL, {"FIELD": [[1]]}, "FIELD must be a text, a number, or a list"),
        (FINAL, {"FIELD": "\0"}, "FIELD must be a text"),
        (FINAL, {"FIELD": "x" * 100_000}, "FIELD must be a text"),
        (FINAL, {"FIELD": [0] * 1000}, "FIELD has more than"),
        (FINAL, {f"F{n}": 1 for n in range(300)}, "more than 200 fields"),
        (FINAL, {"a]&auth=1": 1}, "is not the name of a field"),
        (FINAL, {"": 1}, "is not the name of a field"),
        (FINAL, {"ПОЛЕ": 1}, "is not the name of a field"),
        (DIAL, {"extension": "101\r\nAction: Command"}, "extension must be what to dial"),
        (DIAL, {"extension": "${SHELL(id)}"}, "extension must be what to dial"),
        (DIAL, {"context": "a b"}, "context must be a context"),
        (DIAL, {"channel": "Local/101@x\r\nVariable: a=b"}, "channel must be a channel"),
        (DIAL, {"channel": "Local/101@x&Local/102@x"}, "channel must be a channel"),
        (DIAL, {"caller_id": "x\r\nApplication: System"}, "caller_id must be one line"),
        (DIAL, {"MYVAR": "x\ny"}, "MYVAR must be one line"),
        (DIAL, {"MYVAR": ["x"]}, "MYVAR must be a text"),
        (DIAL, {"timeout": 10**6}, "timeout must be a whole number"),
    ],
)
def test_request_that_would_do_harm_is_refused(name: str, answer: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        checked(name, answer, fields(name))


# -- the other kinds


@pytest.mark.parametrize("answer", [{"result": True}, True, {"result": False, "more": 1}])
def test_registration_is_a_yes_or_no(answer: bool | dict[str, Any]) -> None:
    said = answer["result"] if isinstance(answer, dict) else answer
    assert checked("need_registration", answer, True) is said


@pytest.mark.parametrize("answer", [{}, {"result": "false"}, {"result": 0}, "no", [False]])
def test_registration_is_never_guessed(answer: object) -> None:
    with pytest.raises(ValueError, match='"result" must be true or false'):
        checked("need_registration", answer, True)


@pytest.mark.parametrize(
    ("answer", "phone"), [({"phone": " +7916 "}, "+7916"), ("+7916", "+7916"), ({"phone": 101}, "101")]
)
def test_phone_is_text(answer: object, phone: str) -> None:
    assert checked("process_user_phone", answer, "") == phone


@pytest.mark.parametrize(
    "answer", [{"phone": " "}, {"phone": None}, {"number": "1"}, {"phone": "1\n2"}, {"phone": "1" * 65}]
)
def test_number_that_is_none_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match='"phone" must be'):
        checked("process_client_phone", answer, "+7916")


@pytest.mark.parametrize(
    ("answer", "extension"), [({"extension": "102"}, "102"), ({"extension": ""}, ""), ("*72", "*72")]
)
def test_extension_may_be_empty(answer: object, extension: str) -> None:
    assert checked("customize_autodistribution", answer, "101") == extension


@pytest.mark.parametrize(
    "answer", [{"extension": "101,1,Hangup"}, {"extension": "${X}"}, {"extension": "1\n"}, {"extension": "x"}, {}]
)
def test_extension_cannot_say_more_than_whom_to_ring(answer: object) -> None:
    if answer == {"extension": "1\n"}:
        assert checked("customize_autodistribution", answer, "101") == "1"
        return
    with pytest.raises(ValueError, match='"extension"'):
        checked("customize_autodistribution", answer, "101")


@pytest.mark.parametrize(("answer", "users"), [({"users": [7, "8", 7]}, (7, 8)), ([9], (9,)), ({"users": []}, ())])
def test_cards_open_for_a_list_of_users(answer: object, users: tuple[int, ...]) -> None:
    assert checked("customize_show_call_card", answer, (1,)) == users


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"users": 7},
        {"users": [0]},
        {"users": [-1]},
        {"users": [None]},
        {"users": [True]},
        {"users": ["x"]},
        {"users": list(range(1, 300))},
    ],
)
def test_list_of_no_users_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match='"users" must'):
        checked("customize_show_call_card", answer, (1,))


def test_recording_is_a_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "clean.mp3"
    file.touch()
    default = ("/gone/1.wav", "/gone/2.wav")
    assert checked("process_record_file_path", {"path": str(file)}, default) == (str(file),)
    assert checked("process_record_file_path", str(file), default) == (str(file),)
    assert checked("process_record_file_path", {"path": "/gone/1.wav"}, default) == default


@pytest.mark.parametrize("path", ["", "clean.mp3", "/gone/3.wav", "/", "/x\n", "/" + "x" * 5000, None])
def test_recording_that_is_not_there_is_refused(path: str | None) -> None:
    with pytest.raises(ValueError, match=r"file|path"):
        checked("process_record_file_path", {"path": path}, ("/gone/1.wav",))


def test_fields_of_the_crm_are_set_emptied_and_listed() -> None:
    answer = {"SUBJECT": "x", "UF_CRM_1": None, "PHONE": [{"VALUE": "+7916", "VALUE_TYPE": "WORK"}], "UF_CRM_2": [1, 2]}
    assert checked("customize_entity", answer, {}) == {**answer, "UF_CRM_1": ""}


@pytest.mark.parametrize(
    "answer", [{"ID": 5}, ["SUBJECT"], {"X": {"a": 1}}, {"X": [{"a": [1]}]}, {"a b": 1}, {"X": [{"a b": 1}]}]
)
def test_fields_that_the_crm_cannot_have_are_refused(answer: object) -> None:
    with pytest.raises(ValueError, match=r"cannot be changed|must be|is not the name"):
        checked("customize_activity", answer, {})


def test_nothing_is_expected_after_the_registration() -> None:
    assert decided("post_registration", Said(data={"anything": [1]}), None) == Decision(None)
