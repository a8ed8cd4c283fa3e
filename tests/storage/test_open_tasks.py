# SPDX-License-Identifier: GPL-3.0-or-later
"""Open tasks, turns, and steps that follow a settlement."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

import pytest

from itgrix_module.app.open_tasks import OTHER, OURS
from itgrix_module.app.ports import NewStep
from itgrix_module.storage.engine import open_database
from itgrix_module.storage.open_tasks import SqlOpenTasks
from itgrix_module.storage.queries import Calls
from itgrix_module.storage.stores import Stores
from itgrix_module.storage.turns import SqlTurns
from tests.storage.samples import NODE, NOW, add_call, claim_one, done, step

NUMBER = "+79161234567"


@pytest.fixture
def tasks(stores: Stores) -> SqlOpenTasks:
    return SqlOpenTasks(stores.database)


def missed(stores: Stores, linkedid: str, **changes: Any) -> None:
    """A call whose task is still to be made."""
    add_call(stores.calls, linkedid, step("task", priority=4), number=NUMBER, **changes)


def test_number_belongs_to_the_first_call_until_its_task_is_closed(stores: Stores, tasks: SqlOpenTasks) -> None:
    for linkedid in ("1.1", "1.2"):
        missed(stores, linkedid)
    assert not tasks.is_open(NUMBER)
    assert tasks.claim(NUMBER, NODE, "1.1", NOW) == OURS
    assert tasks.claim(NUMBER, NODE, "1.1", NOW) == OURS
    assert tasks.claim(NUMBER, NODE, "1.2", NOW) == OTHER
    assert tasks.claim(NUMBER, "other node", "1.1", NOW) == OTHER
    assert tasks.is_open(NUMBER)
    assert tasks.set_task(NUMBER, NODE, "1.1", "3711")
    assert tasks.set_task(NUMBER, NODE, "1.1", "3711"), "the same once more is no loss of the claim"
    assert not tasks.set_task(NUMBER, NODE, "1.2", "9")
    row = tasks.of(NUMBER)
    assert row is not None
    assert (row.linkedid, row.task_id, row.missed_at) == ("1.1", "3711", NOW)
    tasks.close(NUMBER, "9")
    tasks.give_up(NUMBER, NODE, "1.1")
    assert tasks.is_open(NUMBER), "neither another task's end nor giving up ends a task that is made"
    tasks.close(NUMBER, "3711")
    assert tasks.of(NUMBER) is None
    assert tasks.claim(NUMBER, NODE, "1.2", NOW) == OURS


def test_claim_of_a_call_that_makes_no_task_any_more_is_taken_over(stores: Stores, tasks: SqlOpenTasks) -> None:
    missed(stores, "1.1")
    tasks.claim(NUMBER, NODE, "1.1", NOW)
    row = tasks.of(NUMBER)
    assert row is not None
    assert row.is_coming
    lane = claim_one(stores.outbox)
    stores.outbox.settle("worker", NODE, "1.1", [done(lane.steps[0].id)], None, (), NOW)
    row = tasks.of(NUMBER)
    assert row is not None
    assert not row.is_coming
    assert tasks.claim(NUMBER, NODE, "1.2", NOW) == OURS


def test_given_up_claim_is_gone(stores: Stores, tasks: SqlOpenTasks) -> None:
    missed(stores, "1.1")
    tasks.claim(NUMBER, NODE, "1.1", NOW)
    tasks.give_up(NUMBER, NODE, "1.2")
    assert tasks.is_open(NUMBER)
    tasks.give_up(NUMBER, NODE, "1.1")
    assert not tasks.is_open(NUMBER)


def test_threads_and_connections_that_claim_at_once_have_one_winner(
    stores: Stores, tasks: SqlOpenTasks, tables_url: str
) -> None:
    for linkedid in range(6):
        missed(stores, f"{linkedid}.1")
    for round_ in range(10):
        number = f"{NUMBER}{round_}"
        start, states = threading.Barrier(6), [""] * 6

        def claim(
            place: int, number: str = number, start: threading.Barrier = start, states: list[str] = states
        ) -> None:
            with closing(open_database(tables_url)) as database:
                start.wait(30)
                states[place] = SqlOpenTasks(database).claim(number, NODE, f"{place}.1", NOW)

        threads = [threading.Thread(target=claim, args=(place,)) for place in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(states) == [OTHER] * 5 + [OURS]


TALK: dict[str, Any] = {"number": NUMBER, "answered": NOW + 20, "talk": 5.0, "started": NOW + 10, "live": False}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"direction": "outgoing"}, True),
        ({"node": "other"}, True),
        ({"number": "+70000000000"}, False),
        ({"started": NOW}, False),
        ({"answered": None, "talk": 0.0}, False),
        ({"talk": 0.0}, False),
    ],
)
def test_later_success(stores: Stores, tasks: SqlOpenTasks, changes: dict[str, Any], expected: bool) -> None:
    add_call(stores.calls, "2.1", **{**TALK, **changes})
    assert tasks.later_success(NUMBER, NOW) is expected


def test_turns_go_round_for_everybody_and_across_restarts(stores: Stores, tables_url: str) -> None:
    turns = SqlTurns(stores.database)
    assert [turns.next("missed", 3) for _ in range(4)] == [0, 1, 2, 0]
    assert turns.next("other", 3) == 0
    with closing(open_database(tables_url)) as database:
        assert SqlTurns(database).next("missed", 3) == 1
    with pytest.raises(ValueError):
        turns.next("missed", 0)


def test_no_turn_is_given_twice_to_threads_and_connections(stores: Stores, tables_url: str) -> None:
    given: list[int] = []

    def take() -> None:
        with closing(open_database(tables_url, patience=30)) as database:
            given.extend(SqlTurns(database).next("missed", 1_000_000) for _ in range(20))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(given) == list(range(80))


# -- steps that follow


def kinds(stores: Stores, linkedid: str = "1.1") -> list[tuple[int, str, str]]:
    story = Calls(stores.database).story(NODE, linkedid)
    assert story is not None
    return sorted((found.n, found.kind, found.state) for found in story.steps)


def follow(stores: Stores, *steps: NewStep, owner: str = "worker") -> bool:
    lane = claim_one(stores.outbox, owner)
    return stores.outbox.settle(owner, NODE, lane.call.linkedid, [done(lane.steps[0].id)], None, (), NOW, steps)


def test_steps_that_follow_come_before_the_recording(stores: Stores) -> None:
    attach = step("attach", priority=5, due_at=NOW)
    add_call(stores.calls, "1.1", step("finish", priority=2), attach, step("attach", priority=6))
    assert follow(stores, step("deal", priority=4), step("task", priority=4))
    assert kinds(stores) == [
        (1, "finish", "done"), (2, "deal", "waiting"), (3, "task", "waiting"), (4, "attach", "waiting"),
        (5, "attach", "waiting"),
    ]  # fmt: skip
    assert stores.outbox.claim("up", NOW, 60, 1, 5, 6) == [], "the lane has the priority of its first step"
    assert [each.kind for each in claim_one(stores.outbox).steps] == ["deal", "task", "attach", "attach"]


def test_steps_that_follow_go_behind_when_no_recording_waits(stores: Stores) -> None:
    add_call(stores.calls, "1.1", step("finish", priority=2))
    assert follow(stores, step("task", priority=4))
    assert kinds(stores) == [(1, "finish", "done"), (2, "task", "waiting")]
    assert claim_one(stores.outbox).steps[0].kind == "task"


def test_second_end_of_a_call_follows_up_only_what_was_not(stores: Stores) -> None:
    add_call(stores.calls, "1.1", step("finish", priority=2))
    follow(stores, step("task", priority=4))
    with stores.calls.work() as work:
        work.add_steps(NODE, "1.1", [step("finish", priority=2)])
    lane = claim_one(stores.outbox)
    settled = [done(each.id) for each in lane.steps]
    stores.outbox.settle("worker", NODE, "1.1", settled, None, (), NOW, [step("task"), step("message")])
    assert [kind for _, kind, _ in kinds(stores)] == ["finish", "task", "finish", "message"]


def test_nothing_follows_when_the_lease_was_lost(stores: Stores) -> None:
    add_call(stores.calls, "1.1", step("finish", priority=2))
    lane = claim_one(stores.outbox)
    assert not stores.outbox.settle("thief", NODE, "1.1", [done(lane.steps[0].id)], None, (), NOW, [step("task")])
    assert kinds(stores) == [(1, "finish", "waiting")]
