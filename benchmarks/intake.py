# SPDX-License-Identifier: GPL-3.0-or-later
"""AMI intake: raw events a second on one core through framing, translate, track and SQLite, and the memory it takes."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.figures import Figure
from itgrix_module.app.track import CardTiming, Tracker
from itgrix_module.asterisk.filters import NOISE
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.transcript import read
from itgrix_module.asterisk.translate import Translator
from itgrix_module.domain.policy import Rules
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import open_database
from itgrix_module.storage.migrate import upgrade

TOGETHER = 500  # messages in a transaction, as in the service


def intake() -> Iterable[Figure]:
    """``ITGRIX_LOAD_TRACE`` names the recorded stream (1 200 calls); ``..._REPEATS``: how often to play it."""
    repeats = int(os.environ.get("ITGRIX_LOAD_REPEATS", "1"))
    trace = os.environ.get("ITGRIX_LOAD_TRACE")
    if not trace:
        yield Figure("AMI intake", "set ITGRIX_LOAD_TRACE to a recorded stream", "10 000 events/s", "-")
        return
    events = _count(Path(trace))
    with tempfile.TemporaryDirectory(prefix="itgrix-bench-") as folder:
        url = f"sqlite:///{folder}/intake.db"
        upgrade(url)
        database = open_database(url)
        store = SqlCallStore(database)
        tracker = Tracker(store, "bench", Rules, CardTiming, time.time)
        began, cpu = time.perf_counter(), time.process_time()
        kept = sum(_track(tracker, Path(trace), number) for number in range(repeats))
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        database.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure(
        "AMI intake, events/s (wall / one core)",
        f"{repeats * events / wall:,.0f} / {repeats * events / cpu:,.0f}",
        "10 000",
        "-",
    )
    yield Figure(f"AMI intake, memory after {kept} messages kept", f"{memory:.0f} MB", "150 MB", "-")


def _count(trace: Path) -> int:
    return sum(1 for _ in read(trace, skip=frozenset()))


def _track(tracker: Tracker, trace: Path, number: int) -> int:
    """One pass; each has unique ids of its own, so that its calls are new ones."""
    translator, facts, seen = Translator(), [], 0
    for message in read(trace, skip=NOISE):
        seen += 1
        facts.extend(translator.facts(_renamed(message, number) if number else message))
        if seen % TOGETHER == 0:
            tracker.track(facts)
            facts = []
    tracker.track(facts)
    return seen


def _renamed(message: Message, number: int) -> Message:
    for name in ("Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid", "BridgeUniqueid", "UniqueID"):
        if name in message.headers:
            message.headers[name] = f"{number}-{message.headers[name]}"
    return message


ALL = {"intake": intake}
