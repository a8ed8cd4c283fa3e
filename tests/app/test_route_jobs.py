# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions beside a caller: once at a time, few at once, and none holds up the others or the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from itgrix_module.app import route_jobs
from itgrix_module.app.route_jobs import Job, Jobs, Refused
from itgrix_module.domain.failures import NeedsOwner, Temporary
from tests.app.route_desk import PATIENCE, Gate
from tests.asterisk.support import wait_for


def waited(job: Job) -> Job:
    done = threading.Event()
    job.tell(done.set)
    assert done.wait(PATIENCE)
    return job


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


def test_job_is_done_and_tells_everybody() -> None:
    jobs, told = Jobs("test", 1, 5), list[str]()
    job = jobs.start("a", lambda: told.append("work"))
    waited(job)
    job.tell(lambda: told.append("later"))
    assert told == ["work", "later"]
    assert job.failure is None
    jobs.close()


def test_same_question_is_asked_once_at_a_time(gate: Gate) -> None:
    jobs, asked = Jobs("test", 4, 5), list[int]()

    def ask() -> None:
        asked.append(1)
        gate.through()

    gate.shut()
    first = jobs.start("a", ask)
    gate.wait_reached()
    assert jobs.start("a", ask) is first
    gate.open()
    waited(first)
    waited(jobs.start("a", ask))
    assert len(asked) == 2
    jobs.close()


@pytest.mark.parametrize("error", [Temporary("x", "fault"), ValueError("nobody foresaw it")])
def test_fault_is_told_and_the_thread_goes_on(error: Exception) -> None:
    jobs = Jobs("test", 1, 5)

    def fail() -> None:
        raise error

    assert waited(jobs.start("a", fail)).failure is error
    assert waited(jobs.start("b", lambda: None)).failure is None
    jobs.close()


def test_more_than_may_wait_are_refused_at_once(gate: Gate) -> None:
    jobs = Jobs("test", 1, 2)
    gate.shut()
    jobs.start("a", gate.through)
    gate.wait_reached()
    waiting = [jobs.start(key, lambda: None) for key in ("b", "c")]
    refused = jobs.start("d", lambda: None)
    assert refused.done
    assert isinstance(refused.failure, Refused)
    gate.open()
    assert [waited(job).failure for job in waiting] == [None, None]
    jobs.close()


def test_question_that_waited_for_too_long_is_not_asked(gate: Gate) -> None:
    now = [0.0]
    jobs, asked = Jobs("test", 1, 5, lambda: now[0]), list[str]()
    gate.shut()
    jobs.start("a", gate.through)
    gate.wait_reached()
    late = jobs.start("b", lambda: asked.append("b"))
    now[0] += route_jobs.OLD + 1
    gate.open()
    assert isinstance(waited(late).failure, Refused)
    assert asked == []
    jobs.close()


def test_no_more_threads_than_allowed(gate: Gate) -> None:
    jobs = Jobs("only-two", 2, 50)
    gate.shut()
    made = [jobs.start(n, gate.through) for n in range(10)]
    gate.wait_reached()
    gate.wait_reached()
    assert len([thread for thread in threading.enumerate() if thread.name.startswith("only-two")]) == 2
    gate.open()
    assert all(waited(job).failure is None for job in made)
    jobs.close()


def test_close_gives_up_what_waits_and_ends_the_threads(gate: Gate) -> None:
    jobs = Jobs("closed", 1, 5)
    gate.shut()
    running = jobs.start("a", gate.through)
    gate.wait_reached()
    waiting = jobs.start("b", lambda: None)
    jobs.close()
    assert isinstance(waited(waiting).failure, Refused)
    assert jobs.start("c", lambda: None).done
    gate.open()
    assert waited(running).failure is None
    wait_for(lambda: not [one for one in threading.enumerate() if one.name.startswith("closed")])


def test_what_a_person_has_to_mend_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs("test", 1, 5)

    def fail() -> None:
        raise NeedsOwner("insufficient_scope", "the right timeman is missing", "Add it.", "timeman.status")

    def pass_by() -> None:
        raise Temporary("read_timeout", "no answer in time")

    for _ in range(3):
        waited(jobs.start("a", fail))
        waited(jobs.start("b", pass_by))
    assert caplog.text.count("the right timeman is missing. Add it.") == 1
    assert "no answer in time" not in caplog.text
    jobs.close()
