# SPDX-License-Identifier: GPL-3.0-or-later
"""One mp3 comes out of whichever encoder there is, whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from itgrix_module.domain.failures import Failure, Permanent, Temporary
from itgrix_module.media.encode import Encoded, encode, encoders
from itgrix_module.media.formats import inspect
from itgrix_module.media.installed import Installed
from itgrix_module.media.join import Joined
from itgrix_module.media.mp3 import measure
from itgrix_module.media.program import Watch
from tests.media.conftest import Only
from tests.media.sounds import heard, hertz, put, tone, wav

ENOSPC = "/bin/cat > /dev/null; echo 'write error: No space left on device' >&2; exit 1"
# output file of a fake lame is the last argument
LAST = 'for out; do :; done; echo half > "$out";'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return wav(tmp_path / "a.wav", tone(4))


def encoded(source: Path, work: Path, bitrate: int = 32, watch: Watch | None = None) -> Encoded:
    return encode(Joined([inspect(source)]), work / "a.mp3", bitrate, Installed(), watch or Watch(60))


def failure(source: Path, work: Path, watch: Watch | None = None) -> Failure:
    """What comes of it; nothing may be left behind."""
    with pytest.raises(Failure) as caught:
        encoded(source, work, watch=watch)
    assert list(work.iterdir()) == []
    return caught.value


@pytest.mark.parametrize("program", ["lame", "sox", "ffmpeg"])
@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_each_encoder_alone_makes_an_mp3_of_the_same_sound(
    only: Only, tmp_path: Path, work: Path, program: str, rate: int
) -> None:
    only(program)
    result = encoded(wav(tmp_path / "a.wav", tone(4, rate=rate), rate=rate), work)
    found = measure(work / "a.mp3")
    assert found
    assert (found.rate, found.channels, found.bitrate) == (16000, 1, 32)
    assert found.seconds == pytest.approx(4.0, abs=0.3)
    assert (result.seconds, result.size) == (4.0, (work / "a.mp3").stat().st_size)
    assert hertz(heard(work / "a.mp3"), 1, 3) == pytest.approx(440, abs=3)
    assert [file.name for file in work.iterdir()] == ["a.mp3"]


@pytest.mark.parametrize("program", ["lame", "sox", "ffmpeg"])
@pytest.mark.parametrize(("asked", "given"), [(8, 8), (16, 16), (64, 64), (160, 160), (33, 32), (320, 160), (0, 8)])
def test_bitrate_is_the_nearest_that_the_format_has(
    only: Only, source: Path, work: Path, program: str, asked: int, given: int
) -> None:
    only(program)
    encoded(source, work, asked)
    found = measure(work / "a.mp3")
    assert found
    assert found.bitrate == given


def test_very_short_recording_is_encoded(only: Only, tmp_path: Path, work: Path) -> None:
    only("lame")
    assert encoded(wav(tmp_path / "a.wav", tone(0.02)), work).seconds == 0.02


def test_encoders_are_tried_from_the_best(only: Only) -> None:
    only("sox", "lame")
    assert [encoder.name for encoder in encoders(Installed())] == ["lame", "sox"]


def test_sox_without_mp3_and_ffmpeg_without_lame_are_no_encoders(only: Only) -> None:
    only(sox="echo 'AUDIO FILE FORMATS: wav gsm'", ffmpeg="echo ' A....D aac'")
    assert list(encoders(Installed())) == []


def test_no_encoder_says_what_to_install_and_waits_for_it(only: Only, source: Path, work: Path) -> None:
    only()
    found = failure(source, work)
    assert isinstance(found, Temporary)
    assert (found.code, found.scope) == ("encoder_missing", "request")
    assert "apt-get install lame" in found.hint


@pytest.mark.parametrize("text", ["exit 1", "echo broken >&2; exit 127", "kill -SEGV $$", "/bin/cat > /dev/null"])
def test_encoder_that_does_not_work_leaves_it_to_the_next(only: Only, source: Path, work: Path, text: str) -> None:
    only("sox", lame=text)
    assert encoded(source, work).seconds == 4.0


def test_only_encoder_that_does_not_work_is_told_with_its_words(only: Only, source: Path, work: Path) -> None:
    only(lame=f"{LAST} echo 'cannot do that' >&2; exit 1")
    found = failure(source, work)
    assert isinstance(found, Permanent)
    assert (found.code, found.text) == ("encoder_failed", "lame failed: cannot do that")


def test_encoder_that_makes_less_than_it_got_is_not_believed(only: Only, source: Path, work: Path) -> None:
    folder = only("lame")
    (folder / "lame").rename(folder / "real")
    only(lame=f'/usr/bin/head -c 16000 | {folder}/real "$@"')
    found = failure(source, work)
    assert found.code == "encoder_failed"
    assert "1.0 s of mp3 of 4.0 s" in found.text or "1.1 s of mp3 of 4.0 s" in found.text


def test_encoder_that_stops_early_in_peace_is_not_believed(only: Only, tmp_path: Path, work: Path) -> None:
    folder = only("lame")
    (folder / "lame").rename(folder / "real")
    only(lame=f'/usr/bin/head -c 1000000 | {folder}/real "$@"')
    found = failure(wav(tmp_path / "long.wav", tone(4) * 20), work)
    assert (found.code, found.text) == ("encoder_failed", "lame failed: it stopped before the end of the sound")


def test_full_disk_says_so_and_waits(only: Only, source: Path, work: Path) -> None:
    only(lame=f"{LAST} {ENOSPC}")
    found = failure(source, work)
    assert isinstance(found, Temporary)
    assert found.code == "disk_full"
    assert str(work) in found.text
    assert found.hint


def test_killed_encoder_leaves_nothing_and_is_tried_again(only: Only, source: Path, work: Path) -> None:
    only(lame=f"{LAST} kill -9 $$")
    found = failure(source, work)
    assert isinstance(found, Temporary)
    assert found.code == "encoder_killed"


def test_stop_leaves_nothing(only: Only, source: Path, work: Path) -> None:
    only(lame=f"{LAST} /bin/sleep 600")
    stop = threading.Event()
    stop.set()
    assert failure(source, work, Watch(60, stop)).code == "stopped"


def test_encoder_that_hangs_leaves_nothing(only: Only, source: Path, work: Path) -> None:
    only(lame=f"{LAST} /bin/sleep 600")
    found = failure(source, work, Watch(0.5))
    assert isinstance(found, Temporary)
    assert found.code == "encoder_timeout"


def test_damaged_recording_leaves_nothing(only: Only, tmp_path: Path, work: Path) -> None:
    only("lame", "sox")
    found = failure(put(tmp_path / "a.ogg", b"OggS" + bytes(100)), work)
    assert isinstance(found, Permanent)
    assert found.code == "recording_damaged"


def test_result_of_an_earlier_time_stays_until_the_new_one_is_whole(only: Only, source: Path, work: Path) -> None:
    put(work / "a.mp3", b"earlier")
    only(lame=f"{LAST} exit 1")
    with pytest.raises(Permanent):
        encoded(source, work)
    assert (work / "a.mp3").read_bytes() == b"earlier"


def test_work_folder_that_is_not_there_says_so(only: Only, source: Path, tmp_path: Path) -> None:
    only("lame")
    with pytest.raises(Temporary) as caught:
        encoded(source, tmp_path / "nowhere")
    assert caught.value.code == "work_folder"
    assert "nowhere" in caught.value.text
