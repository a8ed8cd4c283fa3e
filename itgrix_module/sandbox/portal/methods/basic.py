# SPDX-License-Identifier: GPL-3.0-or-later
"""What any caller may ask: the application, scopes, methods, time, options."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.errors import RestError, denied
from itgrix_module.sandbox.portal.exchange import APP, APP_INFO, Exchange, Method
from itgrix_module.sandbox.portal.params import Params

FEATURES = frozenset({"rest_offline_extended", "rest_auth_connector"})
MAX_OPTIONS = 1000


def app_info(exchange: Exchange, _params: Params) -> dict[str, Any]:
    app = exchange.caller.app
    assert app is not None
    family = "ent" if exchange.state.config.plan == "ent" else "std"
    return {
        "ID": app.number,
        "CODE": app.client_id,
        "VERSION": app.version,
        "STATUS": "L",
        "INSTALLED": app.installed,
        "PAYMENT_EXPIRED": "N",
        "DAYS": None,
        "LANGUAGE_ID": exchange.state.config.language,
        "LICENSE": f"ru_{family}",
        "LICENSE_TYPE": family,
        "LICENSE_FAMILY": family,
    }


def scope(exchange: Exchange, _params: Params) -> list[str]:
    return sorted(exchange.caller.scopes)


def method_get(exchange: Exchange, params: Params) -> dict[str, bool]:
    """Available is what exists and what the caller's scopes allow."""
    state, name = exchange.state, params.text("name").casefold()
    if name not in state.method_scopes or state.method_hidden(name):
        return {"isExisting": False, "isAvailable": False}
    scopes = state.method_scopes[name]
    return {"isExisting": True, "isAvailable": not scopes or not exchange.caller.scopes.isdisjoint(scopes)}


def methods(exchange: Exchange, _params: Params) -> list[str]:
    return sorted(exchange.state.method_scopes)


def feature_get(_exchange: Exchange, params: Params) -> dict[str, str]:
    return {"value": "Y" if params.text("CODE") in FEATURES else "N"}


def server_time(exchange: Exchange, _params: Params) -> str:
    return exchange.state.iso()


def option_set(exchange: Exchange, params: Params) -> bool:
    app, options = exchange.caller.app, params.get("options")
    assert app is not None
    if not exchange.user.admin:
        raise denied("Administrator authorization required")
    if not isinstance(options, dict) or len(app.options) + len(options) > MAX_OPTIONS:
        raise RestError(400, "ERROR_ARGUMENT", "Argument 'options' is null or empty", argument="options")
    app.options.update(options)
    return True


def option_get(exchange: Exchange, params: Params) -> Any:
    app = exchange.caller.app
    assert app is not None
    return app.options.get(params.text("option"), "") if "option" in params else app.options or []


METHODS = (
    Method("app.info", app_info, context=APP_INFO),
    Method("scope", scope),
    Method("method.get", method_get),
    Method("methods", methods),
    Method("feature.get", feature_get),
    Method("server.time", server_time),
    Method("app.option.set", option_set, context=APP),
    Method("app.option.get", option_get, context=APP),
)
