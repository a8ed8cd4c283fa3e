# SPDX-License-Identifier: GPL-3.0-or-later
"""OAuth pairs and one-time codes: issue, rotate, expire, revoke."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from itgrix_module.sandbox.portal.config import PortalConfig
from itgrix_module.sandbox.portal.model import Token
from itgrix_module.sandbox.portal.shelf import Shelf

KEEP = 10_000


@dataclass(frozen=True)
class Code:
    """What ``/oauth/authorize/`` gave to the browser."""

    value: str
    client_id: str
    user_id: int
    expires: float


class TokenBook:
    """Every pair that was given out. ``refreshes`` counts the successful refreshes."""

    def __init__(self, config: PortalConfig) -> None:
        self._config = config
        self._access: Shelf[str, Token] = Shelf(KEEP)
        self._refresh: Shelf[str, Token] = Shelf(KEEP)
        self._codes: Shelf[str, Code] = Shelf(KEEP)
        self.access_ttl = config.access_ttl
        self.refreshes = 0
        self.refused_refreshes = 0

    def issue(self, client_id: str, user_id: int, now: float) -> Token:
        """A new pair; older pairs stay as they are."""
        token = Token(
            access=secrets.token_hex(35),
            refresh=secrets.token_hex(35),
            client_id=client_id,
            user_id=user_id,
            issued=now,
            expires=now + self.access_ttl,
            refresh_expires=now + self._config.refresh_ttl,
        )
        self._access[token.access] = token
        self._refresh[token.refresh] = token
        return token

    def by_access(self, access: str) -> Token | None:
        return self._access.get(access)

    def rotate(self, refresh: str, client_id: str, now: float) -> Token | None:
        """The next pair; the old one dies at once. None: unknown, used, expired, or of another application."""
        old = self._refresh.get(refresh)
        if old is None or old.client_id != client_id or not self._refreshable(old, now):
            self.refused_refreshes += 1
            return None
        if old.revoked is None:
            old.revoked = now
        self.refreshes += 1
        return self.issue(client_id, old.user_id, now)

    def code(self, client_id: str, user_id: int, now: float) -> Code:
        """A single-use code for the browser's way."""
        code = Code(secrets.token_hex(30), client_id, user_id, now + self._config.code_ttl)
        self._codes[code.value] = code
        return code

    def redeem(self, value: str, client_id: str, now: float) -> Token | None:
        """The pair for a code; None: unknown, used, expired, or of another application."""
        code = self._codes.pop(value, None)
        if code is None or code.client_id != client_id or now > code.expires:
            return None
        return self.issue(client_id, code.user_id, now)

    def expire(self, now: float, client_id: str = "") -> None:
        """Make every access token (of one application) stale at once; refresh tokens stay good."""
        for token in self._of(client_id):
            token.expires = min(token.expires, now - 1)

    def revoke(self, now: float, client_id: str = "") -> None:
        """Take both tokens away."""
        for token in self._of(client_id):
            token.revoked = token.revoked or now

    def _of(self, client_id: str) -> list[Token]:
        return [token for token in self._access.values() if not client_id or token.client_id == client_id]

    def _refreshable(self, token: Token, now: float) -> bool:
        if now > token.refresh_expires:
            return False
        return token.revoked is None or now - token.revoked < self._config.grace_old_refresh
