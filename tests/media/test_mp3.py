# SPDX-License-Identifier: GPL-3.0-or-later
"""The length of an mp3 is what a player would show."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itgrix_module.media.mp3 import measure
from tests.media.sounds import LAME, mp3_of, put, tone


def test_length_and_shape_of_a_tone(tmp_path: Path) -> None:
    found = measure(mp3_of(tmp_path / "a.mp3", tone(4, rate=16000)))
    assert found
    assert found.seconds == pytest.approx(4.0, abs=0.2)
    assert (found.rate, found.channels, found.bitrate) == (16000, 1, 32)


@pytest.mark.parametrize(
    ("options", "rate", "channels"),
    [
        ("-b 128 -s 44.1 -m s", 44100, 2),
        ("-b 8 -s 8 -m m", 8000, 1),
        ("-V 5 -s 16 -m m", 16000, 1),
        ("-b 64 -s 24 -m j", 24000, 2),
    ],
)
def test_all_versions_and_variable_bitrate_are_measured(tmp_path: Path, options: str, rate: int, channels: int) -> None:
    argv = [str(LAME), "--quiet", "-r", *options.split(), "-", str(tmp_path / "a.mp3")]
    subprocess.run(argv, input=tone(3, rate=rate, channels=channels), check=True, stderr=subprocess.DEVNULL)
    found = measure(tmp_path / "a.mp3")
    assert found
    assert found.seconds == pytest.approx(3.0, abs=0.2)
    assert (found.rate, found.channels) == (rate, channels)


def test_tags_around_the_sound_do_not_count(tmp_path: Path) -> None:
    plain = mp3_of(tmp_path / "a.mp3", tone(2, rate=16000)).read_bytes()
    tagged = put(
        tmp_path / "b.mp3", b"ID3\x04\0\0\0\0\x02\x01" + b"\xff\xfb" * 128 + b"\0" + plain + b"TAG" + bytes(125)
    )
    assert measure(tagged) == measure(tmp_path / "a.mp3")


def test_chance_look_of_a_header_before_the_sound_is_not_believed(tmp_path: Path) -> None:
    plain = mp3_of(tmp_path / "a.mp3", tone(2, rate=16000)).read_bytes()
    chance = put(tmp_path / "b.mp3", b"\xff\xfb\x90\x00" + bytes(50) + plain)
    assert measure(chance) == measure(tmp_path / "a.mp3")


def test_frame_with_the_notes_of_the_encoder_is_no_sound(tmp_path: Path) -> None:
    argv = [str(LAME), "--quiet", "-r", "-V", "5", "-s", "16", "-m", "m", "-", str(tmp_path / "a.mp3")]
    subprocess.run(argv, input=tone(3, rate=16000), check=True, stderr=subprocess.DEVNULL)
    content = (tmp_path / "a.mp3").read_bytes()
    noted = content.index(b"Xing") + 8
    found = measure(tmp_path / "a.mp3")
    assert found
    assert found.frames == int.from_bytes(content[noted : noted + 4], "big")


def test_sound_after_too_much_else_is_not_looked_for(tmp_path: Path) -> None:
    plain = mp3_of(tmp_path / "a.mp3", tone(2, rate=16000)).read_bytes()
    assert measure(put(tmp_path / "b.mp3", bytes(300_000) + plain)) is None


def test_cut_file_has_the_length_of_its_whole_frames(tmp_path: Path) -> None:
    whole = mp3_of(tmp_path / "a.mp3", tone(4, rate=16000)).read_bytes()
    found = measure(put(tmp_path / "b.mp3", whole[: len(whole) // 2 + 70]))
    assert found
    assert found.seconds == pytest.approx(2.0, abs=0.15)


def test_damage_in_the_middle_costs_only_what_is_damaged(tmp_path: Path) -> None:
    whole = mp3_of(tmp_path / "a.mp3", tone(4, rate=16000)).read_bytes()
    found = measure(put(tmp_path / "b.mp3", whole[:8000] + bytes(500) + whole[8500:]))
    assert found
    assert found.seconds == pytest.approx(3.8, abs=0.25)


@pytest.mark.parametrize(
    "content", [b"", b"ID3", b"\xff\xfb", b"RIFF\0\0\0\0WAVE", bytes(600_000), b"\xff\xf3\x48" * 9]
)
def test_what_has_no_frame_is_no_mp3(tmp_path: Path, content: bytes) -> None:
    assert measure(put(tmp_path / "a.mp3", content)) is None


def test_frames_across_blocks_of_reading_are_all_counted(tmp_path: Path) -> None:
    one = mp3_of(tmp_path / "a.mp3", tone(4, rate=16000))
    first = measure(one)
    many = measure(put(tmp_path / "b.mp3", one.read_bytes() * 150))
    assert first
    assert many
    assert many.frames == 150 * first.frames


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([b"\xff\xf3\x48\xc4", b"\xff", b"ID3\x04\x00\x00\x7f", bytes(140), b"Info"])))
def test_any_content_is_measured_without_a_fault(tmp_path: Path, pieces: list[bytes]) -> None:
    found = measure(put(tmp_path / "a.mp3", b"".join(pieces)))
    assert found is None or found.seconds > 0
