# SPDX-License-Identifier: GPL-3.0-or-later
"""crm.activity.* and crm.activity.binding.*."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal import crm_fields
from itgrix_module.sandbox.portal.activities import add_activity, change_activity
from itgrix_module.sandbox.portal.errors import RestError, blank, missing_parameter
from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.methods.crm_classic import array
from itgrix_module.sandbox.portal.params import Params, as_int, as_list, as_map, as_text
from itgrix_module.sandbox.portal.query import Page, matches, ordered, paged

ON_DEMAND = ("COMMUNICATIONS", "FILES")
TASK_TYPES = ("1", "2", "3", "4")


def add(exchange: Exchange, params: Params) -> int:
    fields = _upper(array(params, "fields", required=True))
    _check(fields)
    owner = as_int(fields.get("OWNER_TYPE_ID")) or 0, as_int(fields.get("OWNER_ID")) or 0
    _owner(
        exchange,
        *owner,
        blank("Could not build binding. Please ensure that owner info and communications are defined correctly"),
    )
    return add_activity(exchange.state, fields, exchange.user.id)


def get(exchange: Exchange, params: Params) -> dict[str, Any]:
    return _shown(_existing(exchange, params), ())


def update(exchange: Exchange, params: Params) -> bool:
    stored = _existing(exchange, params)
    change_activity(exchange.state, stored, _upper(array(params, "fields", required=True)), exchange.user.id)
    return True


def delete(exchange: Exchange, params: Params) -> bool:
    number = int(_existing(exchange, params)["ID"])
    del exchange.state.activities[number]
    exchange.state.bindings.pop(number, None)
    exchange.publish("ONCRMACTIVITYDELETE", {"FIELDS": {"ID": number}})
    return True


def list_(exchange: Exchange, params: Params) -> Page:
    """``filter[BINDINGS]`` is a list of owners; communications and files come when they are named."""
    conditions = {key.upper(): value for key, value in array(params, "filter").items()}
    owners = {_pair(as_map(item)) for item in as_list(conditions.pop("BINDINGS", None))}
    rows = [
        row for row in exchange.state.activities.values() if matches(row, conditions) and _bound(exchange, row, owners)
    ]
    page = paged(ordered(rows, array(params, "order") or {"START_TIME": "ASC"}), params)
    select = [as_text(name).upper() for name in params.items("select")]
    return Page([_shown(row, tuple(select)) for row in page.rows], page.total, page.next)


def todo_add(exchange: Exchange, params: Params) -> dict[str, int]:
    for name in ("ownerTypeId", "ownerId", "deadline"):
        if params.exact(name) is None:
            raise missing_parameter(name)
    owner = params.integer("ownerTypeId"), params.integer("ownerId")
    _owner(exchange, *owner, RestError(400, "OWNER_NOT_FOUND", "Owner not found"))
    fields = {
        "OWNER_TYPE_ID": str(owner[0]),
        "OWNER_ID": str(owner[1]),
        "TYPE_ID": "6",
        "PROVIDER_ID": "CRM_TODO",
        "SUBJECT": params.text("title"),
        "DESCRIPTION": params.text("description"),
        "DEADLINE": params.text("deadline"),
        "RESPONSIBLE_ID": str(params.integer("responsibleId", exchange.user.id)),
    }
    return {"id": add_activity(exchange.state, fields, exchange.user.id)}


def bind(exchange: Exchange, params: Params) -> bool:
    bound, pair = _bindings(exchange, params), _target(exchange, params)
    if pair in bound:
        raise RestError(400, "ACTIVITY_IS_ALREADY_BOUND", "Activity is already bound")
    bound.append(pair)
    return True


def unbind(exchange: Exchange, params: Params) -> bool:
    bound, pair = _bindings(exchange, params), _target(exchange, params)
    if pair not in bound:
        raise RestError(400, "BINDING_NOT_FOUND", "Binding not found")
    if len(bound) == 1:
        raise RestError(400, "LAST_BINDING_CANNOT_BE_DELETED", "Last binding cannot be deleted")
    bound.remove(pair)
    return True


def bindings(exchange: Exchange, params: Params) -> list[dict[str, int]]:
    return [{"entityTypeId": type_, "entityId": number} for type_, number in _bindings(exchange, params)]


def _check(fields: dict[str, Any]) -> None:
    if not as_text(fields.get("SUBJECT")):
        raise blank("The field SUBJECT is not defined or empty")
    if not as_int(fields.get("RESPONSIBLE_ID")):
        raise blank("The field RESPONSIBLE_ID is not defined or invalid")
    if as_text(fields.get("TYPE_ID")) not in (*TASK_TYPES, "6"):
        raise blank("The field TYPE_ID is not defined or invalid")
    if as_text(fields.get("TYPE_ID")) == "6" and not fields.get("PROVIDER_ID"):
        raise blank("The custom activity without provider is not supported in current context")


def _owner(exchange: Exchange, type_id: int, number: int, refusal: RestError) -> None:
    if exchange.state.crm.get(crm_fields.KINDS.get(type_id, "LEAD"), number) is None or type_id not in crm_fields.KINDS:
        raise refusal


def _existing(exchange: Exchange, params: Params) -> dict[str, Any]:
    stored = exchange.state.activities.get(params.integer("id"))
    if stored is None:
        raise blank("Activity is not found")
    return stored


def _upper(fields: dict[str, Any]) -> dict[str, Any]:
    return {str(name).upper(): value for name, value in fields.items()}


def _shown(row: dict[str, Any], select: tuple[str, ...]) -> dict[str, Any]:
    hidden = [name for name in ON_DEMAND if name not in select]
    wanted = select if select and "*" not in select else tuple(row)
    return {name: value for name, value in row.items() if (name in wanted or name in select) and name not in hidden}


def _pair(item: dict[str, Any]) -> tuple[int, int]:
    return as_int(item.get("OWNER_TYPE_ID")) or 0, as_int(item.get("OWNER_ID")) or 0


def _bound(exchange: Exchange, row: dict[str, Any], owners: set[tuple[int, int]]) -> bool:
    return not owners or not owners.isdisjoint(exchange.state.bindings.get(int(row["ID"]), ()))


def _bindings(exchange: Exchange, params: Params) -> list[tuple[int, int]]:
    if params.exact("activityId") is None:
        raise missing_parameter("activityId")
    found = exchange.state.bindings.get(params.integer("activityId"))
    if found is None:
        raise RestError(400, "NOT_FOUND", "Not found.")
    return found


def _target(exchange: Exchange, params: Params) -> tuple[int, int]:
    pair = params.integer("entityTypeId"), params.integer("entityId")
    _owner(exchange, *pair, RestError(400, "OWNER_NOT_FOUND", "Owner not found"))
    return pair


METHODS = (
    Method("crm.activity.add", add, ("crm",)),
    Method("crm.activity.get", get, ("crm",)),
    Method("crm.activity.update", update, ("crm",)),
    Method("crm.activity.delete", delete, ("crm",)),
    Method("crm.activity.list", list_, ("crm",)),
    Method("crm.activity.todo.add", todo_add, ("crm",)),
    Method("crm.activity.binding.add", bind, ("crm",)),
    Method("crm.activity.binding.delete", unbind, ("crm",)),
    Method("crm.activity.binding.list", bindings, ("crm",)),
)
