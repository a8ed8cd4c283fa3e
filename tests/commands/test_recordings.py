# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix recordings`` as an administrator runs it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from itgrix_module.app.links import Ready
from itgrix_module.commands.recordings import recordings
from itgrix_module.storage.outbox_admin import StepFilter
from tests.fakes.recorded import Recorded, recorded

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ITGRIX_DATABASE_URL", raising=False)
    with recorded(tmp_path) as found:
        yield found


@pytest.fixture
def run(here: Recorded) -> Run:
    def runs(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(recordings, arguments)
        return result.exit_code, result.output

    return runs


def data(output: str) -> Any:
    return json.loads(output)


def waiting(here: Recorded) -> list[Any]:
    return here.core.deliveries.steps("waiting", wanted=StepFilter(kind="attach"))


def test_sent_recording_waits_for_its_delivery(here: Recorded, run: Run) -> None:
    here.call("1.1", "a.wav", "b.wav")
    code, output = run("send", "1.1", "--json")
    paths = [str(here.monitor / "2026/11/21" / name) for name in ("a.wav", "b.wav")]
    assert (code, data(output)) == (0, {"linkedid": "1.1", "paths": paths})
    (step,) = waiting(here)
    assert step.payload["paths"] == paths
    assert step.payload["by_hand"] is True
    code, output = run("send", "1.1")
    assert code == 1
    assert f"outbox retry {step.id}" in output


def test_recording_that_is_nowhere_is_not_sent(here: Recorded, run: Run) -> None:
    here.call("1.1", "a.wav")
    (here.monitor / "2026/11/21/a.wav").unlink()
    code, output = run("send", "1.1", "--json")
    assert code == 1
    assert data(output)["error"]["code"] == "recording_missing"
    assert waiting(here) == []


def test_recording_that_the_pbx_never_named_is_found_by_the_naming_rule(here: Recorded, run: Run) -> None:
    here.call("1795220673.502")
    here.sound("in-74950000001-79161234567-20261121-002433-1795220673.502.wav")
    assert run("send", "1795220673.502")[0] == 0
    assert waiting(here)[0].payload["paths"] == ["1795220673.502"]


@pytest.mark.parametrize("command", ["send", "link", "find"])
def test_call_that_there_is_not(run: Run, command: str) -> None:
    code, output = run(command, "9.9", "--json")
    assert code == 1
    assert data(output)["error"]["code"] == "no_such_call"
    assert "there is no call 9.9" in run(command, "9.9")[1]


def test_link_opens_the_recording(here: Recorded, run: Run) -> None:
    call = here.call("1.1", "a.wav")
    code, output = run("link", "1.1", "--json")
    found = data(output)
    assert code == 0
    assert found["url"] == here.library.people_link(call)
    assert here.library.leads_to(found["url"].rpartition("/")[2], call)
    assert "until 20" in run("link", "1.1")[1]
    assert data(run("link", "1.1", "--portal", "--json")[1])["url"] != found["url"]


def test_link_without_public_address_says_what_to_set(here: Recorded, run: Run) -> None:
    here.call("1.1", "a.wav")
    here.core.settings.save({"portal.public_url": ""})
    code, output = run("link", "1.1")
    assert code == 1
    assert "portal.public_url" in output


def test_find_says_what_is_there_and_what_is_not(here: Recorded, run: Run) -> None:
    call = here.call("1.1", "a.wav", "b.wav")
    (here.monitor / "2026/11/21/b.wav").unlink()
    found = data(run("find", "1.1", "--json")[1])
    assert found["directory"] == str(here.monitor)
    assert [item["problem"] for item in found["recordings"]] == ["", "not there"]
    (file,) = found["recordings"][0]["files"]
    assert (file["path"], file["seconds"]) == (str(here.monitor / "2026/11/21/a.wav"), 2.0)
    assert found["copy"] is None
    assert isinstance(here.settle(call), Ready)
    found = data(run("find", "1.1", "--json")[1])
    assert found["copy"]["note"]["linkedid"] == "1.1"
    text = run("find", "1.1")[1]
    assert "not there" in text
    assert "our copy: " in text
    assert "2.0 s" in text


def test_find_without_a_name_looks_by_the_rule(here: Recorded, run: Run) -> None:
    here.call("1795220673.502")
    text = run("find", "1795220673.502")[1]
    assert "naming rule" in text
    assert "our copy: none" in text


def test_folder_that_is_not_there_is_said(here: Recorded, run: Run) -> None:
    here.call("1.1", "a.wav")
    here.core.settings.save({"recordings.directory": str(here.monitor / "none")})
    text = run("find", "1.1")[1]
    assert "cannot be read" in text
    assert "recordings.directory" in text
