# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that survive what they raise, tell of it once, and end together."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from itgrix_module.app.workers import Ending, Troubles, Wake, Worker
from itgrix_module.domain.failures import Temporary
from tests.service.house import until

LOCKED = Temporary("database_locked", "the database is locked", "find who holds it")


def texts(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_one_fault_of_many_workers_is_told_once_and_once_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()
    for _ in range(100):
        for worker in ("tracker", "delivery-1", "delivery-2"):
            troubles.struck(worker, Temporary("database_locked", "the database is locked", "find who holds it"))
    assert [worker for worker, _ in troubles.current] == ["delivery-1", "delivery-2", "tracker"]
    for worker in ("delivery-1", "delivery-2", "tracker"):
        troubles.well(worker)
        troubles.well(worker)
    assert troubles.current == ()
    assert len(texts(caplog)) == 2
    assert "find who holds it" in texts(caplog)[0]
    assert "works again" in texts(caplog)[1]


def test_worker_that_goes_from_one_fault_to_another_tells_both(caplog: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()
    troubles.struck("tracker", LOCKED)
    troubles.struck("tracker", KeyError("odd"))
    troubles.well("tracker")
    assert len(texts(caplog)) == 4
    assert caplog.records[1].exc_info is not None


def test_one_trouble_that_shows_itself_in_two_ways_is_over_once(caplog: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()
    troubles.struck("delivery-1", Temporary("database_lost", "lost in a query"))
    troubles.struck("delivery-2", Temporary("database_unreachable", "it does not answer", "start it"))
    troubles.struck("delivery-1", Temporary("database_unreachable", "it does not answer", "start it"))
    troubles.well("delivery-2")
    troubles.well("delivery-1")
    assert [("lost in a query" in text, "works again" in text) for text in texts(caplog)] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_worker_goes_on_after_a_fault() -> None:
    done = threading.Event()
    answers: list[Callable[[], int]] = [lambda: 1 // 0]

    def work() -> int:
        if answers:
            return answers.pop()()
        done.set()
        return 0

    troubles = Troubles()
    with Worker("w", work, threading.Event(), lambda: 10.0, troubles) as worker:
        assert done.wait(10)
        until(lambda: not troubles.current)
        assert worker.is_alive
    assert not worker.is_alive


def test_idle_worker_works_when_it_is_woken() -> None:
    wake, turns = Wake(), threading.Semaphore(0)

    def work() -> int:
        turns.release()
        return 0

    with Worker("w", work, wake.event(), lambda: 60.0):
        assert turns.acquire(timeout=5)
        wake()
        assert turns.acquire(timeout=5)


def test_workers_that_hang_are_waited_for_together_and_not_for_ever() -> None:
    ending, free, inside = Ending(0.4), threading.Event(), threading.Semaphore(0)

    def work() -> int:
        inside.release()
        free.wait(30)
        return 0

    hanging = [Worker(f"w{number}", work, threading.Event(), lambda: 1.0, ending=ending) for number in range(4)]
    for worker in hanging:
        worker.__enter__()
        assert inside.acquire(timeout=5)
    ending.begin()
    for worker in hanging:
        worker.__exit__(None, None, None)
    assert all(worker.is_alive for worker in hanging)
    assert ending.left() < 0.4
    free.set()
    until(lambda: not any(worker.is_alive for worker in hanging))
