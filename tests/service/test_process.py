# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix serve`` as administrators meet it: stopped, started twice, starved of disk, left alone."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.service.house import short, until
from tests.service.outside import Outside, health, outside_of
from tests.service.process import itgrix, served
from tests.service.telling import assert_in_russian, command

STOP = 10.0  # seconds: twice what a stop may take, for a machine under load
IDLE = 3.0  # seconds that an idle service is watched
BUSY = 0.25  # share of a processor that an idle service may use; a loop that spins uses all of one


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    with outside_of(tmp_path) as made:
        yield made


def test_stop_in_the_middle_of_deliveries_loses_nothing(outside: Outside) -> None:
    with served(outside.place) as process:
        outside.wait_ready(process)
        outside.portal.faults.latency("*", 0.5)
        calls = [outside.pbx.begin(short(client=f"7916111000{n}", extension=str(101 + n))) for n in range(4)]
        truths = [call.wait() for call in calls]
        assert not outside.has(*truths)
        code, took = process.stop()
        assert code == 0
        assert took < STOP
        assert not process.warnings(), process.lines
    outside.portal.faults.clear()
    with served(outside.place) as process:
        outside.assert_whole(process, *truths)


def test_stop_while_a_request_hangs_is_in_time(outside: Outside) -> None:
    with served(outside.place) as process:
        outside.wait_ready(process)
        outside.portal.faults.add("batch", "timeout_before", times=None, seconds=60)
        outside.pbx.begin(short(talk=0.1))
        until(lambda: outside.pbx.truths)
        code, took = process.stop()
        assert code == 0
        assert took < STOP


def test_second_service_on_one_home_is_refused_in_one_line(outside: Outside) -> None:
    with served(outside.place) as process:
        second = itgrix(outside.place, "serve", "--bind", "127.0.0.1:0")
        assert second.returncode == 1
        first, what_to_do = second.stderr.splitlines()
        assert f"the service already runs on {outside.place.home}" in first
        assert "Stop it first" in what_to_do
        assert "Traceback" not in second.stdout + second.stderr
        assert_in_russian(first.removeprefix("error: "), what_to_do.strip())
        assert requests.get(f"{process.panel}/healthz", timeout=20).text == "ok\n"


def test_settings_are_imported_whole_or_not_at_all(outside: Outside, tmp_path: Path) -> None:
    mixed, good = tmp_path / "mixed.json", tmp_path / "good.json"
    mixed.write_text(json.dumps({"cards.window_ms": 200, "ami.port": "many", "no.such.key": 1}))
    good.write_text(json.dumps({"cards.window_ms": 200, "recordings.bitrate": 24}))

    def assert_whole_or_nothing(window: int) -> None:
        before = command(outside.place, "settings", "export", "--secrets").stdout
        refused = command(outside.place, "settings", "import", str(mixed))
        assert refused.exit_code == 1
        assert all(key in refused.stderr for key in ("ami.port", "no.such.key")), refused.stderr
        assert command(outside.place, "settings", "export", "--secrets").stdout == before
        assert command(outside.place, "settings", "import", str(good)).exit_code == 0
        after = json.loads(command(outside.place, "settings", "get", "--json").stdout)
        assert (after["cards.window_ms"], after["recordings.bitrate"]) == (window, 24)

    assert_whole_or_nothing(200)
    good.write_text(json.dumps({"cards.window_ms": 300, "recordings.bitrate": 24}))
    with served(outside.place) as process:
        assert_whole_or_nothing(300)
        assert not process.warnings()


def test_disk_that_takes_nothing_more(outside: Outside) -> None:
    def starve() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    with served(outside.place) as process:
        outside.wait_ready(process)
        process.may_write(1024)
        played = [outside.pbx.begin(short(client=f"7916111000{n}")) for n in range(3)]
        until(lambda: health(process)["checks"]["database"]["level"] == "error", 20, process.lines)
        truths = [call.wait() for call in played]
        shown = health(process)["checks"]["database"]
        assert shown["code"] in ("disk_full", "disk_error")
        assert_in_russian(str(shown["text"]), str(shown["hint"]))
        check = itgrix(outside.place, "check", "--json", before=starve)
        found = [item for item in json.loads(check.stdout)["checks"] if item["part"] == "database"]
        assert (check.returncode, found[0]["code"]) == (1, shown["code"])
        assert len(process.warnings()) == 1, process.warnings()
        process.may_write(-1)
        outside.assert_whole(process, *truths)
        until(lambda: health(process)["level"] == "ok" or process.warnings()[1:], 20)
        assert ["works again" in line for line in process.warnings()] == [False, True], process.warnings()


def test_idle_service_asks_nothing_and_does_not_spin(outside: Outside) -> None:
    with served(outside.place) as process:
        outside.wait_ready(process)
        truth = outside.pbx.play(short())
        outside.assert_whole(process, truth)
        asked, used = outside.portal.http["total"], process.cpu()
        outside.portal.state.log.clear()
        with pytest.raises(TimeoutError):
            outside.portal.wait(lambda portal: portal.http["total"], IDLE)
        assert process.cpu() - used < BUSY * IDLE
        assert asked > 0
