# SPDX-License-Identifier: GPL-3.0-or-later
"""Home, database and settings: what commands and the panel use whether the service runs or not."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.live import LiveSettings
from itgrix_module.nodes import NodeSettings, key_of
from itgrix_module.place import Place
from itgrix_module.settings import BY_KEY
from itgrix_module.storage.engine import Database, open_engine
from itgrix_module.storage.limits import SqlLimitStore
from itgrix_module.storage.migrate import check_version, upgrade
from itgrix_module.storage.outbox import SqlOutbox
from itgrix_module.storage.outbox_admin import OutboxAdmin
from itgrix_module.storage.queries import Calls
from itgrix_module.storage.settings_store import SqlSettingStore
from itgrix_module.storage.tokens import SqlTokenStore
from itgrix_module.storage.vault import open_vault

PATIENCE = 10.0  # seconds that a writer waits for another program's lock on the database
ANSWER = 30.0  # seconds that MariaDB may take for one statement


@dataclass(frozen=True)
class Core:
    """Storage and settings."""

    place: Place
    database: Database
    outbox: SqlOutbox
    settings: LiveSettings
    tokens: SqlTokenStore
    limits: SqlLimitStore
    calls: Calls
    deliveries: OutboxAdmin


@contextmanager
def open_core(place: Place) -> Iterator[Core]:
    """Home, database brought to this version, settings. Raises Failure with what to do."""
    place.prepare()
    engine = open_engine(place.database_url, busy_seconds=PATIENCE / 2, answer_seconds=ANSWER)
    database = Database(engine, patience=PATIENCE)
    try:
        _bring_up_to_date(database, place)
        vault = open_vault(place.key_file)
        store = SqlSettingStore(database, vault, lambda name: (key := key_of(name)) in BY_KEY and BY_KEY[key].secret)
        yield Core(
            place,
            database,
            SqlOutbox(database),
            LiveSettings(NodeSettings(store, place.node), place.home),
            SqlTokenStore(database, vault),
            SqlLimitStore(database),
            Calls(database),
            OutboxAdmin(database),
        )
    finally:
        database.close()


def _bring_up_to_date(database: Database, place: Place) -> None:
    """A database of this version is only read: one that somebody has locked must not keep `itgrix check` waiting."""
    try:
        with database.read() as connection:
            check_version(connection)
    except NeedsOwner as failure:
        if failure.code != "database_older":
            raise
        upgrade(place.database_url)


def owner_name(place: Place) -> str:
    """Who holds leases of deliveries: the service of this home, whichever process it is."""
    home = hashlib.sha256(str(place.home).encode()).hexdigest()[:12]
    return f"{socket.gethostname()[:40]}:{home}:{os.getpid()}"
