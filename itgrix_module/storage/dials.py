# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that the portal orders, stored together with the calls that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, delete, insert, select, update

from itgrix_module.app.dial_ports import CALLING, OVER, SENT, WAITING, Callback, Dial, OpenDial
from itgrix_module.app.ports import CallRow, NewStep, PortalSide, TimelineEntry
from itgrix_module.storage.calls import BufferedWork, SqlCallStore, store_work
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Call, Step
from itgrix_module.storage.models_dials import Callback as CallbackModel
from itgrix_module.storage.models_dials import Dial as DialModel
from itgrix_module.storage.rows import call_key, portal_values
from itgrix_module.storage.values import clip, from_json, to_json
from itgrix_module.storage.writing import table_of

dials: Table = table_of(DialModel)
callbacks: Table = table_of(CallbackModel)
calls: Table = table_of(Call)
steps: Table = table_of(Step)
_TEXTS = {"text": 5000}  # of columns without a length
_SLICE = 500


class SqlDials:
    """app.dial_ports.DialStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def order(self, dial: Dial, call: CallRow, side: PortalSide, told: str) -> bool:
        """See the port."""
        work = BufferedWork()
        work.save_call(call)
        work.add_timeline(call.node, call.linkedid, [TimelineEntry(dial.created, "note", told)])
        return self._database.run(
            lambda connection: _order(connection, work, dial, side),
            committed=lambda connection: _has(connection, dials, dial.event),
        )

    def open(self, node: str) -> Sequence[OpenDial]:
        """See the port."""
        same = and_(calls.c.node == dials.c.node, calls.c.linkedid == dials.c.linkedid)
        state = (calls.c.ended, calls.c.answered, calls.c.status, calls.c.outcome)
        query = select(dials, *state).outerjoin(calls, same).where(dials.c.state == SENT, dials.c.node == node)
        with self._database.read() as connection:
            return [_open(row) for row in connection.execute(query.order_by(dials.c.id)).mappings()]

    def request(self, node: str, linkedid: str) -> Mapping[str, Any]:
        """See the port."""
        with self._database.read() as connection:
            text = connection.scalar(select(dials.c.request).where(_for(node, linkedid)))
        return dict(from_json(text or "", {}))

    def revise(self, node: str, linkedid: str, request: Mapping[str, Any]) -> None:
        """See the port."""
        changed = update(dials).where(_for(node, linkedid)).values(request=to_json(request))
        self._database.run(lambda connection: connection.execute(changed))

    def over(self, dial: int, code: str) -> None:
        """See the port."""
        values = {"state": OVER, "code": clip(code, 64)}
        self._database.run(lambda connection: connection.execute(_of(dials, dial).values(values)), durable=False)

    def keep(self, callback: Callback) -> bool:
        """See the port."""
        return self._database.run(
            lambda connection: _keep(connection, callback),
            committed=lambda connection: _has(connection, callbacks, callback.event),
        )

    def callbacks(self, node: str, states: Sequence[str], limit: int = 100) -> Sequence[Callback]:
        """See the port."""
        query = select(callbacks).where(callbacks.c.state.in_(states)).order_by(callbacks.c.due, callbacks.c.id)
        query = query.where(callbacks.c.node == node) if node else query
        with self._database.read() as connection:
            return [_callback(row) for row in connection.execute(query.limit(limit)).mappings()]

    def put_off(self, callback: int, due: float, code: str, why: str) -> None:
        """See the port."""
        values = {"state": WAITING, "due": due, "code": clip(code, 64), "why": clip(why, 500)}
        self._database.run(lambda connection: connection.execute(_of(callbacks, callback).values(values)))

    def close(self, callback: Callback, state: str, code: str, why: str, step: NewStep | None) -> None:
        """See the port. The step first: once more after a crash, it finds itself done."""
        if step is not None and callback.linkedid:
            with SqlCallStore(self._database).work() as work:
                work.add_steps(callback.node, callback.linkedid, [step])
        values = {"state": state, "code": clip(code, 64), "why": clip(why, 500)}
        self._database.run(lambda connection: connection.execute(_of(callbacks, callback.id).values(values)))

    def last_failure(self, node: str, linkedid: str) -> str:
        """See the port."""
        found = select(steps.c.payload).join(calls, calls.c.id == steps.c.call_id)
        key = call_key(node, linkedid)
        wanted = found.where(calls.c.node == key[0], calls.c.linkedid == key[1], steps.c.kind == "finish")
        with self._database.read() as connection:
            payload = connection.scalar(wanted.order_by(steps.c.id.desc()).limit(1))
        return str(from_json(payload or "", {}).get("failure", ""))

    def forget(self, before: float) -> int:
        """Delete what came before that moment and is over; returns how many rows went."""
        return self._database.run(lambda connection: _forget(connection, before), durable=False)


def _for(node: str, linkedid: str) -> ColumnElement[bool]:
    key = call_key(node, linkedid)
    return and_(dials.c.node == key[0], dials.c.linkedid == key[1])


def _of(table: Table, number: int) -> Any:
    return update(table).where(table.c.id == number)


def _has(connection: Connection, table: Table, event: str) -> bool:
    return connection.scalar(select(table.c.id).where(table.c.event == clip(event, 191))) is not None


def _order(connection: Connection, work: BufferedWork, dial: Dial, side: PortalSide) -> bool:
    if _has(connection, dials, dial.event):
        return False
    connection.execute(insert(dials).values(_values(dials, dial)))
    store_work(connection, work)
    key = call_key(dial.node, dial.linkedid)
    mine = and_(calls.c.node == key[0], calls.c.linkedid == key[1])
    connection.execute(update(calls).where(mine).values(portal_values(side)))
    if dial.callback is not None:
        tried = {"state": CALLING, "linkedid": clip(dial.linkedid, 150), "tries": callbacks.c.tries + 1}
        connection.execute(_of(callbacks, dial.callback).values(tried))
    return True


def _keep(connection: Connection, callback: Callback) -> bool:
    if _has(connection, callbacks, callback.event):
        return False
    connection.execute(insert(callbacks).values(_values(callbacks, callback)))
    return True


def _values(table: Table, item: Dial | Callback) -> dict[str, Any]:
    names = [field.name for field in fields(item) if field.name != "id"]
    return {name: _value(table, name, getattr(item, name)) for name in names}


def _value(table: Table, name: str, value: Any) -> Any:
    if name == "request":
        return to_json(value)
    if not isinstance(value, str):
        return value
    return clip(value, getattr(table.c[name].type, "length", None) or _TEXTS[name])


def _dial(row: RowMapping) -> Dial:
    values = {field.name: row[field.name] for field in fields(Dial)}
    return Dial(**{**values, "request": from_json(values["request"], {})})


def _open(row: RowMapping) -> OpenDial:
    return OpenDial(
        _dial(row), row["ended"] is not None, row["answered"] is not None, row["status"] or "", row["outcome"] or ""
    )


def _callback(row: RowMapping) -> Callback:
    return Callback(**{field.name: row[field.name] for field in fields(Callback)})


def _forget(connection: Connection, before: float) -> int:
    old = select(dials.c.id).where(dials.c.created < before, dials.c.state == OVER).limit(_SLICE)
    forms = select(callbacks.c.id).where(callbacks.c.received < before, callbacks.c.state.in_(("done", "failed")))
    count = 0
    for table, query in ((dials, old), (callbacks, forms.limit(_SLICE))):
        numbers = list(connection.scalars(query))
        if numbers:
            count += connection.execute(delete(table).where(table.c.id.in_(numbers))).rowcount
    return count
