# SPDX-License-Identifier: GPL-3.0-or-later
"""Times in the tables are epoch seconds of a clock that somebody may set: what waits does not wait for it."""

from __future__ import annotations

from sqlalchemy import Connection, update

from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Lane, Lease, Step
from itgrix_module.storage.writing import table_of

LONGEST_LEASE = 600.0  # seconds: no lease is longer
_TOKENS = "tokens.%"  # leases by which an authorisation is refreshed; those of the dead are seen by their names

lanes, steps, leases = table_of(Lane), table_of(Step), table_of(Lease)


def pull_back(database: Database, seconds: float, now: float, owner: str) -> int:
    """The clock was set back by so many seconds, to ``now``: whatever was due is due as early as it was before.

    ``owner``: how the names of our workers begin. Deliveries that another service holds stay held. What was stored by
    the new clock already comes a little early, which does no harm. Returns how many calls this concerns.
    """
    return database.run(lambda connection: _pull(connection, seconds, now, owner))


def _pull(connection: Connection, seconds: float, now: float, owner: str) -> int:
    connection.execute(
        update(steps).where(steps.c.state == "waiting", steps.c.due_at > now).values(due_at=steps.c.due_at - seconds)
    )
    earlier = {"ready_at": lanes.c.ready_at - seconds}
    found = connection.execute(update(lanes).where(lanes.c.owner == "", lanes.c.ready_at > now).values(earlier))
    # A lease that the new clock has given already cannot end so late.
    ours = lanes.c.owner.startswith(f"{owner}:", autoescape=True), lanes.c.ready_at > now + LONGEST_LEASE
    held = connection.execute(update(lanes).where(*ours).values(earlier))
    duties = ~leases.c.name.like(_TOKENS), leases.c.until > now + LONGEST_LEASE
    connection.execute(update(leases).where(*duties).values(until=leases.c.until - seconds))
    return int(found.rowcount + held.rowcount)
