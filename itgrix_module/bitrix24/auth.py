# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorisation of our requests: an incoming webhook, or the OAuth tokens of the portal's local application."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from itgrix_module.app.rest_ports import Tokens, TokenStore
from itgrix_module.bitrix24.address import host_of, on_host, split_checked
from itgrix_module.bitrix24.errors import fault
from itgrix_module.bitrix24.oauth import OAuthServer
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary

_WEBHOOK_PATH = re.compile(r"^(?P<site>.*)/rest/(?P<user>\d+)/(?P<code>[A-Za-z0-9_-]{8,128})(?P<method>/[\w.]*)?/?$")
FAILED_FOR = 5.0  # seconds during which threads that waited for a failed refresh share its failure
YOUNG = 60.0  # seconds in which a token that is not accepted would not be mended by yet another refresh


@dataclass(frozen=True)
class Grant:
    """Where to send (address that ends with ``/``) and the token that goes with it; a webhook has none."""

    base: str
    token: str = ""

    def __repr__(self) -> str:
        return f"Grant(host={host_of(self.base)!r})"


class Auth(Protocol):
    """What the client asks of an authorisation. ``kind``: ``webhook`` or ``app``."""

    @property
    def kind(self) -> str: ...

    def grant(self) -> Grant:
        """The authorisation to use now. Raises NeedsOwner when there is none."""

    def renew(self, refused: Grant, code: str) -> Grant | None:
        """Another one after the portal refused this with ``code``; None when there is nothing better."""

    def moved(self, host: str) -> None:
        """The portal has a new address."""

    def secrets(self) -> tuple[str, ...]:
        """What must not be seen in logs."""

    def close(self) -> None:
        """Close connections of its own."""


class WebhookAuth:
    """An incoming webhook: the code is part of its address.

    Accepts the address as people copy it: with or without the slash at its end, with a method name behind it, with
    a query. Raises NeedsOwner ``bad_address`` or ``plain_http`` that says what is wrong.
    """

    kind = "webhook"

    def __init__(self, url: str) -> None:
        parts = split_checked(url.strip(), "webhook")
        found = _WEBHOOK_PATH.match(parts.path)
        if not found:
            raise fault("bad_address", "webhook", said=_why(parts.path))
        path = f"{found['site']}/rest/{found['user']}/{found['code']}/"
        self.user_id = int(found["user"])
        self._code = found["code"]
        self._base = f"{parts.scheme}://{parts.netloc}{path}"

    @property
    def url(self) -> str:
        """The cleaned address; holds the secret."""
        return self._base

    def __repr__(self) -> str:
        return f"WebhookAuth(host={host_of(self._base)!r}, user_id={self.user_id})"

    def grant(self) -> Grant:
        return Grant(self._base)

    def renew(self, refused: Grant, code: str) -> Grant | None:  # noqa: ARG002 - a webhook cannot be renewed
        return None

    def moved(self, host: str) -> None:
        self._base = on_host(self._base, host)

    def secrets(self) -> tuple[str, ...]:
        return (self._code,)

    def close(self) -> None:
        """Nothing is open."""


def _why(path: str) -> str:
    if "/rest/" not in f"{path}/":
        return "an incoming webhook looks like https://portal/rest/1/code/; this is only the portal's address"
    return "the webhook's user number or code is missing; it looks like https://portal/rest/1/code/"


class AppAuth:
    """Tokens of the local application: one refresh at a time among all threads and processes on the same store.

    A refresh happens only after the portal said that the token expired. The order: 1. exclusive access to the store,
    2. read the pair again, somebody may have refreshed it, 3. refresh, 4. store the new pair, 5. use it.
    ``oauth_host``: authorisation server instead of the pair's ``server_endpoint``.
    """

    kind = "app"

    def __init__(
        self,
        store: TokenStore,
        client_id: str,
        client_secret: str,
        oauth_host: str | None = None,
        *,
        server: OAuthServer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._server = server or OAuthServer(client_id, client_secret, oauth_host)
        self._clock = clock
        self._lock = threading.Lock()
        self._unsaved: tuple[str, Tokens] | None = None  # refresh token spent for it, the pair
        self._failed: tuple[str, float, Failure] | None = None  # access token, when, why
        self._seen: tuple[str, ...] = ()  # secrets of the pair last read
        self._fresh: tuple[str, float] = ("", 0.0)  # access token, when it was issued

    def __repr__(self) -> str:
        return f"AppAuth({self._server!r})"

    def close(self) -> None:
        """Close the connections to the authorisation server."""
        self._server.close()

    def grant(self) -> Grant:
        return _grant(self._stored())

    def renew(self, refused: Grant, code: str) -> Grant | None:
        """Raises NeedsOwner when the owner must authorise again, Temporary when the server cannot be reached."""
        if code != "expired_token" and self._is_young(refused.token):
            return None
        with self._store.exclusive(), self._lock:
            tokens = self._stored()
            if tokens.access_token != refused.token:
                return _grant(tokens)
            self._raise_known(tokens)
            return _grant(self._refreshed(tokens))

    def moved(self, host: str) -> None:
        with self._store.exclusive(), self._lock:
            tokens = self._stored()
            endpoint = on_host(tokens.client_endpoint, host)
            self._save(replace(tokens, domain=host, client_endpoint=endpoint))

    def secrets(self) -> tuple[str, ...]:
        return tuple(secret for secret in (*self._server.secrets(), *self._seen) if secret)

    def _stored(self) -> Tokens:
        tokens = self._store.load()
        if tokens is None or not tokens.access_token:
            raise fault("no_authorisation")
        return self._noticed(tokens)

    def _noticed(self, tokens: Tokens) -> Tokens:
        self._seen = (tokens.access_token, tokens.refresh_token, tokens.application_token)
        return tokens

    def _is_young(self, token: str) -> bool:
        fresh, at = self._fresh
        return bool(token) and token == fresh and self._clock() - at < YOUNG

    def _raise_known(self, tokens: Tokens) -> None:
        """A refresh that just failed fails for those who waited for it too; a spent pair never gets another try."""
        if not self._failed or self._failed[0] != tokens.access_token:
            return
        _, at, failure = self._failed
        if failure.code == "invalid_grant" or self._clock() - at < FAILED_FOR:
            raise again(failure)

    def _refreshed(self, tokens: Tokens) -> Tokens:
        pair = self._unsaved[1] if self._unsaved and self._unsaved[0] == tokens.refresh_token else None
        if pair is None:
            pair = self._asked(tokens)
        self._unsaved = (tokens.refresh_token, pair)
        self._save(pair)
        self._unsaved, self._failed = None, None
        self._fresh = (pair.access_token, self._clock())
        return pair

    def _asked(self, tokens: Tokens) -> Tokens:
        try:
            return self._server.refresh(tokens)
        except Failure as failure:
            self._failed = (tokens.access_token, self._clock(), again(failure))
            raise

    def _save(self, tokens: Tokens) -> None:
        """A pair that cannot be stored is not used; it is kept here and stored at the next attempt."""
        try:
            self._store.save(self._noticed(tokens))
        except Failure:
            raise
        except Exception as error:
            raise fault("token_store", said=type(error).__name__) from error


def again(failure: Failure) -> Failure:
    """The same failure as an exception of its own, for another thread to raise."""
    common = (failure.code, failure.text, failure.hint, failure.method, failure.executed)
    if isinstance(failure, Temporary):
        return Temporary(*common, retry_after=failure.retry_after, scope=failure.scope)
    return (NeedsOwner if isinstance(failure, NeedsOwner) else Permanent)(*common)


def _grant(tokens: Tokens) -> Grant:
    base = tokens.client_endpoint or f"https://{tokens.domain}/rest/"
    return Grant(base if base.endswith("/") else f"{base}/", tokens.access_token)
