# SPDX-License-Identifier: GPL-3.0-or-later
"""tasks.task.add|get|update|complete|list|delete. Stored with upper-case names, shown in camelCase as text."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.crm_fields import camel_name
from itgrix_module.sandbox.portal.errors import RestError, core, missing_parameter
from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.params import Params, as_int, as_list, as_map, as_text
from itgrix_module.sandbox.portal.query import Page, matches, ordered, paged

INTERNAL = " (internal error)"
PENDING, COMPLETED = "2", "5"
STATUSES = frozenset("234567")
_LISTS = frozenset({"UF_CRM_TASK", "AUDITORS", "ACCOMPLICES", "TAGS", "UF_TASK_WEBDAV_FILES", "SE_PARAMETER"})
_TEXTS: dict[bool, dict[str, str]] = {
    True: {
        "title": "Не указано название задачи<br>",
        "none": "Не указан исполнитель<br>",
        "unknown": "Пользователь, указанный в поле «Исполнитель», не найден<br>",
        "status": "Неверный статус<br>",
    },
    False: {
        "title": "Task title is not specified<br>",
        "none": "The responsible person is not specified<br>",
        "unknown": "The user specified in the Responsible person field was not found<br>",
        "status": "Incorrect status<br>",
    },
}


def add(exchange: Exchange, params: Params) -> dict[str, Any]:
    fields = _fields(params)
    texts = _TEXTS[exchange.russian]
    if not as_text(fields.get("TITLE")).strip():
        raise core(texts["title"])
    if not as_int(fields.get("RESPONSIBLE_ID")):
        raise core(texts["none"])
    task = _new(exchange, fields)
    _write(exchange, task, fields)
    exchange.state.tasks[int(task["ID"])] = task
    _tell(exchange, "ONTASKADD", task, before=False)
    return {"task": _shown(task)}


def get(exchange: Exchange, params: Params) -> dict[str, Any]:
    return {"task": _shown(_existing(exchange, params))}


def update(exchange: Exchange, params: Params) -> dict[str, Any]:
    task = _existing(exchange, params)
    _write(exchange, task, _fields(params))
    _tell(exchange, "ONTASKUPDATE", task)
    return {"task": _shown(task)}


def complete(exchange: Exchange, params: Params) -> dict[str, Any]:
    task = _existing(exchange, params)
    if task["STATUS"] == COMPLETED:
        raise RestError(400, "0", "Action on the task is not allowed" + INTERNAL)
    task |= {"STATUS": COMPLETED, "CLOSED_DATE": exchange.state.iso(), "CLOSED_BY": str(exchange.user.id)}
    _tell(exchange, "ONTASKUPDATE", task)
    return {"task": _shown(task)}


def delete(exchange: Exchange, params: Params) -> dict[str, Any]:
    task = _existing(exchange, params)
    del exchange.state.tasks[int(task["ID"])]
    _tell(exchange, "ONTASKDELETE", task, after=False)
    return {"task": True}


def list_(exchange: Exchange, params: Params) -> Page:
    """Filter and order take upper-case names, the rows are camelCase."""
    conditions = {key.upper(): value for key, value in params.mapping("filter").items()}
    order = {key.upper(): value for key, value in params.mapping("order").items()} or {"ID": "ASC"}
    rows = [task for task in exchange.state.tasks.values() if matches(task, conditions)]
    page = paged(ordered(rows, order), params, "tasks")
    return Page([_shown(task) for task in page.rows], page.total, page.next, "tasks")


def _fields(params: Params) -> dict[str, Any]:
    value = params.get("fields")
    if not isinstance(value, (dict, list)):
        raise missing_parameter("fields", INTERNAL)
    return {str(name).upper(): item for name, item in as_map(value).items()}


def _new(exchange: Exchange, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "ID": str(exchange.state.next_id()),
        "TITLE": "",
        "DESCRIPTION": "",
        "STATUS": PENDING,
        "PRIORITY": "1",
        "CREATED_BY": str(as_int(fields.get("CREATED_BY")) or exchange.user.id),
        "CREATED_DATE": exchange.state.iso(),
        "DEADLINE": None,
        "GROUP_ID": "0",
        "CLOSED_DATE": None,
        "CLOSED_BY": None,
        "UF_CRM_TASK": [],
        "AUDITORS": [],
        "ACCOMPLICES": [],
    }


def _write(exchange: Exchange, task: dict[str, Any], fields: dict[str, Any]) -> None:
    texts = _TEXTS[exchange.russian]
    responsible = as_int(fields.get("RESPONSIBLE_ID"))
    if responsible is not None and responsible not in exchange.state.users:
        raise core(texts["unknown"])
    if "STATUS" in fields and as_text(fields["STATUS"]) not in STATUSES:
        raise core(texts["status"])
    for name, value in fields.items():
        if name in _LISTS:
            task[name] = [as_text(item) for item in as_list(value)]
        elif name != "ID":
            task[name] = None if value is None else as_text(value)
    task["CHANGED_DATE"] = exchange.state.iso()


def _existing(exchange: Exchange, params: Params) -> dict[str, Any]:
    if "taskId" not in params:
        text = "CTaskItem All parameters in the constructor must have real class type"
        raise RestError(400, "100", text + INTERNAL)
    number = params.integer("taskId")
    if number <= 0:
        raise RestError(400, "0", "wrong task id")
    task = exchange.state.tasks.get(number)
    if task is None:
        raise RestError(400, "0", "Action on the task is not allowed" + INTERNAL)
    return task


def _shown(task: dict[str, Any]) -> dict[str, Any]:
    return {camel_name("TASK", name) if name != "UF_CRM_TASK" else "ufCrmTask": value for name, value in task.items()}


def _tell(exchange: Exchange, event: str, task: dict[str, Any], *, before: bool = True, after: bool = True) -> None:
    """Where there is nothing to tell, the portal writes the word undefined."""
    number = {"ID": task["ID"]}
    data = {
        "FIELDS_BEFORE": number if before else "undefined",
        "FIELDS_AFTER": number if after else "undefined",
        "IS_ACCESSIBLE_BEFORE": "N" if before else "undefined",
        "IS_ACCESSIBLE_AFTER": "N" if after else "undefined",
    }
    exchange.publish(event, data)


METHODS = (
    Method("tasks.task.add", add, ("task",)),
    Method("tasks.task.get", get, ("task",)),
    Method("tasks.task.update", update, ("task",)),
    Method("tasks.task.complete", complete, ("task",)),
    Method("tasks.task.delete", delete, ("task",)),
    Method("tasks.task.list", list_, ("task",)),
)
