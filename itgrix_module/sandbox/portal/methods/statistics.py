# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked about calls and numbers: voximplant.statistic.get, searchCrmEntities."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.closing import client_name
from itgrix_module.sandbox.portal.crm_store import LOOKUP_ORDER
from itgrix_module.sandbox.portal.errors import RestError, core
from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.params import Params
from itgrix_module.sandbox.portal.query import Page, matches, ordered, paged


def statistic(exchange: Exchange, params: Params) -> Page:
    """Finished calls, oldest first unless SORT and ORDER say otherwise."""
    conditions = {key.upper(): value for key, value in params.mapping("FILTER").items()}
    rows = [call.statistic for call in exchange.state.calls.statistic.values()]
    order = {params.text("SORT", "ID").upper(): params.text("ORDER", "ASC")}
    return paged(ordered([row for row in rows if matches(row, conditions)], order), params)


def search(exchange: Exchange, params: Params) -> list[dict[str, Any]]:
    """Contacts, companies and leads with a number, each with its responsible and his working day."""
    phone = params.text("PHONE_NUMBER").strip()
    if not phone:
        raise core("PHONE_NUMBER is empty")
    found = exchange.state.crm.find("PHONE", phone)
    return [_entity(exchange, kind, number) for kind in LOOKUP_ORDER for number in found.get(kind, ())]


def lines(_exchange: Exchange, _params: Params) -> dict[str, str]:
    """voximplant.line.get: the portal's own telephony has no numbers here, external lines do not count."""
    return {}


def _entity(exchange: Exchange, kind: str, number: int) -> dict[str, Any]:
    fields = exchange.state.crm.get(kind, number) or {}
    responsible = int(fields.get("ASSIGNED_BY_ID") or 0)
    return {
        "CRM_ENTITY_TYPE": kind,
        "CRM_ENTITY_ID": number,
        "ASSIGNED_BY_ID": responsible,
        "NAME": client_name(exchange.state, (kind, number)),
        "ASSIGNED_BY": _responsible(exchange, responsible),
    }


def _responsible(exchange: Exchange, number: int) -> dict[str, Any]:
    user = exchange.state.users.get(number)
    if user is None:
        return {}
    return {
        "ID": str(user.id),
        "TIMEMAN_STATUS": user.timeman,
        "USER_PHONE_INNER": user.extension or None,
        "WORK_PHONE": user.work_phone or None,
        "PERSONAL_PHONE": None,
        "PERSONAL_MOBILE": user.mobile or None,
    }


def find_by_communication(exchange: Exchange, params: Params) -> Any:
    """crm.duplicate.findbycomm; twenty hits of one type hide the types after it."""
    type_, values = params.text("type").upper(), params.items("values")
    _check(type_, values)
    wanted = params.text("entity_type").upper()
    hits: dict[str, list[int]] = {}
    for kind in ("LEAD", "CONTACT", "COMPANY"):
        if wanted in ("", kind) and (numbers := _hits(exchange, type_, values, kind)):
            hits[kind] = numbers
            if len(numbers) >= 20:
                break
    return hits or []


def _check(type_: str, values: list[Any]) -> None:
    if not type_:
        raise RestError(400, "Communication type is not defined", "Parameter 'type' is required.")
    if type_ not in ("PHONE", "EMAIL"):
        raise RestError(400, f"Communication type '{type_}' is not supported in current context")
    if not values:
        raise RestError(400, "Communication values is not defined", "Parameter 'values' is required.")


def _hits(exchange: Exchange, type_: str, values: list[Any], kind: str) -> list[int]:
    found: dict[int, None] = {}
    for value in values[:20]:
        found |= dict.fromkeys(exchange.state.crm.find(type_, str(value)).get(kind, ()))
    return list(found)[:20]


METHODS = (
    Method("voximplant.statistic.get", statistic, ("telephony",)),
    Method("voximplant.line.get", lines, ("telephony",)),
    Method("telephony.externalCall.searchCrmEntities", search, ("telephony",)),
    Method("crm.duplicate.findbycomm", find_by_communication, ("crm",)),
)
