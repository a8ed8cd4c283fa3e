# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is sent, the portal answers in its envelope and stays well."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.methods import method_table

NASTY: list[Any] = [None, "", "x", -1, 10**30, float("nan"), "\x00\r\n²", [], {"x": {"y": []}}, [[["x"]]]]
CALL = {"USER_ID": 2, "PHONE_NUMBER": "+79062195047", "TYPE": 2, "CALL_START_DATE": "2026-03-10T11:19:38+03:00"}
LIST = {"filter": {"ID": 1, "><ID": [1, 2], "%TITLE": "x"}, "order": {"ID": "ASC"}, "select": ["ID"], "start": 0}
FIELDS = {"TITLE": "x", "PHONE": [{"VALUE": "+7", "ID": "1"}], "EMAIL": [], "CONTACT_IDS": [1], "STAGE_ID": "NEW"}
ITEM = {"entityTypeId": 1, "id": 1, "fields": {"title": "x", "fm": [{"typeId": "PHONE", "value": "1"}]}}
ITEMS = {"entityTypeId": 1, "filter": {">id": 0, "0": {"logic": "OR", "0": {"id": 1}}}, "order": {"id": "ASC"}}
ACTIVITY = {"OWNER_TYPE_ID": 3, "OWNER_ID": 1, "TYPE_ID": 2, "SUBJECT": "x", "RESPONSIBLE_ID": 3, "COMPLETED": "Y"}
BINDING = {"activityId": 9001, "entityTypeId": 3, "entityId": 1}
TASK = {"TITLE": "x", "RESPONSIBLE_ID": 3, "STATUS": 2, "UF_CRM_TASK": ["C_1"], "DEADLINE": "x"}
EVENT = {"event": "ONCRMLEADADD", "handler": "x", "event_type": "offline", "auth_type": 0, "options": {"minTimeout": 1}}
SAMPLES: dict[str, dict[str, Any]] = {
    "batch": {"cmd": {"a": "profile?x[]=1", "b": "user.get?ID=$result[a][ID]"}, "halt": 0},
    "telephony.externalCall.register": CALL
    | {"CRM_CREATE": 1, "SHOW": 1, "CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": 1},
    "telephony.externalCall.finish": {"CALL_ID": "x", "USER_ID": 2, "DURATION": 1, "STATUS_CODE": "200", "VOTE": 1},
    "telephony.externalCall.show": {"CALL_ID": "x", "USER_ID": [2]},
    "telephony.externalCall.attachRecord": {"CALL_ID": "x", "FILENAME": "a.mp3", "FILE_CONTENT": "YWJj"},
    "telephony.externalCall.searchCrmEntities": {"PHONE_NUMBER": "+79062195047"},
    "telephony.call.attachTranscription": {"CALL_ID": "x", "MESSAGES": [{"SIDE": "User", "START_TIME": 0}]},
    "telephony.externalLine.add": {"NUMBER": "5", "NAME": "x", "CRM_AUTO_CREATE": "Y"},
    "telephony.externalLine.update": {"NUMBER": "74951234567", "NAME": "x"},
    "voximplant.statistic.get": {"FILTER": {">ID": 0}, "SORT": "ID", "ORDER": "DESC", "start": 0},
    **{f"crm.{kind}.list": LIST for kind in ("lead", "contact", "company", "deal")},
    **{f"crm.{kind}.add": {"fields": FIELDS, "params": {}} for kind in ("lead", "contact", "company", "deal")},
    **{f"crm.{kind}.update": {"id": 1, "fields": FIELDS} for kind in ("lead", "contact", "company", "deal")},
    "crm.item.add": ITEM,
    "crm.item.get": ITEM,
    "crm.item.update": ITEM,
    "crm.item.list": ITEMS,
    "crm.duplicate.findbycomm": {"type": "PHONE", "values": ["1"], "entity_type": "LEAD"},
    "crm.status.list": {"filter": {"ENTITY_ID": "SOURCE"}, "order": {"SORT": "ASC"}},
    "crm.category.list": {"entityTypeId": 2},
    "crm.activity.add": {"fields": ACTIVITY},
    "crm.activity.update": {"id": 9001, "fields": ACTIVITY},
    "crm.activity.list": {"filter": {"BINDINGS": [{"OWNER_TYPE_ID": 3, "OWNER_ID": 1}]}, "select": ["ID"]},
    "crm.activity.todo.add": {"ownerTypeId": 3, "ownerId": 1, "deadline": "x", "responsibleId": 1},
    "crm.activity.binding.add": BINDING,
    "crm.activity.binding.delete": BINDING,
    "crm.timeline.comment.add": {"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "contact", "COMMENT": "x", "AUTHOR_ID": 1}},
    "user.get": {"FILTER": {"ID": 1, "UF_DEPARTMENT": 1}, "sort": "ID", "order": "ASC", "select": ["ID"], "start": 0},
    "user.search": {"FILTER": {"FIND": "x"}},
    "user.update": {"ID": 3, "UF_PHONE_INNER": "103"},
    "department.get": {"ID": 1, "PARENT": 1, "START": 0},
    "timeman.status": {"USER_ID": 1},
    "tasks.task.add": {"fields": TASK},
    "tasks.task.update": {"taskId": 9001, "fields": TASK},
    "tasks.task.list": {"filter": {"STATUS": 2}, "order": {"ID": "ASC"}, "start": 0},
    "im.message.add": {"DIALOG_ID": "chat1", "MESSAGE": "x", "SYSTEM": "Y", "ATTACH": []},
    "im.chat.add": {"USERS": [1], "TITLE": "x", "ENTITY_TYPE": "CRM", "ENTITY_ID": "LEAD|1", "MESSAGE": "x"},
    "im.notify": {"USER_ID": 1, "MESSAGE": "x", "TYPE": "SYSTEM", "TAG": "x"},
    "event.bind": EVENT,
    "event.unbind": EVENT,
    "event.test": {"a": {"b": 1}},
    "event.offline.get": {"filter": {">ID": 0}, "order": {"ID": "ASC"}, "limit": 1, "clear": 0, "process_id": "x"},
    "event.offline.clear": {"process_id": "x", "id": [1], "message_id": ["x"]},
    "placement.bind": {"PLACEMENT": "CALL_CARD", "HANDLER": "x", "OPTIONS": {}, "LANG_ALL": {}, "USER_ID": 0},
    "app.option.set": {"options": {"a": 1}},
    "method.get": {"name": "profile"},
}


@pytest.fixture(scope="module")
def standing() -> Iterator[SandboxPortal]:
    config = PortalConfig.demo(webhook_telephony="lenient", bucket_burst=1e9, event_delay=(0.0, 0.0))
    with SandboxPortal(config) as portal:
        yield portal


def spoiled(sample: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The sample with one value after another made nasty."""
    for path in _paths(sample):
        for nasty in NASTY:
            changed = copy.deepcopy(sample)
            node: Any = changed
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = nasty
            yield changed


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _paths(item, (*path, key))


@pytest.mark.parametrize("method", SAMPLES)
def test_any_value_gets_an_answer(standing: SandboxPortal, session: requests.Session, method: str) -> None:
    assert method.casefold() in method_table()
    token = standing.issue_tokens().access
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    for params in (SAMPLES[method], *spoiled(SAMPLES[method])):
        body = json.dumps(params)
        answer = session.post(f"{standing.url}/rest/{method}", data=body, headers=headers, timeout=10)
        assert answer.status_code in (200, 400, 403), body
        assert {"result", "error"} & set(answer.json()), body


@pytest.mark.parametrize("method", sorted(set(method_table()) - {"batch"}))
def test_no_parameters_get_an_answer(standing: SandboxPortal, session: requests.Session, method: str) -> None:
    answer = session.post(f"{standing.url}/rest/{method}", data={"auth": standing.issue_tokens().access}, timeout=10)
    assert answer.status_code in (200, 400, 403)


@pytest.mark.parametrize(
    "path",
    ["/rest/", "/rest/a/b/c/d", "/rest/1/2/3/4/5", "/rest/%00", "/rest/1/%2e%2e/x", "/rest/²/x/profile", "/%ff"],
)
def test_any_path_gets_an_answer(standing: SandboxPortal, path: str) -> None:
    assert requests.post(standing.url + path, timeout=10).status_code in (401, 404)


def test_page_survives_what_was_left_behind(standing: SandboxPortal, session: requests.Session) -> None:
    for tab in ("", "crm", "tasks", "chat", "requests", "control"):
        assert session.get(f"{standing.url}/{tab}", timeout=10).status_code == 200
    assert session.get(standing.url + "/sandbox/snapshot", timeout=10).status_code == 200
