# SPDX-License-Identifier: GPL-3.0-or-later
"""Open tasks for missed calls: one row for each number, made and taken over under its lock."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, func, select, update

from itgrix_module.app.open_tasks import OTHER, OURS
from itgrix_module.app.open_tasks import OpenTask as Task
from itgrix_module.storage.engine import Database
from itgrix_module.storage.lanes import state_is
from itgrix_module.storage.models import Call, OpenTask, Step
from itgrix_module.storage.rows import call_key
from itgrix_module.storage.values import clip
from itgrix_module.storage.writing import table_of, upsert

tasks = table_of(OpenTask)
calls = table_of(Call)
steps = table_of(Step)

KIND = "task"  # of the step that makes a task
_NUMBER, _TASK = 100, 64  # characters


class SqlOpenTasks:
    """app.open_tasks.OpenTasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, number: str, node: str, linkedid: str, now: float) -> str:
        key = call_key(node, linkedid)
        return self._database.run(lambda connection: _claim(connection, clip(number, _NUMBER), key, now))

    def set_task(self, number: str, node: str, linkedid: str, task_id: str) -> bool:
        statement = update(tasks).where(*_of_call(number, node, linkedid)).values(task_id=clip(task_id, _TASK))
        # MariaDB counts a row that has the value already as one that the statement found.
        return bool(self._database.run(lambda connection: connection.execute(statement).rowcount))

    def give_up(self, number: str, node: str, linkedid: str) -> None:
        statement = delete(tasks).where(*_of_call(number, node, linkedid), tasks.c.task_id == "")
        self._database.run(lambda connection: connection.execute(statement))

    def of(self, number: str) -> Task | None:
        with self._database.read() as connection:
            row = connection.execute(_row(clip(number, _NUMBER))).mappings().first()
            return _task(connection, row) if row else None

    def close(self, number: str, task_id: str) -> None:
        mine = tasks.c.number == clip(number, _NUMBER), tasks.c.task_id == clip(task_id, _TASK)
        self._database.run(lambda connection: connection.execute(delete(tasks).where(*mine)))

    def is_open(self, number: str) -> bool:
        with self._database.read() as connection:
            return connection.execute(_row(clip(number, _NUMBER))).first() is not None

    def later_success(self, number: str, after: float) -> bool:
        talked = and_(calls.c.answered.is_not(None), calls.c.talk > 0, calls.c.merged_into == "")
        query = select(calls.c.id).where(calls.c.number == clip(number, _NUMBER), calls.c.started > after, talked)
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).first() is not None


def _claim(connection: Connection, number: str, key: tuple[str, str], now: float) -> str:
    # The row is made first and without a change, so that two who begin at once meet on its lock.
    blank = {"number": number, "node": "", "linkedid": "", "task_id": "", "opened_at": 0.0}
    upsert(connection, OpenTask, [blank], keys=["number"], update=[], added=["opened_at"])
    row = connection.execute(_row(number).with_for_update()).mappings().one()
    if (row["node"], row["linkedid"]) == key:
        return OURS
    if row["linkedid"] and (row["task_id"] or _is_coming(connection, row)):
        return OTHER
    mine = {"node": key[0], "linkedid": key[1], "task_id": "", "opened_at": now}
    connection.execute(update(tasks).where(tasks.c.number == number).values(mine))
    return OURS


def _row(number: str) -> Select[tuple[str, str, str, str]]:
    return select(tasks.c.number, tasks.c.node, tasks.c.linkedid, tasks.c.task_id).where(tasks.c.number == number)


def _of_call(number: str, node: str, linkedid: str) -> tuple[ColumnElement[bool], ...]:
    key = call_key(node, linkedid)
    return tasks.c.number == clip(number, _NUMBER), tasks.c.node == key[0], tasks.c.linkedid == key[1]


def _task(connection: Connection, row: RowMapping) -> Task:
    missed = select(calls.c.started).where(calls.c.node == row["node"], calls.c.linkedid == row["linkedid"])
    return Task(**row, missed_at=connection.scalar(missed), is_coming=_is_coming(connection, row))


def _is_coming(connection: Connection, row: RowMapping) -> bool:
    call = select(calls.c.id).where(calls.c.node == row["node"], calls.c.linkedid == row["linkedid"]).scalar_subquery()
    waiting = select(func.count()).where(steps.c.call_id == call, steps.c.kind == KIND, state_is("waiting"))
    return bool(connection.scalar(waiting))
