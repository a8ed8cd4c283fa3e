# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording is taken when it is complete, and a header without sound is no recording."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from itgrix_module.media.ready import APART, Empty, Growing, Missing, Ready, State, state, states
from tests.media.sounds import OLD, put, tone, wav


def after(path: Path, seconds: float) -> tuple[State, list[float]]:
    """State so many seconds after the last write, and the pauses that were made for it."""
    pauses: list[float] = []
    return state(path, clock=lambda: OLD + seconds, pause=pauses.append), pauses


def test_file_is_ready_when_nothing_changes_between_two_looks(tmp_path: Path) -> None:
    file = wav(tmp_path / "a.wav", tone(1))
    assert after(file, 5) == (Ready(16044, int(OLD * 1e9)), [APART])


def test_old_file_is_ready_at_the_first_look(tmp_path: Path) -> None:
    assert after(wav(tmp_path / "a.wav", tone(1)), 61) == (Ready(16044, int(OLD * 1e9)), [])


def test_file_that_was_just_written_grows(tmp_path: Path) -> None:
    assert after(wav(tmp_path / "a.wav", tone(1)), 0.5)[0] == Growing(16044)


def test_file_that_grows_between_the_looks_grows(tmp_path: Path) -> None:
    file = wav(tmp_path / "a.wav", tone(1))

    def write(_: float) -> None:
        put(file, file.read_bytes() + bytes(320))

    assert state(file, clock=lambda: OLD + 5, pause=write) == Growing(16364)


def test_file_that_is_written_in_place_grows(tmp_path: Path) -> None:
    file = wav(tmp_path / "a.wav", tone(1))
    assert state(file, clock=lambda: OLD + 5, pause=lambda _: os.utime(file, (OLD + 1, OLD + 1))) == Growing(16044)


def test_clock_of_a_file_server_ahead_of_ours_does_not_matter(tmp_path: Path) -> None:
    assert isinstance(after(wav(tmp_path / "a.wav", tone(1)), -100)[0], Ready)


@pytest.mark.parametrize("suffix", ["wav", "WAV", "wav49"])
def test_header_only_is_empty(tmp_path: Path, suffix: str) -> None:
    file = wav(tmp_path / f"a.{suffix}", b"")
    assert file.stat().st_size == 44
    assert after(file, 5)[0] == Empty()


def test_header_only_of_gsm_in_wav_is_empty(tmp_path: Path) -> None:
    fmt = bytes.fromhex("14000000 3100 0100 401f0000 59060000 4100 0000 0200 4001")
    fact = b"fact" + bytes.fromhex("04000000 00000000")
    file = put(tmp_path / "a.WAV", b"RIFF\x34\0\0\0WAVEfmt " + fmt + fact + b"data" + bytes(4))
    assert file.stat().st_size == 60
    assert after(file, 5)[0] == Empty()


def test_header_only_still_counts_as_growing_while_it_is_fresh(tmp_path: Path) -> None:
    assert after(wav(tmp_path / "a.wav", b""), 0.2)[0] == Growing(44)


def test_file_without_a_byte_is_waited_for_because_asterisk_writes_late(tmp_path: Path) -> None:
    file = put(tmp_path / "a.wav", b"")
    assert after(file, 5)[0] == Growing(0)
    assert after(file, 31)[0] == Empty()


def test_sizes_that_are_not_written_yet_mean_that_the_file_is_open(tmp_path: Path) -> None:
    file = wav(tmp_path / "a.wav", tone(1), said=0)
    assert after(file, 5)[0] == Growing(16044)


def test_sizes_that_were_never_written_do_not_keep_a_recording_back(tmp_path: Path) -> None:
    assert isinstance(after(wav(tmp_path / "a.wav", tone(1), said=0), 31)[0], Ready)


def test_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    assert after(tmp_path / "a.wav", 5)[0] == Missing()


def test_file_that_goes_away_between_the_looks_is_missing(tmp_path: Path) -> None:
    file = wav(tmp_path / "a.wav", tone(1))
    assert state(file, clock=lambda: OLD + 5, pause=lambda _: file.unlink()) == Missing()


def test_what_is_no_wav_inside_is_left_to_the_conversion(tmp_path: Path) -> None:
    assert isinstance(after(put(tmp_path / "a.wav", b"garbage"), 5)[0], Ready)


def test_other_formats_need_only_some_bytes(tmp_path: Path) -> None:
    assert isinstance(after(put(tmp_path / "a.gsm", b"garbage"), 5)[0], Ready)


def test_several_files_share_one_pause(tmp_path: Path) -> None:
    files = [wav(tmp_path / "a.wav", tone(1)), wav(tmp_path / "b.wav", b""), tmp_path / "c.wav"]
    pauses: list[float] = []
    found = states(files, clock=lambda: OLD + 5, pause=pauses.append)
    assert [type(one) for one in found] == [Ready, Empty, Missing]
    assert pauses == [APART]
