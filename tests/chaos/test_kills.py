# SPDX-License-Identifier: GPL-3.0-or-later
"""The service is killed at random instants while calls come and go: nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.sandbox.pbx.stage import Played
from tests.chaos.ground import ground, situation
from tests.chaos.scale import Progress, amount
from tests.fakes.mariadb import MariaDb, mariadb_server
from tests.service.house import until
from tests.service.outside import Outside
from tests.service.process import Served, served

KILLS = amount(2, 200)
EVERY = 1.5  # seconds between two calls
GAP = 15.0  # seconds: what happened while nobody listened is known that exactly
AWAY = 60.0  # seconds until a new process hears the PBX, on a busy machine


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb_server("--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=1") as made:
        yield made


def killed_again_and_again(here: Outside, kills: int) -> None:
    """One call after the other until the last kill, then every call must be whole."""
    chance, progress = random.Random(kills), Progress("kills", kills)
    played: list[Played] = []
    here.portal.faults.latency("*", 0.05)
    for number in range(kills):
        with served(here.place) as process:
            until(lambda: here.pbx.connections, AWAY, process.lines)
            for _ in range(2):
                played.append(here.pbx.begin(situation(len(played))))
                time.sleep(chance.uniform(0.0, EVERY))  # any instant will do: that is the point
            process.kill()
        progress(number + 1)
    with served(here.place) as process:
        truths = [call.wait(120) for call in played]
        here.assert_whole(process, *truths, seconds=180, slack=GAP)
        assert_no_fault(process)


def assert_no_fault(process: Served) -> None:
    places = [place for place, line in enumerate(process.lines) if "Traceback" in line]
    assert not places, process.lines[max(0, places[0] - 5) : places[0] + 40]


@pytest.mark.timeout(3600)
def test_killed_on_sqlite(tmp_path: Path) -> None:
    with ground(tmp_path) as here:
        killed_again_and_again(here, KILLS)


@pytest.mark.live
@pytest.mark.timeout(3600)
def test_killed_on_mariadb(server: MariaDb, tmp_path: Path) -> None:
    with ground(tmp_path, server.create_database("itgrix_kills")) as here:
        killed_again_and_again(here, KILLS)


@pytest.mark.live
@pytest.mark.timeout(3600)
def test_power_cut_of_the_database(server: MariaDb, tmp_path: Path) -> None:
    """MariaDB dies in mid-work, the service lives on and catches up."""
    with ground(tmp_path, server.create_database("itgrix_power")) as here, served(here.place) as process:
        here.wait_ready(process)
        chance = random.Random(7)
        played: list[Played] = []
        for _ in range(amount(2, 20)):
            for _ in range(3):
                played.append(here.pbx.begin(situation(len(played), talk=4.0)))
                time.sleep(chance.uniform(0.0, EVERY))
            server.kill()
            played.append(here.pbx.begin(situation(len(played), talk=4.0)))
            time.sleep(chance.uniform(0.0, EVERY))
            server.start()
        here.assert_whole(process, *(call.wait(60) for call in played), seconds=180)
        assert_no_fault(process)
