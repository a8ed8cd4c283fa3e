# SPDX-License-Identifier: GPL-3.0-or-later
"""Work stays the same when there is much in the database: counted in steps of the database, not in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import event, text

from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.lanes import refresh_lane
from itgrix_module.storage.migrate import upgrade
from itgrix_module.storage.models import Call, Client, Lane, Party, Step
from itgrix_module.storage.outbox import SqlOutbox
from itgrix_module.storage.queries import CallFilter, Calls
from itgrix_module.storage.retention import Horizon, prune
from itgrix_module.storage.writing import table_of
from tests.storage.conftest import REAL
from tests.storage.samples import NODE, NOW, add_call, done, settle, step

EVERY = 10  # instructions of SQLite's machine between two counts
FEW = 40


@dataclass
class Counted:
    """A database that counts what it does: instructions of SQLite's machine, rows that MariaDB touches."""

    database: Database
    ticks: int = 0

    def tick(self) -> int:
        self.ticks += 1
        return 0

    def cost(self, act: Callable[[], object]) -> int:
        before = self._count()
        act()
        return self._count() - before

    def _count(self) -> int:
        if self.database.is_sqlite:
            return self.ticks * EVERY
        with self.database.read() as connection:
            rows = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler\\_%'")).all()
        wanted = ("Handler_read", "Handler_update", "Handler_write", "Handler_delete")
        return sum(int(value) for name, value in rows if name.startswith(wanted))


@pytest.fixture
def counted(tables_url: str) -> Iterator[Counted]:
    with counting(tables_url) as found:
        yield found


@contextmanager
def counting(url: str) -> Iterator[Counted]:
    # One connection, so that the counter of the session sees everything.
    with closing(open_database(url, pool_size=1)) as database:
        found = Counted(database)
        if database.is_sqlite:
            event.listen(database.engine, "checkout", lambda raw, *_: raw.set_progress_handler(found.tick, EVERY))
        yield found


def fill(database: Database, first: int, number: int, *, due_at: float, priority: int = 1) -> None:
    """Ended calls with one waiting step each, straight into the tables."""
    ids = range(first, first + number)
    with database.begin(durable=False) as connection:
        connection.execute(table_of(Call).insert(), [_call(each) for each in ids])
        connection.execute(table_of(Step).insert(), [_step(each, due_at, priority) for each in ids])
        lane = {"node": NODE, "priority": priority, "ready_at": due_at}
        connection.execute(table_of(Lane).insert(), [{**lane, "call_id": each} for each in ids])


def _call(number: int) -> dict[str, object]:
    return {
        "id": number,
        "node": NODE,
        "linkedid": f"{number}.1",
        "client": f"+7495{number % 7_000:07d}",
        "line": f"line {number % 5}",
        "started": NOW + number,
        "delivery": "waiting",
        "undelivered": True,
    }


def _step(number: int, due_at: float, priority: int) -> dict[str, object]:
    return {
        "call_id": number,
        "n": 1,
        "state": "waiting",
        "kind": "register",
        "priority": priority,
        "due_at": due_at,
        "decided_at": NOW,
    }


def deliver_ten(outbox: SqlOutbox) -> None:
    lanes = outbox.claim("worker", NOW, 60, 10)
    assert len(lanes) == 10
    for lane in lanes:
        settle(outbox, lane, done(lane.steps[0].id))


@pytest.mark.parametrize("waits", ["due now", "backed off"])
def test_claim_costs_the_same_with_ten_thousand_waiting_calls(counted: Counted, waits: str) -> None:
    outbox = SqlOutbox(counted.database)
    fill(counted.database, 1, FEW, due_at=NOW - 10, priority=3)
    few = counted.cost(lambda: deliver_ten(outbox))
    due_at = NOW - 5 if waits == "due now" else NOW + 3600
    fill(counted.database, 1000, 5_000, due_at=due_at, priority=3)
    fill(counted.database, 50_000, 5_000, due_at=due_at, priority=5 if waits == "due now" else 1)
    many = counted.cost(lambda: deliver_ten(outbox))
    assert many < few * 1.5 + 100, (few, many)


def test_next_due_and_new_steps_cost_the_same_with_ten_thousand_waiting_calls(counted: Counted) -> None:
    outbox, store = SqlOutbox(counted.database), SqlCallStore(counted.database)

    def track() -> None:
        add_call(store, "new.1", step())
        outbox.next_due(NOW, 1, 6)

    fill(counted.database, 1, FEW, due_at=NOW + 3600)
    track()
    few = counted.cost(track)
    fill(counted.database, 1000, 10_000, due_at=NOW + 3600)
    many = counted.cost(track)
    assert many < few * 1.5 + 100, (few, many)


@pytest.fixture(scope="module", params=REAL)
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    """20,000 ended calls: all common to some filters, three of them rare."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('archive')}/itgrix.db"
    else:
        url = request.getfixturevalue("mariadb").create_database("itgrix_archive")
    upgrade(url)
    with counting(url) as counted:
        fill_archive(counted)
        yield counted


def fill_archive(counted: Counted) -> None:
    number = 20_000
    with counted.database.begin(durable=False) as connection:
        rows = [{**_call(each), "delivery": "", "undelivered": False} for each in range(1, number + 1)]
        connection.execute(table_of(Call).insert(), rows)
        numbers = [{"number": f"+7495{each:07d}", "seen": NOW} for each in range(7_000)]
        connection.execute(table_of(Client).insert(), [*numbers, {"number": "+79160000000", "seen": NOW}])
        rare = (7, 10_000, 17_000)
        connection.execute(
            text(
                "UPDATE itgrix_calls SET client = '+79160000000', outcome = 'declined', line = 'rare line', "
                "direction = 'outgoing', undelivered = 1 WHERE id IN (7, 10000, 17000)"
            )
        )
        parties = [{"call_id": each, "extension": "999", "started": NOW + each} for each in rare]
        usual = [{"call_id": each, "extension": "101", "started": NOW + each} for each in range(1, number + 1)]
        connection.execute(table_of(Party).insert(), parties + usual)
        if not counted.database.is_sqlite:
            connection.execute(text("ANALYZE TABLE itgrix_calls, itgrix_parties, itgrix_clients"))


@pytest.mark.parametrize(
    "wanted",
    [
        CallFilter(),
        CallFilter(line="line 3"),
        CallFilter(employee="101"),
        CallFilter(since=NOW + 1000, until=NOW + 17_500),
    ],
)
def test_deep_page_costs_what_the_first_one_costs(archive: Counted, wanted: CallFilter) -> None:
    calls = Calls(archive.database)
    first = archive.cost(lambda: calls.page(wanted, 50))
    deep = f"{(NOW + 2000).hex()}_{2000}"
    assert len(calls.page(wanted, 50, deep).items) == 50
    cost = archive.cost(lambda: calls.page(wanted, 50, deep))
    assert cost < first * 1.5 + 100, (first, cost)
    assert first < (15_000 if archive.database.is_sqlite else 300), first


def test_count_of_the_day_and_forgetting_look_at_their_own_calls_only(archive: Counted) -> None:
    calls = Calls(archive.database)
    limit = 10_000 if archive.database.is_sqlite else 500
    assert archive.cost(lambda: calls.counts(NOW + 19_900)) < limit
    slices = iter([True, False])

    def forget() -> None:
        assert prune(archive.database, Horizon(calls=NOW), lambda: next(slices, False)) == 0

    assert archive.cost(forget) < limit


@pytest.mark.parametrize(
    "wanted",
    [
        CallFilter(client="916000"),
        CallFilter(employee="999"),
        CallFilter(line="rare line"),
        CallFilter(direction="outgoing"),
        CallFilter(outcome="declined"),
        CallFilter(undelivered=True),
        CallFilter(client="916000", direction="outgoing", line="rare line"),
        CallFilter(employee="999", direction="outgoing"),
    ],
)
def test_rare_calls_are_found_without_walking_through_all(archive: Counted, wanted: CallFilter) -> None:
    calls = Calls(archive.database)
    assert [item.call.linkedid for item in calls.page(wanted).items] == ["17000.1", "10000.1", "7.1"]
    cost = archive.cost(lambda: calls.page(wanted))
    # A part of a number walks through the 7,000 numbers, a quarter of the cheapest walk through the calls.
    assert cost < (9_000 if not archive.database.is_sqlite else 85_000) if wanted.client else cost < 2000, cost


def test_refresh_of_one_lane_looks_at_its_own_steps_only(counted: Counted) -> None:
    fill(counted.database, 1, FEW, due_at=NOW)

    def refresh() -> None:
        counted.database.run(lambda connection: refresh_lane(connection, 5, NODE))

    few = counted.cost(refresh)
    fill(counted.database, 1000, 5_000, due_at=NOW)
    assert counted.cost(refresh) < few * 1.5 + 50
