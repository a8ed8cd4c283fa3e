# SPDX-License-Identifier: GPL-3.0-or-later
"""The same stores over each database, and in memory."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.storage.migrate import upgrade
from itgrix_module.storage.models import Base
from itgrix_module.storage.stores import Stores, open_stores
from tests.fakes.mariadb import MariaDb, mariadb_server
from tests.fakes.stores import MemoryStores
from tests.storage.contract import Ports

LIVE = pytest.mark.live
REAL = ["sqlite", pytest.param("mariadb", marks=LIVE)]


def is_secret(name: str) -> bool:
    return name.endswith(("secret", "webhook_url"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/itgrix.db"


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """One server for all tests; each gets a database of its own or a cleaned one."""
    with mariadb_server() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb: MariaDb) -> str:
    return mariadb.create_database("itgrix_empty")


@pytest.fixture(scope="session")
def mariadb_with_tables(mariadb: MariaDb) -> str:
    url = mariadb.create_database("itgrix_tables")
    upgrade(url)
    return url


@pytest.fixture
def mariadb_tables_url(mariadb: MariaDb, mariadb_with_tables: str) -> str:
    """With all tables, empty. Making them anew for each test would take half a second."""
    names = [f"itgrix_tables.{table.name}" for table in reversed(Base.metadata.sorted_tables)]
    mariadb.execute(*(f"DELETE FROM {name}" for name in names))
    return mariadb_with_tables


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "itgrix.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_tables_url(sqlite_with_tables: Path, sqlite_url: str, tmp_path: Path) -> str:
    """A copy of a migrated file: much quicker than migrating each."""
    shutil.copy(sqlite_with_tables, tmp_path)
    return sqlite_url


@pytest.fixture(params=REAL)
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=REAL)
def tables_url(request: pytest.FixtureRequest) -> str:
    """The address of a database of each kind with all tables."""
    return str(request.getfixturevalue(f"{request.param}_tables_url"))


@pytest.fixture
def stores(tables_url: str, tmp_path: Path) -> Iterator[Stores]:
    with open_stores(tables_url, tmp_path / "key", is_secret) as opened:
        yield opened


@pytest.fixture(params=["memory", *REAL])
def ports(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ports]:
    """Each kind of stores behind the ports: what is tested with it is the contract."""
    if request.param == "memory":
        yield MemoryStores()
        return
    address = str(request.getfixturevalue(f"{request.param}_tables_url"))
    with open_stores(address, tmp_path / "key", is_secret) as opened:
        yield opened


@pytest.fixture
def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
