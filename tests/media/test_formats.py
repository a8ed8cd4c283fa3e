# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file holds is seen by its content, whatever its name says."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.media.formats import Coded, Raw, inspect
from tests.media.sounds import mp3_of, put, tone, wav


def damage(path: Path) -> str:
    with pytest.raises(Permanent) as caught:
        inspect(path)
    assert path.name in caught.value.text
    return caught.value.code


@pytest.mark.parametrize(
    ("tag", "bits", "rate", "channels", "coding"),
    [
        (1, 16, 8000, 1, "s16"),
        (1, 16, 16000, 2, "s16"),
        (1, 8, 8000, 1, "u8"),
        (7, 8, 8000, 2, "ulaw"),
        (6, 8, 8000, 1, "alaw"),
    ],
)
def test_wav_that_we_read_ourselves(tmp_path: Path, tag: int, bits: int, rate: int, channels: int, coding: str) -> None:
    size = rate * channels * bits // 8
    file = wav(tmp_path / "a.wav", bytes(2 * size), tag=tag, bits=bits, rate=rate, channels=channels)
    found = inspect(file)
    assert found == Raw(file, coding, rate, channels, 44, 2 * size)
    assert found.seconds == 2.0


def test_chunks_around_the_sound_are_skipped(tmp_path: Path) -> None:
    found = inspect(wav(tmp_path / "a.wav", tone(1), before=b"odd \x03\0\0\0abc\0", after=b"LIST\x04\0\0\0abcd"))
    assert isinstance(found, Raw)
    assert (found.start, found.seconds) == (56, 1.0)


@pytest.mark.parametrize("said", [0, 0xFFFFFFFF])
def test_wav_without_sizes_reaches_to_the_end_of_the_file(tmp_path: Path, said: int) -> None:
    found = inspect(wav(tmp_path / "a.wav", tone(1), said=said))
    assert isinstance(found, Raw)
    assert found.seconds == 1.0
    assert not found.closed


def test_cut_wav_has_what_is_there_in_whole_samples(tmp_path: Path) -> None:
    found = inspect(wav(tmp_path / "a.wav", tone(1)[:-1], said=80000))
    assert isinstance(found, Raw)
    assert (found.length, found.closed) == (15998, True)


def test_extensible_wav_is_what_its_inner_tag_says(tmp_path: Path) -> None:
    shape = struct.pack("<HHIIHHHHIH14x", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4, 1)
    head = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(shape)) + shape
    found = inspect(put(tmp_path / "a.wav", head + b"data" + struct.pack("<I", 4) + bytes(4)))
    assert isinstance(found, Raw)
    assert (found.coding, found.length) == ("s16", 4)


@pytest.mark.parametrize(
    ("suffix", "coding", "rate", "seconds"),
    [(".ulaw", "ulaw", 8000, 2), (".alaw", "alaw", 8000, 2), (".sln", "s16", 8000, 1), (".sln16", "s16", 16000, 0.5)],
)
def test_sound_without_header_is_known_by_its_ending(
    tmp_path: Path, suffix: str, coding: str, rate: int, seconds: float
) -> None:
    found = inspect(put(tmp_path / f"a{suffix}", bytes(16000)))
    assert isinstance(found, Raw)
    assert (found.coding, found.rate, found.seconds) == (coding, rate, seconds)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.gsm", (b"\xd2" + bytes(32)) * 5 + b"\xd2", "gsm"),
        ("a.g722", bytes(100), "g722"),
        ("a.ogg", b"OggS" + bytes(24) + b"\x01vorbis", "ogg"),
        ("a.ogg", b"OggS" + bytes(24) + b"OpusHead", "opus"),
        ("a.opus", b"OggS" + bytes(24) + b"OpusHead", "opus"),
    ],
)
def test_sound_that_needs_a_program(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    found = inspect(put(tmp_path / name, content))
    assert isinstance(found, Coded)
    assert found.kind == kind


def test_mp3_under_the_name_of_a_wav_is_an_mp3(tmp_path: Path) -> None:
    found = inspect(mp3_of(tmp_path / "a.wav", tone(2, rate=16000)))
    assert isinstance(found, Coded)
    assert (found.kind, found.rate, found.channels) == ("mp3", 16000, 1)
    assert found.seconds == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.wav", b"this is a text and no sound at all"),
        ("a.wav", b"RIFF\0\0\0\0WAVE"),
        ("a.wav", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0"),
        ("a.wav", b"RIFF\0\0\0\0WAVEdata\0\0\0\0" + bytes(100)),
        ("a.mp3", bytes(1000)),
        ("a.gsm", b"<html>404</html>"),
        ("a.mp3", b""),
    ],
)
def test_garbage_is_damaged(tmp_path: Path, name: str, content: bytes) -> None:
    assert damage(put(tmp_path / name, content)) == "recording_damaged"


def test_wav_with_impossible_values_is_damaged(tmp_path: Path) -> None:
    assert damage(wav(tmp_path / "a.wav", tone(1), channels=0)) == "recording_damaged"
    assert damage(wav(tmp_path / "b.wav", tone(1), rate=0)) == "recording_damaged"


def test_file_that_is_gone_is_missing_and_a_folder_is_unreadable(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "gone.wav", "recording_missing"), (tmp_path, "recording_unreadable")):
        with pytest.raises(Temporary) as caught:
            inspect(path)
        assert caught.value.code == code


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_header_is_sound_or_damaged(tmp_path: Path, rest: bytes) -> None:
    with suppress(Permanent):
        assert inspect(put(tmp_path / "a.wav", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + rest)).seconds >= 0
