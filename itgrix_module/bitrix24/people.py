# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's users as the directory wants them."""

from __future__ import annotations

from collections.abc import Sequence

from itgrix_module.app.people_ports import Employee
from itgrix_module.bitrix24 import crm
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.limits import BACKGROUND
from itgrix_module.bitrix24.shapes import mapping, text


class BitrixPeople:
    """Fulfils ``app.people_ports.PeopleSource``."""

    def __init__(self, client: PortalClient) -> None:
        self._client = client

    def employees(self) -> Sequence[Employee]:
        """Active users who can be recognised by a number."""
        found = crm.employees(self._client)
        return [
            Employee(user.extension, user.id, user.name, tuple(user.phones))
            for user in found
            if user.active and (user.extension or user.phones)
        ]

    def own_user(self) -> int:
        """The user whose authorisation is used; 0 when the portal does not say."""
        own = crm.profile(self._client)
        return own.user_id if own else 0

    def licence_family(self) -> str:
        """LICENSE_FAMILY of the portal, on which its request limits depend; empty when it does not say.

        Only an application may ask. Raises Failure.
        """
        return text(mapping(self._client.call("app.info", priority=BACKGROUND)).get("LICENSE_FAMILY"))
