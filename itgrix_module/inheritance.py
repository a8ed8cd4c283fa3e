# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service that was killed leaves to the one that follows it on the same home."""

from __future__ import annotations

import logging

from sqlalchemy import update

from itgrix_module.app.deliver import LEASE
from itgrix_module.domain.steps import Priority
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Lane
from itgrix_module.storage.writing import table_of

log = logging.getLogger("itgrix.service")

UNDER_WAY = 20.0  # seconds after a claim until its request has surely come to an end in the portal
lanes = table_of(Lane)


def take_back(database: Database, owner: str) -> int:
    """Free the calls that the service before held when it was killed; returns how many.

    ``owner``: how the names of its workers begin. Whoever calls this holds the lock of the home, so that service is
    surely dead; the portal may still be at work on its last requests, which must not be repeated before they are done.
    """
    mine = lanes.c.owner.startswith(f"{owner}:", autoescape=True)
    urgent = update(lanes).where(mine, lanes.c.priority < Priority.UPLOAD)
    background = update(lanes).where(mine)
    with database.begin() as connection:
        freed = connection.execute(
            urgent.values(owner="", token="", ready_at=lanes.c.ready_at - LEASE + UNDER_WAY)
        ).rowcount
        freed += connection.execute(background.values(owner="", token="", ready_at=0.0)).rowcount
    if freed:
        log.warning("%d deliveries that were under way when the service was killed are taken up again", freed)
    return freed
