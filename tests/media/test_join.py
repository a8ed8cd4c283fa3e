# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of all formats become one stream of samples in the right order, with what programs there are."""

from __future__ import annotations

import tracemalloc
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.media.formats import inspect
from itgrix_module.media.installed import Installed
from itgrix_module.media.join import Joined
from itgrix_module.media.program import Watch
from tests.media.conftest import Only
from tests.media.sounds import by_ffmpeg, by_sox, hertz, mp3_of, put, tone, wav


def stream(*paths: Path) -> tuple[Joined, array[int]]:
    joined = Joined([inspect(path) for path in paths])
    return joined, array("h", b"".join(joined.blocks(Installed(), Watch(60))))


def test_wav_comes_out_as_it_is(only: Only, tmp_path: Path) -> None:
    only()
    joined, samples = stream(wav(tmp_path / "a.wav", tone(4), after=b"LIST\x04\0\0\0abcd"))
    assert samples.tobytes() == tone(4)
    assert (joined.rate, joined.seconds, joined.left_out) == (8000, 4.0, [])


@pytest.mark.parametrize("said", [0, 0xFFFFFFFF, 10_000_000])
def test_wav_without_true_sizes_comes_out_whole(only: Only, tmp_path: Path, said: int) -> None:
    only()
    assert stream(wav(tmp_path / "a.wav", tone(1) + b"\0", said=said))[1].tobytes() == tone(1)


def test_both_parties_of_a_stereo_recording_are_heard(only: Only, tmp_path: Path) -> None:
    only()
    one, silent = array("h", tone(2)), array("h", bytes(32000))
    for left, right in ((one, silent), (silent, one)):
        both = array("h", bytes(64000))
        both[0::2], both[1::2] = left, right
        samples = stream(wav(tmp_path / "a.wav", both.tobytes(), channels=2))[1]
        assert len(samples) == 16000
        assert hertz(samples, 0.5, 1.5, rate=8000) == pytest.approx(440, abs=3)


def test_long_recording_passes_in_little_memory(only: Only, tmp_path: Path) -> None:
    only()
    files = [wav(tmp_path / f"{n}.wav", b"", said=0, rate=rate) for n, rate in enumerate((8000, 16000))]
    for file in files:
        with file.open("r+b") as sparse:
            sparse.truncate(30_000_000)
    joined = Joined([inspect(file) for file in files])
    tracemalloc.start()
    try:
        total = sum(map(len, joined.blocks(Installed(), Watch(60))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 3 * (30_000_000 - 44)
    assert peak < 5_000_000


def ulaw(path: Path, data: bytes) -> Path:
    return by_sox(path.with_suffix(".ul"), data).rename(path.with_suffix(".ulaw"))


def alaw(path: Path, data: bytes) -> Path:
    return by_sox(path.with_suffix(".al"), data).rename(path.with_suffix(".alaw"))


def ulaw_wav(path: Path, data: bytes) -> Path:
    return by_sox(path.with_suffix(".wav"), data, "-e", "u-law")


def alaw_wav(path: Path, data: bytes) -> Path:
    return by_sox(path.with_suffix(".wav"), data, "-e", "a-law")


def sln16(path: Path, data: bytes) -> Path:
    wide = by_sox(path.with_suffix(".raw"), data, "-r", "16000", "-e", "signed", "-b", "16")
    return wide.rename(path.with_suffix(".sln16"))


def gsm(path: Path, data: bytes) -> Path:
    return by_sox(path.with_suffix(".gsm"), data)


def wav49(path: Path, data: bytes) -> Path:
    return by_sox(path.with_suffix(".WAV"), data, "-t", "wav", "-e", "gsm-full-rate")


def ogg(path: Path, data: bytes) -> Path:
    return by_sox(path.with_suffix(".ogg"), data)


def opus(path: Path, data: bytes) -> Path:
    return by_ffmpeg(path.with_suffix(".opus"), data, "-c:a", "libopus")


def g722(path: Path, data: bytes) -> Path:
    return by_ffmpeg(path.with_suffix(".g722"), data, "-ar", "16000", "-f", "g722")


Maker = Callable[[Path, bytes], Path]
PLAIN = [ulaw, alaw, ulaw_wav, alaw_wav, sln16]
CODED = [gsm, wav49, ogg]


@pytest.mark.parametrize("make", PLAIN)
def test_plain_formats_need_no_program(only: Only, tmp_path: Path, make: Maker) -> None:
    file = make(tmp_path / "a", tone(2))
    only()
    joined, samples = stream(file)
    assert joined.seconds == pytest.approx(2.0, abs=0.01)
    assert hertz(samples, 0.5, 1.5, rate=joined.rate) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("program", ["sox", "ffmpeg"])
@pytest.mark.parametrize("make", CODED)
def test_coded_formats_are_read_by_either_program(only: Only, tmp_path: Path, make: Maker, program: str) -> None:
    file = make(tmp_path / "a", tone(2))
    only(program)
    joined, samples = stream(file)
    assert joined.seconds == pytest.approx(2.0, abs=0.1)
    assert hertz(samples, 0.5, 1.5, rate=joined.rate) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("make", [opus, g722])
def test_formats_that_sox_does_not_have_are_read_by_ffmpeg(only: Only, tmp_path: Path, make: Maker) -> None:
    file = make(tmp_path / "a", tone(2))
    only("sox", "ffmpeg")
    joined, samples = stream(file)
    assert joined.seconds == pytest.approx(2.0, abs=0.1)
    assert hertz(samples, 0.5, 1.5, rate=joined.rate) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("program", ["lame", "sox", "ffmpeg"])
def test_mp3_is_read_by_each_program(only: Only, tmp_path: Path, program: str) -> None:
    file = mp3_of(tmp_path / "a.mp3", tone(2, rate=16000))
    only(program)
    joined, samples = stream(file)
    assert joined.seconds == pytest.approx(2.0, abs=0.2)
    assert hertz(samples, 0.5, 1.5, rate=joined.rate) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("make", CODED)
def test_coded_format_without_a_program_says_what_to_install(only: Only, tmp_path: Path, make: Maker) -> None:
    file = make(tmp_path / "a", tone(1))
    only("lame")
    with pytest.raises(Temporary) as caught:
        stream(file)
    assert caught.value.code == "decoder_missing"
    assert file.name in caught.value.text
    assert "apt-get install sox" in caught.value.hint


@pytest.mark.parametrize("programs", [["sox"], ["ffmpeg"], []])
def test_parts_of_different_rates_meet_at_the_highest(only: Only, tmp_path: Path, programs: list[str]) -> None:
    only(*programs)
    other = b"LIST\x40\x1f\0\0" + bytes(8000)
    parts = [
        wav(tmp_path / "a.wav", tone(1, hertz=300), before=other, after=other),
        wav(tmp_path / "b.wav", tone(1, hertz=600, rate=32000, channels=2), rate=32000, channels=2),
        wav(tmp_path / "c.wav", tone(1, hertz=900, rate=16000), rate=16000),
    ]
    joined, samples = stream(*parts)
    assert joined.rate == 32000
    assert joined.seconds == pytest.approx(3.0, abs=0.01)
    heard = [hertz(samples, at + 0.2, at + 0.8, rate=32000) for at in range(3)]
    assert heard == pytest.approx([300, 600, 900], abs=4)


def test_rates_that_only_a_program_can_match_say_what_to_install(only: Only, tmp_path: Path) -> None:
    only("lame")
    files = [wav(tmp_path / f"{rate}.wav", tone(1, rate=rate), rate=rate) for rate in (8000, 44100)]
    with pytest.raises(Temporary) as caught:
        stream(*files)
    assert caught.value.code == "decoder_missing"


def test_damaged_part_is_left_out_and_told(only: Only, tmp_path: Path) -> None:
    broken = put(tmp_path / "b.ogg", b"OggS" + bytes(500))
    only("sox")
    joined, samples = stream(wav(tmp_path / "a.wav", tone(1)), broken)
    assert samples.tobytes() == tone(1)
    assert [failure.code for failure in joined.left_out] == ["recording_damaged"]
    assert "b.ogg" in joined.left_out[0].text


@pytest.mark.parametrize("program", ["sox", "ffmpeg"])
def test_damaged_recording_alone_is_a_failure(only: Only, tmp_path: Path, program: str) -> None:
    only(program)
    with pytest.raises(Permanent) as caught:
        stream(put(tmp_path / "b.ogg", b"OggS" + bytes(500)))
    assert caught.value.code == "recording_damaged"
    assert "b.ogg" in caught.value.text


@pytest.mark.parametrize("program", ["sox", "ffmpeg"])
def test_cut_recording_gives_what_is_left_of_it(only: Only, tmp_path: Path, program: str) -> None:
    whole = gsm(tmp_path / "a", tone(4)).read_bytes()
    cut = put(tmp_path / "b.gsm", whole[: len(whole) // 2 + 10])
    only(program)
    assert stream(cut)[0].seconds == pytest.approx(2.0, abs=0.1)


def test_program_that_is_killed_while_it_reads_is_tried_again_later(only: Only, tmp_path: Path) -> None:
    formats = "echo AUDIO FILE FORMATS: gsm"
    only(sox=f'[ "$1" = --help ] && {formats} && exit; echo half; kill -9 $$')
    with pytest.raises(Temporary) as caught:
        stream(put(tmp_path / "a.gsm", b"\xd2" * 330))
    assert caught.value.code == "encoder_killed"


def test_program_that_lacks_a_library_is_a_matter_of_installation(only: Only, tmp_path: Path) -> None:
    only(ffmpeg="echo 'error while loading shared libraries: libx.so' >&2; exit 127")
    with pytest.raises(Temporary) as caught:
        stream(put(tmp_path / "a.gsm", b"\xd2" * 330))
    assert caught.value.code == "decoder_missing"
    assert "libx.so" in caught.value.text
