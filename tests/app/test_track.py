# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts into calls and steps: nothing is lost when the storage fails, and one odd call does not stop the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from itgrix_module.app.ports import CallRow, Work
from itgrix_module.app.track import CardTiming, Tracker
from itgrix_module.domain.facts import AnyFact, LegAdded, LegDialled, LegEnded, Side
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent
from itgrix_module.domain.policy import Rules
from tests.app.desk import NODE, START, Clock
from tests.fakes.memory import MemoryData
from tests.fakes.stores import MemoryStores, MemoryWork

FULL = NeedsOwner("disk_full", "the disk with the database is full")


class Store:
    """Calls in memory; ``failures``: what the next commits end with. ``poison``: a call that is always refused."""

    def __init__(self, stores: MemoryStores, *failures: Failure, poison: str = "") -> None:
        self._stores, self.failures, self.poison = stores, list(failures), poison

    def live_calls(self, node: str) -> list[CallRow]:
        return self._stores.calls.live_calls(node)

    @contextmanager
    def work(self) -> Iterator[Work]:
        with self._stores.lock:
            work = NotedWork(self._stores.data)
            yield work
            if self.failures:
                raise self.failures.pop(0)
            if self.poison in work.saved:
                raise Permanent("database_data", "the database refuses these data")
            work.commit()


class NotedWork(MemoryWork):
    """``saved``: the calls that it was given."""

    def __init__(self, data: MemoryData) -> None:
        super().__init__(data)
        self.saved: list[str] = []

    def save_call(self, row: CallRow) -> None:
        self.saved.append(row.linkedid)
        super().save_call(row)


def incoming(number: str) -> list[AnyFact]:
    """A call that rings at 101."""
    return [
        LegAdded(START, f"{number}.1", number, "PJSIP/trunk-1", Side.OUTSIDE, "trunk", "79161234567", calling=True),
        LegAdded(START + 1, f"{number}.2", number, "PJSIP/101-1", Side.EMPLOYEE, "101"),
        LegDialled(START + 1, f"{number}.2", by=f"{number}.1"),
    ]


def ended(number: str) -> list[AnyFact]:
    return [LegEnded(START + 5, f"{number}.2", 16), LegEnded(START + 5, f"{number}.1", 16)]


def tracker(store: Store) -> Tracker:
    return Tracker(store, NODE, Rules, CardTiming, Clock())


def test_state_and_steps_commit_together_or_not_at_all() -> None:
    stores = MemoryStores()
    store = Store(stores, FULL)
    with pytest.raises(NeedsOwner):
        tracker(store).track(incoming("1"))
    assert stores.data.calls == {}


def test_what_could_not_be_stored_goes_with_the_next() -> None:
    stores = MemoryStores()
    here = tracker(Store(stores, FULL, FULL))
    for facts in (incoming("1"), incoming("2")):
        with pytest.raises(NeedsOwner):
            here.track(facts)
    here.track(ended("1"))
    assert [item.step.kind for item in stores.steps_of(NODE, "1")] == ["register", "hide", "finish"]
    assert [item.step.kind for item in stores.steps_of(NODE, "2")] == ["register"]


def test_call_that_the_storage_never_takes_is_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    stores = MemoryStores()
    here = tracker(Store(stores, poison="2"))
    here.track([*incoming("1"), *incoming("2"), *incoming("3")])
    assert sorted(linkedid for _, linkedid in stores.data.calls) == ["1", "3"]
    assert "call 2 cannot be stored" in caplog.text


def test_call_that_lives_over_a_restart_is_finished_once() -> None:
    stores = MemoryStores()
    tracker(Store(stores)).track(incoming("1"))
    after = tracker(Store(stores))
    assert after.live_calls == 1
    assert after.last_change == START + 1
    after.track(ended("1"))
    assert [item.step.kind for item in stores.steps_of(NODE, "1")].count("register") == 1
    assert [item.step.kind for item in stores.steps_of(NODE, "1")].count("finish") == 1
    assert tracker(Store(stores)).live_calls == 0


def test_state_that_cannot_be_read_does_not_keep_the_service_from_starting(caplog: pytest.LogCaptureFixture) -> None:
    stores = MemoryStores()
    tracker(Store(stores)).track([*incoming("1"), *incoming("2")])
    kept = stores.data.calls[NODE, "1"]
    kept.row = replace(kept.row, state={**kept.row.state, "legs": [["of", "another", "shape"]]})
    assert tracker(Store(stores)).live_calls == 1
    assert "call 1 of an earlier version" in caplog.text


def test_odd_fact_is_told_whole_once(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tracker(Store(MemoryStores()))
    odd = LegAdded(START, "1", "1", "x", Side.OUTSIDE, "trunk")
    monkeypatch.setattr(here._board, "apply", lambda fact: 1 // 0)
    here.track([odd, odd, odd])
    assert len(caplog.records) == 3
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, False]
