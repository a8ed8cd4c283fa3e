# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth pair of the portal's application, sealed; and the lock that lets one refresh at a time happen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.domain.failures import Temporary
from itgrix_module.storage.engine import Database
from itgrix_module.storage.holder import holder_name, surely_dead
from itgrix_module.storage.leases import SqlLeases
from itgrix_module.storage.models_portal import PortalToken
from itgrix_module.storage.values import clip, from_json, to_json
from itgrix_module.storage.vault import Vault
from itgrix_module.storage.writing import table_of, upsert

tokens = table_of(PortalToken)
POLL_SECONDS = 0.1


class SqlTokenStore:
    """rest_ports.TokenStore.

    ``lease_seconds``: the longest that a refresh may take; a holder on another machine who dies is followed after it,
    one on this machine at once. ``wait_seconds``: how long ``exclusive`` waits for its turn.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        portal: str = "main",
        *,
        lease_seconds: float = 60.0,
        wait_seconds: float = 75.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._vault = vault
        self._portal = clip(portal, 80)
        self._lease_seconds = lease_seconds
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._leases = SqlLeases(database)
        self._thread = threading.Lock()

    @property
    def vault(self) -> Vault:
        """What seals the pair, for other secrets of the portal."""
        return self._vault

    def load(self) -> Tokens | None:
        """Raises NeedsOwner ``key_wrong`` when the key file does not open the pair."""
        with self._database.read() as connection:
            sealed = connection.scalar(select(tokens.c.sealed).where(tokens.c.portal == self._portal))
        return _tokens(from_json(self._vault.open(sealed), {})) if sealed else None

    def save(self, tokens: Tokens) -> None:
        values = {**asdict(tokens), "scope": sorted(tokens.scope)}
        row = {"portal": self._portal, "sealed": self._vault.seal(to_json(values)), "saved_at": self._clock()}
        self._database.run(
            lambda connection: upsert(connection, PortalToken, [row], keys=["portal"], update=["sealed", "saved_at"])
        )

    def forget(self) -> None:
        """Removes the pair: the application was taken out of the portal."""
        self._database.run(lambda connection: connection.execute(delete(tokens).where(tokens.c.portal == self._portal)))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Raises Temporary ``token_busy`` when the turn does not come in ``wait_seconds``."""
        deadline = time.monotonic() + self._wait_seconds
        if not self._thread.acquire(timeout=self._wait_seconds):
            raise _busy()
        try:
            name, owner = f"tokens.{self._portal}", holder_name()
            while not self._take(name, owner):
                if time.monotonic() > deadline:
                    raise _busy()
                time.sleep(POLL_SECONDS)
            try:
                yield
            finally:
                self._leases.release(name, owner)
        finally:
            self._thread.release()

    def _take(self, name: str, owner: str) -> bool:
        now = self._clock()
        if self._leases.take(name, owner, now, self._lease_seconds):
            return True
        holder = self._leases.holder(name)
        return surely_dead(holder) and self._leases.take_from(name, holder, owner, now, self._lease_seconds)


def _tokens(values: dict[str, Any]) -> Tokens:
    return Tokens(**{**values, "scope": frozenset(values["scope"])})


def _busy() -> Temporary:
    return Temporary("token_busy", "another process is refreshing the portal's authorisation and does not end")
