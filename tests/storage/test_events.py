# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the portal's events, over each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from itgrix_module.app.happenings import Happening
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.events import SqlHappenings
from itgrix_module.storage.migrate import upgrade
from tests.storage.conftest import REAL


@pytest.fixture(params=REAL)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == "sqlite":
        url = request.getfixturevalue("sqlite_url")
        upgrade(url)
    else:
        url = request.getfixturevalue("mariadb_tables_url")
    opened = open_database(url)
    yield opened
    opened.close()


def event(key: str, name: str = "ONCRMLEADADD", at: float = 100.0) -> Happening:
    return Happening(name, {"FIELDS": {"ID": "5", "ИМЯ": "Ёж 🦔"}}, at, at + 1, key, "sealed")


def test_event_comes_back_as_it_was(database: Database) -> None:
    store = SqlHappenings(database, "pbx1")
    assert store.add([event("a")]) == 1
    (kept,) = store.due(200.0, 10, calls=False)
    assert kept.happening == event("a")
    assert kept.happening.sealed == "sealed"
    assert store.due(200.0, 10, calls=True) == []


def test_key_counts_once_in_one_portion_and_over_several(database: Database) -> None:
    store = SqlHappenings(database, "pbx1")
    assert store.add([event("a"), event("b"), event("a")]) == 2
    assert store.add([event("b"), event("c")]) == 1
    assert [each.happening.key for each in store.due(200.0, 10, calls=False)] == ["a", "b", "c"]


def test_keys_differ_by_case(database: Database) -> None:
    assert SqlHappenings(database, "pbx1").add([event("a"), event("A")]) == 2


def test_event_is_acted_on_by_one_node(database: Database) -> None:
    first, second = SqlHappenings(database, "pbx1"), SqlHappenings(database, "pbx2")
    first.add([event("a")])
    assert second.add([event("a")]) == 0
    assert second.due(200.0, 10, calls=False) == []
    assert len(first.due(200.0, 10, calls=False)) == 1


def test_what_is_over_is_not_due_and_keeps_no_secret(database: Database) -> None:
    store = SqlHappenings(database, "pbx1")
    store.add([event("a"), event("b")])
    one, two = store.due(200.0, 10, calls=False)
    store.done(one.id, 150.0)
    store.later(two.id, 300.0, "the PBX is away")
    assert store.due(200.0, 10, calls=False) == []
    assert store.next_due(calls=False) == 300.0
    (again,) = store.due(300.0, 10, calls=False)
    assert (again.id, again.attempts) == (two.id, 1)
    with database.read() as connection:
        held = connection.exec_driver_sql("SELECT sealed FROM itgrix_events ORDER BY id").scalars().all()
    assert held == ["", "sealed"]
    counted = store.counted()
    assert (counted.waiting, counted.failed, counted.last_at) == (1, 0, 101.0)
    assert [row["state"] for row in store.recent(5)] == ["waiting", "done"]


def test_calls_pass_everything_else(database: Database) -> None:
    store = SqlHappenings(database, "pbx1")
    store.add([event(str(number)) for number in range(100)])
    store.add([event("click", "ONEXTERNALCALLSTART")])
    assert [each.happening.key for each in store.due(200.0, 10, calls=True)] == ["click"]
    assert len(store.due(200.0, 10, calls=False)) == 10


def test_past_is_forgotten_but_not_what_waits(database: Database) -> None:
    store = SqlHappenings(database, "pbx1")
    store.add([event(str(number), at=float(number)) for number in range(1200)])
    for kept in store.due(2000.0, 1199, calls=False):
        store.done(kept.id, 2000.0)
    assert store.prune(1100.0) == 1099
    assert store.prune(1100.0) == 0
    assert store.counted().waiting == 1


def test_long_keys_and_strange_data_are_stored(database: Database) -> None:
    store = SqlHappenings(database, "pbx1")
    strange = Happening("N" * 100, {"a\x00b": "\ud800 \x00"}, 1.0, 1.0, "k" * 191)
    assert store.add([strange]) == 1
    assert store.add([strange]) == 0
    assert len(store.due(10.0, 5, calls=False)) == 1


def test_way_of_each_node_is_remembered(database: Database) -> None:
    first, second = SqlHappenings(database, "pbx1"), SqlHappenings(database, "pbx2")
    assert first.way() == ""
    first.set_way("https://a.example/bitrix24/events")
    first.set_way("poll")
    assert (first.way(), second.way()) == ("poll", "")
