# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom to dial for a portal user, as the directory and the administrator say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from itgrix_module.app.directory import Directory, DirectoryRules
from itgrix_module.app.orders import Options
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.route_people import RoutePeople

STAFF = (Employee("101", 1, "Anna"), Employee("", 2, "Boris", ("+79031110102",)), Employee("103", 3, "Vera"))


class Shelf:
    """Fulfils ``EmployeeStore`` and ``PeopleSource``."""

    def load(self) -> tuple[tuple[Employee, ...], float]:
        return STAFF, 1000.0

    def save(self, employees: Sequence[Employee], at: float) -> None:
        """Nothing is kept."""

    def employees(self) -> Sequence[Employee]:
        return STAFF

    def own_user(self) -> int:
        return 0


def people(overrides: dict[str, int]) -> RoutePeople:
    rules = DirectoryRules(overrides)
    directory = Directory(Shelf(), Shelf(), lambda: rules, Options, lambda: 1000.0)
    return RoutePeople(directory, lambda: overrides)


@pytest.mark.parametrize(
    ("overrides", "user", "extension"),
    [
        ({}, 1, "101"),
        ({}, 2, ""),
        ({}, 9, None),
        ({"205": 2}, 2, "205"),
        ({"79031110102": 2}, 2, ""),
        ({"205": 9}, 9, "205"),
        ({"101": 3}, 1, ""),
        ({"101": 3}, 3, "101"),
    ],
)
def test_extension_of_a_user(overrides: dict[str, int], user: int, extension: str | None) -> None:
    assert people(overrides).extension(user) == extension


def test_employee_by_extension_and_name_by_user() -> None:
    found = people({}).employee("103")
    assert found is not None
    assert found.user_id == 3
    assert (people({}).name(1), people({}).name(9)) == ("Anna", "")
