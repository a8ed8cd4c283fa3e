# SPDX-License-Identifier: GPL-3.0-or-later
"""What smart routing reads of past calls, and its line in the timeline of a call that goes on."""

from __future__ import annotations

from sqlalchemy import insert, select

from itgrix_module.app.ports import TimelineEntry
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Call, Timeline
from itgrix_module.storage.rows import call_key, timeline_values
from itgrix_module.storage.values import clip
from itgrix_module.storage.writing import table_of

calls = table_of(Call)
timeline = table_of(Timeline)


class SqlTalks:
    """Fulfils ``app.route.Talks``, for the calls of all nodes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_talker(self, number: str, since: float) -> str:
        """See the port."""
        query = (
            select(calls.c.last_talker)
            .where(calls.c.number == clip(number, 100), calls.c.started >= since)
            .where(calls.c.last_talker != "", calls.c.merged_into == "")
            .order_by(calls.c.started.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query) or ""


class SqlTimeline:
    """Fulfils ``app.route_notes.Timelines``.

    It leaves the call's row alone: the tracker tells by that row what became of its own commits.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, node: str, linkedid: str, entry: TimelineEntry) -> bool:
        """See the port. A commit whose answer was lost may store the line twice, which does no harm."""
        key = call_key(node, linkedid)
        with self._database.read() as connection:
            query = select(calls.c.id).where(calls.c.node == key[0], calls.c.linkedid == key[1])
            call = connection.scalar(query)
        if call is None:
            return False
        values = {**timeline_values(entry), "call_id": call}
        self._database.run(lambda connection: connection.execute(insert(timeline), [values]), durable=False)
        return True
