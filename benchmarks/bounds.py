# SPDX-License-Identifier: GPL-3.0-or-later
"""What the other benchmarks leave out of the design's budgets: idle requests, kills, intake, on SQLite and MariaDB.

``ITGRIX_BENCH_KILLS``: how often the service is killed (200); ``ITGRIX_BENCH_IDLE``: seconds to stand idle (60).
"""

from __future__ import annotations

import os
import random
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.stage import stage
from itgrix_module.app.track import CardTiming, Tracker
from itgrix_module.asterisk.filters import NOISE
from itgrix_module.asterisk.transcript import read
from itgrix_module.asterisk.translate import Translator
from itgrix_module.domain.policy import Rules
from itgrix_module.sandbox.pbx import PbxConfig, Player, SandboxPbx, record
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import open_database
from itgrix_module.storage.migrate import upgrade
from tests.chaos.ground import ground, situation
from tests.fakes.mariadb import installed, mariadb_server
from tests.service.house import the_call, until
from tests.service.process import served

TOGETHER = 500  # messages in a transaction, as in the service
IDS = ("Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid", "BridgeUniqueid", "SwapUniqueid", "UniqueID")


@contextmanager
def databases() -> Iterator[Iterator[tuple[str, str]]]:
    """Name and address of an empty database of each kind; MariaDB where it is installed."""
    with tempfile.TemporaryDirectory(prefix="itgrix-bench-") as folder:
        yield _databases(Path(folder))


def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder / 'bench.db'}"
    if installed():
        with mariadb_server("--innodb-flush-log-at-trx-commit=1") as server:
            yield "MariaDB", server.create_database("itgrix_bench")


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
    chance, played = random.Random(wanted), []
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


def stored() -> Iterable[Figure]:
    """A stream of the sandbox PBX over and over through translate and track, until 100 000 calls are stored."""
    wanted = int(os.environ.get("ITGRIX_BENCH_CALLS", "100000"))
    with databases() as each, tempfile.TemporaryDirectory(prefix="itgrix-bench-") as folder:
        file, calls = _stream(Path(folder))
        for name, url in each:
            yield from _stored(name, url, file, calls, wanted)


def _stream(folder: Path) -> tuple[Path, int]:
    config = PbxConfig()
    with SandboxPbx(config) as pbx:
        situations = list(Player(pbx.stage).situations(config, 500))
    heard, truths = record((number * 0.1, each) for number, each in enumerate(situations))
    file = folder / "stream.ami"
    file.write_bytes(heard)
    return file, len(truths)


def _stored(name: str, url: str, file: Path, calls: int, wanted: int) -> Iterable[Figure]:
    upgrade(url)
    events = sum(1 for _ in read(file, skip=frozenset()))
    passes = max(1, wanted // calls)
    with closing(open_database(url)) as database:
        tracker = Tracker(SqlCallStore(database), "bench", Rules, CardTiming, time.time)
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(passes):
            _pass(tracker, file, number)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rates = f"{passes * events / wall:,.0f} / {passes * events / cpu:,.0f}"
    yield Figure(f"AMI intake with {name}, events/s (wall / one core)", rates, "10 000", "-")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure(f"memory after {passes * calls:,} calls, {name}", f"{memory:.0f} MB", "150 MB", "-")


def _pass(tracker: Tracker, file: Path, number: int) -> None:
    translator, facts = Translator(), []
    for place, message in enumerate(read(file, skip=NOISE), 1):
        for key in IDS:
            if key in message.headers:
                message.headers[key] = f"{number}-{message.headers[key]}"
        facts.extend(translator.facts(message))
        if place % TOGETHER == 0:
            tracker.track(facts)
            facts = []
    tracker.track(facts)


ALL = {"idle": idle, "kills": kills, "stored": stored}
