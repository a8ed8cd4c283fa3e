# SPDX-License-Identifier: GPL-3.0-or-later
"""crm.lead|contact|company|deal.add|get|update|delete|list|fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from itgrix_module.sandbox.portal import crm_fields
from itgrix_module.sandbox.portal.crm_store import Fields
from itgrix_module.sandbox.portal.errors import RestError, blank, core
from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.params import Params, as_list, as_map, as_text
from itgrix_module.sandbox.portal.query import Page, matches, ordered, paged, split_prefix

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_STATUS_TYPES = {"SOURCE_ID": "SOURCE", "STATUS_ID": "STATUS", "STAGE_ID": "DEAL_STAGE", "HONORIFIC": "HONORIFIC"}


def add(kind: str, exchange: Exchange, params: Params) -> int:
    fields = array(params, "fields", required=True)
    array(params, "params")
    return create(exchange, kind, fields)


def get(kind: str, exchange: Exchange, params: Params) -> Fields:
    return dict(existing(exchange, kind, params))


def update(kind: str, exchange: Exchange, params: Params) -> bool:
    stored = existing(exchange, kind, params)
    change(exchange, kind, stored, array(params, "fields", required=True))
    return True


def delete(kind: str, exchange: Exchange, params: Params) -> bool:
    stored = existing(exchange, kind, params)
    remove(exchange, kind, int(stored["ID"]))
    return True


def list_(kind: str, exchange: Exchange, params: Params) -> Page:
    """Multifields come only when they are named, user fields by ``UF_*``."""
    conditions = array(params, "filter")
    order = array(params, "order") or {"ID": "ASC"}
    rows = [row for row in exchange.state.crm.objects[kind].values() if matches(row, _sharp(conditions), _field)]
    page = paged(ordered(rows, order, _field), params)
    select = [as_text(name).upper() for name in params.items("select")]
    return Page([_selected(row, select) for row in page.rows], page.total, page.next)


def fields_of(kind: str, _exchange: Exchange, _params: Params) -> dict[str, Any]:
    return {name: _description(name, type_) for name, type_ in crm_fields.FIELDS[kind].items()}


def create(exchange: Exchange, kind: str, fields: dict[str, Any]) -> int:
    """A new object of a caller who asked for it; shared with crm.item.*."""
    _check(kind, fields)
    number = exchange.state.crm.add(kind, fields, exchange.user.id, exchange.state.iso())
    exchange.publish(f"ONCRM{kind}ADD", {"FIELDS": {"ID": number}})
    return number


def change(exchange: Exchange, kind: str, stored: Fields, fields: dict[str, Any]) -> None:
    _check(kind, fields)
    exchange.state.crm.update(kind, stored, fields, exchange.user.id, exchange.state.iso())
    exchange.publish(f"ONCRM{kind}UPDATE", {"FIELDS": {"ID": int(stored["ID"])}})


def remove(exchange: Exchange, kind: str, number: int) -> None:
    exchange.state.crm.delete(kind, number)
    exchange.publish(f"ONCRM{kind}DELETE", {"FIELDS": {"ID": number}})


def existing(exchange: Exchange, kind: str, params: Params) -> Fields:
    """The object named by ``id``."""
    number = params.integer("id")
    if number <= 0:
        raise blank("ID is not defined or invalid.")
    stored = exchange.state.crm.get(kind, number)
    if stored is None:
        raise blank("Not found")
    return stored


def array(params: Params, name: str, *, required: bool = False) -> dict[str, Any]:
    """A parameter that must be an array when it is there."""
    value = params.get(name)
    if isinstance(value, (dict, list)):
        return as_map(value)
    if required or value not in (None, ""):
        raise blank(f"Parameter '{name}' must be array.")
    return {}


def _check(kind: str, fields: dict[str, Any]) -> None:
    upper = {str(name).upper(): value for name, value in fields.items()}
    for item in map(as_map, as_list(upper.get("EMAIL"))):
        address = as_text(item.get("VALUE"))
        if address and not _EMAIL.fullmatch(address):
            raise core(f"Invalid email: {address}")
    currency = as_text(upper.get("CURRENCY_ID"))
    if kind == "DEAL" and currency and not re.fullmatch("[A-Z]{3}", currency):
        raise RestError(400, "", 'Invalid value for the "Currency" field')


def _sharp(conditions: dict[str, Any]) -> dict[str, Any]:
    """Conditions that count: an id that is compared with nothing is no condition, and so gives everything."""
    return {
        key: value
        for key, value in conditions.items()
        if not (value in ("", []) and split_prefix(key)[1].upper().endswith("_ID"))
    }


def _field(row: Any, name: str) -> Any:
    return row.get(name.upper())


def _selected(row: Fields, select: list[str]) -> Fields:
    if not select:
        select = ["*"]
    return {name: value for name, value in row.items() if name == "ID" or _wanted(name, select)}


def _wanted(name: str, select: list[str]) -> bool:
    if name in select:
        return True
    if name.startswith("UF_"):
        return "UF_*" in select
    return "*" in select and name not in crm_fields.MULTI


def _description(name: str, type_: str) -> dict[str, Any]:
    read_only = name in crm_fields.READ_ONLY
    told = {
        "type": "integer" if type_ == "multiple" else type_,
        "isRequired": False,
        "isReadOnly": read_only,
        "isImmutable": False,
        "isMultiple": type_ in ("multiple", "crm_multifield"),
        "isDynamic": False,
        "title": name,
    }
    return told | ({"type": "crm_status", "statusType": _STATUS_TYPES[name]} if name in _STATUS_TYPES else {})


_OPERATIONS: dict[str, Callable[[str, Exchange, Params], Any]] = {
    "add": add,
    "get": get,
    "update": update,
    "delete": delete,
    "list": list_,
    "fields": fields_of,
}
METHODS = tuple(
    Method(f"crm.{kind.lower()}.{name}", partial(operation, kind), ("crm",))
    for kind in crm_fields.TYPE_IDS
    for name, operation in _OPERATIONS.items()
)
