# SPDX-License-Identifier: GPL-3.0-or-later
"""placement.bind|unbind|get|list. Several of its refusals come with HTTP 200, as in the documentation."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.errors import RestError, core, denied
from itgrix_module.sandbox.portal.exchange import PLACEMENT, Exchange, Method
from itgrix_module.sandbox.portal.methods.subscriptions import app_of
from itgrix_module.sandbox.portal.model import Placement
from itgrix_module.sandbox.portal.params import Params, as_text

WORKER = "PAGE_BACKGROUND_WORKER"
CODES = (
    "CALL_CARD",
    "TELEPHONY_ANALYTICS_MENU",
    WORKER,
    "LEFT_MENU",
    *(
        f"CRM_{kind}_{place}"
        for kind in ("LEAD", "DEAL", "CONTACT", "COMPANY")
        for place in ("DETAIL_TAB", "DETAIL_TOOLBAR", "DETAIL_ACTIVITY", "LIST_TOOLBAR")
    ),
)


def bind(exchange: Exchange, params: Params) -> bool:
    _administrator(exchange)
    code, handler = _required(params, "PLACEMENT").upper(), _required(params, "HANDLER")
    app, options = app_of(exchange), params.mapping("OPTIONS")
    if code not in CODES:
        raise RestError(400, "ERROR_PLACEMENT_NOT_FOUND", "Placement not found")
    if code == WORKER and not as_text(options.get("errorHandlerUrl")):
        raise RestError(200, "EMPTY_ERROR_HANDLER_URL", "Option errorHandlerUrl is empty")
    if code == WORKER and any(bound.placement == WORKER for bound in app.placements):
        raise RestError(200, "ERROR_PLACEMENT_MAX_COUNT", "Placement max count exceeded")
    if any((bound.placement, bound.handler) == (code, handler) for bound in app.placements):
        raise core("Unable to set placement handler: Handler already binded")
    user_id, names = params.integer("USER_ID"), params.mapping("LANG_ALL")
    texts = params.text("TITLE"), params.text("DESCRIPTION")
    app.placements.append(Placement(code, handler, *texts, user_id, dict(options), dict(names)))
    return True


def unbind(exchange: Exchange, params: Params) -> dict[str, int]:
    """Counts each handler twice: once as found, once as removed."""
    _administrator(exchange)
    code, handler = _required(params, "PLACEMENT").upper(), params.text("HANDLER")
    app = app_of(exchange)
    gone = [bound for bound in app.placements if bound.placement == code and handler in ("", bound.handler)]
    app.placements = [bound for bound in app.placements if bound not in gone]
    return {"count": 2 * len(gone)}


def get(exchange: Exchange, _params: Params) -> list[dict[str, Any]]:
    _administrator(exchange)
    return [
        {
            "placement": bound.placement,
            "userId": bound.user_id,
            "handler": bound.handler,
            "options": bound.options or [],
            "title": bound.title,
            "description": bound.description,
            "langAll": bound.lang_all or [],
        }
        for bound in app_of(exchange).placements
    ]


def list_(_exchange: Exchange, _params: Params) -> list[str]:
    return list(CODES)


def _administrator(exchange: Exchange) -> None:
    if not exchange.user.admin:
        raise denied()


def _required(params: Params, name: str) -> str:
    if not (value := params.text(name)):
        raise RestError(200, "ERROR_ARGUMENT", f"Argument '{name}' is null or empty", argument=name)
    return value


_SCOPE = ("placement",)
METHODS = (
    Method("placement.bind", bind, _SCOPE, PLACEMENT),
    Method("placement.unbind", unbind, _SCOPE, PLACEMENT),
    Method("placement.get", get, _SCOPE, PLACEMENT),
    Method("placement.list", list_, _SCOPE, PLACEMENT),
)
