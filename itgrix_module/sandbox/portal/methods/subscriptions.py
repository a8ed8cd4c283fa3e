# SPDX-License-Identifier: GPL-3.0-or-later
"""event.bind|unbind|get|test and events."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.errors import RestError, core, denied
from itgrix_module.sandbox.portal.exchange import APP, Exchange, Method
from itgrix_module.sandbox.portal.model import App, Binding
from itgrix_module.sandbox.portal.params import Params, as_bool, as_int, as_map

_CRM = [
    f"ONCRM{kind}{what}"
    for kind in ("LEAD", "CONTACT", "COMPANY", "DEAL", "ACTIVITY", "TIMELINECOMMENT", "DYNAMICITEM")
    for what in ("ADD", "UPDATE", "DELETE")
]
CATALOGUE: dict[str, list[str]] = {
    "": [
        "ONAPPINSTALL",
        "ONAPPUPDATE",
        "ONAPPUNINSTALL",
        "ONAPPPAYMENT",
        "ONAPPMETHODCONFIRM",
        "ONAPPTEST",
        "ONOFFLINEEVENT",
    ],
    "telephony": [
        "ONEXTERNALCALLSTART",
        "ONEXTERNALCALLBACKSTART",
        "ONVOXIMPLANTCALLINIT",
        "ONVOXIMPLANTCALLSTART",
        "ONVOXIMPLANTCALLEND",
    ],
    "crm": [*_CRM, "ONCRMDEALMOVETOCATEGORY"],
    "task": ["ONTASKADD", "ONTASKUPDATE", "ONTASKDELETE"],
    "user": ["ONUSERADD"],
}
SCOPE_OF = {event: scope for scope, names in CATALOGUE.items() for event in names}


def bind(exchange: Exchange, params: Params) -> bool:
    """Offline bindings and those with an ``auth_type`` are an administrator's."""
    event, offline = _event(params), _offline(params)
    handler, auth_type = params.text("handler"), params.integer("auth_type")
    _check_rights(exchange, offline, auth_type, "binding")
    if not handler and not offline:
        raise RestError(400, "ERROR_ARGUMENT", "Argument 'handler' is null or empty", argument="handler")
    connector = params.text("auth_connector")
    wanted = (event, "" if offline else handler, auth_type, offline, connector)
    if any(_key(binding) == wanted for binding in app_of(exchange).bindings):
        raise core("Unable to set event handler: Handler already binded")
    least = as_int(as_map(params.get("options")).get("minTimeout")) or 1
    binding = Binding(exchange.state.next_id(), event, wanted[1], auth_type, offline, connector, least)
    app_of(exchange).bindings.append(binding)
    return True


def unbind(exchange: Exchange, params: Params) -> dict[str, int]:
    event, offline = _event(params), _offline(params)
    auth_type = params.integer("auth_type")
    _check_rights(exchange, offline, auth_type, "unbinding")
    app, handler = app_of(exchange), params.text("handler")
    kept = [
        binding
        for binding in app.bindings
        if (binding.event, binding.offline) != (event, offline)
        or not (offline or binding.handler == handler)
        or ("auth_type" in params and binding.auth_type != auth_type)
    ]
    count = len(app.bindings) - len(kept)
    app.bindings = kept
    return {"count": count}


def get(exchange: Exchange, _params: Params) -> list[dict[str, Any]]:
    return [
        {"event": binding.event, "handler": binding.handler, "auth_type": str(binding.auth_type), "offline": 0}
        | ({"offline": 1, "connector_id": binding.connector} if binding.offline else {})
        for binding in app_of(exchange).bindings
    ]


def events(exchange: Exchange, params: Params) -> list[str]:
    """Codes of one scope, of the caller's, or with FULL of all."""
    if "SCOPE" in params:
        return CATALOGUE.get(params.text("SCOPE"), [])
    scopes = CATALOGUE if as_bool(params.get("FULL")) else {"", *exchange.caller.scopes}
    return [event for scope, names in CATALOGUE.items() if scope in scopes for event in names]


def test(exchange: Exchange, params: Params) -> int:
    data = {"QUERY": {key: value for key, value in params.values.items() if key != "auth"}}
    exchange.publish("ONAPPTEST", data | {"LANGUAGE_ID": exchange.state.config.language})
    return 1


def app_of(exchange: Exchange) -> App:
    """The calling application; the context has been checked."""
    assert exchange.caller.app is not None
    return exchange.caller.app


def _event(params: Params) -> str:
    event = params.text("event").upper()
    if not event:
        raise RestError(400, "ERROR_ARGUMENT", "Argument 'event' is null or empty", argument="event")
    if event not in SCOPE_OF:
        raise RestError(400, "ERROR_EVENT_NOT_FOUND", "Event not found")
    return event


def _offline(params: Params) -> bool:
    return params.text("event_type").casefold() == "offline"


def _check_rights(exchange: Exchange, offline: bool, auth_type: int, what: str) -> None:
    if exchange.user.admin:
        return
    if offline:
        raise denied(f"Access denied! Offline events {what} requires administrator access rights")
    if auth_type and auth_type != exchange.user.id:
        raise denied(f"Access denied! Event {what} with AUTH_TYPE requires administrator access rights")


def _key(binding: Binding) -> tuple[str, str, int, bool, str]:
    return binding.event, binding.handler, binding.auth_type, binding.offline, binding.connector


METHODS = (
    Method("event.bind", bind, context=APP),
    Method("event.unbind", unbind, context=APP),
    Method("event.get", get, context=APP),
    Method("event.test", test, context=APP),
    Method("events", events, context=APP),
)
