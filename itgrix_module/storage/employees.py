# SPDX-License-Identifier: GPL-3.0-or-later
"""The employee map as last read from the portal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select

from itgrix_module.app.people_ports import Employee
from itgrix_module.storage.engine import Database
from itgrix_module.storage.marks import mark, set_mark
from itgrix_module.storage.models import Employee as StoredEmployee
from itgrix_module.storage.values import clip, from_json, to_json
from itgrix_module.storage.writing import table_of

employees = table_of(StoredEmployee)
READ_AT = "employees.read_at"


class SqlEmployeeStore:
    """people_ports.EmployeeStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> tuple[tuple[Employee, ...], float]:
        """The employees in the order they were saved, and the epoch second of it; 0 when never."""
        with self._database.read() as connection:
            rows = connection.execute(select(employees).order_by(employees.c.place)).mappings()
            return tuple(_employee(row) for row in rows), mark(connection, READ_AT)

    def save(self, employees: Sequence[Employee], at: float) -> None:
        """Takes the place of all that was there."""
        rows = [_values(place, employee) for place, employee in enumerate(employees)]
        self._database.run(lambda connection: _replace(connection, rows, at))


def _replace(connection: Connection, rows: list[dict[str, Any]], at: float) -> None:
    set_mark(connection, READ_AT, at)  # first: two nodes that save at once follow one another here
    connection.execute(delete(employees))
    if rows:
        connection.execute(insert(employees), rows)


def _values(place: int, employee: Employee) -> dict[str, Any]:
    return {
        "place": place,
        "extension": clip(employee.extension, 100),
        "user_id": employee.user_id,
        "name": clip(employee.name, 191),
        "phones": to_json(employee.phones),
    }


def _employee(row: RowMapping) -> Employee:
    return Employee(row["extension"], row["user_id"], row["name"], tuple(from_json(row["phones"], ())))
