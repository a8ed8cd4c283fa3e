# SPDX-License-Identifier: GPL-3.0-or-later
"""Hours of traffic on an accelerated clock, pruned while in use: memory, handles and threads stay as they are."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from itgrix_module.storage.models import Call, Step
from itgrix_module.storage.retention import Horizon, prune
from itgrix_module.storage.writing import table_of
from tests.chaos.office import START, Office, Ring, office
from tests.chaos.scale import Progress, amount

RATE = 5.0  # calls a second
HOUR = 3600.0
SECONDS = amount(24, 8 * 3600)
PARTS = 6
AT_ONCE = 12  # workers of a service; one alone could not keep up with so many calls
KEPT = 0.25  # share of the time for which finished calls are kept


@dataclass(frozen=True)
class Taken:
    """What the process holds."""

    objects: int
    handles: int
    threads: int
    calls: int


def taken(here: Office) -> Taken:
    gc.collect()
    with here.database.read() as connection:
        calls = int(connection.scalar(select(func.count()).select_from(table_of(Call))) or 0)
        orphans = connection.scalar(
            select(func.count()).select_from(table_of(Step)).where(~table_of(Step).c.call_id.in_(select(Call.id)))
        )
    assert orphans == 0
    ours = [thread for thread in threading.enumerate() if not thread.name.startswith(("sandbox", "Thread", "portal"))]
    return Taken(len(gc.get_objects()), sum(1 for _ in Path("/proc/self/fd").iterdir()), len(ours), calls)


def calls_of(part: int) -> Iterator[Ring]:
    length = SECONDS / PARTS
    for number in range(int(RATE * length)):
        place = part * int(RATE * length) + number
        yield Ring(part * length + number / RATE, place, 1.0, 0.0 if place % 4 == 0 else 2.0)


@pytest.mark.timeout(6 * 3600)
def test_hours_of_traffic_leave_nothing_behind(tmp_path: Path) -> None:
    # What the portal remembers is bounded too, else it would be its memory that is measured.
    with office(
        tmp_path,
        bucket_burst=1e9,
        bucket_drain=1e9,
        keep_calls=400,
        keep_requests=400,
        keep_entities=400,
    ) as here:
        here.settle_limits(rate=1000.0, burst=10_000)
        here.latency /= AT_ONCE
        found: list[Taken] = []
        progress = Progress("simulated seconds of traffic", SECONDS)
        for part in range(PARTS):
            here.expect(*calls_of(part))
            here.played.clear()
            until = SECONDS * (part + 1) / PARTS
            here.run(until, lambda: progress(here.clock.true - START))
            prune(here.database, Horizon(calls=START + until - SECONDS * KEPT, timeline=START), rest=lambda _: None)
            found.append(taken(here))
            assert here.outbox.counts()["lanes"] < RATE * 60, "deliveries do not keep up"
        here.run()
        assert here.outbox.counts()["lanes"] == here.outbox.counts()["failed"] == 0
    settled = found[2:]
    assert max(each.calls for each in settled) <= RATE * SECONDS * KEPT * 1.3 + RATE * 40, found
    assert settled[-1].objects < settled[0].objects * 1.05 + 3000, found
    assert settled[-1].handles <= settled[0].handles + 3, found
    assert settled[-1].threads <= settled[0].threads, found
