# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies made again in the background: once for many listeners, and a failure is not repeated at each reload."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from itgrix_module.app.links import Gone, Preparing
from itgrix_module.app.ports import CallRow
from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.remaking import MOST_WAITING, REFUSED, Remaking


def call(number: int = 1) -> CallRow:
    return CallRow("pbx1", f"1.{number}", "incoming", "ended")


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Bench:
    """``gate``: until it is set, making takes its time."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure, self.gate, self.stop = failure, threading.Event(), threading.Event()
        self.made: list[str] = []
        self.now = 1000.0
        self.remaking = Remaking(self.make, self.stop, lambda: self.now)

    def make(self, one: CallRow) -> None:
        assert self.gate.wait(10)
        self.made.append(one.linkedid)
        if self.failure is not None:
            raise self.failure

    def settle(self, one: CallRow) -> None:
        self.gate.set()
        until(lambda: self._is_settled(one))
        until(lambda: self.remaking._thread is None)

    def _is_settled(self, one: CallRow) -> bool:
        state = self.remaking.state(one)
        return not isinstance(state, Preparing) or state.seconds > 5


def test_many_listeners_start_it_once() -> None:
    bench = Bench()
    for _ in range(10):
        if bench.remaking.state(call()) is None:
            assert isinstance(bench.remaking.begin(call()), Preparing)
    bench.settle(call())
    assert bench.made == ["1.1"]
    assert bench.remaking.state(call()) is None
    bench.remaking.close()


def test_several_recordings_are_made_one_after_the_other() -> None:
    bench = Bench()
    for number in range(3):
        bench.remaking.begin(call(number))
    bench.settle(call(2))
    assert bench.made == ["1.0", "1.1", "1.2"]
    bench.remaking.begin(call(9))
    until(lambda: "1.9" in bench.made)
    bench.remaking.close()


def test_more_than_can_wait_are_asked_to_come_again() -> None:
    bench = Bench()
    for number in range(MOST_WAITING * 3):
        assert isinstance(bench.remaking.begin(call(number)), Preparing)
    bench.gate.set()
    until(lambda: bench.remaking._thread is None)
    assert MOST_WAITING <= len(bench.made) <= MOST_WAITING + 1
    bench.remaking.close()


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Temporary("encoder_missing", "no program"), Preparing(int(REFUSED), "no program")),
        (Permanent("recording_missing", "not there"), Gone()),
        (
            RuntimeError("unforeseen"),
            Preparing(int(REFUSED), "the recording could not be made; the fault is in the log"),
        ),
    ],
)
def test_failure_counts_for_a_minute(failure: Exception, state: object) -> None:
    bench = Bench(failure)
    bench.remaking.begin(call())
    bench.settle(call())
    assert bench.remaking.state(call()) == state
    bench.now += REFUSED + 1
    assert bench.remaking.state(call()) is None
    bench.remaking.close()


def test_when_the_service_stops_nothing_new_begins() -> None:
    bench = Bench()
    bench.stop.set()
    assert isinstance(bench.remaking.begin(call()), Preparing)
    bench.gate.set()
    bench.remaking.close()
    assert bench.made == []
