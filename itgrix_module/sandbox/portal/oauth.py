# SPDX-License-Identifier: GPL-3.0-or-later
"""The authorisation server: codes, tokens, rotation; and the browser's way in on the portal's side."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from itgrix_module.sandbox.portal import access
from itgrix_module.sandbox.portal.errors import RestError
from itgrix_module.sandbox.portal.faults import AFTER, BEFORE, Faults
from itgrix_module.sandbox.portal.log import RequestView, masked
from itgrix_module.sandbox.portal.model import App, Token
from itgrix_module.sandbox.portal.rest import spoil, spoiled, wire_of_request
from itgrix_module.sandbox.portal.state import State

METHOD = "oauth.token"


class AuthorisationServer:
    """``/oauth/token/`` and ``/rest/app.info`` of the vendor's host."""

    def __init__(self, state: State, faults: Faults) -> None:
        self._state = state
        self._faults = faults

    def blueprint(self, *, with_app_info: bool) -> Blueprint:
        """``with_app_info``: on a port of its own; the portal answers ``app.info`` itself."""
        server = Blueprint("oauth", __name__)
        server.add_url_rule("/oauth/token/", "token", self.token, methods=["GET", "POST"])
        if with_app_info:
            server.add_url_rule("/rest/app.info", "app_info", self.app_info, methods=["GET", "POST"])
        return server

    def token(self) -> Response:
        """Faults are those of the method ``oauth.token``."""
        began, number, wire = time.perf_counter(), self._state.log.next_number(), wire_of_request()
        values = {**request.args.to_dict(), **request.form.to_dict()}
        wire.hold(self._state.config.oauth_latency + self._faults.latency_of(METHOD, exactly=True))
        fault = self._faults.strike([METHOD], BEFORE | AFTER | frozenset({"http_500"}))
        error: str | None = None
        if fault and fault.kind not in AFTER:
            response = spoiled(wire, fault.kind, fault.seconds, fault.location or request.url)
        else:
            response, error = self._granted(values)
            if fault:
                spoil(wire, fault)
        self._state.log.add(
            RequestView(
                http=number,
                at=self._state.now(),
                kind="oauth",
                method=METHOD,
                params=masked(values),
                client=values.get("client_id", ""),
                status=0 if wire.cut else response.status_code,
                error=error,
                seconds=time.perf_counter() - began,
                fault=fault.kind if fault else "",
            )
        )
        self._state.touch()
        return response

    def app_info(self) -> Response:
        """The trusted check of a licence."""
        try:
            with self._state.lock:
                token = request.values.get("auth", "")
                caller = access.by_token(self._state, token)
        except RestError as error:
            return _json(error.status, error.body())
        assert caller.app is not None
        return _json(200, {"result": self._known(caller.app, caller.user.id)})

    def _granted(self, values: dict[str, str]) -> tuple[Response, str | None]:
        try:
            with self._state.lock:
                return _json(200, self._pair(values)), None
        except RestError as error:
            body = {"error": error.code} | ({"error_description": error.text} if error.text else {})
            return _json(error.status, body), error.code

    def _pair(self, values: dict[str, str]) -> dict[str, Any]:
        """Order: switches, parameters, client, installed, grant."""
        switches, now = self._state.switches, self._state.now()
        if switches.wrong_client:
            raise RestError(200, "wrong_client")
        if switches.payment_required:
            raise RestError(401, "PAYMENT_REQUIRED", "Payment required")
        grant = values.get("grant_type", "")
        names = {"authorization_code": "code", "refresh_token": "refresh_token"}
        if grant not in names:
            raise RestError(400, "invalid_request", 'No "grant_type" parameter found')
        self._require(values, "client_id", "client_secret", names[grant])
        app = self._client(values)
        secret = values[names[grant]]
        book = self._state.tokens
        give = book.redeem if grant == "authorization_code" else book.rotate
        if app.removed:
            raise RestError(401, "NOT_INSTALLED", "Application not installed")
        token = give(secret, app.client_id, now)
        if token is None:
            raise RestError(400, "invalid_grant")
        return self._answer(app, token)

    def _require(self, values: dict[str, str], *names: str) -> None:
        for name in names:
            if not values.get(name):
                raise RestError(400, "invalid_request", f'No "{name}" parameter found')

    def _client(self, values: dict[str, str]) -> App:
        app = self._state.apps.get(values["client_id"])
        if app is None or app.client_secret != values["client_secret"]:
            raise RestError(400, "invalid_client", "Invalid client")
        return app

    def _answer(self, app: App, token: Token) -> dict[str, Any]:
        return {
            "access_token": token.access,
            "refresh_token": token.refresh,
            "expires": int(token.expires),
            "expires_in": int(token.expires - token.issued),
            "domain": self._state.oauth_url.partition("//")[2],
            **self._known(app, token.user_id),
        }

    def _known(self, app: App, user_id: int) -> dict[str, Any]:
        return {
            "client_endpoint": f"{self._state.url}/rest/",
            "server_endpoint": f"{self._state.oauth_url}/rest/",
            "member_id": self._state.member_id,
            "scope": ",".join(sorted(app.scopes)),
            "status": "L",
            "user_id": user_id,
        }


def authorize_blueprint(state: State) -> Blueprint:
    """``/oauth/authorize/`` on the portal: everybody agrees at once, as user 1 or ``user_id``."""
    page = Blueprint("authorize", __name__)

    def authorize() -> Response:
        with state.lock:
            app = state.apps.get(request.args.get("client_id", ""))
            if app is None or not app.redirect_uri:
                return Response("Application not found", 400, content_type="text/plain")
            user_id = request.args.get("user_id", 1, type=int)
            code = state.tokens.code(app.client_id, user_id, state.now())
        values = {
            "code": code.value,
            "state": request.args.get("state", ""),
            "domain": state.domain,
            "member_id": state.member_id,
            "scope": ",".join(sorted(app.scopes)),
            "server_domain": state.oauth_url.partition("//")[2],
        }
        return Response("", 302, {"Location": f"{app.redirect_uri}?{urlencode(values)}"})

    page.add_url_rule("/oauth/authorize/", "authorize", authorize, methods=["GET"])
    return page


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")
