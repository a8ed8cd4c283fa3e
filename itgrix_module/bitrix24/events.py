# SPDX-License-Identifier: GPL-3.0-or-later
"""Events that the portal sends: reading the form body, and knowing whether it is really our portal (contract §7).

The body comes from the internet and is not authenticated before ``is_from`` says so.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24.address import host_of
from itgrix_module.bitrix24.encoding import BadForm, FormLimits, decode
from itgrix_module.bitrix24.oauth import LIFETIME, scopes
from itgrix_module.bitrix24.shapes import mapping, number, text, whole

CALL_START = "ONEXTERNALCALLSTART"
CALLBACK_START = "ONEXTERNALCALLBACKSTART"
INSTALL = "ONAPPINSTALL"
UPDATE = "ONAPPUPDATE"
UNINSTALL = "ONAPPUNINSTALL"
TEST = "ONAPPTEST"

EVENT_LIMITS = FormLimits(size=128 * 1024, fields=1000, depth=8, name=256)
_NAME_LENGTH = 100
_KEY_LENGTH = 190


@dataclass(frozen=True)
class EventAuth:
    """Who says that he sent it. Secrets are not shown in ``repr``.

    The access token belongs to the user who caused the event: never keep it in place of the stored one.
    """

    member_id: str = ""
    domain: str = ""
    application_token: str = field(default="", repr=False)
    client_endpoint: str = ""
    server_endpoint: str = ""
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_in: float | None = None
    scope: frozenset[str] = frozenset()
    status: str = ""
    user_id: int | None = None


@dataclass(frozen=True)
class PortalEvent:
    """An event. ``name``: upper-case. ``data``: nested maps and lists, leaves are strings. ``ts``: epoch seconds."""

    name: str
    data: Mapping[str, Any]
    ts: int | None
    auth: EventAuth
    handler_id: str = ""

    def dedup_key(self) -> str:
        """Equal for two deliveries of the same event."""
        return key_of(self.name, self.data, str(self.ts or ""))

    def age(self, now: float) -> float | None:
        """Seconds since the portal sent it; None when it does not say."""
        return None if self.ts is None else now - self.ts


def key_of(name: str, data: Mapping[str, Any], moment: str) -> str:
    """What makes an event this one, at most 191 characters: a click is one whenever and however often it is told.

    ``moment``: when the portal sent it or noted it. Which of our handlers it went to does not count.
    """
    inner = mapping(data.get("FIELDS")) or mapping(data.get("FIELDS_AFTER"))
    call, record = text(data.get("CALL_ID")), text(inner.get("ID"))
    what = call or (f"{record}:{moment}" if record else f"{_digest(data)}:{moment}")
    key = f"{name}:{what}"
    return key if len(key) <= _KEY_LENGTH and key.isascii() else f"{name}:{_digest(what)}"


def _digest(value: Any) -> str:
    written = json.dumps(value, sort_keys=True, default=str).encode("utf-8", "replace")
    return hashlib.sha256(written).hexdigest()[:40]


def read_event(form: bytes | str, limits: FormLimits = EVENT_LIMITS) -> PortalEvent:
    """The event in a form body. Raises BadForm when it is none, or larger or deeper than the portal ever sends."""
    found = decode(form, limits)
    name = text(found.get("event")).strip().upper()
    if not name or len(name) > _NAME_LENGTH or not name.replace("_", "").isalnum() or not name.isascii():
        raise BadForm("no name of an event in it")
    return PortalEvent(
        name,
        mapping(found.get("data")),
        whole(found.get("ts")),
        _auth(mapping(found.get("auth"))),
        text(found.get("event_handler_id")),
    )


def is_from(event: PortalEvent, member_id: str, application_token: str) -> bool:
    """Whether our portal sent it, compared in constant time. False as long as no token is stored."""
    if not application_token or not member_id:
        return False
    known = same(event.auth.member_id, member_id)
    return same(event.auth.application_token, application_token) and known


def same(given: str, expected: str) -> bool:
    """Compare secrets in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def install_tokens(event: PortalEvent, now: float) -> Tokens | None:
    """The pair that comes with an installation; None when it is not complete.

    Not to be trusted before a call with it has succeeded: anybody can send such a form.
    """
    auth = event.auth
    if not (auth.access_token and auth.refresh_token and auth.member_id and auth.client_endpoint):
        return None
    return Tokens(
        access_token=auth.access_token,
        refresh_token=auth.refresh_token,
        expires_at=now + (LIFETIME if auth.expires_in is None else auth.expires_in),
        member_id=auth.member_id,
        domain=auth.domain or host_of(auth.client_endpoint),
        client_endpoint=auth.client_endpoint,
        server_endpoint=auth.server_endpoint,
        application_token=auth.application_token,
        scope=auth.scope,
        user_id=auth.user_id,
    )


def _auth(found: Mapping[str, Any]) -> EventAuth:
    return EventAuth(
        member_id=text(found.get("member_id")),
        domain=text(found.get("domain")),
        application_token=text(found.get("application_token")),
        client_endpoint=text(found.get("client_endpoint")),
        server_endpoint=text(found.get("server_endpoint")),
        access_token=text(found.get("access_token")),
        refresh_token=text(found.get("refresh_token")),
        expires_in=number(found.get("expires_in")),
        scope=scopes(found.get("scope")),
        status=text(found.get("status")),
        user_id=whole(found.get("user_id")),
    )
