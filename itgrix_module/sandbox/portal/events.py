# SPDX-License-Identifier: GPL-3.0-or-later
"""Who hears of what: applications by their bindings, offline queues, outgoing webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from itgrix_module.sandbox.portal.couriers import Couriers
from itgrix_module.sandbox.portal.methods.subscriptions import SCOPE_OF
from itgrix_module.sandbox.portal.model import App, Binding, OutgoingWebhook, Token
from itgrix_module.sandbox.portal.state import State

Data = Mapping[str, Any]
SIGNAL = "ONOFFLINEEVENT"
# the documentation gives these to applications only
APP_ONLY = frozenset({"ONEXTERNALCALLSTART", "ONCRMDEALMOVETOCATEGORY", SIGNAL})


class EventDesk:
    """Turns what happened into letters."""

    def __init__(self, state: State, couriers: Couriers) -> None:
        self._state = state
        self._couriers = couriers
        self._signalled: dict[int, float] = {}

    def publish(self, event: str, data: Data, user_id: int, connector: str = "") -> None:
        """Tell every subscriber. ``user_id`` 0: nobody in particular, then the letters carry no tokens."""
        with self._state.lock:
            for app in self._state.apps.values():
                if app.installed and SCOPE_OF.get(event, "") in {"", *app.scopes}:
                    self._to_app(app, event, data, user_id, connector)
            for hook in self._state.outgoing:
                if event in hook.events and self._allowed(event):
                    self._couriers.post(event, hook.url, partial(self._hook_payload, hook, event, dict(data)))

    def to_default_app(self, event: str, data: Data, user_id: int) -> None:
        """Events that concern one application: the one that outgoing calls go through."""
        with self._state.lock:
            app = self._state.default_app()
            if app is not None:
                self._to_app(app, event, data, user_id, "")
            for hook in self._state.outgoing:
                if event in hook.events and self._allowed(event):
                    self._couriers.post(event, hook.url, partial(self._hook_payload, hook, event, dict(data)))

    def direct(self, app: App, event: str, data: Data, auth: Data) -> None:
        """To the application's own address, past its bindings (install, update, uninstall)."""
        if app.install_url:
            payload = {"event": event, "data": dict(data), "ts": self._ts(), "auth": dict(auth)}
            self._couriers.post(event, app.install_url, lambda: payload)

    def payload(self, app: App, event: str, data: Data, user_id: int) -> dict[str, Any]:
        """What a handler of the application would get; change it and ``send`` it to see how a forgery fares."""
        return self._app_payload(app, Binding(0, event, ""), event, data, user_id)

    def send(self, url: str, payload: Data) -> None:
        """Any payload to any address, on the way that all events take."""
        self._couriers.post(str(payload.get("event", "")), url, lambda: payload)

    def full_auth(self, app: App, token: Token) -> dict[str, Any]:
        """The block of ONAPPINSTALL and ONAPPUPDATE."""
        return {**self._token_auth(app, token), "refresh_token": token.refresh}

    def bare_auth(self) -> dict[str, Any]:
        """What everybody gets: where from, but no tokens."""
        state = self._state
        return {
            "domain": state.domain,
            "server_endpoint": f"{state.oauth_url}/rest/",
            "client_endpoint": f"{state.url}/rest/",
            "member_id": state.member_id,
        }

    def _allowed(self, event: str) -> bool:
        return event not in APP_ONLY or self._state.config.webhook_telephony == "lenient"

    def _to_app(self, app: App, event: str, data: Data, user_id: int, connector: str) -> None:
        for binding in app.bindings:
            if binding.event != event:
                continue
            if binding.offline:
                self._queue(app, binding, data, connector)
            else:
                payload = partial(self._app_payload, app, binding, event, dict(data), binding.auth_type or user_id)
                self._couriers.post(event, binding.handler, payload)

    def _queue(self, app: App, binding: Binding, data: Data, connector: str) -> None:
        """An event that the connector caused itself does not come back to it."""
        if binding.connector and binding.connector == connector:
            return
        self._state.offline[app.client_id].put(binding.event, data, binding.connector, self._state.iso())
        for signal in app.bindings:
            if signal.event == SIGNAL and not signal.offline:
                self._signal(app, signal)

    def _signal(self, app: App, binding: Binding) -> None:
        now = self._state.now()
        if now - self._signalled.get(binding.id, 0.0) < binding.min_timeout:
            return
        self._signalled[binding.id] = now
        payload = partial(self._app_payload, app, binding, SIGNAL, {}, binding.auth_type or 1)
        self._couriers.post(SIGNAL, binding.handler, payload)

    def _app_payload(self, app: App, binding: Binding, event: str, data: Data, user_id: int) -> dict[str, Any]:
        with self._state.lock:
            return {
                "event": event,
                "event_handler_id": binding.id,
                "data": data,
                "ts": self._ts(),
                "auth": self._app_auth(app, user_id, event),
            }

    def _app_auth(self, app: App, user_id: int, event: str) -> dict[str, Any]:
        if user_id not in self._state.users:
            return {**self.bare_auth(), "status": "L", "application_token": app.application_token}
        token = self._state.tokens.issue(app.client_id, user_id, self._state.now())
        if self._state.config.event_refresh_tokens or event == SIGNAL:
            return self.full_auth(app, token)
        return self._token_auth(app, token)

    def _token_auth(self, app: App, token: Token) -> dict[str, Any]:
        return {
            "access_token": token.access,
            "expires_in": int(token.expires - token.issued),
            "scope": ",".join(sorted(app.scopes)),
            **self.bare_auth(),
            "status": "L",
            "application_token": app.application_token,
        }

    def _hook_payload(self, hook: OutgoingWebhook, event: str, data: Data) -> dict[str, Any]:
        auth = {**self.bare_auth(), "application_token": hook.token}
        return {"event": event, "event_handler_id": hook.id, "data": data, "ts": self._ts(), "auth": auth}

    def _ts(self) -> int:
        return int(self._state.now())
