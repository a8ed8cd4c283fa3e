# SPDX-License-Identifier: GPL-3.0-or-later
"""Which database: the PBX's MariaDB with tables of the prefix ``itgrix_``, one of our own, or SQLite in the home."""

from __future__ import annotations

from pathlib import Path

from installer.companion import Companion
from installer.home import Home, Record, write_private
from installer.owner import as_root, is_root
from installer.request import Request, database_address
from installer.words import Refused, Teller

SQLITE = "sqlite"
_SECONDS = 3600.0  # a migration of a large database


def address_of(home: Home) -> str:
    """The database that is in use."""
    if home.database_file.exists():
        return home.database_file.read_text(encoding="utf-8").strip()
    return f"sqlite:///{home.folder / 'itgrix.db'}"


def choose(home: Home, companion: Companion, request: Request, record: Record, teller: Teller) -> None:
    """Decide once; later runs keep the choice, only a changed password of the PBX's database is taken over."""
    if home.database_file.exists() or (home.folder / "itgrix.db").exists():
        _refresh(home, companion, request, teller)
        return
    if request.database == "own":
        _make_own(home, companion, request, record)
        teller.note("a database of its own in MariaDB: {name}", name=record.own_database)
    elif request.database not in ("auto", SQLITE):
        _take(home, companion, request.database)
        teller.note("the database that was named")
    elif request.database == "auto" and _works(companion, _address(request), teller):
        write_private(home.database_file, _address(request) + "\n")
        teller.note("the PBX's MariaDB, tables that begin with itgrix_")
    else:
        teller.note("SQLite in {folder}", folder=home.folder)


def _address(request: Request) -> str:
    return database_address(request.fact("database"))


def _works(companion: Companion, url: str, teller: Teller) -> bool:
    if not url:
        return False
    answer = companion.ask("probe", url=url)
    if not answer["ok"]:
        teller.note("the PBX's MariaDB refuses ({reason})", reason=answer.get("reason", ""))
    return bool(answer["ok"])


def _take(home: Home, companion: Companion, url: str) -> None:
    if url.startswith("sqlite"):
        raise Refused("SQLite lies in the home: --database sqlite.")
    answer = companion.ask("probe", url=url)
    if not answer["ok"]:
        raise Refused("The database cannot be used: {reason}", reason=answer.get("reason", ""))
    write_private(home.database_file, url + "\n")


def _refresh(home: Home, companion: Companion, request: Request, teller: Teller) -> None:
    known, offered = address_of(home), _address(request)
    same_place = offered.rpartition("@")[2] == known.rpartition("@")[2]
    is_other = bool(offered) and offered != known and same_place
    is_shut = is_other and not companion.ask("schema", url=known)["ok"]
    if is_shut and _works(companion, offered, teller):
        write_private(home.database_file, offered + "\n")
        teller.note("the PBX's database has another password now: taken over")
        return
    kind = "SQLite" if known.startswith("sqlite") else "MariaDB"
    teller.note("kept: {kind}", kind=kind)


def _make_own(home: Home, companion: Companion, request: Request, record: Record) -> None:
    if not is_root():
        raise Refused("Only root can make a database: repeat as root, or leave --database own away.")
    name = request.unit.replace("-", "_")
    with as_root(), companion.of_root() as root:
        answer = root.ask("own_database", name=name, socket=request.fact("database", "socket"))
    if not answer["ok"]:
        raise Refused("MariaDB does not let root make a database: {reason}", reason=answer.get("reason", ""))
    write_private(home.database_file, answer["url"] + "\n")
    record.own_database = name


def needs_migration(home: Home, companion: Companion) -> bool:
    """Raises Refused when the database cannot be reached or is newer than this code."""
    answer = companion.ask("schema", url=address_of(home))
    if not answer["ok"]:
        raise Refused("The database cannot be used: {reason}", reason=answer.get("reason", ""))
    return bool(answer["current"] != answer["head"])


def save(home: Home, companion: Companion, version: str) -> Path | None:
    """A snapshot before a migration; None when there is nothing yet. Raises Refused."""
    answer = companion.ask("schema", url=address_of(home))
    if not answer["ok"] or answer["current"] is None:
        return None
    file = home.backups / f"before-{version}.snapshot"
    saved = companion.ask("snapshot", _SECONDS, url=address_of(home), file=str(file))
    if not saved["ok"]:
        raise Refused("The database cannot be copied before its upgrade: {reason}", reason=saved.get("reason", ""))
    return file


def restore(home: Home, companion: Companion, file: Path) -> bool:
    """Put a snapshot back."""
    answer = companion.ask("restore", _SECONDS, url=address_of(home), file=str(file))
    return bool(answer["ok"])


def migrate(home: Home, companion: Companion) -> None:
    """Raises Refused with what the migration said."""
    answer = companion.ask("upgrade", _SECONDS, url=address_of(home))
    if not answer["ok"]:
        raise Refused("The database could not be brought to this version:\n{said}", said=answer.get("reason", ""))
