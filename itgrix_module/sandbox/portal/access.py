# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a request comes from and what he may call: tokens, webhooks, scopes, contexts."""

from __future__ import annotations

from itgrix_module.sandbox.portal.errors import RestError, no_auth, wrong_auth_type
from itgrix_module.sandbox.portal.exchange import ANY_CONTEXT, APP, APP_INFO, PLACEMENT, TELEPHONY, Caller, Method
from itgrix_module.sandbox.portal.model import User
from itgrix_module.sandbox.portal.params import Params
from itgrix_module.sandbox.portal.state import State


def by_webhook(state: State, user_id: str, code: str) -> Caller:
    """The caller behind ``/rest/<user>/<code>/``."""
    webhook = state.webhooks.get((int(user_id), code)) if user_id.isdecimal() and len(user_id) < 10 else None
    if webhook is None or (webhook.expires is not None and state.now() > webhook.expires):
        raise no_auth()
    user = _active(state, webhook.user_id)
    return Caller(f"webhook:{user.id}", user, webhook.scopes, path=f"/{user.id}/{code}")


def by_token(state: State, access: str) -> Caller:
    """The caller behind an access token."""
    token = state.tokens.by_access(access) if access else None
    if token is None or token.revoked is not None:
        raise no_auth()
    if state.now() > token.expires:
        raise RestError(401, "expired_token", "The access token provided has expired.")
    app = state.apps.get(token.client_id)
    if app is None or app.removed:
        raise RestError(401, "APPLICATION_NOT_FOUND", "Application not found")
    user = _active(state, token.user_id)
    if not user.app_access:
        raise RestError(403, "user_access_error", "The user does not have access to the application.")
    return Caller(f"app:{app.client_id}", user, app.scopes, app, auth=access)


def access_token(params: Params, header: str) -> str:
    """The token of a request: parameter ``auth``, ``access_token``, or a bearer header."""
    given = params.text("auth") or params.text("access_token")
    return given or header.removeprefix("Bearer ").strip()


def check_scope(method: Method, caller: Caller) -> None:
    """Any of the method's scopes will do."""
    if method.scopes and caller.scopes.isdisjoint(method.scopes):
        by = "access token" if caller.app else "webhook token"
        raise RestError(403, "insufficient_scope", f"The request requires higher privileges than provided by the {by}")


def check_context(state: State, method: Method, caller: Caller) -> None:
    """Some methods want an application, some an administrator's."""
    if method.context == ANY_CONTEXT or caller.app is not None:
        return
    if method.context == TELEPHONY and state.config.webhook_telephony == "lenient":
        return
    if method.context == APP_INFO:
        raise RestError(400, "ACCESS_DENIED", "Access denied! Application context required")
    assert method.context in (APP, PLACEMENT, TELEPHONY)
    raise wrong_auth_type(" Application context required" if method.context == PLACEMENT else "")


def _active(state: State, user_id: int) -> User:
    user = state.users.get(user_id)
    if user is None or not user.active:
        raise RestError(401, "authorization_error", "Unable to authorize user")
    return user
