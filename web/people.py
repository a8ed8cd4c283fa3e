# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of employees: by extension, by one of their phones, by their number in the portal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from itgrix_module.app.people_ports import Employee
from itgrix_module.domain.numbers import digits, looks_subscriber


@dataclass(frozen=True)
class People:
    """Who is behind an extension; nobody knows more than the portal last told."""

    by_party: Mapping[str, str] = field(default_factory=dict)
    by_user: Mapping[int, str] = field(default_factory=dict)

    def name(self, party: str) -> str:
        """Empty when not known."""
        return self.by_party.get(_key(party), "")

    def extensions(self) -> list[tuple[str, str]]:
        """Extension and name of everybody who has one, for lists to choose from."""
        return sorted((party, name) for party, name in self.by_party.items() if not looks_subscriber(party))

    def user(self, user_id: int) -> str:
        """Name of a portal user, else his number with a hash."""
        return self.by_user.get(user_id) or f"#{user_id}"


def people_of(employees: Iterable[Employee]) -> People:
    """A phone book; an extension that two people have names both."""
    by_party: dict[str, str] = {}
    by_user: dict[int, str] = {}
    for employee in employees:
        by_user.setdefault(employee.user_id, employee.name)
        for party in (employee.extension, *employee.phones):
            key = _key(party)
            if not key or by_party.get(key) == employee.name:
                continue
            by_party[key] = f"{by_party[key]} / {employee.name}" if key in by_party else employee.name
    return People(by_party, by_user)


def _key(party: str) -> str:
    return digits(party)[-10:] if looks_subscriber(party) else party
