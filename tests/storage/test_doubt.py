# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to MariaDB breaks while a commit is under way: it happened or it did not, nothing gets in twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from itgrix_module.app.ports import CallStore, TimelineEntry
from itgrix_module.domain.failures import Failure
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.outbox import SqlOutbox
from tests.fakes.mariadb import MariaDb
from tests.storage.relay import Relay
from tests.storage.samples import NODE, NOW, add_call, call, claim_one, done, settle, step

pytestmark = [pytest.mark.live, pytest.mark.parametrize("moment", ["before", "after"])]


@pytest.fixture
def relay(mariadb: MariaDb, mariadb_tables_url: str) -> Iterator[Relay]:
    with Relay(mariadb.port) as running:
        yield running


@pytest.fixture
def database(relay: Relay) -> Iterator[Database]:
    with closing(open_database(f"mysql+pymysql://root@127.0.0.1:{relay.port}/itgrix_tables", patience=3)) as opened:
        yield opened


def track(store: CallStore, *kinds: str) -> None:
    with store.work() as work:
        work.save_call(call("1.1"))
        work.add_steps(NODE, "1.1", [step(kind) for kind in kinds])
        work.add_timeline(NODE, "1.1", [TimelineEntry(NOW, "fact", kind) for kind in kinds])


def stored(database: Database) -> tuple[list[str], list[str]]:
    with database.read() as connection:
        steps = connection.execute(text("SELECT kind FROM itgrix_steps ORDER BY n")).scalars().all()
        lines = connection.execute(text("SELECT text FROM itgrix_timeline ORDER BY id")).scalars().all()
        return list(steps), list(lines)


def test_work_is_stored_once(database: Database, relay: Relay, moment: str) -> None:
    relay.cut_at_commit = moment
    track(SqlCallStore(database), "register", "show")
    assert relay.cuts == 1
    assert stored(database) == (["register", "show"], ["register", "show"])


def test_work_given_again_after_a_long_absence_is_stored_once(database: Database, relay: Relay, moment: str) -> None:
    store = SqlCallStore(database)
    relay.cut_at_commit, relay.refuse_after_cut = moment, 10_000
    with pytest.raises(Failure) as away:
        track(store, "register")
    assert away.value.executed is True
    relay.refuse = 0
    track(store, "register", "show")
    assert stored(database) == (["register", "show"], ["register", "show"])
    track(store, "register")  # and this is a new one
    assert stored(database)[0] == ["register", "show", "register"]


def test_claim_is_not_lost(database: Database, relay: Relay, moment: str) -> None:
    add_call(SqlCallStore(database), "1.1", step())
    relay.cut_at_commit = moment
    lane = claim_one(SqlOutbox(database))
    assert relay.cuts == 1
    assert settle(SqlOutbox(database), lane, done(lane.steps[0].id)) is True


def test_settlement_counts_and_is_not_taken_for_a_lost_lease(database: Database, relay: Relay, moment: str) -> None:
    outbox = SqlOutbox(database)
    add_call(SqlCallStore(database), "1.1", step())
    lane = claim_one(outbox)
    relay.cut_at_commit = moment
    entries = [TimelineEntry(NOW, "attempt", "registered")]
    assert outbox.settle("worker", NODE, "1.1", [done(lane.steps[0].id)], None, entries, NOW) is True
    assert relay.cuts == 1
    assert outbox.counts()["done"] == 1
    assert stored(database)[1] == ["registered"]
