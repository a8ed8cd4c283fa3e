# SPDX-License-Identifier: GPL-3.0-or-later
"""Many threads and processes at once, and processes that are killed."""

from __future__ import annotations

import json
import random
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.outbox import SqlOutbox
from itgrix_module.storage.stores import Stores
from itgrix_module.storage.tokens import SqlTokenStore
from itgrix_module.storage.vault import open_vault
from tests.chaos.scale import amount
from tests.storage.helpers import other
from tests.storage.samples import NODE, NOW, add_call, call, claim_one, done, settle, step


def add_many(stores: Stores, number: int) -> None:
    with stores.calls.work() as work:
        for each in range(number):
            work.save_call(call(f"{each}.1"))
            work.add_steps(NODE, f"{each}.1", [step("register", priority=1 + each % 3), step("finish")])


def test_no_step_is_delivered_twice_by_two_processes_of_three_threads(stores: Stores, tables_url: str) -> None:
    add_many(stores, 300)
    with ExitStack() as stack:
        workers = [stack.enter_context(other("deliver_all", tables_url, name, "3")) for name in ("north", "south")]
        for worker in workers:
            assert worker.line() == "begun"
        for worker in workers:
            worker.go()
        seen = [json.loads(worker.line()) for worker in workers]
    delivered = [number for lanes in seen for steps in lanes for number in steps]
    assert len(delivered) == len(set(delivered)) == 600
    assert stores.outbox.counts() == {"waiting": 0, "done": 600, "failed": 0, "dropped": 0, "lanes": 0}
    assert all(steps == sorted(steps) for lanes in seen for steps in lanes)


def test_calls_are_tracked_while_others_deliver_them(stores: Stores, tables_url: str) -> None:
    failures: list[BaseException] = []

    def deliver() -> None:
        with closing(open_database(tables_url, patience=30)) as database:
            outbox = SqlOutbox(database)
            owner = threading.current_thread().name
            while len(settled) < 240:
                for lane in outbox.claim(owner, NOW, 600, 3):
                    outbox.settle(owner, NODE, lane.call.linkedid, [done(s.id) for s in lane.steps], None, (), NOW)
                    settled.extend(s.id for s in lane.steps)

    def safely() -> None:
        try:
            deliver()
        except BaseException as error:
            failures.append(error)
            settled.extend([0] * 240)

    settled: list[int] = []
    threads = [threading.Thread(target=safely) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(120):
        add_call(stores.calls, f"{number % 40}.1", step("show"), step("hide", priority=2))
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(settled) == len(set(settled)) == 240
    assert stores.outbox.counts()["lanes"] == 0


def test_call_of_a_killed_process_goes_to_another_after_its_lease(stores: Stores, tables_url: str) -> None:
    add_call(stores.calls, "1.1", step())
    with other("hold_lane", tables_url, "victim") as victim:
        assert victim.line() == "1.1"
        victim.kill()
    assert stores.outbox.claim("heir", NOW + 29, 30, 1) == []
    lane = claim_one(stores.outbox, "heir", now=NOW + 30)
    assert settle(stores.outbox, lane, done(lane.steps[0].id), owner="heir") is True


def state_of(url: str) -> tuple[dict[int, int], int, int, int]:
    """Calls by work, and how many steps, lines and lanes there are."""
    with closing(open_database(url)) as database, database.read() as connection:
        works: dict[int, int] = {}
        for (state,) in connection.execute(text("SELECT state FROM itgrix_calls")):
            number = json.loads(state)["work"]
            works[number] = works.get(number, 0) + 1
        tables = ("itgrix_steps", "itgrix_timeline", "itgrix_lanes")
        counts = [connection.scalar(text(f"SELECT COUNT(*) FROM {table}")) for table in tables]
        return works, *counts


def test_kill_at_any_instant_leaves_all_of_a_work_or_nothing(stores: Stores, tables_url: str) -> None:
    chance = random.Random(4711)
    known = 0
    for kill in range(amount(4, 40)):
        with other("track", tables_url, str(kill * 1000)) as victim:
            assert victim.line() == "begun"
            told = [victim.line() for _ in range(chance.randrange(1, 6))]
            wait_a_little(chance.random() * 0.02)
            victim.kill()
            while line := victim.line():
                told.append(line)
        works, steps, lines, lanes = state_of(tables_url)
        assert set(works.values()) == {10}
        assert set(map(int, told)) <= set(works), "what was told as stored is stored"
        assert (steps, lines, lanes) == (len(works) * 20, len(works) * 30, len(works) * 10)
        assert len(works) > known
        known = len(works)


def wait_a_little(seconds: float) -> None:
    threading.Event().wait(seconds)


def test_counting_in_processes_and_threads_loses_nothing(stores: Stores, tables_url: str) -> None:
    with ExitStack() as stack:
        counters = [stack.enter_context(other("count_up", tables_url, "60")) for _ in range(2)]
        for counter in counters:
            assert counter.line() == "begun"
            counter.go()
        threads = [threading.Thread(target=count, args=(stores, 40)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for counter in counters:
            assert counter.line() == ""
    assert stores.limits.load().level == 2 * 60 + 3 * 40


@pytest.mark.live
def test_transaction_that_a_deadlock_undid_is_run_again(mariadb_tables_url: str) -> None:
    names = ("a", "b")
    met = threading.Barrier(2)
    attempts: list[str] = []

    def add_in_order(database: Database, order: tuple[str, ...]) -> None:
        def work(connection: Connection) -> None:
            first_time = order[0] not in attempts
            attempts.append(order[0])
            for name in order:
                change = text("UPDATE itgrix_marks SET number = number + 1 WHERE name = :name")
                connection.execute(change, {"name": name})
                if first_time and name == order[0]:
                    met.wait(20)  # both hold their first row now and want the other's

        database.run(work)

    with closing(open_database(mariadb_tables_url)) as database:
        with database.begin() as connection:
            for name in names:
                connection.execute(text("INSERT INTO itgrix_marks (name, number) VALUES (:name, 0)"), {"name": name})
        threads = [threading.Thread(target=add_in_order, args=(database, order)) for order in (names, names[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with database.read() as connection:
            numbers = connection.scalars(text("SELECT number FROM itgrix_marks")).all()
    assert list(numbers) == [2.0, 2.0]
    assert len(attempts) == 3, "one of the two was undone and run again"


def count(stores: Stores, times: int) -> None:
    for _ in range(times):
        with stores.limits.locked():
            state = stores.limits.load()
            stores.limits.save(type(state)(level=state.level + 1, at=NOW))


def test_killed_holder_of_the_limits_lets_go_and_leaves_no_change(stores: Stores, tables_url: str) -> None:
    with other("hold_limits", tables_url) as victim:
        assert victim.line() == "held"
        victim.kill()
    with stores.limits.locked():
        assert stores.limits.load().level == 0.0


def test_killed_holder_of_the_tokens_is_followed_at_once(stores: Stores, tables_url: str, tmp_path: Path) -> None:
    with other("hold_tokens", tables_url, str(tmp_path / "key")) as victim:
        assert victim.line() == "held"
        assert stores.leases.take("tokens.main", "somebody", NOW, 1) is False
        victim.kill()
        victim.line()
    # It waits shorter than the lease lasts, so it must see that the holder is dead.
    ours = SqlTokenStore(stores.database, stores.vault, lease_seconds=600, wait_seconds=5)
    with ours.exclusive():
        assert stores.leases.take("tokens.main", "somebody", NOW, 1) is False


@pytest.mark.parametrize("number", [4])
def test_processes_that_make_the_key_at_once_share_one(tmp_path: Path, number: int) -> None:
    path = tmp_path / "key"
    with ExitStack() as stack:
        makers = [stack.enter_context(other("make_key", str(path), f"secret {each}")) for each in range(number)]
        for maker in makers:
            assert maker.line() == "begun"
        for maker in makers:
            maker.go()
        sealed = [maker.line() for maker in makers]
    assert [open_vault(path).open(text) for text in sealed] == [f"secret {each}" for each in range(number)]
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]
