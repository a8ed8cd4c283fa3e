# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may log in while the database is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.app.user_ports import ADMINISTER
from itgrix_module.app.users import Accounts, Lifetimes
from itgrix_module.domain.failures import Failure, Temporary
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.users import SqlUserStore
from tests.fakes.migrated import migrated


class Shaky(SqlUserStore):
    """A store whose database can be away."""

    is_away = False

    def exist(self) -> bool:
        if self.is_away:
            raise Temporary("database_lost", "lost")
        return super().exist()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Shaky]:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    migrated(url)
    database: Database = open_database(url)
    yield Shaky(database)
    database.close()


def accounts(store: Shaky) -> Accounts:
    return Accounts(store, lambda: Lifetimes(3600, 86_400), lambda: 1000.0)


def test_panel_of_this_machine_stays_open_while_the_database_is_away(store: Shaky) -> None:
    known = accounts(store)
    assert not known.exist()
    store.is_away = True
    assert not known.exist()


def test_users_still_have_to_log_in_while_the_database_is_away(store: Shaky) -> None:
    known = accounts(store)
    known.add("anna", "a long enough password", ADMINISTER)
    assert known.exist()
    store.is_away = True
    assert known.exist()


def test_who_never_knew_lets_nobody_in(store: Shaky) -> None:
    store.is_away = True
    with pytest.raises(Failure):
        accounts(store).exist()
