# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers of whom one at a time looks for work: the look is handed on, woken, and never lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from itgrix_module.app.lookout import Found, Lookout
from itgrix_module.app.workers import Ending, Worker
from tests.service.house import until

LONG = 60.0  # seconds that nobody sleeps in a test


class Yard:
    """Work that is taken, and done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.looking = self.most_looking = self.looks = 0
        self.begun, self.done = list[str](), list[str]()
        self.gate = threading.Event()
        self.wake, self.ending = threading.Event(), Ending()
        self.faults: list[Exception] = []
        self._lock = threading.Lock()
        self.lookout = Lookout(self.work, lambda: LONG, self.wake, self.ending.event.is_set)

    def work(self, found: Found) -> int:
        self._enter()
        try:
            if self.faults:
                raise self.faults.pop()
            taken = self.waiting.pop(0) if self.waiting else None
        finally:
            self._leave()
        if taken is None:
            return 0
        found()
        self.begun.append(taken)
        assert self.gate.wait(LONG)
        self.done.append(taken)
        return 1

    def add(self, *works: str) -> None:
        self.waiting += works
        self.wake.set()

    def _enter(self) -> None:
        with self._lock:
            self.looks += 1
            self.looking += 1
            self.most_looking = max(self.most_looking, self.looking)

    def _leave(self) -> None:
        with self._lock:
            self.looking -= 1

    @contextmanager
    def open(self, workers: int) -> Iterator[None]:
        made = [
            Worker(f"w{n}", self.lookout.turn, threading.Event(), lambda: 0.0, ending=self.ending)
            for n in range(workers)
        ]
        for worker in made:
            worker.__enter__()
        yield
        self.gate.set()
        self.ending.begin()
        self.wake.set()
        for worker in made:
            worker.__exit__(None, None, None)
        assert not any(worker.is_alive for worker in made)


@pytest.fixture
def yard() -> Yard:
    return Yard()


def test_next_one_looks_while_the_first_one_works(yard: Yard) -> None:
    with yard.open(3):
        yard.add("a", "b", "c")
        until(lambda: sorted(yard.begun) == ["a", "b", "c"])
        assert yard.done == []


def test_one_at_a_time_looks(yard: Yard) -> None:
    yard.gate.set()
    with yard.open(6):
        for number in range(50):
            yard.add(str(number))
        until(lambda: len(yard.done) == 50)
    assert yard.most_looking == 1


def test_nobody_looks_again_before_there_is_a_reason(yard: Yard) -> None:
    with yard.open(4):
        until(lambda: yard.looks >= 1)
        seen = yard.looks
        yard.add("a")
        until(lambda: yard.begun == ["a"])
        assert yard.looks <= seen + 2  # the one who found it, and the next one who finds nothing


def test_what_was_done_makes_the_sleeping_one_look_again(yard: Yard) -> None:
    with yard.open(2):
        yard.add("a")
        until(lambda: yard.begun == ["a"] and yard.looks >= 2 and not yard.looking)
        yard.waiting.append("due when a is done")  # nobody wakes anybody for it
        yard.gate.set()
        until(lambda: yard.done == ["a", "due when a is done"])


def test_look_is_free_again_after_a_fault(yard: Yard) -> None:
    yard.faults.append(ValueError("odd"))
    with pytest.raises(ValueError, match="odd"):
        yard.lookout.turn()
    yard.gate.set()
    yard.waiting.append("a")
    assert yard.lookout.turn() == 1


def test_nothing_is_begun_when_all_ends(yard: Yard) -> None:
    yard.waiting.append("a")
    yard.ending.begin()
    assert yard.lookout.turn() == 0
    assert yard.begun == []
