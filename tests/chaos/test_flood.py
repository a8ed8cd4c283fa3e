# SPDX-License-Identifier: GPL-3.0-or-later
"""More events than anybody can use: the reader never waits, only noise is dropped, memory stays as it is."""

from __future__ import annotations

import gc
import os
import queue
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from itgrix_module.app.track import CardTiming, Tracker
from itgrix_module.asterisk.filters import NOISE
from itgrix_module.asterisk.link import Delivery, Link, LinkSettings
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.transcript import read
from itgrix_module.asterisk.translate import Translator
from itgrix_module.domain.facts import AnyFact
from itgrix_module.domain.policy import Rules
from itgrix_module.sandbox.pbx import PbxConfig, Player, SandboxPbx, record
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.migrate import upgrade
from itgrix_module.storage.models import Call
from itgrix_module.storage.writing import table_of
from tests.chaos.scale import amount
from tests.service.house import short, until

PASSES = amount(4, 20)
SITUATIONS = amount(25, 200)
TOGETHER = 500  # messages in a transaction, as in the service
IDS = ("Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid", "BridgeUniqueid", "SwapUniqueid", "UniqueID")
ROOM = 200  # messages between the reader and a tracker that does not get on


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    """A recorded stream: ``ITGRIX_LOAD_TRACE`` in the long form, else one that the sandbox plays."""
    if named := os.environ.get("ITGRIX_LOAD_TRACE"):
        return Path(named)
    config = PbxConfig()
    with SandboxPbx(config) as pbx:
        situations = list(Player(pbx.stage).situations(config, SITUATIONS))
    heard, _ = record((number * 3.0, each) for number, each in enumerate(situations))
    file = tmp_path / "stream.ami"
    file.write_bytes(heard)
    return file


def renamed(messages: Iterator[Message], number: int) -> Iterator[Message]:
    """The same calls once more, as other ones."""
    for message in messages:
        for name in IDS:
            if name in message.headers:
                message.headers[name] = f"{number}-{message.headers[name]}"
        yield message


def passed(tracker: Tracker, stream: Path, number: int) -> None:
    translator = Translator()
    facts: list[AnyFact] = []
    for place, message in enumerate(renamed(read(stream, skip=NOISE), number), 1):
        facts.extend(translator.facts(message))
        if place % TOGETHER == 0:
            tracker.track(facts)
            facts = []
    tracker.track(facts)


@pytest.mark.timeout(3600)
def test_stream_many_times_over_gives_the_same_calls_each_time_and_leaves_nothing_in_memory(
    tmp_path: Path, stream: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'flood.db'}"
    upgrade(url)
    with closing(open_database(url)) as database:
        tracker = Tracker(SqlCallStore(database), "flood", Rules, CardTiming, time.time)
        objects: list[int] = []
        counted: list[int] = []
        for number in range(PASSES):
            passed(tracker, stream, number)
            gc.collect()
            objects.append(len(gc.get_objects()))
            counted.append(total(database))
        assert counted == [counted[0] * (number + 1) for number in range(PASSES)]
        assert counted[0] > 0
        assert objects[-1] < objects[1] * 1.05 + 2000, objects
        assert tracker.live_calls <= PASSES * 5, "calls that the stream cuts off only"


def total(database: Database) -> int:
    """All calls that are stored."""
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table_of(Call))) or 0)


def test_tracker_that_does_not_get_on_never_holds_up_the_reader(tmp_path: Path) -> None:
    config = PbxConfig()
    inbox: queue.Queue[Delivery] = queue.Queue(ROOM)
    user = config.users[0]
    with SandboxPbx(config) as pbx:
        link = Link(LinkSettings("127.0.0.1", pbx.port, user.name, user.secret, boot_wait=0.5), inbox)
        with link:
            until(lambda: link.state.phase == "up")
            played = pbx.begin_all((0.0, short(client=f"7916{n:07d}")) for n in range(60))
            for call in played:
                call.wait(30)
            until(inbox.full)
            until(lambda: link.intake.needed_dropped > 0)
            assert link.intake.received > ROOM, "it went on reading"
            # The database works again: everything that is left is taken, then the PBX is asked anew.
            while not inbox.empty():
                inbox.get_nowait()
            until(lambda: type_of(inbox) == "Snapshot")


def type_of(inbox: queue.Queue[Delivery]) -> str:
    try:
        return type(inbox.get_nowait()).__name__
    except queue.Empty:
        return ""
