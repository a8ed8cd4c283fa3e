# SPDX-License-Identifier: GPL-3.0-or-later
"""Which database: the PBX's MariaDB with tables of the prefix ``itgrix_``, one of our own, or SQLite in the home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from installer.home import Home, Record, write_private
from installer.owner import Owner, as_root, is_root, run, tail
from installer.request import Request, database_address
from installer.words import Refused, Teller

SQLITE = "sqlite"
_SECONDS = 3600.0  # a migration of a large database


def inside(package: Path, owner: Owner, order: str, seconds: float = 60, **data: Any) -> dict[str, Any]:
    """Let the product's own Python do something, see ``installer.inside``."""
    feed = json.dumps({"order": order, "package": str(package), **data})
    command = [package / "venv" / "bin" / "python", "-s", "-E", package / "installer" / "inside.py"]
    done = run(command, owner, feed=feed, seconds=seconds)
    try:
        found = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return {"ok": False, "reason": tail(done.stdout) or f"ended with {done.returncode}"}
    return found if isinstance(found, dict) else {"ok": False, "reason": "no answer"}


def address_of(home: Home) -> str:
    """The database that is in use."""
    if home.database_file.exists():
        return home.database_file.read_text(encoding="utf-8").strip()
    return f"sqlite:///{home.folder / 'itgrix.db'}"


def choose(home: Home, package: Path, owner: Owner, request: Request, record: Record, teller: Teller) -> None:
    """Decide once; later runs keep the choice, only a changed password of the PBX's database is taken over."""
    if home.database_file.exists() or (home.folder / "itgrix.db").exists():
        _refresh(home, package, owner, request, teller)
        return
    if request.database == "own":
        _make_own(home, package, request, record)
        teller.note("a database of its own in MariaDB: {name}", name=record.own_database)
    elif request.database not in ("auto", SQLITE):
        _take(home, package, owner, request.database)
        teller.note("the database that was named")
    elif request.database == "auto" and _works(package, owner, _address(request), teller):
        write_private(home.database_file, _address(request) + "\n")
        teller.note("the PBX's MariaDB, tables that begin with itgrix_")
    else:
        teller.note("SQLite in {folder}", folder=home.folder)


def _address(request: Request) -> str:
    return database_address(request.fact("database"))


def _works(package: Path, owner: Owner, url: str, teller: Teller) -> bool:
    if not url:
        return False
    answer = inside(package, owner, "probe", url=url)
    if not answer["ok"]:
        teller.note("the PBX's MariaDB refuses ({reason})", reason=answer.get("reason", ""))
    return bool(answer["ok"])


def _take(home: Home, package: Path, owner: Owner, url: str) -> None:
    if url.startswith("sqlite"):
        raise Refused("SQLite lies in the home: --database sqlite.")
    answer = inside(package, owner, "probe", url=url)
    if not answer["ok"]:
        raise Refused("The database cannot be used: {reason}", reason=answer.get("reason", ""))
    write_private(home.database_file, url + "\n")


def _refresh(home: Home, package: Path, owner: Owner, request: Request, teller: Teller) -> None:
    known, offered = address_of(home), _address(request)
    same_place = offered.rpartition("@")[2] == known.rpartition("@")[2]
    is_other = bool(offered) and offered != known and same_place
    is_shut = is_other and not inside(package, owner, "schema", url=known)["ok"]
    if is_shut and _works(package, owner, offered, teller):
        write_private(home.database_file, offered + "\n")
        teller.note("the PBX's database has another password now: taken over")
        return
    kind = "SQLite" if known.startswith("sqlite") else "MariaDB"
    teller.note("kept: {kind}", kind=kind)


def _make_own(home: Home, package: Path, request: Request, record: Record) -> None:
    if not is_root():
        raise Refused("Only root can make a database: repeat as root, or leave --database own away.")
    name = request.unit.replace("-", "_")
    with as_root():
        answer = inside(
            package, Owner.named("root"), "own_database", name=name, socket=request.fact("database", "socket")
        )
    if not answer["ok"]:
        raise Refused("MariaDB does not let root make a database: {reason}", reason=answer.get("reason", ""))
    write_private(home.database_file, answer["url"] + "\n")
    record.own_database = name


def needs_migration(home: Home, package: Path, owner: Owner) -> bool:
    """Raises Refused when the database cannot be reached or is newer than this code."""
    answer = inside(package, owner, "schema", url=address_of(home))
    if not answer["ok"]:
        raise Refused("The database cannot be used: {reason}", reason=answer.get("reason", ""))
    return bool(answer["current"] != answer["head"])


def save(home: Home, package: Path, owner: Owner, version: str) -> Path | None:
    """A snapshot before a migration; None when there is nothing yet. Raises Refused."""
    answer = inside(package, owner, "schema", url=address_of(home))
    if not answer["ok"] or answer["current"] is None:
        return None
    file = home.backups / f"before-{version}.snapshot"
    saved = inside(package, owner, "snapshot", _SECONDS, url=address_of(home), file=str(file))
    if not saved["ok"]:
        raise Refused("The database cannot be copied before its upgrade: {reason}", reason=saved.get("reason", ""))
    return file


def restore(home: Home, package: Path, owner: Owner, file: Path) -> bool:
    """Put a snapshot back."""
    answer = inside(package, owner, "restore", _SECONDS, url=address_of(home), file=str(file))
    return bool(answer["ok"])


def migrate(home: Home, package: Path, owner: Owner) -> None:
    """Raises Refused with what the migration said."""
    environment = {"ITGRIX_HOME": str(home.folder), "ITGRIX_DATABASE_URL": address_of(home)}
    command = [package / "venv" / "bin" / "python", "-s", "-E", package / "installer" / "launch.py", "migrate"]
    done = run(command, owner, seconds=_SECONDS, environment=environment)
    if done.returncode:
        raise Refused("The database could not be brought to this version:\n{said}", said=tail(done.stdout))
