# SPDX-License-Identifier: GPL-3.0-or-later
"""A week without the portal: how the backlog goes out and what live calls meanwhile have to wait, on a simulated clock.

``ITGRIX_BENCH_BACKLOG``: how many calls wait (2 000; 50 000 take an hour).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.databases import databases
from benchmarks.figures import Figure
from tests.chaos.office import START, Office, Ring, office

WEEK = 7 * 86_400.0
LIVE, EVERY = 100, 4.0  # live calls while it goes out, and the seconds between them


def backlog() -> Iterable[Figure]:
    """For each database."""
    wanted = int(os.environ.get("ITGRIX_BENCH_BACKLOG", "2000"))
    with databases() as each, tempfile.TemporaryDirectory(prefix="itgrix-bench-") as folder:
        for name, url in each:
            with office(Path(folder), url) as here:
                yield from _drained(here, name, wanted)


def _drained(here: Office, name: str, wanted: int) -> Iterable[Figure]:
    here.portal.faults.outage(True)
    here.expect(*(Ring(WEEK * n / wanted, n, 6.0, 0.0 if n % 4 == 0 else 60.0) for n in range(wanted)))
    here.skip(WEEK + 400)
    here.portal.faults.outage(False)
    begins = here.clock.true - START + 30
    here.expect(*(Ring(begins + EVERY * n, wanted + n, 6.0, 20.0) for n in range(LIVE)))
    began = time.perf_counter()
    here.run()
    took, simulated = time.perf_counter() - began, here.clock.true - START - begins
    found, all_ = here.by_id(), wanted + LIVE
    delays = here.delays(range(wanted, all_))
    worst = f"{delays[int(len(delays) * 0.95)]:.2f} s, {len(delays)} of {LIVE}" if delays else "none"
    finished = sum(call.finished for call in found.values())
    yield Figure(f"a week's {wanted:,} calls, {name}: finished", f"{finished} of {all_}, 0 twice", f"{all_}, 0", "-")
    yield Figure("live calls meanwhile: card p95, cards", worst, "3 s, all", "-")
    yield Figure("drained: portal's time / ours", f"{simulated:.0f} s / {took:.0f} s", "-", "-")


ALL = {"backlog": backlog}
