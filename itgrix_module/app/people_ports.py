# SPDX-License-Identifier: GPL-3.0-or-later
"""Employees of the portal: where they are read, where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Employee:
    """A portal user with an extension. ``phones``: his other numbers as the portal has them."""

    extension: str
    user_id: int
    name: str
    phones: tuple[str, ...] = ()


class EmployeeStore(Protocol):
    """The employee map as last read from the portal, with when that was."""

    def load(self) -> tuple[tuple[Employee, ...], float]: ...

    def save(self, employees: Sequence[Employee], at: float) -> None: ...


class PeopleSource(Protocol):
    """The portal's users."""

    def employees(self) -> Sequence[Employee]:
        """Every active user with an internal number or another phone, all pages. Raises Failure."""

    def own_user(self) -> int:
        """The user whose authorisation is used."""
