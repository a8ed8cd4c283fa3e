# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup restored from the panel of the running service: the process restarts itself on the other data."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from itgrix_module.app.backups import BY_HAND
from itgrix_module.core import open_core
from itgrix_module.operations import Operations
from tests.service.house import configure, place_of, until
from tests.service.process import itgrix, served

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def test_panel_restores_and_the_service_comes_back_on_the_restored_data(tmp_path: Path) -> None:
    place = place_of(tmp_path / "home")
    configure(place, {"dial.timeout": 44, "ami.secret": "the-old-secret"})
    with open_core(place) as core:
        name = Operations(core, "1.0.0").store.make(BY_HAND).name
    configure(place, {"dial.timeout": 11, "ami.secret": "another-secret"})
    with served(place) as process:
        first = process.panel
        with requests.Session() as browser:
            token = _TOKEN.search(browser.get(f"{first}/backups/restore/{name}", timeout=30).text)
            assert token
            form = {"csrf_token": token[1], "sure": "yes"}
            answer = browser.post(f"{first}/backups/restore/{name}", data=form, timeout=60)
            assert "The service restarts" in answer.text
        until(lambda: sum(line.startswith("panel on ") for line in process.lines) == 2, 60, lambda: process.lines)
        code, _ = process.stop()
        assert code == 0
    found = itgrix(place, "settings", "get", "dial.timeout", "ami.secret", "--secrets").stdout
    assert found.splitlines() == ["dial.timeout = 44", "ami.secret = the-old-secret"]
    listed = itgrix(place, "backup", "--list").stdout
    assert "before-restore" in listed
    assert (place.home / "log" / "itgrix.log").read_text().count("service stops") == 2


def test_command_refuses_while_the_service_runs(tmp_path: Path) -> None:
    place = place_of(tmp_path / "home")
    configure(place, {})
    file = tmp_path / "one.zip"
    assert itgrix(place, "backup", str(file)).returncode == 0
    with served(place):
        refused = itgrix(place, "restore", str(file), "--yes")
        assert refused.returncode == 1
        assert "already runs" in refused.stderr
        assert itgrix(place, "backup").returncode == 0
    done = itgrix(place, "restore", str(file), "--yes")
    assert (done.returncode, "restored" in done.stdout) == (0, True), done.stderr
