# SPDX-License-Identifier: GPL-3.0-or-later
"""From the names that the PBX gives to one mp3 to upload, or one clear message."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.domain.failures import Failure, Permanent, Temporary
from itgrix_module.media.mp3 import measure
from itgrix_module.media.prepare import Prepared, cleanup, prepare
from tests.media.conftest import Only
from tests.media.sounds import NAME, OLD, STARTED, UNIQUEID, by_sox, heard, hertz, mp3_of, put, tone, wav

LATER = f"out-79161234567-101-20261121-002501-{UNIQUEID}1.wav"


class Desk:
    """One call whose recordings are wanted."""

    def __init__(self, monitor: Path, work: Path) -> None:
        self.monitor = monitor
        self.work = work

    def prepare(self, *names: str, **more: Any) -> Prepared:
        options: dict[str, Any] = {"name": f"pbx-{UNIQUEID}", "started": STARTED, **more}
        return prepare(names, directory=self.monitor, work_dir=self.work, **options)

    def failure(self, *names: str, **more: Any) -> Failure:
        with pytest.raises(Failure) as caught:
            self.prepare(*names, **more)
        assert [file.name for file in self.work.iterdir() if file.suffix == ".part"] == []
        return caught.value


@pytest.fixture
def desk(monitor: Path, work: Path) -> Desk:
    return Desk(monitor, work)


def test_recording_of_a_call_becomes_an_mp3(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(4))
    made = desk.prepare(f"/var/spool/asterisk/monitor/2026/11/21/{NAME}")
    assert made == Prepared(desk.work / f"pbx-{UNIQUEID}.mp3", f"pbx-{UNIQUEID}.mp3", 4.0, made.path.stat().st_size, 1)
    found = measure(made.path)
    assert found
    assert found.bitrate == 32
    assert found.seconds == pytest.approx(4.0, abs=0.3)


def test_three_recordings_of_different_formats_are_heard_in_order(only: Only, desk: Desk, day: Path) -> None:
    only("lame", "sox")
    by_sox(day / "a.gsm", tone(2, hertz=300))
    wav(day / "b.wav", tone(2, hertz=600, rate=16000, channels=2), rate=16000, channels=2)
    mp3_of(day / "c.mp3", tone(2, hertz=900, rate=16000))
    made = desk.prepare("a.wav", "b.wav", "c.wav")
    assert (made.source_count, made.left_out) == (3, ())
    assert made.seconds == pytest.approx(6.0, abs=0.3)
    samples = heard(made.path)
    assert [hertz(samples, at, at + 1) for at in (0.6, 2.6, 4.7)] == pytest.approx([300, 600, 900], abs=5)


def test_mp3_of_the_pbx_is_given_untouched_without_any_program(only: Only, desk: Desk, day: Path) -> None:
    only()
    file = mp3_of(day / NAME.replace(".wav", ".mp3"), tone(2, rate=16000))
    before = file.stat()
    made = desk.prepare(NAME)
    assert (made.path, made.filename, made.source_count) == (file, f"pbx-{UNIQUEID}.mp3", 1)
    assert made.seconds == pytest.approx(2.0, abs=0.2)
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert list(desk.work.iterdir()) == []


def test_same_recording_under_two_names_is_taken_once(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(2))
    made = desk.prepare(NAME, UNIQUEID, f"/var/spool/asterisk/monitor/2026/11/21/{NAME}", NAME)
    assert (made.seconds, made.source_count) == (2.0, 1)


def test_header_of_a_missed_attempt_is_left_out_of_the_talk(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, b"")
    wav(day / LATER, tone(2))
    made = desk.prepare(NAME, LATER)
    assert (made.seconds, made.source_count, made.left_out) == (2.0, 1, ())


def test_missed_call_has_no_recording(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, b"")
    found = desk.failure(NAME)
    assert isinstance(found, Permanent)
    assert found.code == "recording_empty"


def test_no_recording_named_is_said(desk: Desk) -> None:
    assert desk.failure().code == "recording_none"


def test_recording_that_is_not_there_is_waited_for(desk: Desk) -> None:
    found = desk.failure(NAME)
    assert isinstance(found, Temporary)
    assert found.code == "recording_missing"
    assert found.retry_after
    assert str(desk.monitor) in found.text


def test_recording_that_never_appears_ends_in_one_message_with_what_to_do(desk: Desk) -> None:
    assert isinstance(desk.failure(NAME, deadline=100.0, clock=lambda: 99.0), Temporary)
    found = desk.failure(NAME, deadline=100.0, clock=lambda: 100.0)
    assert isinstance(found, Permanent)
    assert found.code == "recording_missing"
    assert NAME in found.text
    assert "recordings.directory" in found.hint


def test_call_is_not_cut_short_while_a_part_of_it_may_still_come(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(2))
    assert desk.failure(NAME, LATER).code == "recording_missing"


def test_part_that_never_appears_is_left_out_in_the_end_and_told(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(2))
    made = desk.prepare(NAME, LATER, deadline=0.0)
    assert (made.seconds, made.source_count) == (2.0, 1)
    assert LATER in made.left_out[0]
    wav(day / LATER, tone(1))
    again = desk.prepare(NAME, LATER)
    assert (again.seconds, again.source_count, again.left_out) == (3.0, 2, ())


def test_recording_that_grows_is_waited_for(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(2), said=0)
    found = desk.failure(NAME, clock=lambda: OLD + 5)
    assert isinstance(found, Temporary)
    assert found.code == "recording_growing"
    assert found.retry_after
    late = desk.failure(NAME, clock=lambda: OLD + 5, deadline=OLD)
    assert isinstance(late, Permanent)
    assert late.hint


def test_cut_recording_gives_what_is_there(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(2), said=10_000_000)
    assert desk.prepare(NAME).seconds == 2.0


def test_garbage_is_said_to_be_damaged(only: Only, desk: Desk, day: Path) -> None:
    only("lame", "sox")
    put(day / NAME, b"<html>not here</html>" * 50)
    found = desk.failure(NAME)
    assert isinstance(found, Permanent)
    assert found.code == "recording_damaged"
    assert NAME in found.text


def test_garbage_and_hostile_names_do_not_cost_the_good_part(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    put(day / LATER, b"garbage")
    wav(day / NAME, tone(2))
    made = desk.prepare("../../etc/passwd", LATER, NAME)
    assert (made.seconds, made.source_count) == (2.0, 1)
    assert len(made.left_out) == 2


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\0b", "", "x\r\ny.wav"])
def test_hostile_name_alone_is_refused(desk: Desk, name: str) -> None:
    found = desk.failure(name)
    assert isinstance(found, Permanent)
    assert found.code == "recording_refused"


def test_second_time_needs_no_encoder_even_if_the_recording_is_gone(only: Only, desk: Desk, day: Path) -> None:
    folder = only("lame")
    file = wav(day / NAME, tone(2))
    first = desk.prepare(NAME)
    (folder / "lame").unlink()
    assert desk.prepare(NAME) == first
    file.unlink()
    assert desk.prepare(NAME) == first


def test_other_recording_bitrate_or_content_is_converted_anew(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(2))
    wav(day / LATER, tone(1))
    assert desk.prepare(NAME).seconds == 2.0
    assert desk.prepare(NAME, LATER).seconds == 3.0
    small, large = desk.prepare(NAME, bitrate=16), desk.prepare(NAME, bitrate=64)
    assert large.bytes > 3 * small.bytes
    wav(day / NAME, tone(4))
    assert desk.prepare(NAME, bitrate=64).seconds == 4.0


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"asked": 1}', b"\xff", None])
def test_damaged_note_or_result_is_made_again(only: Only, desk: Desk, day: Path, damage: bytes | None) -> None:
    only("lame")
    wav(day / NAME, tone(2))
    first = desk.prepare(NAME)
    put(first.path, b"cut") if damage is None else put(first.path.with_suffix(".json"), damage)
    assert desk.prepare(NAME) == first
    assert measure(first.path)


@pytest.mark.parametrize("name", ["../../evil", "/etc/cron.d/x", "a\r\nb", "звонок", "", ".", "x" * 500, "a b;c"])
def test_name_of_the_result_is_plain_and_stays_in_the_work_folder(only: Only, desk: Desk, day: Path, name: str) -> None:
    only("lame")
    wav(day / NAME, tone(0.1))
    made = desk.prepare(NAME, name=name)
    assert made.path.parent == desk.work
    assert made.filename == made.path.name
    assert made.filename.isascii()
    assert made.filename.replace(".", "").replace("-", "").replace("_", "").isalnum()
    assert made.path != desk.prepare(NAME, name=name + "?").path


def test_file_size_limit_of_the_system_is_a_full_disk(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(4))
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "from itgrix_module.domain.failures import Temporary\n"
        "from itgrix_module.media.prepare import prepare\n"
        "try:\n"
        "    prepare([sys.argv[1]], directory=sys.argv[2], work_dir=sys.argv[3], name='a', started=None)\n"
        "except Temporary as failure:\n"
        "    print(failure.code)\n"
    )
    argv = [sys.executable, "-c", code, NAME, str(desk.monitor), str(desk.work)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert (done.stdout.strip(), done.stderr) == ("disk_full", "")
    assert list(desk.work.iterdir()) == []


def test_recording_that_would_fill_the_disk_is_not_started(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    file = wav(day / NAME, b"", said=0, rate=1000)
    os.truncate(file, 2**43)  # takes no room; its mp3 would take terabytes
    os.utime(file, (OLD, OLD))
    found = desk.failure(NAME, bitrate=160)
    assert isinstance(found, Temporary)
    assert found.code == "disk_full"


def test_work_folder_is_made_for_us_alone(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(0.1))
    desk.work = desk.work / "new/deep"
    made = desk.prepare(NAME)
    assert desk.work.stat().st_mode & 0o777 == 0o700
    assert made.path.stat().st_mode & 0o077 == 0


def test_work_folder_that_cannot_be_made_says_so(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(0.1))
    put(desk.work / "file", b"")
    with pytest.raises(Temporary) as caught:
        prepare([NAME], directory=desk.monitor, work_dir=desk.work / "file", name="a", started=None)
    assert caught.value.code == "work_folder"
    assert caught.value.hint


def test_clean_up_takes_what_nobody_asked_for_lately_and_nothing_else(only: Only, desk: Desk, day: Path) -> None:
    only("lame")
    wav(day / NAME, tone(0.1))
    old, kept = desk.prepare(NAME, name="old"), desk.prepare(NAME, name="kept")
    for made in (old, kept):
        for file in (made.path, made.path.with_suffix(".json")):
            os.utime(file, (OLD, OLD))
    put(desk.work / "convert-x.part", b"")
    put(desk.work / "notes.txt", b"")
    (desk.work / "link.mp3").symlink_to(day / NAME)
    os.utime(desk.work / "link.mp3", (OLD, OLD), follow_symlinks=False)
    (desk.work / "folder.mp3").mkdir()
    desk.prepare(NAME, name="kept")
    assert cleanup(desk.work, 3600) == 3
    left = {file.name for file in desk.work.iterdir()}
    assert left == {"kept.mp3", "kept.json", "notes.txt", "link.mp3", "folder.mp3"}


def test_clean_up_of_a_folder_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert cleanup(tmp_path / "nowhere", 0) == 0
