# SPDX-License-Identifier: GPL-3.0-or-later
"""The timetable: jobs are code, their state is in our tables, so the scheduler keeps nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.util import undefined

log = logging.getLogger("itgrix.jobs")


@dataclass(frozen=True)
class Job:
    """``every``: seconds. A run that is still under way is never doubled, missed runs are made up for by one."""

    name: str
    every: float
    work: Callable[[], object]
    at_start: bool = False


@contextmanager
def timetable(jobs: Sequence[Job]) -> Iterator[BackgroundScheduler]:
    """Run jobs until the block is left."""
    scheduler = BackgroundScheduler(
        jobstores={"default": MemoryJobStore()},
        executors={"default": ThreadPoolExecutor(4)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30},
        timezone="UTC",
    )
    scheduler.add_listener(_tell, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    for job in jobs:
        first = datetime.now(UTC) if job.at_start else undefined
        scheduler.add_job(job.work, "interval", seconds=job.every, id=job.name, name=job.name, next_run_time=first)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=True)


def _tell(event: JobExecutionEvent) -> None:
    if event.exception is not None:
        log.error("job %s failed: %s", event.job_id, event.exception)
    else:
        log.warning("job %s could not run in time", event.job_id)
