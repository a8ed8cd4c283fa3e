# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who, as the page of employees shows it: extensions with and without a user, users without an extension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from itgrix_module.app.desk_ports import Listing
from itgrix_module.app.directory import DirectoryState
from itgrix_module.app.people_ports import Employee

PAGE = 50


@dataclass(frozen=True)
class Row:
    """``by_hand``: set in the settings; ``of_portal``: user whom the portal names instead, 0 for none."""

    extension: str
    user: int
    name: str
    phones: tuple[str, ...]
    by_hand: bool = False
    of_portal: int = 0
    is_double: bool = False


def rows_of(state: DirectoryState, overrides: Mapping[str, int], users: Listing, asked: str) -> list[Row]:
    """Everybody who can be recognised by a number, those with an extension first."""
    by_user = {each.user_id: each for each in state.employees}
    by_extension = {each.extension: each for each in state.employees if each.extension}
    found = [_by_hand(extension, user, by_user, by_extension, users) for extension, user in overrides.items()]
    found += [_of(each, each.extension in state.doubles) for each in state.employees if each.extension not in overrides]
    return sorted((row for row in found if _fits(row, asked)), key=_order)


def _by_hand(
    extension: str, user: int, by_user: Mapping[int, Employee], by_extension: Mapping[str, Employee], users: Listing
) -> Row:
    known, before = by_user.get(user), by_extension.get(extension)
    name = known.name if known else users.name(user)
    of_portal = before.user_id if before is not None and before.user_id != user else 0
    return Row(extension, user, name, known.phones if known else (), by_hand=True, of_portal=of_portal)


def _of(each: Employee, is_double: bool) -> Row:
    return Row(each.extension, each.user_id, each.name, each.phones, is_double=is_double)


def _fits(row: Row, asked: str) -> bool:
    words = " ".join((row.extension, row.name, str(row.user), *row.phones))
    return asked.casefold() in words.casefold()


def _order(row: Row) -> tuple[bool, int, str, str]:
    """Extensions by their length, so that 99 comes before 101; those without one by name."""
    return (not row.extension, len(row.extension), row.extension, row.name)


def without_extension(state: DirectoryState, overrides: Mapping[str, int], users: Listing) -> Sequence[tuple[str, str]]:
    """Users of the portal whom no extension leads to."""
    reached = {each.user_id for each in state.employees if each.extension} | set(overrides.values())
    known = {str(each.user_id): each.name for each in state.employees} | dict(users.items)
    return [(number, name) for number, name in known.items() if int(number) not in reached]
