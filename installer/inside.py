# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs the product's own packages: run by the environment's Python, orders with their data on standard input.

One JSON object in a line for each, and one in a line as the answer: ``{"ok": true, …}``, or ``{"ok": false, "reason":
…}``. Passwords never stand on a command line. It ends when there are no more orders.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

PROBE = "itgrix_install_probe"
SOCKETS = ("/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock")  # noqa: S108
OLDEST = (5, 5)  # MariaDB of the oldest FreePBX distribution


def environment(order: Mapping[str, Any]) -> dict[str, Any]:
    """Does it hold these packages in these versions, and can these modules be loaded?"""
    for name, wanted in order["packages"].items():
        if (found := version(name)) != wanted:
            return {"ok": False, "reason": f"{name} is {found}, not {wanted}"}
    for name in order["modules"]:
        import_module(name)
    return {"ok": True}


def probe(order: Mapping[str, Any]) -> dict[str, Any]:
    """May we make tables in this database, and do they keep what is written?"""
    from sqlalchemy import text

    from itgrix_module.storage.engine import open_engine

    engine = open_engine(order["url"], pool_size=1)
    try:
        with engine.begin() as connection:
            connection.execute(text(f"DROP TABLE IF EXISTS {PROBE}"))
            connection.execute(text(f"CREATE TABLE {PROBE} (id INT PRIMARY KEY, word VARCHAR(20)) ENGINE=InnoDB"))
            connection.execute(text(f"INSERT INTO {PROBE} VALUES (1, 'x')"))  # noqa: S608
            connection.execute(text(f"ALTER TABLE {PROBE} ADD COLUMN more INT"))
            connection.execute(text(f"DROP TABLE {PROBE}"))
        return {"ok": True}
    finally:
        engine.dispose()


def root_login(socket: str, usual: tuple[str, ...] = SOCKETS) -> dict[str, Any]:
    """How root is let in without a password: over the socket, which for PyMySQL ``localhost`` does not mean."""
    found = socket or next((path for path in usual if Path(path).is_socket()), "")
    return {"unix_socket": found} if found else {"host": "localhost"}


def own_database(order: Mapping[str, Any]) -> dict[str, Any]:
    """Make a database and a user of our own over root's socket; returns its address."""
    import pymysql

    name, password, login = order["name"], secrets.token_hex(16), root_login(order.get("socket", ""))
    with pymysql.connect(user="root", **login) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
        cursor.execute(f"SHOW TABLES FROM `{name}`")
        if any(not str(row[0]).startswith("itgrix_") for row in cursor.fetchall()):
            return {"ok": False, "reason": f"there is a database {name} of something else"}
        cursor.execute(f"DROP USER IF EXISTS '{name}'@'localhost'")
        cursor.execute(f"CREATE USER '{name}'@'localhost' IDENTIFIED BY %s", (password,))
        cursor.execute(f"GRANT ALL PRIVILEGES ON `{name}`.* TO '{name}'@'localhost'")
    socket = f"?unix_socket={quote_plus(login['unix_socket'])}" if "unix_socket" in login else ""
    return {"ok": True, "url": f"mysql+pymysql://{name}:{password}@localhost/{name}{socket}"}


def drop_own_database(order: Mapping[str, Any]) -> dict[str, Any]:
    """Undo ``own_database``."""
    import pymysql

    name = order["name"]
    with (
        pymysql.connect(user="root", **root_login(order.get("socket", ""))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
        cursor.execute(f"DROP USER IF EXISTS '{name}'@'localhost'")
    return {"ok": True}


def remove_tables(order: Mapping[str, Any]) -> dict[str, Any]:
    """Take our tables out of a database that is not ours alone."""
    from itgrix_module.storage.migrate import remove

    remove(order["url"])
    return {"ok": True}


def schema(order: Mapping[str, Any]) -> dict[str, Any]:
    """Version of the tables, and the one that this code needs."""
    from itgrix_module.storage.migrate import current, head

    return {"ok": True, "current": current(order["url"]), "head": head()}


def upgrade(order: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the tables to the version of this code."""
    from itgrix_module.storage import migrate

    migrate.upgrade(order["url"])
    return {"ok": True}


def settings(order: Mapping[str, Any]) -> dict[str, Any]:
    """Those that somebody has set, secrets as they are; ``chosen`` are saved before, all or none."""
    from installer.launch import environment_of
    from itgrix_module.core import open_core
    from itgrix_module.place import Place

    with open_core(Place.of({**os.environ, **environment_of(Path(order["home"]), os.environ)})) as core:
        if order["chosen"]:
            core.settings.save(order["chosen"])
        now = core.settings.current
        return {"ok": True, "given": {key: now[key] for key in sorted(now.given)}}


def snapshot(order: Mapping[str, Any]) -> dict[str, Any]:
    """Copy our tables into a file before they are migrated."""
    from installer.snapshots import save

    save(order["url"], Path(order["file"]))
    return {"ok": True}


def restore(order: Mapping[str, Any]) -> dict[str, Any]:
    """Put the tables back as they were."""
    from installer.snapshots import load

    load(order["url"], Path(order["file"]))
    return {"ok": True}


ORDERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    function.__name__: function
    for function in (
        *(environment, probe, own_database, drop_own_database, remove_tables),
        *(schema, upgrade, snapshot, restore, settings),
    )
}


def main() -> None:
    """One order after the other."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever the packages print is no answer
    for line in sys.stdin:
        answers.write(json.dumps(obeyed(json.loads(line))) + "\n")
        answers.flush()
    os._exit(0)  # to take hundreds of modules apart would take half a second, and nothing is open


def obeyed(order: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one; what went wrong is in its ``reason``."""
    if order["package"] and order["package"] not in sys.path:
        sys.path.insert(0, order["package"])
    try:
        return ORDERS[order["order"]](order)
    except Exception as error:  # whatever it is, the installer tells it and goes another way
        return {"ok": False, "reason": _reason(error)}


def _reason(error: BaseException) -> str:
    if hasattr(error, "hint"):  # a failure of ours
        return ". ".join(filter(None, (str(error), error.hint)))
    original = getattr(error, "orig", None) or error
    words = original.args[-1] if original.args and not isinstance(original, sqlite3.Error) else original
    return f"{type(original).__name__}: {words}"


if __name__ == "__main__":
    main()
