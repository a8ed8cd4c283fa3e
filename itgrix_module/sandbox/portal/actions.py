# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done to the sandbox from outside, by name: for the control path and for the page's forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from itgrix_module.sandbox.portal.crm_fields import TYPE_IDS
from itgrix_module.sandbox.portal.faults import HOLD
from itgrix_module.sandbox.portal.model import User
from itgrix_module.sandbox.portal.params import Params

if TYPE_CHECKING:
    from itgrix_module.sandbox.portal.portal import SandboxPortal

SWITCHES = ("overload", "portal_deleted", "no_commercial_plan", "payment_required", "wrong_client")
MAX_USERS = 5000
Action = Callable[["SandboxPortal", Params], Any]


def perform(portal: SandboxPortal, name: str, params: Params) -> Any:
    """Run one action; ValueError says what is wrong with it, KeyError that there is none of this name."""
    result = ACTIONS[name](portal, params)
    portal.state.touch()
    return result


def _reset(portal: SandboxPortal, _params: Params) -> bool:
    portal.reset()
    return True


def _fault(portal: SandboxPortal, params: Params) -> dict[str, Any]:
    endless = params.get("times", 1) in (None, "", 0, "0")
    rule = portal.faults.add(
        params.text("method") or "*",
        params.text("kind"),
        None if endless else params.integer("times", 1),
        every=params.integer("every", 1),
        after=params.integer("after"),
        seconds=float(params.integer("seconds", int(HOLD))),
        location=params.text("location"),
    )
    return asdict(rule)


def _clear_faults(portal: SandboxPortal, params: Params) -> bool:
    if number := params.integer("id"):
        portal.faults.remove(number)
    else:
        portal.faults.clear()
    return True


def _latency(portal: SandboxPortal, params: Params) -> bool:
    portal.faults.latency(params.text("method") or "*", params.integer("milliseconds") / 1000)
    return True


def _outage(portal: SandboxPortal, params: Params) -> bool:
    portal.outage(params.flag("on"), params.text("kind") or "reset")
    return True


def _switch(portal: SandboxPortal, params: Params) -> dict[str, bool]:
    for name in SWITCHES:
        if name in params:
            setattr(portal.switches, name, params.flag(name))
    return {name: getattr(portal.switches, name) for name in SWITCHES}


def _user(portal: SandboxPortal, params: Params) -> dict[str, Any]:
    state = portal.state
    with state.lock:
        if len(state.users) >= MAX_USERS:
            raise ValueError("there are too many employees already")
        number = params.integer("id") or max(state.users, default=0) + 1
        name = params.text("name") or f"User {number}"
        user = User(number, name, params.text("last_name"), params.text("extension"), params.text("mobile"))
        user.active, user.admin = params.flag("active", True), params.flag("admin")
        state.users[number] = user
        return asdict(user)


def _client(portal: SandboxPortal, params: Params) -> dict[str, int | str]:
    kind = params.text("kind", "CONTACT").upper()
    if kind not in TYPE_IDS:
        raise ValueError(f"kind is one of {', '.join(TYPE_IDS)}")
    names = ("NAME", "LAST_NAME", "TITLE", "ASSIGNED_BY_ID", "SOURCE_ID")
    fields: dict[str, Any] = {name: params.get(name) for name in names if name in params}
    if phone := params.text("phone"):
        fields["PHONE"] = [{"VALUE": phone, "VALUE_TYPE": "WORK"}]
    with portal.state.lock:
        number = portal.state.crm.add(kind, fields, 1, portal.state.iso())
        portal.state.publish(f"ONCRM{kind}ADD", {"FIELDS": {"ID": number}}, 1, "")
    return {"kind": kind, "id": number}


def _click(portal: SandboxPortal, params: Params) -> dict[str, str]:
    user: int | str = params.text("extension") or params.integer("user")
    return {"call_id": portal.click_to_call(user, params.text("phone").strip(), params.text("line"))}


def _callback(portal: SandboxPortal, params: Params) -> bool:
    portal.callback_form(params.text("phone").strip(), params.text("line"), params.text("text"))
    return True


def _install(portal: SandboxPortal, params: Params) -> dict[str, str]:
    """Tokens go to the address; with ``tokens`` they come back too, for programs that have none."""
    token = portal.install(params.text("client_id"), params.text("url"))
    shown = {"access_token": token.access, "refresh_token": token.refresh} if params.flag("tokens") else {}
    return {"member_id": portal.state.member_id, **shown}


def _expire(portal: SandboxPortal, _params: Params) -> bool:
    portal.expire_tokens()
    return True


ACTIONS: dict[str, Action] = {
    "reset": _reset,
    "faults": _fault,
    "faults/clear": _clear_faults,
    "latency": _latency,
    "outage": _outage,
    "switches": _switch,
    "users": _user,
    "clients": _client,
    "click": _click,
    "callback": _callback,
    "install": _install,
    "tokens/expire": _expire,
}
