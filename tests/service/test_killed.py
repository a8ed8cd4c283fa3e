# SPDX-License-Identifier: GPL-3.0-or-later
"""The service is killed again and again in the middle of its work: every call reaches the portal, and once only."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from itgrix_module.sandbox.pbx import Situation
from tests.chaos.scale import amount
from tests.service.house import EXTENSIONS, short, until
from tests.service.outside import outside_of
from tests.service.process import served
from tests.service.record_book import RecordBook

KILLS = amount(4, 10)
CALLS = amount(9, 18)
EVERY = 0.7  # seconds between two calls
UNSAID = 2.0  # seconds; what was heard last may not have been stored when it was killed
SOON = {"reconcile.grace_seconds": 0}
LONG = 300  # seconds: what was under way at a kill waits until the portal has surely done with it


def situation(number: int) -> Situation:
    """Calls of all kinds, longer than the service is away, so that each is heard of."""
    kind = ("incoming", "outgoing", "blind_transfer")[number % 3]
    people = {"extension": str(EXTENSIONS[number % 5]), "target": str(EXTENSIONS[5 + number % 5])}
    if kind != "blind_transfer":
        del people["target"]
    return short(kind, client=f"7916111{1000 + number}", talk=9.0, talk_after=3.0, ring=1.0, **people)


@pytest.mark.timeout(LONG)
def test_killed_service_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(20)
    book = RecordBook(tmp_path / "records.db")
    settings = {"extensions.list": [str(number) for number in EXTENSIONS], "cdr.url": book.url} | SOON
    with outside_of(tmp_path, settings, pbx={"cel": True}) as here:
        here.portal.faults.latency("*", 0.05)
        with served(here.place) as process:
            here.wait_ready(process)
            played = here.pbx.begin_all((number * EVERY, situation(number)) for number in range(CALLS))
            until(here.portal.calls)
            process.kill()
        away = []  # seconds that nobody listened: what happened then is known that exactly
        for _ in range(KILLS - 1):
            killed = time.monotonic()
            with served(here.place) as process:
                until(lambda: here.pbx.connections, 20, process.lines)
                away.append(time.monotonic() - killed)
                time.sleep(chance.uniform(0.0, 0.8))  # any instant will do: that is the point
                process.kill()
        killed = time.monotonic()
        with served(here.place) as process:
            until(lambda: here.pbx.connections, 20, process.lines)
            away.append(time.monotonic() - killed)
            truths = [call.wait() for call in played]
            process.kill()
        book.write(here.pbx)  # where the service was away for a whole call, only this tells of it
        with served(here.place) as process:
            here.assert_whole(process, *truths, seconds=150, slack=max(away) + UNSAID)
            assert not [line for line in process.lines if "Traceback" in line]
