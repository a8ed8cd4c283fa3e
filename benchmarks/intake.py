# SPDX-License-Identifier: GPL-3.0-or-later
"""AMI intake: raw events a second on one core through framing, translate, track and database, and the memory it takes.

``ITGRIX_BENCH_CALLS``: how many calls (100 000). ``ITGRIX_LOAD_TRACE``: a recorded session to be played over and over;
without it one that the sandbox PBX plays.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.databases import databases
from benchmarks.figures import Figure
from itgrix_module.app.track import CardTiming, Tracker
from itgrix_module.asterisk.filters import NOISE
from itgrix_module.asterisk.transcript import read
from itgrix_module.asterisk.translate import Translator
from itgrix_module.domain.facts import AnyFact
from itgrix_module.domain.policy import Rules
from itgrix_module.sandbox.pbx import PbxConfig, Player, SandboxPbx, record
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import open_database
from itgrix_module.storage.migrate import upgrade

TOGETHER = 500  # messages in a transaction, as in the service
IDS = ("Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid", "BridgeUniqueid", "SwapUniqueid", "UniqueID")


@dataclass(frozen=True)
class Stream:
    """A session on AMI. ``events``: all that the PBX sent, noise as well."""

    file: Path
    events: int
    calls: int


def intake() -> Iterable[Figure]:
    """The same stream with unique ids of its own each time, until so many calls are stored."""
    wanted = int(os.environ.get("ITGRIX_BENCH_CALLS", "100000"))
    with databases() as each, tempfile.TemporaryDirectory(prefix="itgrix-bench-") as folder:
        trace = os.environ.get("ITGRIX_LOAD_TRACE")
        stream = _recorded(Path(trace)) if trace else _played(Path(folder))
        for name, url in each:
            yield from _stored(name, url, stream, max(1, wanted // stream.calls))


def _recorded(file: Path) -> Stream:
    linkedids: set[str] = set()
    events = 0
    for message in read(file, skip=frozenset()):
        events += 1
        if message.event == "Newchannel":
            linkedids.add(message.headers.get("Linkedid", ""))
    return Stream(file, events, len(linkedids))


def _played(folder: Path) -> Stream:
    config = PbxConfig()
    with SandboxPbx(config) as pbx:
        situations = list(Player(pbx.stage).situations(config, 500))
    heard, truths = record((number * 0.1, each) for number, each in enumerate(situations))
    file = folder / "stream.ami"
    file.write_bytes(heard)
    return Stream(file, sum(1 for _ in read(file, skip=frozenset())), len(truths))


def _stored(name: str, url: str, stream: Stream, passes: int) -> Iterable[Figure]:
    upgrade(url)
    with closing(open_database(url)) as database:
        tracker = Tracker(SqlCallStore(database), "bench", Rules, CardTiming, time.time)
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(passes):
            _pass(tracker, stream.file, number)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rates = f"{passes * stream.events / wall:,.0f} / {passes * stream.events / cpu:,.0f}"
    yield Figure(f"AMI intake with {name}, events/s (wall / one core)", rates, "10 000", "-")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure(f"memory after {passes * stream.calls:,} calls, {name}", f"{memory:.0f} MB", "150 MB", "-")


def _pass(tracker: Tracker, file: Path, number: int) -> None:
    translator = Translator()
    facts: list[AnyFact] = []
    for place, message in enumerate(read(file, skip=NOISE), 1):
        for key in IDS:
            if key in message.headers:
                message.headers[key] = f"{number}-{message.headers[key]}"
        facts.extend(translator.facts(message))
        if place % TOGETHER == 0:
            tracker.track(facts)
            facts = []
    tracker.track(facts)


ALL = {"intake": intake}
