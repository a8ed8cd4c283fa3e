# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathers what goes into the diagnostics bundle, from the running service or, for the command, from the home alone."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select, text

from itgrix_module.app.diagnostics import CALLS, DELIVERIES, LOG_LINES, packed, secret_texts
from itgrix_module.core import Core
from itgrix_module.domain.failures import Failure
from itgrix_module.settings import BY_KEY
from itgrix_module.storage.models import Base, Call, Employee
from itgrix_module.storage.writing import table_of
from itgrix_module.telemetry.book import LogBook
from itgrix_module.telemetry.masking import Mask

LIBRARIES = (
    *("flask", "sqlalchemy", "alembic", "pymysql", "cryptography", "requests", "jinja2", "apscheduler", "waitress"),
    *("phonenumbers", "pyst2", "flask-wtf", "lameenc"),
)
_NAMES = 20_000  # names of clients and employees that are hidden wherever they stand
calls, employees = table_of(Call), table_of(Employee)


def bundle(core: Core, product: str, health: Mapping[str, Any] | None = None) -> bytes:
    """The bundle. ``health``: of the running service. What cannot be read is named in it and left out."""
    now = time.time()
    gathered: dict[str, Callable[[], Any]] = {
        "about": lambda: about(product),
        "home": lambda: _home(core.place.home),
        "settings": lambda: _settings(core),
        "schema": lambda: _schema(core),
        "counts": lambda: dict(core.outbox.counts()),
        "deliveries": lambda: _deliveries(core),
        "calls": lambda: _calls(core),
        "hooks": lambda: _scripts(core.place.hooks),
    }
    documents = {name: _gathered(gather) for name, gather in gathered.items()}
    if health is not None:
        documents["health"] = health
    lines = LogBook(log_file(core.place.home)).tail(LOG_LINES)
    return packed(documents, lines, Mask(_secrets(core), _names(core)), now)


def log_file(home: Path) -> Path:
    """Where the service writes its log."""
    return home / "log" / "itgrix.log"


def _gathered(gather: Callable[[], Any]) -> Any:
    try:
        return gather()
    except (Failure, OSError) as error:
        return {"cannot be read": str(error)}


def about(product: str) -> dict[str, Any]:
    """Versions of everything that takes part."""
    return {
        "product": product,
        "python": sys.version,
        "system": platform.platform(),
        "machine": {"processors": os.cpu_count(), "load": os.getloadavg()},
        "libraries": {name: _version(name) for name in LIBRARIES},
        "time": time.strftime("%Y-%m-%d %H:%M:%S %Z"),
    }


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _home(home: Path) -> dict[str, Any]:
    usage = shutil.disk_usage(home)
    return {
        "disk": {"total_bytes": usage.total, "free_bytes": usage.free},
        "files": {path.name: _look(path) for path in sorted(home.iterdir())},
        "backups": {path.name: _look(path) for path in sorted((home / "backups").glob("*"))},
    }


def _look(path: Path) -> dict[str, Any]:
    found = path.lstat()
    modified = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.st_mtime))
    return {"mode": f"{found.st_mode & 0o7777:04o}", "owner": found.st_uid, "bytes": found.st_size, "time": modified}


def _settings(core: Core) -> dict[str, Any]:
    now = core.settings.current
    shown = now.shown()
    return {"given": {key: shown[key] for key in sorted(now.given)}, "database": core.database.address}


def _schema(core: Core) -> dict[str, Any]:
    with core.database.read() as connection:
        there = set(inspect(connection).get_table_names())
        rows = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
            if table.name in there
        }
        version = connection.scalar(text("SELECT version_num FROM itgrix_alembic_version"))
        server = connection.scalar(text("SELECT sqlite_version()" if core.database.is_sqlite else "SELECT VERSION()"))
    return {"version": version, "database": core.database.engine.dialect.name, "server": server, "rows": rows}


def _deliveries(core: Core) -> dict[str, Any]:
    found = {state: core.deliveries.steps(state, limit=DELIVERIES) for state in ("failed", "waiting")}
    return {state: [asdict(step) for step in steps] for state, steps in found.items()}


def _calls(core: Core) -> list[dict[str, Any]]:
    return [asdict(item) for item in core.calls.newest(CALLS)]


def _scripts(folder: Path) -> dict[str, Any]:
    return {path.name: _look(path) for path in sorted(folder.glob("*"))}


def _secrets(core: Core) -> list[str]:
    """All that is secret here, to be hidden wherever it stands."""
    now = core.settings.current
    found: list[Any] = [now[key] for key in now if BY_KEY[key].secret]
    for name in ("secret.key", "session.key", "gate.key", "database.url"):
        with suppress(OSError, UnicodeDecodeError):
            found += (core.place.home / name).read_text(encoding="utf-8").split()
    with suppress(Failure):
        tokens = core.tokens.load()
        found += [tokens.access_token, tokens.refresh_token, tokens.application_token] if tokens else []
    found.append(core.database.engine.url.password or "")
    return secret_texts(found)


def _names(core: Core) -> Iterable[str]:
    """Of clients and employees, and each part of them that is long enough to be told from other words."""
    with suppress(Failure), core.database.read() as connection:
        clients = select(calls.c.client_name).where(calls.c.client_name != "").distinct().limit(_NAMES)
        whole = [*connection.scalars(clients), *connection.scalars(select(employees.c.name).limit(_NAMES))]
        return {part for name in whole for part in (name, *name.split()) if len(part) >= 4 and not part.isdigit()}
    return ()
