# SPDX-License-Identifier: GPL-3.0-or-later
"""Things of the portal that an administrator chooses from in the settings (contract §9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from itgrix_module.bitrix24 import crm
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.limits import BACKGROUND
from itgrix_module.bitrix24.shapes import text, whole

Choice = tuple[str, str]  # id and name
_DEAL = 2  # the CRM's number for deals


def users(portal: PortalClient) -> Sequence[Choice]:
    """Employees of the portal, with or without a telephone. Raises Failure."""
    return [(str(user.id), user.name) for user in crm.employees(portal)]


def sources(portal: PortalClient) -> Sequence[Choice]:
    """Advertising sources. Raises Failure."""
    return [(source.code, source.name) for source in crm.sources(portal)]


def funnels(portal: PortalClient) -> Sequence[Choice]:
    """Funnels of deals; 0 is the general one. Raises Failure."""
    rows = portal.list("crm.category.list", {"entityTypeId": _DEAL}, priority=BACKGROUND)
    found = [(whole(row.get("id")), text(row.get("name"))) for row in rows]
    return [(str(number), name or str(number)) for number, name in found if number is not None]


def groups(portal: PortalClient) -> Sequence[Choice]:
    """Projects and work groups. Raises Failure."""
    rows = portal.list("sonet_group.get", {"ORDER": {"NAME": "ASC"}}, priority=BACKGROUND)
    found = [(whole(row.get("ID")), text(row.get("NAME"))) for row in rows]
    return [(str(number), name or str(number)) for number, name in found if number]


READERS: Mapping[str, Callable[[PortalClient], Sequence[Choice]]] = {
    "users": users,
    "sources": sources,
    "funnels": funnels,
    "groups": groups,
}
