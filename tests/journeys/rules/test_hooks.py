# SPDX-License-Identifier: GPL-3.0-or-later
"""Customizations stand in the way of exactly the request that is theirs: they change it or cancel it."""

from __future__ import annotations

import json

import pytest

from itgrix_module.app.hooking import HOOKS
from itgrix_module.app.route_ports import Asked
from tests.journeys.rules.conftest import Open, in_one_mode
from tests.journeys.rules.talk import said

IN, MISSED = "22/in_direct_answered", "22/in_direct_noanswer"
TOLD = "register 101 +79161234567 in create\n& show 101\nfinish 101 200 5s\n"
ALL = tuple(sorted(set(HOOKS) - {"post_registration", "process_originate_params", "customize_autodistribution"}))
FIELDS = ("process_registration_params", "process_final_params", "customize_entity", "customize_activity")
SEARCH = "search +79161234567\n"  # it is shown the records with the number


def test_call_that_a_script_does_not_want_is_not_told(house: Open) -> None:
    made = house(recordings__mode="upload", missed__task__enabled=True)
    made.script("need_registration", "False")
    said(made.play(IN), "")
    said(made.play(MISSED), "")


@in_one_mode
@pytest.mark.parametrize(
    ("name", "answer", "told"),
    [
        ("need_registration", "True", TOLD),
        ("need_registration", "given['conversation'].get('type') != 'x'", TOLD),
        ("process_client_phone", "'+79037654321'", TOLD.replace("+79161234567", "+79037654321")),
        ("process_user_phone", "'107'", TOLD.replace("101", "107")),
        (
            "process_registration_params",
            "{**given['params'], 'CRM_SOURCE': 'WEB'}",
            SEARCH + TOLD.replace("create", "create source=WEB"),
        ),
        ("process_registration_params", "None", SEARCH),
        ("customize_show_call_card", "[1, 9]", TOLD.replace("show 101", "show 101,109")),
        ("customize_show_call_card", "[]", TOLD.replace("& show 101\n", "")),
        (
            "process_final_params",
            "{**given['params'], 'USER_ID': 9}",
            TOLD.replace("finish 101", "finish 109"),
        ),
    ],
)
def test_script_changes_or_cancels_its_request(house: Open, name: str, answer: str, told: str) -> None:
    made = house()
    made.script(name, answer)
    said(made.play(IN), told)


def test_cancelled_end_leaves_the_call_to_the_portal(house: Open) -> None:
    made = house()
    made.script("process_final_params", "[]")
    said(made.play(IN), "register 101 +79161234567 in create\n& show 101")
    assert "process_final_params" in made.told()


def test_script_hears_of_the_registration(house: Open) -> None:
    made = house()
    mark = made.service.core.place.home / "heard"
    made.script("post_registration", f"open({str(mark)!r}, 'w').write(given['params']['PHONE_NUMBER'])")
    said(made.play(IN), TOLD)
    made.close()  # waits for nobody, so:
    made.portal.wait(lambda _: mark.exists() and mark.read_text() == "+79161234567")


@pytest.mark.parametrize("answer", ["1 / 0", "{'result': 'perhaps', 'phone': 5.5, 'users': 'all', 'path': 'no'}"])
def test_broken_scripts_change_nothing_and_are_told(house: Open, mode: str, answer: str) -> None:
    made = house(recordings__mode="upload", missed__task__enabled=True)
    for name in ALL:
        made.script(name, answer if name not in FIELDS else f"[{answer}]")
    kind = {"classic": "lead", "simple": "contact"}[mode]
    said(made.play(IN), f"{SEARCH}{TOLD}crm.{kind}.get\n& crm.activity.get\nattach file\nupload")
    assert len(made.play(MISSED).params("tasks.task.add")) == 1
    told = made.told()
    assert [name for name in ALL if name not in told] == []


@in_one_mode
def test_script_that_takes_too_long_changes_nothing(house: Open) -> None:
    made = house()
    made.script("process_final_params", "__import__('time').sleep(60) or {}")
    made.rule(hooks__seconds=0.1)
    said(made.play(IN), TOLD)
    assert "process_final_params" in made.told()


@in_one_mode
def test_scripts_that_are_switched_off_are_not_asked(house: Open) -> None:
    made = house()
    made.script("need_registration", "False")
    made.rule(hooks__active=[])
    said(made.play(IN), TOLD)
    made.rule(hooks__active=["need_registration"], hooks__enabled=False)
    said(made.play(IN), TOLD)


@in_one_mode
def test_script_hears_all_of_the_call(house: Open) -> None:
    made = house()
    mark = made.service.core.place.home / "heard"
    made.script("process_final_params", f"open({str(mark)!r}, 'w').write(json.dumps(given)) and given['params']")
    made.play(IN)
    given = json.loads(mark.read_text())
    assert (given["params"]["STATUS_CODE"], given["params"]["DURATION"]) == ("200", 5)
    assert [talk["channel"]["was_answered"] for talk in given["call_full"]["conversations"].values()] == [True]


@in_one_mode
@pytest.mark.parametrize(
    ("answer", "extension"),
    [("given['extension']", "109"), ("'102'", "102"), ("[]", ""), ("''", ""), ("1 / 0", "109")],
)
def test_script_sends_a_call_elsewhere(house: Open, answer: str, extension: str) -> None:
    """The client's responsible is 109."""
    made = house(routing__limit_ms=10_000, routing__hours="none")
    made.client(NAME="Анна", ASSIGNED_BY_ID=9)
    made.script("customize_autodistribution", answer)
    asked = Asked.of("79161234567", "74950000001", "", "")
    assert made.service.routing.route(asked).decision.extension == extension


def test_script_writes_the_task(house: Open) -> None:
    made = house(missed__task__enabled=True)
    made.script("process_task_creation_params", "{**given['params'], 'TITLE': 'Срочно', 'RESPONSIBLE_ID': 9}")
    assert made.play(MISSED).lines[-1] == "task for 109: Срочно"


def test_script_wants_no_task(house: Open) -> None:
    made = house(missed__task__enabled=True)
    made.script("process_task_creation_params", "[]")
    assert made.play(MISSED).lines[-1] == "finish 101 304 0s"


def test_scripts_change_the_record_and_the_activity(house: Open, mode: str) -> None:
    made = house()
    made.script("customize_entity", "{'COMMENTS': given['entity']['type']}")
    made.script("customize_activity", "{'DESCRIPTION': given['activity']['type']}")
    kind = {"classic": "lead", "simple": "contact"}[mode]
    said(
        made.play(IN),
        f"""
        {TOLD.rstrip()}
        crm.{kind}.get
        & crm.activity.get
        {kind}.update COMMENTS={kind}
        & activity.update DESCRIPTION=activity
        """,
    )


def test_script_keeps_the_recording_here(house: Open) -> None:
    made = house(recordings__mode="upload")
    made.script("process_record_file_path", "[]")
    said(made.play(IN), TOLD)


def test_script_names_the_recording(house: Open) -> None:
    made = house(recordings__mode="upload")
    made.script("customize_attach_record_url", "{**given['params'], 'FILENAME': 'talk.mp3'}")
    talk = made.play(IN)
    said(talk, f"{TOLD}attach file\nupload")
    assert talk.params("telephony.externalCall.attachRecord")[0]["FILENAME"] == "talk.mp3"
