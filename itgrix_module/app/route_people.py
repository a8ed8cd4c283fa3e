# SPDX-License-Identifier: GPL-3.0-or-later
"""Employees as smart routing needs them: whom to dial for a portal user."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from itgrix_module.app.directory import Directory
from itgrix_module.app.people_ports import Employee
from itgrix_module.domain.numbers import looks_subscriber


class RoutePeople:
    """Fulfils ``app.route_ports.People``. ``overrides``: extension to portal user, by the administrator."""

    def __init__(self, directory: Directory, overrides: Callable[[], Mapping[str, int]]) -> None:
        self._directory, self._overrides = directory, overrides

    def employee(self, party: str) -> Employee | None:
        """By extension or mobile."""
        return self._directory.employee(party)

    def extension(self, user: int) -> str | None:
        """To dial a portal user; empty when he has none, None when he does not work here."""
        overrides = self._overrides()
        own = (party for party, whose in overrides.items() if whose == user and not looks_subscriber(party))
        found = next(own, "")
        if found:
            return found
        person = self._directory.person(user)
        if person is None:
            return None
        return "" if overrides.get(person.extension, user) != user else person.extension

    def name(self, user: int) -> str:
        """Of a portal user."""
        person = self._directory.person(user)
        return person.name if person else ""
