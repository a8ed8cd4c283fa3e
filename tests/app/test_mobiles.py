# SPDX-License-Identifier: GPL-3.0-or-later
"""Employees' mobiles: numbers and patterns of the settings and of a file that changes while the service runs."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itgrix_module.app.mobiles import CHECK_EVERY, MOST_BYTES, MOST_LINES, MOST_PATTERNS, Mobiles, problem_of_patterns

MOBILE = "+79161234567"
OTHER = "+79162223344"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class House:
    """The file, and time that passes only when told."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "mobiles.txt"
        self.clock = Clock()
        self._stamp = 1_000_000_000

    def write(self, content: bytes | str) -> None:
        self.file.write_bytes(content.encode() if isinstance(content, str) else content)
        self._stamp += 1
        os.utime(self.file, ns=(self._stamp, self._stamp))  # two writes within one tick of the clock count as two

    def open(self, *patterns: str) -> Mobiles:
        return Mobiles(patterns, self.file, self.clock)

    def pass_time(self) -> None:
        self.clock.now += CHECK_EVERY


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def of(*patterns: str) -> Mobiles:
    return Mobiles(patterns, None, Clock())


@pytest.mark.parametrize("pattern", ["8123456XXXX", "+7 (123) 456-XX-XX", "123456xxxx", "7123456хххх", "8123456XX23"])
@pytest.mark.parametrize("number", ["+71234560123", "81234560123", "1234560123", "8 (123) 456-01-23"])
def test_pattern_fits_however_both_are_written(pattern: str, number: str) -> None:
    assert of(pattern).matches(number)


@pytest.mark.parametrize("number", ["+71234570123", "0123", "123456012", "", "anonymous", "101", "sip:81234560123@x"])
def test_other_numbers_do_not_fit(number: str) -> None:
    assert not of("8123456XXXX").matches(number)


def test_plain_number_is_itself_only() -> None:
    assert of("8 916 123-45-67").matches(MOBILE)
    assert not of("8 916 123-45-67").matches(OTHER)
    assert not of("2723033").matches("+73432723033")


def test_pattern_that_would_take_in_everybody_counts_for_nothing() -> None:
    assert not of("XXXXXXXXXXX", "8XXXXXXXXXX").matches(MOBILE)


def test_file_and_settings_count_together(house: House) -> None:
    house.write(OTHER)
    mobiles = house.open(MOBILE)
    assert mobiles.matches(MOBILE)
    assert mobiles.matches(OTHER)


def test_comments_empty_lines_bom_and_dos_line_ends_are_understood(house: House) -> None:
    house.write(b"\xef\xbb\xbf# list\r\n\r\n89161234567 # \xd2\xe5\xf1\xf2\r\n  +7 916 222-33-44\r\n")
    mobiles = house.open()
    assert mobiles.matches(MOBILE)
    assert mobiles.matches(OTHER)


def test_file_of_windows_notepad_is_understood(house: House) -> None:
    house.write("89161234567\r\n".encode("utf-16"))
    assert house.open().matches(MOBILE)


def test_change_is_seen_at_the_next_look_and_not_before(house: House) -> None:
    house.write(MOBILE)
    mobiles = house.open()
    house.write(f"{MOBILE}\n{OTHER}\n")
    assert not mobiles.matches(OTHER)
    house.pass_time()
    assert mobiles.matches(OTHER)


def test_file_that_appears_later_is_read(house: House) -> None:
    mobiles = house.open()
    assert not mobiles.matches(MOBILE)
    house.write(MOBILE)
    house.pass_time()
    assert mobiles.matches(MOBILE)


def test_half_written_file_takes_nothing_away_until_it_stays_so(house: House) -> None:
    house.write(f"{MOBILE}\n{OTHER}\n")
    mobiles = house.open()
    house.write("")
    house.pass_time()
    assert mobiles.matches(MOBILE)
    house.write(f"{OTHER}\n{MOBILE}\n\n")
    house.pass_time()
    assert mobiles.matches(MOBILE)
    house.write(f"{OTHER}\n")
    house.pass_time()
    assert mobiles.matches(MOBILE)
    house.pass_time()
    assert not mobiles.matches(MOBILE)
    assert mobiles.matches(OTHER)


def test_file_that_goes_keeps_its_numbers_and_is_told_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.write(MOBILE)
    mobiles = house.open()
    house.file.unlink()
    for _ in range(3):
        house.pass_time()
        assert mobiles.matches(MOBILE)
    assert [record.levelno for record in caplog.records].count(logging.WARNING) == 1
    assert "is gone" in caplog.text


def test_file_that_goes_a_second_time_is_told_again(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.write(MOBILE)
    mobiles = house.open()
    aside = house.file.with_suffix(".aside")
    for _ in range(2):
        house.file.rename(aside)
        house.pass_time()
        assert mobiles.matches(MOBILE)
        aside.rename(house.file)
        house.pass_time()
        assert mobiles.matches(MOBILE)
    assert caplog.text.count("is gone") == 2


def test_absent_file_is_nothing_to_complain_of(house: House, caplog: pytest.LogCaptureFixture) -> None:
    assert not house.open().matches(MOBILE)
    assert caplog.text == ""


def test_huge_file_is_not_taken_and_what_was_known_stays(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.write(MOBILE)
    mobiles = house.open()
    house.write(b"9" * (MOST_BYTES + 1))
    for _ in range(3):
        house.pass_time()
        assert mobiles.matches(MOBILE)
    assert caplog.text.count("more than 1000000 bytes") == 1


def test_lines_beyond_the_limit_are_left_out(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.write("\n".join(f"8916{number:07}" for number in range(MOST_LINES)) + "\n89169999999\n")
    mobiles = house.open()
    assert mobiles.matches("+79160000000")
    assert not mobiles.matches("+79169999999")
    assert "more than 10000 lines" in caplog.text


def test_bad_lines_are_counted_and_the_good_ones_work(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.write("89161234567\nJohn\n12\n")
    assert house.open().matches(MOBILE)
    assert "2 lines that are no number or pattern, the first is line 2" in caplog.text


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_something_else_in_the_files_place_does_not_hold_up(house: House, kind: str) -> None:
    (os.mkfifo if kind == "pipe" else os.mkdir)(house.file)
    assert house.open(MOBILE).matches(MOBILE)


def test_file_that_cannot_be_opened_is_told_with_the_reason(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.file.symlink_to(house.file)
    assert not house.open().matches(MOBILE)
    assert "cannot be read" in caplog.text
    assert "symbolic links" in caplog.text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_raises(pattern: str, number: str) -> None:
    of(pattern).matches(number)


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"9[0-9]{9}", fullmatch=True), st.sets(st.integers(3, 9), max_size=7))
def test_pattern_made_of_a_number_fits_it_and_no_number_that_differs_elsewhere(number: str, wild: set[int]) -> None:
    mobiles = of("8" + "".join("X" if place in wild else char for place, char in enumerate(number)))
    for place, char in enumerate(number):
        changed = number[:place] + str((int(char) + 1) % 10) + number[place + 1 :]
        assert mobiles.matches("+7" + changed) is (place in wild)
    assert mobiles.matches("+7" + number)


def test_good_patterns_pass() -> None:
    assert problem_of_patterns(["8123456XXXX", "+7 916 123-45-67", "272XXXX"]) == ""


@pytest.mark.parametrize("bad", ["", "John", "12", "XXXXXXXXXX", "8XXXXXXXXXX", 5, "8916123456Y", "1" * 21])
def test_bad_pattern_is_refused_with_its_number(bad: object) -> None:
    assert problem_of_patterns([MOBILE, bad]).startswith("entry 2 is no number")


def test_too_many_patterns_are_refused() -> None:
    assert problem_of_patterns([MOBILE] * (MOST_PATTERNS + 1))
