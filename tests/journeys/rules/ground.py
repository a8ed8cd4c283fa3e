# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bench stands on: a clock that only the recordings move, one database, one portal."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, delete

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.core import Core
from itgrix_module.live import LiveSettings
from itgrix_module.place import Place
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.settings import BY_KEY
from itgrix_module.storage.engine import Database
from itgrix_module.storage.limits import SqlLimitStore
from itgrix_module.storage.models import Base
from itgrix_module.storage.outbox import SqlOutbox
from itgrix_module.storage.outbox_admin import OutboxAdmin
from itgrix_module.storage.queries import Calls
from itgrix_module.storage.settings_store import SqlSettingStore
from itgrix_module.storage.tokens import SqlTokenStore
from itgrix_module.storage.vault import open_vault

START = 1_795_590_000.0  # epoch seconds: Wednesday, 2026-11-25 07:00 UTC, 10:00 in Moscow


class Clock:
    """Epoch seconds, as far as the recording has come."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def reach(self, at: float) -> None:
        self.now = max(self.now, at)

    def wait(self, seconds: float) -> bool:
        self.now += max(0.001, seconds)  # less would not move it: a number of seconds since 1970 has seven decimals
        return False


class Ground:
    """A database that lasts, for many benches one after the other: statements are compiled once.

    ``database``: of this version. Each bench has a home of its own, and finds the tables empty.
    """

    def __init__(self, database: Database, portal: SandboxPortal, clock: Clock) -> None:
        self._database, self.portal, self.clock = database, portal, clock

    def empty(self) -> None:
        """Take everything out of the tables."""
        self._database.run(_empty)

    def core(self, home: Path) -> Core:
        """As ``open_core`` makes it."""
        place = Place(home, self._database.address)
        place.prepare()
        vault = open_vault(place.key_file)
        store = SqlSettingStore(self._database, vault, lambda key: key in BY_KEY and BY_KEY[key].secret)
        return Core(
            place,
            self._database,
            SqlOutbox(self._database),
            LiveSettings(store, home),
            SqlTokenStore(self._database, vault),
            SqlLimitStore(self._database),
            Calls(self._database),
            OutboxAdmin(self._database),
        )

    def portal_anew(self, mode: int) -> None:
        """A portal without calls, clients, tasks, lines. ``mode``: of its CRM."""
        self.clock.now = START
        self.portal.reset()
        self.portal.state.crm_mode = mode
        for lines in (self.portal.state.lines, *(app.lines for app in self.portal.state.apps.values())):
            lines.clear()


def _empty(connection: Connection) -> None:
    for table in reversed(Base.metadata.sorted_tables):
        connection.execute(delete(table))


def tokens_of(portal: SandboxPortal) -> Tokens:
    """As after the installation of the portal's application."""
    token = portal.issue_tokens(user_id=900)
    return Tokens(
        access_token=token.access,
        refresh_token=token.refresh,
        expires_at=portal.state.now() + 3600,
        member_id=portal.state.member_id,
        domain=portal.state.domain,
        client_endpoint=f"{portal.url}/rest/",
        server_endpoint=f"{portal.oauth_url}/rest/",
    )
