# SPDX-License-Identifier: GPL-3.0-or-later
"""All stores over one database, opened together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.employees import SqlEmployeeStore
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.leases import SqlLeases
from itgrix_module.storage.limits import SqlLimitStore
from itgrix_module.storage.migrate import check_version
from itgrix_module.storage.outbox import SqlOutbox
from itgrix_module.storage.settings_store import SqlSettingStore
from itgrix_module.storage.tokens import SqlTokenStore
from itgrix_module.storage.vault import Vault, open_vault


@dataclass(frozen=True)
class Stores:
    """One of each of the storage's ports."""

    database: Database
    vault: Vault
    calls: SqlCallStore
    outbox: SqlOutbox
    settings: SqlSettingStore
    employees: SqlEmployeeStore
    leases: SqlLeases
    tokens: SqlTokenStore
    limits: SqlLimitStore


def stores_over(database: Database, vault: Vault, is_secret: Callable[[str], bool]) -> Stores:
    return Stores(
        database=database,
        vault=vault,
        calls=SqlCallStore(database),
        outbox=SqlOutbox(database),
        settings=SqlSettingStore(database, vault, is_secret),
        employees=SqlEmployeeStore(database),
        leases=SqlLeases(database),
        tokens=SqlTokenStore(database, vault),
        limits=SqlLimitStore(database),
    )


@contextmanager
def open_stores(url: str, key_file: Path, is_secret: Callable[[str], bool]) -> Iterator[Stores]:
    """The stores of a migrated database, closed with the block.

    ``key_file``: made when there is none. ``is_secret``: which settings are sealed.
    Raises Temporary or NeedsOwner with what to mend: ``database_older`` asks for ``migrate.upgrade(url)``.
    """
    database = open_database(url)
    try:
        with database.read() as connection:
            check_version(connection)
        yield stores_over(database, open_vault(key_file), is_secret)
    finally:
        database.close()
