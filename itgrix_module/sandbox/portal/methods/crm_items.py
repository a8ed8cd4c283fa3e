# SPDX-License-Identifier: GPL-3.0-or-later
"""crm.item.*: the same objects with camelCase names and typed values."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal import crm_fields
from itgrix_module.sandbox.portal.crm_store import Fields
from itgrix_module.sandbox.portal.errors import RestError, missing_parameter
from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.methods.crm_classic import change, create, remove
from itgrix_module.sandbox.portal.params import Params, as_bool, as_list, as_map, as_text
from itgrix_module.sandbox.portal.query import Page, matches, ordered, paged, split_prefix

DIRECTIONS = ("ASC", "DESC")


def add(exchange: Exchange, params: Params) -> dict[str, Any]:
    kind = _kind(params)
    number = create(exchange, kind, _written(kind, _fields(params)))
    return {"item": _item(kind, exchange.state.crm.objects[kind][number], _original(params))}


def get(exchange: Exchange, params: Params) -> dict[str, Any]:
    kind = _kind(params)
    return {"item": _item(kind, _element(exchange, kind, params), _original(params))}


def update(exchange: Exchange, params: Params) -> dict[str, Any]:
    kind = _kind(params)
    stored = _element(exchange, kind, params)
    change(exchange, kind, stored, _written(kind, _fields(params)))
    return {"item": _item(kind, stored, _original(params))}


def delete(exchange: Exchange, params: Params) -> list[Any]:
    kind = _kind(params)
    remove(exchange, kind, int(_element(exchange, kind, params)["ID"]))
    return []


def list_(exchange: Exchange, params: Params) -> Page:
    """``fm`` comes only with ``select: ["*"]``."""
    kind = _kind(params)
    conditions, order = as_map(params.exact("filter")), as_map(params.exact("order"))
    _check_filter(kind, conditions)
    _check_order(kind, order)
    rows = exchange.state.crm.objects[kind].values()
    found = [row for row in rows if matches(row, conditions, lambda row, name: _value(kind, row, name))]
    listed = ordered(found, order or {"id": "ASC"}, lambda row, name: _value(kind, row, name))
    page = paged(listed, params, "items")
    select = [as_text(name) for name in as_list(params.exact("select"))] or ["*"]
    items = [_selected(_item(kind, row, _original(params)), select) for row in page.rows]
    return Page(items, page.total, page.next, "items")


def fields_of(_exchange: Exchange, params: Params) -> dict[str, Any]:
    kind = _kind(params)
    names = {name: type_ for name, type_ in crm_fields.FIELDS[kind].items() if name not in crm_fields.MULTI}
    return {
        "fields": {
            crm_fields.camel_name(kind, name): {
                "type": "integer" if type_ == "multiple" else type_,
                "isRequired": False,
                "isReadOnly": name in crm_fields.READ_ONLY,
                "isMultiple": type_ == "multiple",
                "title": name,
                "upperName": name,
            }
            for name, type_ in names.items()
        }
    }


def _kind(params: Params) -> str:
    if params.exact("entityTypeId") is None:
        raise missing_parameter("entityTypeId")
    kind = crm_fields.KINDS.get(params.integer("entityTypeId"))
    if kind is None:
        raise RestError(400, "NOT_FOUND", "Smart process not found")
    return kind


def _element(exchange: Exchange, kind: str, params: Params) -> Fields:
    if params.exact("id") is None:
        raise missing_parameter("id")
    stored = exchange.state.crm.get(kind, params.integer("id"))
    if stored is None:
        raise RestError(400, "NOT_FOUND", "Element not found")
    return stored


def _fields(params: Params) -> dict[str, Any]:
    value = params.exact("fields")
    if not isinstance(value, (dict, list)):
        raise missing_parameter("fields")
    return as_map(value)


def _original(params: Params) -> bool:
    return as_bool(params.exact("useOriginalUfNames", "N"))


def _written(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Classic names and multifields of what the caller wants written."""
    written = {crm_fields.upper_name(kind, name): value for name, value in fields.items() if name != "fm"}
    for item in map(as_map, as_list(fields.get("fm"))):
        type_ = as_text(item.get("typeId"), "PHONE").upper()
        names = {"id": "ID", "valueType": "VALUE_TYPE", "value": "VALUE", "delete": "DELETE"}
        written.setdefault(type_, []).append({names[name]: item[name] for name in names if name in item})
    return written


def _item(kind: str, stored: Fields, original: bool) -> dict[str, Any]:
    item: dict[str, Any] = {"entityTypeId": crm_fields.TYPE_IDS[kind]}
    for name, value in stored.items():
        if name in crm_fields.MULTI:
            continue
        shown = name if original and name.startswith("UF_") else crm_fields.camel_name(kind, name)
        item[shown] = _typed(crm_fields.FIELDS[kind].get(name, "string"), value)
    return item | {"fm": [_multi(entry) for name in crm_fields.MULTI for entry in stored.get(name, ())]}


def _multi(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": int(entry["ID"]),
        "typeId": entry["TYPE_ID"],
        "valueType": entry["VALUE_TYPE"],
        "value": entry["VALUE"],
    }


def _typed(type_: str, value: Any) -> Any:
    if value is None:
        return 0 if type_ == "integer" else None
    if type_ == "integer":
        return int(value)
    if type_ == "double":
        return float(value or 0)
    return [int(item) for item in value] if type_ == "multiple" else value


def _value(kind: str, row: Any, name: str) -> Any:
    return row.get(crm_fields.upper_name(kind, name))


def _selected(item: dict[str, Any], select: list[str]) -> dict[str, Any]:
    if "*" in select:
        return item
    return {name: value for name, value in item.items() if name == "id" or (name in select and name != "fm")}


def _check_filter(kind: str, conditions: dict[str, Any]) -> None:
    for key, value in conditions.items():
        if key.isdigit():
            _check_filter(kind, as_map(value))
        elif key.casefold() != "logic" and not _known(kind, split_prefix(key)[1]):
            raise _invalid(f"Invalid filter: field '{split_prefix(key)[1]}' is not allowed in filter")


def _check_order(kind: str, order: dict[str, Any]) -> None:
    for name, direction in order.items():
        if not _known(kind, name):
            raise _invalid(f"Invalid order: field '{name}' is not allowed in order")
        if str(direction).upper() not in DIRECTIONS:
            allowed = "Invalid order: allowed sort directions are `ASC, DESC`."
            raise _invalid(f"{allowed} But got '{direction}' for field '{name}'")


def _known(kind: str, name: str) -> bool:
    upper = crm_fields.upper_name(kind, name)
    return crm_fields.known(kind, upper) and upper not in crm_fields.MULTI


def _invalid(text: str) -> RestError:
    return RestError(400, "INVALID_ARG_VALUE", text)


METHODS = (
    Method("crm.item.add", add, ("crm",)),
    Method("crm.item.get", get, ("crm",)),
    Method("crm.item.update", update, ("crm",)),
    Method("crm.item.delete", delete, ("crm",)),
    Method("crm.item.list", list_, ("crm",)),
    Method("crm.item.fields", fields_of, ("crm",)),
)
