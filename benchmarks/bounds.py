# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests while nothing happens, and kills of the service in mid-work, on SQLite and MariaDB.

``ITGRIX_BENCH_KILLS``: how often the service is killed (200); ``ITGRIX_BENCH_IDLE``: seconds to stand idle (60).
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.databases import databases
from benchmarks.figures import Figure
from benchmarks.stage import stage
from itgrix_module.sandbox.pbx.stage import Played
from tests.chaos.ground import ground, situation
from tests.service.house import the_call, until
from tests.service.process import served


def idle() -> Iterable[Figure]:
    """Requests while nothing happens, once the employees are known."""
    seconds = float(os.environ.get("ITGRIX_BENCH_IDLE", "60"))
    with stage(20, limited=False) as running:
        time.sleep(5)
        before = len(running.portal.requests)
        time.sleep(seconds)
        yield Figure(f"requests in {seconds:.0f} s of idleness", str(len(running.portal.requests) - before), "0", "0")


def kills() -> Iterable[Figure]:
    """``kill -9`` at random instants while a call begins every 1.5 s."""
    wanted = int(os.environ.get("ITGRIX_BENCH_KILLS", "200"))
    with databases() as each:
        for name, url in each:
            yield _killed(name, url, wanted)


def _killed(name: str, url: str, wanted: int) -> Figure:
    chance = random.Random(wanted)
    played: list[Played] = []
    with tempfile.TemporaryDirectory(prefix="itgrix-bench-") as folder, ground(Path(folder), url) as here:
        for _ in range(wanted):
            with served(here.place) as process:
                until(lambda: here.pbx.connections, 60)
                for _ in range(2):
                    played.append(here.pbx.begin(situation(len(played), 25.0)))
                    time.sleep(chance.uniform(0.0, 1.5))
                process.kill()
        with served(here.place):
            truths = [call.wait(120) for call in played]
            until(lambda: here.has(*truths), 300)
        found = [the_call(here.portal, f"pbx1-{truth.linkedid}") for truth in truths]
        once = sum(call is not None and call.finished for call in found)
        twice = len(here.portal.calls()) - len(truths)
        text = f"{once} of {len(truths)}, {twice} too many"
        return Figure(f"kill -9 {wanted} times, {name}: finished", text, f"{len(truths)}, 0", "-")


ALL = {"idle": idle, "kills": kills}
