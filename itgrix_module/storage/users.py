# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the panel, their sessions, and waits after wrong passwords."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, insert, or_, select, update

from itgrix_module.app.user_ports import ADMINISTER, Session, Wait
from itgrix_module.app.user_ports import User as Person
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models_access import LoginWait, PanelSession, User
from itgrix_module.storage.writing import table_of, upsert

users = table_of(User)
sessions = table_of(PanelSession)
waits = table_of(LoginWait)

FORGIVEN = 3600.0  # seconds without a wrong password after which the earlier ones are forgotten
_PERSON = (users.c.name, users.c.role, users.c.listens, users.c.created_at, users.c.password_at)


class SqlUserStore:
    """app.users.UserStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- users

    def users(self) -> list[Person]:
        with self._database.read() as connection:
            return [_person(row) for row in connection.execute(select(*_PERSON).order_by(users.c.name)).mappings()]

    def exist(self) -> bool:
        with self._database.read() as connection:
            return connection.execute(select(users.c.name).limit(1)).first() is not None

    def hash_of(self, name: str) -> str:
        with self._database.read() as connection:
            return str(connection.scalar(select(users.c.password_hash).where(users.c.name == name)) or "")

    def add(self, user: Person, password_hash: str) -> None:
        values = {
            "name": user.name,
            "role": user.role,
            "listens": user.listens,
            "created_at": user.created_at,
            "password_at": user.password_at,
            "password_hash": password_hash,
            "disabled": False,
        }

        def work(connection: Connection) -> None:
            others = _locked(connection)
            if user.name in others:
                raise NeedsOwner("user_exists", f"there is a user {user.name} already", "Choose another name.")
            if not others and user.role != ADMINISTER:
                raise NeedsOwner(
                    "first_administrator",
                    "the first user must be one who administers",
                    "Add the administrator first, the others after him.",
                )
            connection.execute(insert(users), [values])

        self._database.run(work)

    def set_password(self, name: str, password_hash: str, now: float) -> None:
        def work(connection: Connection) -> None:
            _expect(name, _locked(connection))
            change = update(users).where(users.c.name == name)
            connection.execute(change.values(password_hash=password_hash, password_at=now))
            connection.execute(delete(sessions).where(sessions.c.user == name))

        self._database.run(work)

    def set_role(self, name: str, role: str, listens: bool) -> None:
        def work(connection: Connection) -> None:
            roles = _locked(connection)
            _expect(name, roles)
            _keep_one(roles | {name: role})
            connection.execute(update(users).where(users.c.name == name).values(role=role, listens=listens))

        self._database.run(work)

    def remove(self, name: str) -> None:
        def work(connection: Connection) -> None:
            roles = _locked(connection)
            _expect(name, roles)
            _keep_one({other: role for other, role in roles.items() if other != name})
            connection.execute(delete(users).where(users.c.name == name))
            connection.execute(delete(sessions).where(sessions.c.user == name))

        self._database.run(work)

    # -- sessions

    def open_session(self, session: str, name: str, address: str, now: float, password_hash: str) -> bool:
        values = {"id": session, "user": name, "created_at": now, "seen_at": now, "address": address}

        def work(connection: Connection) -> bool:
            row = select(users.c.password_hash).where(users.c.name == name).with_for_update()
            if connection.scalar(row) != password_hash:
                return False
            upsert(connection, PanelSession, [values], keys=["id"], update=["seen_at"])
            return True

        return self._database.run(work)

    def session(self, session: str) -> Session | None:
        with self._database.read() as connection:
            row = connection.execute(_sessions().where(sessions.c.id == session)).mappings().first()
        return _session(row) if row else None

    def sessions_of(self, name: str) -> list[Session]:
        query = _sessions().where(sessions.c.user == name).order_by(sessions.c.seen_at.desc()).limit(100)
        with self._database.read() as connection:
            return [_session(row) for row in connection.execute(query).mappings()]

    def touch(self, session: str, now: float) -> None:
        change = update(sessions).where(sessions.c.id == session, sessions.c.seen_at < now).values(seen_at=now)
        self._database.run(lambda connection: connection.execute(change), durable=False)

    def close(self, session: str) -> None:
        self._database.run(lambda connection: connection.execute(delete(sessions).where(sessions.c.id == session)))

    def close_others(self, name: str, kept: str) -> int:
        others = delete(sessions).where(sessions.c.user == name, sessions.c.id != kept)
        return int(self._database.run(lambda connection: connection.execute(others).rowcount))

    def forget_ended(self, idle_before: float, made_before: float) -> None:
        ended = delete(sessions).where(or_(sessions.c.seen_at < idle_before, sessions.c.created_at < made_before))
        self._database.run(lambda connection: connection.execute(ended), durable=False)

    # -- waits

    def try_once(self, waits: Sequence[Wait], now: float) -> float:
        return self._database.run(lambda connection: _try_once(connection, waits, now), durable=False)

    def forgive(self, cleared: Sequence[str], lessened: Sequence[str]) -> None:
        def work(connection: Connection) -> None:
            connection.execute(delete(waits).where(waits.c.name.in_(list(cleared))))
            fewer = update(waits).where(waits.c.name.in_(list(lessened)), waits.c.failures > 0)
            connection.execute(fewer.values(failures=waits.c.failures - 1, until=0.0))

        self._database.run(work, durable=False)


def _locked(connection: Connection) -> dict[str, str]:
    """Name to role of all users, who stay as they are until the transaction ends."""
    rows = connection.execute(select(users.c.name, users.c.role).order_by(users.c.name).with_for_update())
    return {str(name): str(role) for name, role in rows}


def _expect(name: str, roles: dict[str, str]) -> None:
    if name not in roles:
        raise NeedsOwner("no_such_user", f"there is no user {name}", "`itgrix users list` names them.")


def _keep_one(roles: dict[str, str]) -> None:
    if ADMINISTER not in roles.values():
        raise NeedsOwner(
            "last_administrator",
            "nobody would be left who administers",
            "Make another user an administrator first.",
        )


def _sessions() -> Select[Any]:
    mine = [sessions.c.id, sessions.c.created_at.label("began"), sessions.c.seen_at, sessions.c.address]
    return select(*mine, *_PERSON).join(users, users.c.name == sessions.c.user).where(~users.c.disabled)


def _session(row: RowMapping) -> Session:
    return Session(row["id"], _person(row), row["began"], row["seen_at"], row["address"])


def _person(row: RowMapping) -> Person:
    return Person(row["name"], row["role"], bool(row["listens"]), row["created_at"], row["password_at"])


def _try_once(connection: Connection, given: Sequence[Wait], now: float) -> float:
    names = sorted(wait.name for wait in given)
    # The rows are made first, so that two who try at once meet on their locks; always in the same order.
    blank = [{"name": name, "failures": 0, "last_at": now, "until": 0.0} for name in names]
    upsert(connection, LoginWait, blank, keys=["name"], update=[], added=["failures"])
    query = select(waits).where(waits.c.name.in_(names)).order_by(waits.c.name).with_for_update()
    found = {row["name"]: row for row in connection.execute(query).mappings()}
    longest = max(min(row["until"] - now, FORGIVEN) for row in found.values())
    if longest > 0:
        return float(longest)
    for wait in given:
        row = found[wait.name]
        failures = (row["failures"] if now - row["last_at"] < FORGIVEN else 0) + 1
        values = {"failures": failures, "last_at": now, "until": now + wait.seconds(failures)}
        connection.execute(update(waits).where(waits.c.name == wait.name).values(values))
    connection.execute(delete(waits).where(waits.c.last_at < now - FORGIVEN))
    return 0.0
