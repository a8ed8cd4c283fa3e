# SPDX-License-Identifier: GPL-3.0-or-later
"""Duties that one process has at a time: a row with its holder and the end of the lease."""

from __future__ import annotations

from sqlalchemy import Connection, delete, or_, select, update

from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Lease
from itgrix_module.storage.values import clip
from itgrix_module.storage.writing import table_of, upsert

leases = table_of(Lease)


class SqlLeases:
    """house_ports.Leases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, owner: str, now: float, seconds: float) -> bool:
        """True when the duty is the owner's until ``now + seconds``: it was free, over, or his already."""
        return self._database.run(
            lambda connection: _take(connection, clip(name, 100), clip(owner, 191), now, now + seconds), durable=False
        )

    def release(self, name: str, owner: str) -> None:
        statement = delete(leases).where(leases.c.name == clip(name, 100), leases.c.owner == clip(owner, 191))
        self._database.run(lambda connection: connection.execute(statement), durable=False)

    def holder(self, name: str) -> str:
        """Who has the duty, or had it last; empty when it was given back."""
        with self._database.read() as connection:
            return connection.scalar(select(leases.c.owner).where(leases.c.name == clip(name, 100))) or ""

    def take_from(self, name: str, holder: str, owner: str, now: float, seconds: float) -> bool:
        """Take over from a holder who is known to be dead; False when somebody else was faster."""
        theirs = leases.c.name == clip(name, 100), leases.c.owner == clip(holder, 191)
        statement = update(leases).where(*theirs).values(owner=clip(owner, 191), until=now + seconds)
        return bool(self._database.run(lambda connection: connection.execute(statement).rowcount, durable=False))


def _take(connection: Connection, name: str, owner: str, now: float, until: float) -> bool:
    # The row is made first and without a change, so that two who begin at once meet on its lock.
    upsert(connection, Lease, [{"name": name, "owner": "", "until": 0.0}], keys=["name"], update=[], added=["until"])
    free = or_(leases.c.owner.in_(("", owner)), leases.c.until <= now)
    statement = update(leases).where(leases.c.name == name, free).values(owner=owner, until=until)
    return bool(connection.execute(statement).rowcount)
