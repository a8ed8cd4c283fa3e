# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do in the portal: install the application, click a number, fill a form."""

from __future__ import annotations

import secrets
from typing import Any

from itgrix_module.sandbox.portal.closing import Ending, close_call
from itgrix_module.sandbox.portal.events import EventDesk
from itgrix_module.sandbox.portal.model import App, Call, Token, User
from itgrix_module.sandbox.portal.phones import international, is_phone
from itgrix_module.sandbox.portal.state import State
from itgrix_module.sandbox.portal.telephony_events import announce_call

CANCELED = "Call canceled"


class Happenings:
    """Each of these takes the state's lock; events go out by themselves."""

    def __init__(self, state: State, events: EventDesk) -> None:
        self._state = state
        self._events = events

    def app(self, client_id: str = "") -> App:
        """The application with this id, or the first one."""
        apps = self._state.apps
        found = apps.get(client_id) if client_id else next(iter(apps.values()), None)
        if found is None:
            raise ValueError("the portal has no such application")
        return found

    def install(self, client_id: str = "", url: str = "", extra: bool = False) -> Token:
        """Install for the first administrator and tell the application. ``extra``: with the optional keys."""
        with self._state.lock:
            app = self.app(client_id)
            app.install_url = url or app.install_url
            app.installed, app.removed = True, False
            token = self.tokens(app.client_id)
            auth = self._events.full_auth(app, token)
            if extra:
                auth |= {"expires": int(token.expires), "user_id": token.user_id, "client_id": app.client_id}
            self._events.direct(app, "ONAPPINSTALL", self._version(app) | {"ACTIVE": "Y", "INSTALLED": "Y"}, auth)
            return token

    def update(self, client_id: str = "") -> None:
        """A new version: bindings and placements are gone, the application token is new."""
        with self._state.lock:
            app = self.app(client_id)
            previous, app.version = app.version, app.version + 1
            app.application_token = secrets.token_hex(16)
            app.bindings, app.placements = [], []
            data = self._version(app) | {"PREVIOUS_VERSION": previous}
            self._events.direct(app, "ONAPPUPDATE", data, self._events.full_auth(app, self.tokens(app.client_id)))

    def uninstall(self, client_id: str = "", clean: bool = False) -> None:
        """Bindings, placements and tokens are gone; the application is told without tokens."""
        with self._state.lock:
            app = self.app(client_id)
            app.installed, app.removed, app.bindings, app.placements = False, True, [], []
            self._state.tokens.revoke(self._state.now(), app.client_id)
            auth = {**self._events.bare_auth(), "application_token": app.application_token}
            data = {"LANGUAGE_ID": self._state.config.language, "CLEAN": int(clean)}
            self._events.direct(app, "ONAPPUNINSTALL", data, auth)

    def tokens(self, client_id: str = "", user_id: int = 0) -> Token:
        """A pair for a user, by default the first administrator."""
        with self._state.lock:
            user = user_id or next((user.id for user in self._state.users.values() if user.admin), 1)
            return self._state.tokens.issue(self.app(client_id).client_id, user, self._state.now())

    def click_to_call(
        self, user: int | str, phone: str, line: str = "", crm: tuple[str, int] | None = None, mobile: bool = False
    ) -> str:
        """An employee (id, or extension as text) clicks a number; returns CALL_ID."""
        with self._state.lock:
            caller = self.user(user)
            if not is_phone(phone):
                raise ValueError(f"{phone!r} is no telephone number")
            call = self._clicked(caller, phone, line, crm or self._state.crm.client_of(phone))
            announce_call(self._state, call)
            self._events.to_default_app("ONEXTERNALCALLSTART", _start_data(call, mobile), caller.id)
            return call.call_id

    def callback_form(self, phone: str, line: str = "", text: str = "", crm: tuple[str, int] | None = None) -> None:
        """A visitor asks to be called back; a new number becomes a lead."""
        with self._state.lock:
            if not is_phone(phone):
                raise ValueError(f"{phone!r} is no telephone number")
            kind, number = crm or self._state.crm.client_of(phone)
            if not number:
                fields = {"TITLE": f"{phone} - CRM", "SOURCE_ID": "CALLBACK", "PHONE": [{"VALUE": phone}]}
                kind, number = "LEAD", self._state.crm.add("LEAD", fields, 1, self._state.iso())
                self._events.publish("ONCRMLEADADD", {"FIELDS": {"ID": number}}, 0)
            data = {
                "PHONE_NUMBER": phone,
                "TEXT": text,
                "VOICE": "",
                "CRM_ENTITY_TYPE": kind,
                "CRM_ENTITY_ID": number,
                "LINE_NUMBER": line,
            }
            self._events.to_default_app("ONEXTERNALCALLBACKSTART", data, 0)

    def tick(self) -> None:
        """Close clicked calls that nobody finished in time."""
        with self._state.lock:
            for call in self._state.calls.overdue(self._state.now() - self._state.config.click_timeout):
                close_call(self._state, call, Ending(call.user_id, status="304", reason=CANCELED, by="timeout"))
                self._state.touch()

    def user(self, user: int | str) -> User:
        """An employee by id (int) or extension (text)."""
        users = self._state.users
        found = users.get(user) if isinstance(user, int) else self._state.user_by_extension(user)
        if found is None:
            raise ValueError(f"the portal has no employee {user!r}")
        return found

    def _clicked(self, user: User, phone: str, line: str, crm: tuple[str, int]) -> Call:
        state, app = self._state, self._state.default_app()
        call = Call(
            call_id=state.calls.new_id(state.now()),
            key=("click", state.next_id()),
            type=1,
            phone=phone,
            line=line,
            external_call_id="",
            user_id=user.id,
            client=f"app:{app.client_id}" if app else "",
            app_number=app.number if app else None,
            app_title=app.title if app else "",
            registered_at=state.now(),
            started=state.now(),
            crm=crm,
            click_to_call=True,
        )
        state.calls.add(call)
        call.card(state.now(), user.id, True, "click")
        return call

    def _version(self, app: App) -> dict[str, Any]:
        return {"VERSION": app.version, "LANGUAGE_ID": self._state.config.language}


def _start_data(call: Call, mobile: bool) -> dict[str, Any]:
    return {
        "PHONE_NUMBER": call.phone,
        "PHONE_NUMBER_INTERNATIONAL": international(call.phone),
        "EXTENSION": "",
        "USER_ID": call.user_id,
        "CALL_LIST_ID": 0,
        "LINE_NUMBER": call.line,
        "IS_MOBILE": int(mobile),
        "CALL_ID": call.call_id,
        "CRM_ENTITY_TYPE": call.crm[0],
        "CRM_ENTITY_ID": call.crm[1],
    }
