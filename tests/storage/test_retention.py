# SPDX-License-Identifier: GPL-3.0-or-later
"""Forgetting the past."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from itgrix_module.app.ports import TimelineEntry
from itgrix_module.storage.queries import CallFilter, Calls
from itgrix_module.storage.retention import SLICE, Horizon, prune
from itgrix_module.storage.stores import Stores
from tests.storage.samples import NODE, NOW, call, claim_one, done, settle, step


def add(stores: Stores, linkedid: str, started: float, live: bool = False) -> None:
    with stores.calls.work() as work:
        work.save_call(call(linkedid, started=started, live=live, client=f"+7{linkedid}"))
        work.add_timeline(NODE, linkedid, [TimelineEntry(started, "fact", "ring")] * 2)


def rows(stores: Stores, table: str) -> int:
    with stores.database.read() as connection:
        return connection.scalar(text(f"SELECT COUNT(*) FROM {table}")) or 0


def left(stores: Stores) -> list[str]:
    return [item.call.linkedid for item in Calls(stores.database).page(CallFilter(), 1000).items]


def test_old_calls_go_with_everything_that_belongs_to_them(stores: Stores) -> None:
    add(stores, "old", NOW - 10)
    add(stores, "new", NOW + 10)
    with stores.calls.work() as work:
        work.add_steps(NODE, "old", [step()])
    lane = claim_one(stores.outbox)
    settle(stores.outbox, lane, done(lane.steps[0].id))
    assert prune(stores.database, Horizon(calls=NOW)) > 0
    assert left(stores) == ["new"]
    counts = [rows(stores, f"itgrix_{name}") for name in ("timeline", "steps", "parties", "clients")]
    assert counts == [2, 0, 2, 1]


def test_live_and_undelivered_calls_stay_whatever_their_age(stores: Stores) -> None:
    add(stores, "live", NOW - 30, live=True)
    add(stores, "waiting", NOW - 20)
    add(stores, "old", NOW - 10)
    with stores.calls.work() as work:
        work.add_steps(NODE, "waiting", [step()])
    prune(stores.database, Horizon(calls=NOW))
    assert left(stores) == ["waiting", "live"]
    assert claim_one(stores.outbox).call.linkedid == "waiting"


def test_lines_may_go_before_their_calls(stores: Stores) -> None:
    add(stores, "old", NOW - 10)
    add(stores, "new", NOW + 10)
    assert prune(stores.database, Horizon(timeline=NOW)) == 2
    assert left(stores) == ["new", "old"]
    assert rows(stores, "itgrix_timeline") == 2


def test_nothing_goes_without_a_horizon(stores: Stores) -> None:
    add(stores, "old", NOW - 10)
    assert prune(stores.database, Horizon()) == 0
    assert left(stores) == ["old"]


def test_it_works_in_slices_and_stops_when_told(stores: Stores) -> None:
    with stores.calls.work() as work:
        for number in range(2 * SLICE + 50):
            work.save_call(call(f"{number}", started=NOW - number, live=False))
    answers: Iterator[bool] = iter([True, False])
    assert prune(stores.database, Horizon(calls=NOW + 1), lambda: next(answers, False)) == SLICE
    assert len(left(stores)) == SLICE + 50
    assert prune(stores.database, Horizon(calls=NOW + 1)) > SLICE
    assert left(stores) == []


def test_old_entries_of_the_audit_go(stores: Stores) -> None:
    with stores.database.begin() as connection:
        for at in (NOW - 1, NOW + 1):
            connection.execute(text("INSERT INTO itgrix_audit (at, who, data) VALUES (:at, 'x', '{}')"), {"at": at})
    assert prune(stores.database, Horizon(audit=NOW)) == 1
    assert rows(stores, "itgrix_audit") == 1
