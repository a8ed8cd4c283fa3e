# SPDX-License-Identifier: GPL-3.0-or-later
"""The timetable: jobs are code, their state is in our tables, so the scheduler keeps nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.util import undefined

from itgrix_module.app.workers import Ending, Troubles

_SCHEDULER_LOG = "itgrix.jobs.scheduler"


@dataclass(frozen=True)
class Job:
    """``every``: seconds. A run that is still under way is never doubled, missed runs are made up for by one."""

    name: str
    every: float
    work: Callable[[], object]
    at_start: bool = False


class _Threads(BaseExecutor):  # type: ignore[misc] # the library has no types
    """A thread for each run, which the end of the process does not wait for: a run may hang in a request."""

    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self._ending = ending
        self._running: set[threading.Thread] = set()

    def shutdown(self, wait: bool = True) -> None:
        for thread in tuple(self._running) if wait else ():
            thread.join(self._ending.left())

    def _do_submit_job(self, job: Any, run_times: Any) -> None:
        thread = threading.Thread(target=self._run, args=(job, run_times), name=f"job-{job.id}", daemon=True)
        self._running.add(thread)
        thread.start()

    def _run(self, job: Any, run_times: Any) -> None:
        try:
            # our jobs never raise, see _guarded
            self._run_job_success(job.id, run_job(job, job._jobstore_alias, run_times, self._logger.name))
        finally:
            self._running.discard(threading.current_thread())


@contextmanager
def timetable(jobs: Sequence[Job], troubles: Troubles, ending: Ending) -> Iterator[BackgroundScheduler]:
    """Run jobs until the block is left. What they raise goes to ``troubles``."""
    quiet = logging.getLogger(_SCHEDULER_LOG)
    quiet.setLevel(logging.ERROR)  # a job that takes longer than its interval is nothing to tell each time
    scheduler = BackgroundScheduler(
        logger=quiet,
        jobstores={"default": MemoryJobStore()},
        executors={"default": _Threads(ending)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )
    for job in jobs:
        first = datetime.now(UTC) if job.at_start else undefined
        work = _guarded(job, troubles)
        scheduler.add_job(work, "interval", seconds=job.every, id=job.name, name=job.name, next_run_time=first)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=True)


def run_all_now(scheduler: BackgroundScheduler) -> None:
    """Each job runs at once, then in its usual intervals: its times are wall times, and the clock was set."""
    now = datetime.now(UTC)
    for job in scheduler.get_jobs():
        job.modify(next_run_time=now)


def _guarded(job: Job, troubles: Troubles) -> Callable[[], None]:
    def work() -> None:
        try:
            job.work()
        except Exception as error:
            troubles.struck(job.name, error)
        else:
            troubles.well(job.name)

    return work
