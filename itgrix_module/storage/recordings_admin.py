# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings by hand: send the one of a finished call (again). What the portal had is replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from itgrix_module.app.ports import NewStep, TimelineEntry
from itgrix_module.domain.failures import Permanent
from itgrix_module.domain.steps import Priority
from itgrix_module.storage.engine import Database
from itgrix_module.storage.lanes import append_steps, new_step_values, refresh_lane, state_is
from itgrix_module.storage.models import Call, Step, Timeline
from itgrix_module.storage.rows import call_key, timeline_values
from itgrix_module.storage.writing import table_of

calls = table_of(Call)
steps = table_of(Step)
timeline = table_of(Timeline)

ATTACH = "attach"


class RecordingsAdmin:
    """The recordings of past calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send_again(self, node: str, linkedid: str, who: str, paths: Sequence[str], now: float) -> None:
        """Add a fresh delivery of the recording. ``paths``: files as the PBX names them, in order.

        Raises Permanent ``no_such_call``, ``call_goes_on``, ``not_in_portal``, ``already_waiting``, ``no_recording``.
        """
        if not paths:
            raise Permanent(
                "no_recording",
                f"no recording of call {linkedid} is known",
                "`itgrix recordings find` says where it is looked for.",
            )
        payload = {"paths": list(paths), "why": f"sent by {who}", "by_hand": True}
        step = NewStep(ATTACH, payload, Priority.UPLOAD, due_at=now, decided_at=now)
        self._database.run(lambda connection: _add(connection, call_key(node, linkedid), step, who))


def _add(connection: Connection, key: tuple[str, str], step: NewStep, who: str) -> None:
    query = select(calls).where(calls.c.node == key[0], calls.c.linkedid == key[1]).with_for_update()
    row = connection.execute(query).mappings().first()
    _check(connection, key, row)
    assert row is not None
    nodes = {row["id"]: key[0]}
    append_steps(connection, nodes, {row["id"]: [new_step_values(step)]})
    entry = TimelineEntry(step.decided_at, "step", f"sent by {who}", {"step": ATTACH, **step.payload})
    values: dict[str, Any] = {**timeline_values(entry), "call_id": row["id"]}
    connection.execute(insert(timeline), [values])
    refresh_lane(connection, row["id"], key[0])


def _check(connection: Connection, key: tuple[str, str], row: RowMapping | None) -> None:
    if row is None:
        raise Permanent("no_such_call", f"there is no call {key[1]}", "`itgrix calls list` names them.")
    if row["merged_into"]:
        raise Permanent(
            "no_such_call",
            f"call {key[1]} became part of call {row['merged_into']}",
            "Name that one: the recording is there.",
        )
    if row["live"] or row["ended"] is None:
        raise Permanent("call_goes_on", f"call {key[1]} has not ended yet", "Wait for its end.")
    if not row["finished"]:
        raise Permanent(
            "not_in_portal",
            f"the portal has not closed call {key[1]}, so nothing can be attached to it",
            "Retry what failed of it first: `itgrix outbox list` names the steps.",
        )
    waiting = select(steps.c.id).where(steps.c.call_id == row["id"], steps.c.kind == ATTACH, state_is("waiting"))
    number = connection.scalar(waiting.limit(1))
    if number is not None:
        raise Permanent(
            "already_waiting",
            f"the recording of call {key[1]} is on its way already",
            f"`itgrix outbox retry {number}` tries it at once.",
        )
