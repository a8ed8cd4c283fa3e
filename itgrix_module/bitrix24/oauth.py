# SPDX-License-Identifier: GPL-3.0-or-later
"""The authorisation server: exchanges a refresh token or an installation code for a pair of tokens (contract §6.3).

Its host is the one the portal named (``server_endpoint``), because East and West have different ones. The client
secret goes there only.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24.address import host_of, split_checked
from itgrix_module.bitrix24.errors import OAUTH, fault, refusal
from itgrix_module.bitrix24.shapes import mapping, number, text, whole
from itgrix_module.bitrix24.wire import Reply, Wire
from itgrix_module.domain.failures import Failure

READ = 60.0  # seconds; an answer that is lost costs the whole authorisation, so better wait
LIFETIME = 3600.0  # seconds of an access token when the answer does not say


class OAuthServer:
    """Client of the authorisation server for one application.

    ``host``: instead of the one of the pair; a name, or an address with scheme. ``clock``: epoch seconds.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        host: str | None = None,
        *,
        wire: Wire | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._host = (host or "").strip()
        self._wire = wire or Wire(pool=1)
        self._clock = clock

    def __repr__(self) -> str:
        return f"OAuthServer(client_id={self._client_id!r}, host={self._host!r})"

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def secrets(self) -> tuple[str, ...]:
        return (self._client_secret,)

    def refresh(self, tokens: Tokens) -> Tokens:
        """A new pair; the old one is dead from now on. Raises Failure."""
        if not tokens.refresh_token:
            raise fault("no_authorisation", OAUTH)
        answer = self._ask(
            self._address(tokens), {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        )
        return self._pair(answer, tokens)

    def exchange(self, code: str, server_endpoint: str, domain: str) -> Tokens:
        """First pair for the code of the portal's authorisation page (valid 30 s, once). Raises Failure."""
        asked = Tokens("", "", 0.0, "", domain, f"https://{domain}/rest/", server_endpoint)
        answer = self._ask(self._address(asked), {"grant_type": "authorization_code", "code": code})
        return self._pair(answer, asked)

    def _address(self, tokens: Tokens) -> str:
        if self._host:
            given = self._host if "://" in self._host else f"https://{self._host}"
            parts = split_checked(given, OAUTH)
            return f"{parts.scheme}://{parts.netloc}/oauth/token/"
        parts = split_checked(tokens.server_endpoint, OAUTH)
        if parts.netloc.lower() in (host_of(tokens.client_endpoint), tokens.domain.lower()):
            raise fault("oauth_host_is_portal", OAUTH)
        return f"{parts.scheme}://{parts.netloc}/oauth/token/"

    def _ask(self, address: str, params: dict[str, str]) -> dict[str, Any]:
        ours = {"client_id": self._client_id, "client_secret": self._client_secret}
        reply = self._wire.get(f"{address}?{urlencode({**params, **ours})}", read=READ, method=OAUTH)
        answer = _parsed(reply)
        if answer is None:
            raise _not_data(reply, host_of(address))
        if "error" in answer or reply.status != 200:
            raise refusal(
                reply.status,
                answer.get("error"),
                answer.get("error_description"),
                OAUTH,
                host=host_of(address),
                wait=reply.wait,
            )
        return answer

    def _pair(self, answer: dict[str, Any], old: Tokens) -> Tokens:
        access, refresh = text(answer.get("access_token")), text(answer.get("refresh_token"))
        if not access or not refresh:
            raise fault("bad_answer", OAUTH, host="the authorisation server", said="no tokens")
        member = text(answer.get("member_id")) or old.member_id
        if old.member_id and member != old.member_id:
            raise fault("other_portal", OAUTH)
        endpoint = self._endpoint(text(answer.get("client_endpoint")), old.client_endpoint)
        return Tokens(
            access_token=access,
            refresh_token=refresh,
            expires_at=self._expiry(answer),
            member_id=member,
            domain=host_of(endpoint),
            client_endpoint=endpoint,
            server_endpoint=self._endpoint(text(answer.get("server_endpoint")), old.server_endpoint),
            application_token=old.application_token,
            scope=scopes(answer.get("scope")) or old.scope,
            user_id=whole(answer.get("user_id")) or old.user_id,
        )

    def _expiry(self, answer: dict[str, Any]) -> float:
        lifetime = number(answer.get("expires_in"))
        return number(answer.get("expires")) or self._clock() + (LIFETIME if lifetime is None else lifetime)

    def _endpoint(self, new: str, old: str) -> str:
        """The new one, if we may send there."""
        try:
            return split_checked(new, OAUTH).geturl()
        except Failure:
            return old


def scopes(value: Any) -> frozenset[str]:
    """Scopes of a token, which come separated by commas or spaces, or as a list."""
    words = value if isinstance(value, list) else re.split(r"[,\s]+", text(value))
    return frozenset(text(word) for word in words if text(word))


def _parsed(reply: Reply) -> dict[str, Any] | None:
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return mapping(found) if isinstance(found, dict) else None


def _not_data(reply: Reply, host: str) -> Failure:
    if 300 <= reply.status < 400:
        return fault("redirect_elsewhere", OAUTH, host=host, said=host_of(reply.location) or "nowhere")
    return fault("html", OAUTH, host=host, status=reply.status)
