# SPDX-License-Identifier: GPL-3.0-or-later
"""What is stored of calls, for the comparison with the PBX's records; and up to when that was done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, exists, select

from itgrix_module.app.ports import CallRow, NewStep, TimelineEntry
from itgrix_module.app.reconcile_ports import KnownCall, KnownStep
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import Database
from itgrix_module.storage.marks import mark, set_mark
from itgrix_module.storage.models import Call, Step, Timeline
from itgrix_module.storage.outbox_admin import OutboxAdmin
from itgrix_module.storage.rows import call_key, call_row, portal_side
from itgrix_module.storage.writing import table_of

calls = table_of(Call)
steps = table_of(Step)
timeline = table_of(Timeline)

_BY = "the comparison with the PBX's records"


class SqlBooks:
    """app.reconcile_ports.Books, and the mark."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = SqlCallStore(database)
        self._admin = OutboxAdmin(database)

    def known(self, node: str, linkedids: Collection[str]) -> Mapping[str, KnownCall]:
        keys = {call_key(node, linkedid)[1]: linkedid for linkedid in linkedids}
        with self._database.read() as connection:
            rows = _rows(connection, call_key(node, "")[0], list(keys))
            kept = [row["merged_into"] for row in rows.values() if row["merged_into"]]
            rows |= _rows(connection, call_key(node, "")[0], [name for name in kept if name not in rows])
            found = {row["linkedid"]: _known(connection, row) for row in rows.values() if not row["merged_into"]}
        became = {name: rows[name]["merged_into"] or name for name in keys if name in rows}
        return {keys[name]: found[other] for name, other in became.items() if other in found}

    def write(
        self, row: CallRow | None, node: str, linkedid: str, steps: Sequence[NewStep], told: Sequence[TimelineEntry]
    ) -> None:
        with self._store.work() as work:
            if row is not None:
                work.save_call(row)
                if row.line:
                    work.see_line(row.line, row.trunk, row.started)
            work.add_timeline(node, linkedid, told)
            work.add_steps(node, linkedid, steps)

    def retry(self, steps: Iterable[int], now: float) -> int:
        return self._admin.retry(steps, now, _BY)

    def live(self, node: str) -> list[CallRow]:
        """Calls that have not ended as far as we know."""
        return self._store.live_calls(node)

    def done_until(self, node: str) -> float | None:
        """Up to when calls have been compared, epoch seconds; None when never."""
        with self._database.read() as connection:
            return mark(connection, _mark(node)) or None

    def set_done(self, node: str, until: float) -> None:
        """Calls that began before are compared."""
        self._database.run(lambda connection: set_mark(connection, _mark(node), until))


def _mark(node: str) -> str:
    return f"reconciled:{call_key(node, '')[0]}"


def _rows(connection: Connection, node: str, names: list[str]) -> dict[str, RowMapping]:
    if not names:
        return {}
    query = select(calls).where(calls.c.node == node, calls.c.linkedid.in_(names))
    return {row["linkedid"]: row for row in connection.execute(query).mappings()}


def _known(connection: Connection, row: RowMapping) -> KnownCall:
    mine = select(steps.c.id, steps.c.kind, steps.c.state).where(steps.c.call_id == row["id"]).order_by(steps.c.n)
    gap = exists().where(timeline.c.call_id == row["id"], timeline.c.kind == "fact", timeline.c.text == "ChannelsSeen")
    return KnownCall(
        row=call_row(row),
        portal=portal_side(row),
        steps=tuple(KnownStep(*step) for step in connection.execute(mine)),
        guessed=bool(connection.scalar(select(gap))),
    )
