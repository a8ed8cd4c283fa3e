# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings are found by whatever the PBX says, and nothing outside of the folder is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.media.find import locate, locate_all
from itgrix_module.media.formats import SUFFIXES
from tests.media.sounds import NAME, STARTED, UNIQUEID, put

STEM = NAME.removesuffix(".wav")


def refusal(name: str, monitor: Path) -> str:
    with pytest.raises(Permanent) as caught:
        locate(name, monitor, STARTED)
    return caught.value.code


def test_full_path_is_taken_as_it_is(monitor: Path, day: Path) -> None:
    file = put(day / NAME, b"x")
    assert locate(str(file), monitor, STARTED) == file


@pytest.mark.parametrize("inside", ["2026/11/21", "", "custom", "2026/11/21/deep"])
def test_path_of_another_root_is_found_by_its_tail(monitor: Path, inside: str) -> None:
    file = put(monitor / inside / NAME, b"x")
    assert locate(str(Path("/var/spool/asterisk/elsewhere", inside, NAME)), monitor, STARTED) == file


def test_path_inside_a_container_is_found_below_its_root(tmp_path: Path) -> None:
    file = put(tmp_path / "var/spool/asterisk/monitor/odd/a.wav", b"x")
    assert locate("/var/spool/asterisk/monitor/odd/a.wav", tmp_path, STARTED) == file


def test_name_is_found_in_the_day_that_it_tells_though_the_call_began_days_before(monitor: Path, day: Path) -> None:
    file = put(day / NAME, b"x")
    assert locate(NAME, monitor, STARTED - 5 * 86400) == file


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_name_without_a_date_is_found_around_the_day_of_the_call(monitor: Path, day: Path, shift: int) -> None:
    file = put(day / "custom.wav", b"x")
    assert locate("custom.wav", monitor, STARTED + shift * 86400) == file


def test_name_is_not_found_two_days_away(monitor: Path, day: Path) -> None:
    put(day / "custom.wav", b"x")
    assert locate("custom.wav", monitor, STARTED + 2 * 86400) is None


def test_one_touch_recording_is_found_in_the_root(monitor: Path) -> None:
    file = put(monitor / "auto-1795220673-101-79161234567.wav", b"x")
    assert locate(file.name, monitor, STARTED) == file


def test_path_relative_to_the_folder_is_found(monitor: Path, day: Path) -> None:
    file = put(day / NAME, b"x")
    assert locate(f"2026/11/21/{NAME}", monitor, None) == file


def test_nonsense_date_in_a_name_is_no_fault(monitor: Path) -> None:
    file = put(monitor / "in-1-2-20269931-002433-1.1.wav", b"x")
    assert locate(file.name, monitor, STARTED) == file


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_converted_recording_is_found_under_its_first_name(monitor: Path, day: Path, suffix: str) -> None:
    file = put(day / f"{STEM}{suffix}", b"x")
    assert locate(f"/var/spool/asterisk/monitor/2026/11/21/{NAME}", monitor, STARTED) == file


def test_name_without_ending_and_with_a_second_ending_are_found(monitor: Path, day: Path) -> None:
    file = put(day / f"{STEM}.gsm", b"x")
    assert locate(STEM, monitor, STARTED) == file
    file.rename(day / f"{NAME}.mp3")
    assert locate(NAME, monitor, STARTED) == day / f"{NAME}.mp3"


def test_original_is_preferred_to_what_was_made_of_it(monitor: Path, day: Path) -> None:
    put(day / f"{STEM}.mp3", b"x")
    file = put(day / NAME, b"x")
    assert locate(NAME, monitor, STARTED) == file


@pytest.mark.parametrize("folder", ["2026/11/20", "2026/11/21", "2026/11/22"])
def test_uniqueid_is_found_by_the_naming_rule_around_midnight(monitor: Path, folder: str) -> None:
    put(monitor / folder / NAME.replace(UNIQUEID, "1795220673.5021"), b"x")
    put(monitor / folder / f"{STEM}.txt", b"x")
    file = put(monitor / folder / NAME, b"x")
    assert locate(UNIQUEID, monitor, None) == file


def test_uniqueid_with_system_name_is_found(monitor: Path, day: Path) -> None:
    file = put(day / f"q-700-79161234567-20261121-002433-pbx-1-{UNIQUEID}.wav", b"x")
    assert locate(f"pbx-1-{UNIQUEID}", monitor, STARTED) == file


def test_several_recordings_of_one_channel_come_in_order_once_each(monitor: Path, day: Path) -> None:
    later = put(day / f"external-101-79161234567-20261121-002501-{UNIQUEID}.wav", b"x")
    first = put(day / NAME, b"x")
    put(day / f"{STEM}.mp3", b"x")
    assert locate_all(UNIQUEID, monitor, STARTED) == (first, later)


def test_what_is_not_there_is_none(monitor: Path) -> None:
    assert locate(NAME, monitor, STARTED) is None
    assert locate(UNIQUEID, monitor, STARTED) is None
    assert locate(f"/var/spool/asterisk/monitor/2026/11/21/{NAME}", monitor, None) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        ".",
        "a/",
        "../secret.wav",
        "2026/../../secret.wav",
        "/var/spool/../../etc/passwd",
        "a\0.wav",
        "a\n.wav",
        "a\x1b[2J.wav",
        "\udc80.wav",
        "x" * 300 + ".wav",
        "я" * 130 + ".wav",
        "a/" * 3000,
    ],
)
def test_hostile_name_is_refused(monitor: Path, name: str) -> None:
    put(monitor.parent / "secret.wav", b"x")
    assert refusal(name, monitor) == "recording_refused"


def test_refusal_shows_the_name_without_its_control_characters(monitor: Path) -> None:
    with pytest.raises(Permanent) as caught:
        locate("a\r\nEvent: x" + "y" * 5000, monitor, STARTED)
    assert "a??Event" in caught.value.text
    assert len(caught.value.text) < 500


def test_link_out_of_the_folder_is_refused(monitor: Path, day: Path) -> None:
    secret = put(monitor.parent / "secret.wav", b"x")
    (day / NAME).symlink_to(secret)
    assert refusal(NAME, monitor) == "recording_outside"


def test_folder_that_leads_out_is_refused(monitor: Path) -> None:
    put(monitor.parent / "elsewhere/a.wav", b"x")
    (monitor / "odd").symlink_to(monitor.parent / "elsewhere")
    assert refusal("odd/a.wav", monitor) == "recording_outside"


def test_link_within_the_folder_and_a_folder_that_is_a_link_are_followed(monitor: Path, day: Path) -> None:
    file = put(day / NAME, b"x")
    (monitor / "latest.wav").symlink_to(file)
    (monitor.parent / "mounted").symlink_to(monitor)
    assert locate("latest.wav", monitor.parent / "mounted", STARTED) == file


def test_file_that_exists_elsewhere_tells_which_setting_is_wrong(monitor: Path) -> None:
    elsewhere = put(monitor.parent / "other/a.wav", b"x")
    with pytest.raises(Permanent) as caught:
        locate(str(elsewhere), monitor, STARTED)
    assert caught.value.code == "recording_outside"
    assert "recordings.directory" in caught.value.hint


def test_only_regular_files_are_recordings(monitor: Path, day: Path) -> None:
    (day / NAME).mkdir()
    os.mkfifo(monitor / "pipe.wav")
    assert locate(NAME, monitor, STARTED) is None
    assert locate("pipe.wav", monitor, STARTED) is None


def test_loop_of_links_is_no_recording(monitor: Path) -> None:
    (monitor / "a.wav").symlink_to(monitor / "a.wav")
    assert locate("a.wav", monitor, STARTED) is None


def test_missing_folder_is_a_fault_that_passes_when_it_is_mounted(tmp_path: Path) -> None:
    with pytest.raises(Temporary) as caught:
        locate(NAME, tmp_path / "nowhere", STARTED)
    assert caught.value.code == "recordings_folder"
    assert caught.value.retry_after
    assert "mount" in caught.value.hint
