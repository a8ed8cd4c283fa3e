# SPDX-License-Identifier: GPL-3.0-or-later
"""telephony.externalCall.register, show, hide: a call appears and its cards open and close."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from itgrix_module.sandbox.portal import crm_fields
from itgrix_module.sandbox.portal.closing import CALL_TITLES
from itgrix_module.sandbox.portal.errors import core
from itgrix_module.sandbox.portal.exchange import TELEPHONY, Exchange, Method
from itgrix_module.sandbox.portal.model import App, Call, Line, User
from itgrix_module.sandbox.portal.params import Params, as_int
from itgrix_module.sandbox.portal.phones import is_phone
from itgrix_module.sandbox.portal.telephony_events import announce_call

OUTGOING = 1


def call_user(exchange: Exchange, params: Params) -> User:
    """The employee named by USER_ID or USER_PHONE_INNER; both calls that need one refuse alike."""
    number, extension = params.integer("USER_ID"), params.text("USER_PHONE_INNER")
    if not number and not extension:
        raise core("USER_ID or USER_PHONE_INNER should be set")
    state = exchange.state
    user = state.users.get(number) if number else state.user_by_extension(extension)
    if user is None or not user.active:
        raise core("User is not found or is not active")
    return user


def register(exchange: Exchange, params: Params) -> dict[str, Any]:
    """Order of checks: user, TYPE, PHONE_NUMBER, CALL_START_DATE, LINE_NUMBER."""
    user = call_user(exchange, params)
    type_ = params.integer("TYPE")
    if type_ not in CALL_TITLES[True]:
        raise core("Unknown TYPE")
    phone = params.text("PHONE_NUMBER").strip()
    if not is_phone(phone):
        raise core("Unsupported phone number format")
    started = _start(exchange, params)
    line = find_line(exchange, params.text("LINE_NUMBER"))
    key = (exchange.caller.client, phone, type_, user.id, line.number if line else "", params.text("EXTERNAL_CALL_ID"))
    call = exchange.state.calls.same(key, exchange.now, exchange.state.config.dedup_window)
    if call is not None:
        return _again(exchange, params, call)
    return _first(exchange, params, _new_call(exchange, params, key, started, user), line)


def show(exchange: Exchange, params: Params) -> bool:
    """Open the card for users; False when there is no such unfinished call."""
    return _cards(exchange, params, True, "show")


def hide(exchange: Exchange, params: Params) -> bool:
    """Close the card for users; False when there is no such unfinished call."""
    return _cards(exchange, params, False, "hide")


def find_line(exchange: Exchange, number: str) -> Line | None:
    """The caller's external line; webhooks see every line of the portal."""
    if not number:
        return None
    app = exchange.caller.app
    line = (app.lines if app else exchange.state.lines).get(number)
    if line is None:
        raise core(f"Could not find line with number {number}")
    return line


def bind_client(exchange: Exchange, params: Params, phone: str) -> tuple[str, int]:
    """The object the call was told to belong to if there is such, else the one with this number."""
    kind, number = params.text("CRM_ENTITY_TYPE").upper(), params.integer("CRM_ENTITY_ID")
    if kind in crm_fields.TYPE_IDS and kind != "DEAL" and exchange.state.crm.get(kind, number):
        return kind, number
    return exchange.state.crm.client_of(phone)


def portal_number(call: Call) -> str:
    return call.line or f"REST_APP:{call.app_number or ''}"


def _start(exchange: Exchange, params: Params) -> float:
    text = params.text("CALL_START_DATE")
    if not text:
        return exchange.now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise core("CALL_START_DATE should be in the ISO-8601 format") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=exchange.state.zone)).timestamp()


def _new_call(exchange: Exchange, params: Params, key: tuple[Any, ...], started: float, user: User) -> Call:
    app: App | None = exchange.caller.app
    _, phone, type_, _, line, external = key
    return Call(
        call_id=exchange.state.calls.new_id(exchange.now),
        key=key,
        type=type_,
        phone=phone,
        line=line,
        external_call_id=external,
        user_id=user.id,
        client=exchange.caller.client,
        app_number=app.number if app else None,
        app_title=app.title if app else "",
        registered_at=exchange.now,
        started=started,
        crm=bind_client(exchange, params, phone),
    )


def _first(exchange: Exchange, params: Params, call: Call, line: Line | None) -> dict[str, Any]:
    exchange.state.calls.add(call)
    if not call.crm[1] and _creates(params, call, line):
        create_client(exchange, call, params.text("CRM_SOURCE") or "CALL")
    if params.flag("SHOW", True):
        call.card(exchange.now, call.user_id, True, "register")
    announce_call(exchange.state, call)
    return _registered(call, call.created)


def _again(exchange: Exchange, params: Params, call: Call) -> dict[str, Any]:
    call.registers += 1
    if params.flag("SHOW", True):
        call.card(exchange.now, call.user_id, True, "register")
    return _registered(call, call.created if exchange.state.config.dedup_repeats_created else [])


def _creates(params: Params, call: Call, line: Line | None) -> bool:
    if not params.flag("CRM_CREATE"):
        return False
    return call.type != OUTGOING or line is None or line.crm_auto_create


def create_client(exchange: Exchange, call: Call, source: str) -> None:
    """A lead, or in the simple mode a contact and a deal, for a number that nobody has."""
    if exchange.state.config.lead_creation_error:
        call.creation_error = "Lead creation is disabled for local users"
        return
    title = f"{call.phone} - {CALL_TITLES[exchange.russian][call.type]}"
    common = {"SOURCE_ID": source, "ASSIGNED_BY_ID": call.user_id}
    phone = {"PHONE": [{"VALUE": call.phone, "VALUE_TYPE": "WORK"}]}
    if exchange.state.crm_mode == 1:
        call.created = [_create(exchange, "LEAD", {"TITLE": title, **common, **phone})]
    else:
        contact = _create(exchange, "CONTACT", {"NAME": call.phone, **common, **phone})
        call.created = [contact, _create(exchange, "DEAL", {"TITLE": title, "CONTACT_ID": contact[1], **common})]
    call.crm = call.created[0]


def _create(exchange: Exchange, kind: str, fields: dict[str, Any]) -> tuple[str, int]:
    number = exchange.state.crm.add(kind, fields, exchange.user.id, exchange.state.iso())
    exchange.publish(f"ONCRM{kind}ADD", {"FIELDS": {"ID": number}})
    return kind, number


def _registered(call: Call, created: list[tuple[str, int]]) -> dict[str, Any]:
    answer = {
        "CALL_ID": call.call_id,
        "CRM_CREATED_LEAD": next((number for kind, number in created if kind == "LEAD"), None),
        "CRM_CREATED_ENTITIES": [{"ENTITY_TYPE": kind, "ENTITY_ID": number} for kind, number in created],
        "CRM_ENTITY_TYPE": call.crm[0],
        "CRM_ENTITY_ID": call.crm[1],
    }
    return answer | ({"LEAD_CREATION_ERROR": call.creation_error} if call.creation_error else {})


def _cards(exchange: Exchange, params: Params, opened: bool, by: str) -> bool:
    call = exchange.state.calls.open_call(params.text("CALL_ID"))
    if call is None:
        return False
    for number in _users(params, call):
        if (user := exchange.state.users.get(number)) is not None and user.active:
            call.card(exchange.now, user.id, opened, by)
    return True


def _users(params: Params, call: Call) -> list[int]:
    if "USER_ID" not in params:
        return [call.user_id]
    return [number for number in map(as_int, params.items("USER_ID")) if number is not None]


METHODS = (
    Method("telephony.externalCall.register", register, ("telephony",), TELEPHONY),
    Method("telephony.externalCall.show", show, ("telephony",)),
    Method("telephony.externalCall.hide", hide, ("telephony",)),
)
