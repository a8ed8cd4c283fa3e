# SPDX-License-Identifier: GPL-3.0-or-later
"""Events between the door and those who listen."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from itgrix_module.app.happenings import KEPT, KEPT_OF_CRM, Happening, Inbox
from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.events import SqlHappenings
from tests.fakes.migrated import migrated

CLICK, LEAD = "ONEXTERNALCALLSTART", "ONCRMLEADADD"


class Desk:
    """An inbox over a database, and a clock."""

    def __init__(self, database: Database) -> None:
        self.now, self.woken = 1000.0, 0
        self.store = SqlHappenings(database, "pbx1")
        self.inbox = self.opened()

    def opened(self) -> Inbox:
        """As after a start of the service."""
        return Inbox(self.store, lambda: self.now, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def event(self, name: str = CLICK, key: str = "1") -> Happening:
        return Happening(name, {"CALL_ID": "c1"}, self.now, self.now, f"{name}:{key}")

    def work(self) -> int:
        return self.inbox.work(calls=True) + self.inbox.work(calls=False)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("events") / "empty.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture
def desk(empty: Path, tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "x.db"
    path.write_bytes(empty.read_bytes())
    database = open_database(f"sqlite:///{path}")
    yield Desk(database)
    database.close()


def test_event_reaches_its_listeners_and_those_of_its_beginning(desk: Desk) -> None:
    exact, family, other = list[Happening](), list[Happening](), list[Happening]()
    desk.inbox.on("onCrmLeadAdd", exact.append)
    desk.inbox.on("ONCRM*", family.append)
    desk.inbox.on(CLICK, other.append)
    assert desk.inbox.take(desk.event(LEAD))
    assert desk.inbox.store_all() == 1
    assert desk.work() == 1
    assert (len(exact), len(family), len(other)) == (1, 1, 0)
    assert exact[0].data == {"CALL_ID": "c1"}
    assert desk.work() == 0


def test_event_that_nobody_wants_is_not_kept(desk: Desk) -> None:
    assert not desk.inbox.take(desk.event())
    assert desk.inbox.keep([desk.event()]) == 0
    assert desk.store.counted().last_at is None


def test_second_delivery_is_dropped_before_and_after_the_first_is_done(desk: Desk) -> None:
    heard = list[Happening]()
    desk.inbox.on(CLICK, heard.append)
    desk.inbox.take(desk.event())
    desk.inbox.take(desk.event())
    desk.inbox.store_all()
    desk.work()
    assert desk.inbox.keep([desk.event()]) == 0
    desk.work()
    assert len(heard) == 1


def test_event_outlives_a_crash_before_and_while_it_is_told(desk: Desk) -> None:
    heard = list[Happening]()

    def dies(_: Happening) -> None:
        raise SystemExit

    desk.inbox.on(CLICK, dies)
    desk.inbox.take(desk.event())
    desk.inbox.store_all()
    with pytest.raises(SystemExit):
        desk.work()
    desk.inbox = desk.opened()
    desk.inbox.on(CLICK, heard.append)
    desk.work()
    assert len(heard) == 1
    desk.inbox = desk.opened()
    desk.inbox.on(CLICK, heard.append)
    assert desk.work() == 0


def test_listener_that_fails_for_a_while_is_told_again_and_the_others_are_not(desk: Desk) -> None:
    well, ill = list[Happening](), list[Happening]()

    def sometimes(happening: Happening) -> None:
        ill.append(happening)
        if len(ill) < 3:
            raise Temporary("busy", "the PBX is away")

    desk.inbox.on(CLICK, sometimes)
    desk.inbox.on(CLICK, well.append)
    desk.inbox.keep([desk.event()])
    assert desk.work() == 1
    assert desk.work() == 0
    for _ in range(2):
        desk.now += 10
        assert desk.work() == 1
    assert (len(ill), len(well)) == (3, 1)
    assert desk.store.recent(1)[0]["state"] == "done"


def test_event_is_given_up_when_it_is_stale(desk: Desk) -> None:
    told = list[Happening]()

    def never(happening: Happening) -> None:
        told.append(happening)
        raise Temporary("busy", "the PBX is away", retry_after=50.0)

    desk.inbox.on(CLICK, never)
    desk.inbox.keep([desk.event()])
    for _ in range(10):
        desk.work()
        desk.now += 10_000
    assert len(told) == 9
    assert desk.store.recent(1)[0]["state"] == "stale"


@pytest.mark.parametrize("error", [Permanent("no", "no such employee", "Add him."), ValueError("unforeseen")])
def test_listener_that_fails_for_good_ends_the_event_and_stops_no_other(desk: Desk, error: Exception) -> None:
    heard = list[Happening]()

    def fails(_: Happening) -> None:
        raise error

    desk.inbox.on(CLICK, fails)
    desk.inbox.on(LEAD, heard.append)
    desk.inbox.keep([desk.event(), desk.event(LEAD)])
    assert desk.work() == 2
    assert {row["state"] for row in desk.store.recent(5)} == {"done", "failed"}
    assert len(heard) == 1
    assert desk.work() == 0


def test_calls_do_not_wait_for_what_else_there_is(desk: Desk) -> None:
    begun, go, heard = threading.Event(), threading.Event(), list[Happening]()

    def thinks(_: Happening) -> None:
        begun.set()
        go.wait(10)

    desk.inbox.on(LEAD, thinks)
    desk.inbox.on(CLICK, heard.append)
    desk.inbox.keep([desk.event(LEAD)])
    slow = threading.Thread(target=lambda: desk.inbox.work(calls=False))
    slow.start()
    assert begun.wait(10)
    desk.inbox.keep([desk.event()])
    desk.inbox.work(calls=True)
    assert len(heard) == 1
    go.set()
    slow.join()


def test_events_stay_in_memory_while_the_database_takes_nothing(desk: Desk) -> None:
    class Away(SqlHappenings):
        is_away = True

        def add(self, happenings: Sequence[Happening]) -> int:
            if self.is_away:
                raise Temporary("database_locked", "the database is locked")
            return super().add(happenings)

    store = Away(desk.store._database, "pbx1")
    inbox = Inbox(store, lambda: desk.now, lambda: None)
    heard = list[Happening]()
    inbox.on(CLICK, heard.append)
    assert inbox.take(desk.event(), patience=0.001)
    with pytest.raises(Temporary):
        inbox.store_all()
    store.is_away = False
    assert inbox.store_all() == 1
    inbox.work(calls=True)
    assert len(heard) == 1


def test_mass_change_in_the_crm_leaves_room_for_calls(desk: Desk) -> None:
    for name in (CLICK, LEAD):
        desk.inbox.on(name, lambda _: None)
    taken = sum(desk.inbox.take(desk.event(LEAD, str(number))) for number in range(KEPT))
    assert taken == KEPT_OF_CRM
    assert desk.inbox.take(desk.event())
    assert desk.inbox.store_all() == KEPT_OF_CRM + 1


def test_taking_waits_until_the_event_is_stored(desk: Desk) -> None:
    desk.inbox.on(CLICK, lambda _: None)
    storing = threading.Thread(target=lambda: desk.inbox.take(desk.event(), patience=30.0))
    storing.start()
    while not desk.inbox.store_all():
        pass
    storing.join(10)
    assert not storing.is_alive()


def test_next_look_is_when_the_next_try_is_due(desk: Desk) -> None:
    def busy(_: Happening) -> None:
        raise Temporary("busy", "later", retry_after=10.0)

    desk.inbox.on(CLICK, busy)
    desk.inbox.keep([desk.event()])
    desk.work()
    assert 5 < desk.inbox.idle(calls=True) <= 12
    assert desk.inbox.idle(calls=False) == 30.0
