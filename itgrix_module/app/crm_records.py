# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of the CRM as customizations see them: one shape for leads, contacts, companies, deals and activities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Protocol

from itgrix_module.app.people_ports import Employee
from itgrix_module.domain import responsible

UNSET = "0001-01-01 00:00:00"
STATUS_GROUPS = {"P": "process", "S": "success", "F": "failure"}  # STATUS_SEMANTIC_ID, STAGE_SEMANTIC_ID of the portal


class Names(Protocol):
    """Who is who, whatever the settings say now."""

    def employee(self, party: str) -> Employee | None:
        """The employee with this extension or mobile number."""

    def user(self, user_id: int) -> Employee | None:
        """The employee who is this portal user."""


@dataclass(frozen=True)
class CrmRecord:
    """``type``: lead, contact, company, deal or activity. ``created``: epoch seconds, None when not known.

    ``raw``: fields as the portal names them, as far as they were read. ``status``: of a lead or the stage of a deal;
    ``status_group``: process, success or failure, empty when not known. ``is_new``: made for this call.
    ``category``: sales funnel of a deal. ``open_deals``: of a contact or company.
    """

    type: str
    id: int
    name: str = ""
    responsible_id: int | None = None
    is_new: bool = False
    phones: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
    status: str = ""
    status_group: str = ""
    created: float | None = None
    category: int | None = None
    open_deals: tuple[CrmRecord, ...] = ()


def candidate(found: responsible.Record) -> CrmRecord:
    """What a search for the number found, as far as that tells."""
    return CrmRecord(
        type=found.kind.lower(),
        id=_whole(found.id),
        name=found.name,
        responsible_id=found.responsible,
        status=found.status,
        status_group=STATUS_GROUPS.get(found.outcome, ""),
        created=found.created or None,
        open_deals=tuple(map(_open_deal, found.deals)),
    )


def _open_deal(deal: responsible.Deal) -> CrmRecord:
    return CrmRecord(
        type="deal",
        id=_whole(deal.id),
        name=deal.name,
        responsible_id=deal.responsible,
        status=deal.stage,
        status_group="process",
        created=deal.created or None,
        category=deal.category,
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def record_data(record: CrmRecord, names: Names, zone: tzinfo | None) -> dict[str, Any]:
    """The record as JSON data."""
    return {
        "id": record.id,
        "type": record.type,
        "is_new": record.is_new,
        "name": record.name,
        "phones": list(record.phones),
        "raw": dict(record.raw),
        "responsible_id": record.responsible_id,
        "responsible": user_of(record.responsible_id, names),
        "status": record.status,
        "status_group": record.status_group,
        "created": local_time(record.created, zone),
        "category": record.category,
        "open_deals": [record_data(deal, names, zone) for deal in record.open_deals],
    }


def user_of(user_id: int | None, names: Names) -> dict[str, Any] | None:
    """A portal user as JSON data; without a name when only his number is known."""
    if not user_id:
        return None
    return user_data(names.user(user_id) or Employee("", user_id, ""))


def user_data(employee: Employee | None) -> dict[str, Any] | None:
    """An employee as JSON data."""
    if employee is None:
        return None
    return {
        "id": employee.user_id,
        "name": employee.name,
        "extension": employee.extension,
        "phones": list(employee.phones),
    }


def local_time(at: float | None, zone: tzinfo | None) -> str:
    """``YYYY-MM-DD HH:MM:SS`` in the zone (None: the server's), the year 1 for what has not happened."""
    if at is None:
        return UNSET
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")
