# SPDX-License-Identifier: GPL-3.0-or-later
"""Employees, working time, tasks, chat, and what any caller may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.config import WebhookSeed
from tests.sandbox.portal.conftest import Api

Start = Callable[..., SandboxPortal]


def test_employees_come_in_pages_of_fifty(start: Start, session: requests.Session) -> None:
    api = Api(start(users=120), session)
    pages = [api.answer("user.get", start=start) for start in (0, 50, 100)]
    assert [(len(page["result"]), page["total"], page.get("next")) for page in pages] == [
        (50, 120, 50),
        (50, 120, 100),
        (20, 120, None),
    ]
    uncounted = api.answer("user.get", start=-1, FILTER={">ID": 110}, sort="ID")
    assert ([row["ID"] for row in uncounted["result"]], uncounted["total"]) == ([str(n) for n in range(111, 121)], 0)
    assert "next" not in uncounted


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        ({"ACTIVE": False}, ["12"]),
        ({"ACTIVE": "N"}, ["12"]),
        ({"UF_PHONE_INNER": "103"}, ["3"]),
        ({"UF_DEPARTMENT": 3}, ["6", "7", "8"]),
        ({"ID": [1, 2]}, ["1", "2"]),
        ({"ACTIVE": True, "USER_TYPE": "employee", ">ID": 9}, ["10", "11"]),
    ],
)
def test_employees_are_filtered(api: Api, conditions: dict[str, Any], ids: list[str]) -> None:
    assert [row["ID"] for row in api.ok("user.get", FILTER=conditions)] == ids
    assert [row["ID"] for row in api.ok("user.get", **conditions)] == ids


def test_employee_without_extension_has_no_such_key(api: Api) -> None:
    row = api.ok("user.get", FILTER={"ID": 11})[0]
    assert "UF_PHONE_INNER" not in row
    assert (row["TIMESTAMP_X"], row["ACTIVE"]) == ({}, True)
    assert api.ok("user.get", FILTER={"ID": 1}, select=["ID", "UF_PHONE_INNER"]) == [
        {"ID": "1", "UF_PHONE_INNER": "101"}
    ]


def test_brief_scope_hides_contacts_but_not_the_extension(start: Start, session: requests.Session) -> None:
    api = Api(start(webhooks=(WebhookSeed(scopes=("user_brief",)),)), session)
    row = api.ok("user.current")
    assert row["UF_PHONE_INNER"] == "101"
    assert "PERSONAL_MOBILE" not in row


def test_internal_number_is_written_by_administrators(portal: SandboxPortal, api: Api) -> None:
    assert api.ok("user.update", ID=11, UF_PHONE_INNER="111") is True
    assert portal.users[11].extension == "111"
    portal.users[1].admin = False
    assert api.refused("user.update", ID=11, UF_PHONE_INNER="112") == (400, "ERROR_CORE", "access_denied")


def test_search_profile_and_departments(api: Api) -> None:
    assert [row["ID"] for row in api.ok("user.search", FILTER={"FIND": "соко"})] == ["3"]
    assert api.ok("profile")["ADMIN"] is True
    assert api.ok("user.admin") is True
    departments = api.ok("department.get")
    assert departments[0] == {"ID": "1", "NAME": "ООО «Северный ветер»", "SORT": 500, "UF_HEAD": "1"}
    assert [row["ID"] for row in api.ok("department.get", PARENT=1)] == ["2", "3", "4"]


def test_working_time(api: Api) -> None:
    assert api.ok("timeman.status", USER_ID=8)["STATUS"] == "CLOSED"
    assert api.ok("timeman.status")["STATUS"] == "OPENED"
    assert api.refused("timeman.status", USER_ID=99) == (400, "", "User not found")
    assert api.ok("timeman.settings", USER_ID=3)["UF_TIMEMAN"] is True
    assert api.ok("timeman.schedule.get", id=1)["SHIFTS"][0]["WORK_DAYS"] == "12345"
    assert api.ok("timeman.schedule.get", id=2) == []
    assert api.ok("calendar.settings.get")["week_holidays"] == ["SA", "SU"]


def test_task_is_added_found_changed_and_completed(api: Api) -> None:
    fields = {"TITLE": "Перезвонить", "RESPONSIBLE_ID": 3, "UF_CRM_TASK": ["C_1"], "AUDITORS": [1]}
    task = api.ok("tasks.task.add", fields=fields)["task"]
    assert (task["title"], task["status"], task["responsibleId"], task["ufCrmTask"]) == (
        "Перезвонить",
        "2",
        "3",
        ["C_1"],
    )
    found = api.answer("tasks.task.list", filter={"UF_CRM_TASK": "C_1", "!STATUS": 5})
    assert ([row["id"] for row in found["result"]["tasks"]], found["total"]) == ([task["id"]], 1)
    assert api.ok("tasks.task.update", taskId=task["id"], fields={"TITLE": "Иначе"})["task"]["title"] == "Иначе"
    assert api.ok("tasks.task.complete", taskId=task["id"])["task"]["status"] == "5"
    assert api.portal.tasks[0].completed
    assert api.refused("tasks.task.complete", taskId=task["id"])[1] == "0"
    assert api.ok("tasks.task.delete", taskId=task["id"]) == {"task": True}


@pytest.mark.parametrize(
    ("method", "params", "refusal"),
    [
        ("add", {"fields": {}}, (400, "ERROR_CORE", "Не указано название задачи<br>")),
        ("add", {"fields": {"TITLE": "x"}}, (400, "ERROR_CORE", "Не указан исполнитель<br>")),
        (
            "complete",
            {},
            (
                400,
                "100",
                "CTaskItem All parameters in the constructor must have real class type (internal error)",
            ),
        ),
        ("get", {"taskId": 0}, (400, "0", "wrong task id")),
        ("get", {"taskId": 5}, (400, "0", "Action on the task is not allowed (internal error)")),
    ],
)
def test_task_refusals(api: Api, method: str, params: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    assert api.refused(f"tasks.task.{method}", **params) == refusal


def test_task_texts_follow_the_portals_language(start: Start, session: requests.Session) -> None:
    api = Api(start(language="en"), session)
    assert api.refused("tasks.task.add", fields={})[2] == "Task title is not specified<br>"


def test_message_needs_a_member_of_the_chat(portal: SandboxPortal, api: Api) -> None:
    chat = api.ok("im.chat.add", TITLE="Лиды", USERS=[2, 3], ENTITY_TYPE="CRM", ENTITY_ID="LEAD|1")
    assert api.ok("im.message.add", DIALOG_ID=f"chat{chat}", MESSAGE="Новый лид") == portal.messages[0].id
    assert api.ok("im.chat.get", ENTITY_TYPE="CRM", ENTITY_ID="LEAD|1") == {"ID": chat}
    assert f"chat{chat}" in [row["id"] for row in api.ok("im.recent.get")]
    assert api.ok("im.chat.user.add", CHAT_ID=chat, USERS=[5]) is True
    assert portal.state.chats[chat].users == {1, 2, 3, 5}
    assert api.refused("im.chat.user.add", CHAT_ID=0, USERS=[5])[1] == "CHAT_ID_EMPTY"
    portal.state.chats[chat].users.discard(1)
    assert api.refused("im.message.add", DIALOG_ID=f"chat{chat}", MESSAGE="x") == (
        403,
        "ACCESS_ERROR",
        "Action unavailable",
    )


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "USER_ID_EMPTY"),
        ({"DIALOG_ID": "2"}, "MESSAGE_EMPTY"),
        ({"DIALOG_ID": "99", "MESSAGE": "x"}, "USER_NOT_FOUND"),
        ({"DIALOG_ID": "2", "ATTACH": [{"MESSAGE": "x" * 60_001}]}, "ATTACH_OVERSIZE"),
    ],
)
def test_message_refusals(api: Api, params: dict[str, Any], code: str) -> None:
    assert api.refused("im.message.add", **params)[1] == code


def test_notification_with_a_tag_replaces_the_earlier_one(api: Api) -> None:
    for text in ("раз", "два"):
        api.ok("im.notify", USER_ID=3, MESSAGE=text, TAG="busy", CLIENT_ID="x")
    api.ok("im.notify.system.add", USER_ID=3, MESSAGE="три")
    assert [(told.text, told.kind) for told in api.portal.notifications] == [("два", "USER"), ("три", "SYSTEM")]
    assert api.refused("im.notify", USER_ID=99, MESSAGE="x")[1] == "USER_ID_EMPTY"


def test_what_any_caller_may_ask(api: Api, app_api: Api) -> None:
    assert "telephony" in api.ok("scope")
    assert api.ok("method.get", name="user.get") == {"isExisting": True, "isAvailable": True}
    assert api.ok("method.get", name="no.such") == {"isExisting": False, "isAvailable": False}
    assert "batch" in api.ok("methods")
    assert api.ok("feature.get", CODE="rest_offline_extended") == {"value": "Y"}
    assert api.ok("server.time") == "2026-03-10T11:19:39+03:00"
    info = app_api.ok("app.info")
    assert (info["ID"], info["INSTALLED"], info["LICENSE_FAMILY"]) == (1, True, "std")
    assert app_api.ok("app.option.set", options={"a": "1"}) is True
    assert app_api.ok("app.option.get", option="a") == "1"


def test_placements(app_api: Api) -> None:
    card = {"PLACEMENT": "CALL_CARD", "HANDLER": "https://pbx.example/card"}
    assert app_api.ok("placement.bind", **card, TITLE="PBX") is True
    assert app_api.refused("placement.bind", **card)[:2] == (400, "ERROR_CORE")
    assert app_api.ok("placement.get")[0]["placement"] == "CALL_CARD"
    assert "CALL_CARD" in app_api.ok("placement.list")
    assert app_api.ok("placement.unbind", **card) == {"count": 2}


def test_placement_refusals_come_with_status_200(app_api: Api) -> None:
    answer = app_api.post("placement.bind", HANDLER="https://x")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "error": "ERROR_ARGUMENT",
            "error_description": "Argument 'PLACEMENT' is null or empty",
            "argument": "PLACEMENT",
        },
    )
    worker = app_api.post("placement.bind", PLACEMENT="PAGE_BACKGROUND_WORKER", HANDLER="https://x")
    assert worker.json()["error"] == "EMPTY_ERROR_HANDLER_URL"


def test_last_messages_of_a_chat_are_for_its_members(portal: SandboxPortal, api: Api) -> None:
    for text in ("one", "two", "three"):
        api.ok("im.message.add", DIALOG_ID="chat1", MESSAGE=text)
    found = api.ok("im.dialog.messages.get", DIALOG_ID="chat1", LIMIT=2)["messages"]
    assert [(row["text"], row["author_id"], row["chat_id"]) for row in found] == [("three", 1, 1), ("two", 1, 1)]
    older = api.ok("im.dialog.messages.get", DIALOG_ID="chat1", LAST_ID=found[1]["id"])["messages"]
    assert [row["text"] for row in older] == ["one"]
    portal.state.chats[1].users.discard(1)
    assert api.refused("im.dialog.messages.get", DIALOG_ID="chat1")[:2] == (403, "ACCESS_ERROR")
    assert api.refused("im.dialog.messages.get")[0] == 400
