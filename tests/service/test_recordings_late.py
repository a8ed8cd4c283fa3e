# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings that come late, never, or cannot be read: the call is there at once, its recording once and only once."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import pytest

from itgrix_module.app import upload
from itgrix_module.media import faults
from itgrix_module.sandbox.pbx import Truth
from tests.service.house import House, configure, house, until
from tests.service.outcome import all_whole
from tests.service.telling import assert_said_once, assert_told, assert_well, command, warnings


def appear(folder: Path, truth: Truth) -> None:
    """The file of the call's recording, where the administrator found it."""
    path = folder / Path(truth.recordings[0]).name
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        file.writeframes(b"\x10\x20" * int(8000 * truth.talk))
    os.utime(path, (truth.started, truth.started))  # moved, not written just now


def looked_for(here: House, truth: Truth, code: str) -> bool:
    """The portal has the call, and its recording was looked for in vain."""
    waiting = [step for step in here.service.core.deliveries.steps("waiting") if step.kind == "attach"]
    found = here.call(truth)
    return bool(found and found.finished and [step for step in waiting if step.code == code])


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder for recordings in which none appears."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file is looked for every half a second."""
    row = faults._TABLE["recording_missing"]
    monkeypatch.setitem(faults._TABLE, "recording_missing", type(row)(row.text, row.hint, 0.5))


@pytest.mark.usefixtures("soon")
def test_recording_that_appears_late(empty: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with house(tmp_path, {"recordings.directory": str(empty)}, pbx={"monitor_dir": None}) as here:
        truth = here.ring()
        until(lambda: looked_for(here, truth, "recording_missing"))
        appear(empty, truth)
        here.wait_delivered()
        all_whole(here.portal, here.service.node, truth)
        assert warnings(caplog) == []


@pytest.mark.usefixtures("soon")
def test_recording_that_never_appears(
    empty: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "PATIENCE", 1.0)
    with house(tmp_path, {"recordings.directory": str(empty)}, pbx={"monitor_dir": None}) as here:
        truth = here.ring()
        assert_told(here, "deliveries", "deliveries_failed", "recording", "is not in", exit_code=0)
        until(lambda: warnings(caplog))
        assert_said_once(caplog, "deliveries:", "is not in", str(empty))
        assert here.wait_finished(truth).records == 0
        appear(empty, truth)
        command(here.service.core.place, "outbox", "retry", "--all")
        here.wait_delivered()
        all_whole(here.portal, here.service.node, truth)
        assert_well(here, "deliveries", caplog, "deliveries: well again")


def test_recordings_folder_that_is_not_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with house(tmp_path) as here:
        place, right = here.service.core.place, here.service.core.settings.current["recordings.directory"]
        wrong = str(tmp_path / "not-mounted")
        configure(place, {"recordings.directory": wrong})
        until(lambda: here.service.core.settings.current["recordings.directory"] == wrong)
        truth = here.ring()
        assert_told(here, "recordings", "recordings_missing", wrong, "recordings.directory")
        here.wait_finished(truth)
        until(lambda: not here.service.uploader.state.is_up)
        assert_said_once(caplog, "recordings:", wrong)
        configure(place, {"recordings.directory": right})
        here.wait_delivered()
        all_whole(here.portal, here.service.node, truth)
        assert_well(here, "recordings", caplog, "recordings: well again")
