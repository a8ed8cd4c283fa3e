# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings on disk."""

from __future__ import annotations

import re
import time
import wave
from pathlib import Path

import pytest

from itgrix_module.sandbox.pbx import HandClock, JumpClock, PbxConfig, SandboxPbx, Situation, record
from tests.sandbox.pbx.conftest import MakePbx

HEADER = 44


def seconds(file: Path) -> float:
    with wave.open(str(file), "rb") as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)
        return sound.getnframes() / 8000


def test_recording_has_the_length_of_the_talk_and_freepbx_name(tmp_path: Path) -> None:
    _, (truth,) = record([Situation("incoming", talk=3.5)], PbxConfig(monitor_dir=tmp_path))
    (path,) = map(Path, truth.recordings)
    assert seconds(path) == pytest.approx(3.5, abs=0.01)
    folder = time.strftime("%Y/%m/%d", time.localtime(truth.started))
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(truth.started))
    assert path == tmp_path / folder / f"in-74950000001-79161234567-{stamp}-{truth.linkedid}.wav"
    assert len(set(path.read_bytes()[HEADER:])) > 10  # sound, not silence


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("group", r"rg-600-79161234567-"),
        ("queue", r"q-700-79161234567-"),
        ("outgoing", r"out-79161234567-101-"),
        ("internal", r"internal-102-101-"),
    ],
)
def test_prefix_tells_the_way_of_the_call(tmp_path: Path, kind: str, pattern: str) -> None:
    _, (truth,) = record([Situation(kind)], PbxConfig(monitor_dir=tmp_path))
    assert re.match(pattern, Path(truth.recordings[0]).name)


@pytest.mark.parametrize("kind", ["missed", "menu_left", "voicemail", "outgoing_busy", "queue_abandoned"])
def test_a_call_without_talk_leaves_a_header(tmp_path: Path, kind: str) -> None:
    _, (truth,) = record([Situation(kind)], PbxConfig(monitor_dir=tmp_path))
    assert Path(truth.recordings[0]).stat().st_size == HEADER
    assert not truth.recorded


def test_hold_is_recorded_and_waiting_is_not(tmp_path: Path) -> None:
    _, (truth,) = record([Situation("hold", ring=9, talk=1, pause=2, talk_after=1)], PbxConfig(monitor_dir=tmp_path))
    assert seconds(Path(truth.recordings[0])) == pytest.approx(4.0, abs=0.01)


def test_an_unrecorded_call_leaves_nothing(tmp_path: Path) -> None:
    _, (truth,) = record([Situation("incoming", recorded=False)], PbxConfig(monitor_dir=tmp_path))
    assert truth.recordings == []
    assert list(tmp_path.iterdir()) == []


def test_click_to_call_makes_two_files_of_which_one_is_the_clients(make_pbx: MakePbx, tmp_path: Path) -> None:
    from itgrix_module.sandbox.pbx import Click
    from itgrix_module.sandbox.pbx.plots.click import Order

    pbx = make_pbx(JumpClock(), monitor_dir=tmp_path)
    order = Order("Local/101@from-internal/n", "79161234567", number="79161234567")
    truth = pbx.stage.originate(order, Click(client_ring=2, talk=4)).wait(10)
    names = {file.name.split("-")[0]: file for file in tmp_path.rglob("*.wav")}
    assert set(names) == {"internal", "out"}
    assert truth.recordings == [str(names["out"])]
    assert seconds(names["out"]) == pytest.approx(4.0, abs=0.01)
    assert seconds(names["internal"]) == pytest.approx(6.15, abs=0.01)


def test_recording_grows_while_the_call_runs_and_is_complete_at_its_end(make_pbx: MakePbx, tmp_path: Path) -> None:
    pbx: SandboxPbx = make_pbx(HandClock(), monitor_dir=tmp_path)
    pbx.begin(Situation("incoming", ring=1, talk=10))
    sizes = []
    for _ in range(4):
        pbx.advance(3.0)
        (file,) = tmp_path.rglob("*.wav")
        sizes.append(file.stat().st_size)
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == HEADER + 16_000 * 10
    assert seconds(file) == pytest.approx(10.0)


def test_paths_are_named_even_when_nothing_is_written() -> None:
    _, (truth,) = record([Situation("incoming")])
    assert truth.recordings[0].startswith("/var/spool/asterisk/monitor/")


def test_cdr_rows_are_those_of_freepbx(make_pbx: MakePbx) -> None:
    pbx = make_pbx(JumpClock())
    truth = pbx.play(Situation("queue", extension="104"))
    rows = pbx.cdr
    assert {row["linkedid"] for row in rows} == {truth.linkedid}
    answered = [row for row in rows if row["disposition"] == "ANSWERED" and row["did"]]
    assert len(rows) == 6
    assert [(row["dst"], row["dstchannel"][:20]) for row in answered] == [("700", "Local/104@from-queue")]
    assert Path(truth.recordings[0]).name == answered[0]["recordingfile"]
    assert answered[0]["calldate"] == time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(truth.started))


def test_freepbx_16_sends_no_cdr_events() -> None:
    data, _ = record([Situation("incoming")], PbxConfig(cdr_events=False))
    assert b"Event: Cdr" not in data
