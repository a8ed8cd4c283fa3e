# SPDX-License-Identifier: GPL-3.0-or-later
"""A panel with its own users, journal, log and backups over a home of its own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from itgrix_module.core import Core, open_core
from itgrix_module.operations import Operations
from itgrix_module.place import Place
from tests.fakes.migrated import migrated as with_tables
from tests.web.conftest import CompiledOnce
from tests.web.seeds import NOW, health
from web import PanelDeps, create_app, sessions

_TEMPLATES = CompiledOnce()
PASSWORD = "correct horse battery"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Household:
    """``restarts``: how often the service was told to restart."""

    core: Core
    operations: Operations
    app: Flask
    clock: Clock
    restarts: list[str] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return self.core.place

    def visitor(self, address: str = "127.0.0.1", language: str = "en") -> Visitor:
        """Somebody with a browser."""
        client = self.app.test_client()
        client.set_cookie("itgrix_lang", language)
        return Visitor(client, address)

    def member(self, name: str, role: str = "administer", *, listens: bool = False, language: str = "en") -> Visitor:
        """Somebody who is logged in."""
        self.operations.accounts.add(name, PASSWORD, role, listens=listens)
        found = self.visitor(language=language)
        assert found.log_in(name).status_code == 303
        return found

    def journal(self) -> list[tuple[str, str, str]]:
        """Who, what and about what, the newest first."""
        from itgrix_module.storage.audit import AuditFilter

        return [(entry.who, entry.action, entry.subject) for entry in self.operations.journal.page(AuditFilter(), 100)]


class Visitor:
    """A browser at an address."""

    def __init__(self, client: FlaskClient, address: str) -> None:
        self.client, self.address = client, address

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, environ_overrides={"REMOTE_ADDR": self.address}, **options)

    def post(self, path: str, data: dict[str, Any], form: str = "", **options: Any) -> TestResponse:
        """Send the form of a page. ``form``: where it stands, if not at the same address."""
        page = self.get(form or path).get_data(as_text=True)
        found = _TOKEN.search(page)
        assert found, page[:2000]
        filled = {"csrf_token": found[1], **data}
        return self.client.post(path, data=filled, environ_overrides={"REMOTE_ADDR": self.address}, **options)

    def log_in(self, name: str, password: str = PASSWORD, target: str = "") -> TestResponse:
        return self.post("/login", {"name": name, "password": password, "next": target})


@contextmanager
def household(home: Path, migrated: Path | None = None, **changes: Any) -> Iterator[Household]:
    """``migrated``: a database to begin with; ``changes``: of the panel's surroundings."""
    place = Place(home, f"sqlite:///{home / 'itgrix.db'}")
    place.prepare()
    if migrated is not None:
        shutil.copy(migrated, home / "itgrix.db")
    else:
        with_tables(place.database_url)
    clock = Clock()
    with open_core(place) as core:
        operations = Operations(core, "1.0.0", clock=clock)
        given = PanelDeps(core.database, health, "not a secret", clock=clock, zone=lambda: "Europe/Moscow", **changes)
        made = Household(core, operations, create_app(sessions.seated(given, operations, behind_gate=False)), clock)
        made.app.jinja_env.bytecode_cache = _TEMPLATES
        operations.when_restart(lambda: made.restarts.append("now"))
        yield made
        operations.close()
