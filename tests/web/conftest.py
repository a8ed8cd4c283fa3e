# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel over a fresh SQLite database, in both languages and with any surroundings."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache

from itgrix_module.storage.employees import SqlEmployeeStore
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.migrate import upgrade
from tests.web.seeds import EMPLOYEES, NOW, health
from web import PanelDeps, create_app

if TYPE_CHECKING:
    from tests.web.chromium import Chromium


class CompiledOnce(BytecodeCache):
    """Each test makes an app of its own; compiling the templates for each would take most of the time."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = CompiledOnce()


@pytest.fixture(scope="package")
def browser() -> Iterator[Chromium]:
    """One for all files: opening it, and Playwright before it, costs more than most tests."""
    from tests.web.chromium import chromium  # most tests need no browser

    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database that knows the employees; copying it is quicker than making it for each test."""
    path = tmp_path_factory.mktemp("panel") / "empty.db"
    upgrade(f"sqlite:///{path}")
    opened = open_database(f"sqlite:///{path}")
    SqlEmployeeStore(opened).save(EMPLOYEES, NOW)
    opened.close()
    return path


def panel(database: Database, **changes: Any) -> Flask:
    """A panel with these surroundings."""
    values: dict[str, Any] = {
        "database": database,
        "health": health,
        "secret_key": "not a secret",
        "clock": lambda: NOW,
        "zone": lambda: "Europe/Moscow",
    }
    app = create_app(PanelDeps(**values | changes))
    app.jinja_env.bytecode_cache = _TEMPLATES
    return app


@dataclass(frozen=True)
class Standing:
    """A panel that serves one test after the other."""

    database: Database
    app: Flask


@pytest.fixture(scope="session")
def standing(empty_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Making the panel, its routes and its templates takes longer than most tests do."""
    path = tmp_path_factory.mktemp("standing") / "itgrix.db"
    shutil.copy(empty_file, path)
    opened = open_database(f"sqlite:///{path}")
    yield Standing(opened, panel(opened))
    opened.close()


@pytest.fixture
def database(standing: Standing, empty_file: Path) -> Iterator[Database]:
    """As it was before the first test."""
    standing.database.close()  # connections that are open would go on with the file that is removed
    path = Path(str(standing.database.engine.url.database))
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    shutil.copy(empty_file, path)
    yield standing.database
    standing.database.close()


@pytest.fixture
def app(standing: Standing, database: Database) -> Iterator[Flask]:
    config = dict(standing.app.config)
    yield standing.app
    standing.app.config.clear()
    standing.app.config.update(config)


@pytest.fixture
def russian(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("itgrix_lang", "ru")
    return client


@pytest.fixture(params=["en", "ru"])
def reader(request: pytest.FixtureRequest, app: Flask) -> FlaskClient:
    """Somebody who reads one of the languages."""
    client = app.test_client()
    client.set_cookie("itgrix_lang", request.param)
    return client


@pytest.fixture
def make_panel(database: Database) -> Callable[..., Flask]:
    return lambda **changes: panel(database, **changes)
