# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of changes: who did what, when and from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select

from itgrix_module.storage.engine import Database
from itgrix_module.storage.models_access import Audit
from itgrix_module.storage.values import clip, from_json, to_json
from itgrix_module.storage.writing import table_of

audit = table_of(Audit)
_LONGEST = 20_000  # characters of the details


@dataclass(frozen=True)
class AuditFilter:
    """Which entries: empty and None mean any. ``text``: part of what was done, by whom, with what."""

    who: str = ""
    area: str = ""
    text: str = ""
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True)
class AuditEntry:
    """``at``: epoch seconds; ``action``: ``area.verb``; ``data``: details, never a secret."""

    id: int
    at: float
    who: str
    address: str
    action: str
    subject: str
    data: Mapping[str, Any]


class SqlAudit:
    """The journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self, at: float, who: str, action: str, details: Mapping[str, object], *, address: str = "", subject: str = ""
    ) -> None:
        """Raises Failure when it cannot be written."""
        data = to_json({str(key): value for key, value in details.items()})
        values = {
            "at": at,
            "who": clip(who, 100),
            "address": clip(address, 64),
            "action": clip(action, 100),
            "subject": clip(subject, 191),
            "data": data if len(data) <= _LONGEST else to_json({"shortened": data[:_LONGEST]}),
        }
        self._database.run(lambda connection: connection.execute(insert(audit), [values]))

    def page(self, wanted: AuditFilter, limit: int, before: int | None = None) -> list[AuditEntry]:
        """The newest first. ``before``: only entries older than this id."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.id < before)
        if wanted.who:
            query = query.where(audit.c.who == wanted.who)
        if wanted.area:
            query = query.where(audit.c.action.startswith(f"{wanted.area}.", autoescape=True))
        if wanted.text:
            columns = (audit.c.who, audit.c.action, audit.c.subject, audit.c.data)
            query = query.where(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
        if wanted.since is not None:
            query = query.where(audit.c.at >= wanted.since)
        if wanted.until is not None:
            query = query.where(audit.c.at < wanted.until)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return [AuditEntry(**{**row, "data": from_json(row["data"], {})}) for row in rows]

    def names(self) -> tuple[list[str], list[str]]:
        """Everybody who changed something, and the areas of what was changed."""
        with self._database.read() as connection:
            who = list(connection.scalars(select(audit.c.who).distinct().order_by(audit.c.who).limit(500)))
            actions = connection.scalars(select(audit.c.action).distinct().limit(500))
            return who, sorted({action.partition(".")[0] for action in actions})
