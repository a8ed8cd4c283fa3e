# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrival times of recorded messages: stamped by Asterisk, by our recorder, or guessed from what the events tell."""

from __future__ import annotations

import gzip
import re
from itertools import pairwise
from pathlib import Path

import pytest

from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.transcript import read
from tests.asterisk.support import TRACES
from tests.fakes.ami_server import block

GREETING = b"Asterisk Call Manager/11.0.0\r\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.ami"


def times(file: Path, *blocks: bytes) -> list[float]:
    file.write_bytes(GREETING + b"".join(blocks))
    return [message.at for message in read(file)]


def created(uniqueid: str) -> bytes:
    return block("Event", "Newchannel", [("Channel", "PJSIP/101-1"), ("Uniqueid", uniqueid)])


def test_stamp_of_asterisk_counts() -> None:
    for message in read(TRACES / "22_in_queue_ringall.ami.gz"):
        if "Timestamp" in message.headers:
            assert message.at == float(message.headers["Timestamp"])


def test_messages_before_the_first_stamp_and_list_items_have_a_time_too() -> None:
    messages = list(read(TRACES / "22_ami_reconnect.part2.ami.gz"))
    assert all(1795220681 <= message.at < 1795220700 for message in messages)
    assert any(message.event == "CoreShowChannel" for message in messages)


def test_stamp_of_our_recorder_counts_and_is_no_header(file: Path) -> None:
    file.write_bytes(
        GREETING + block("Event", "Hangup", [("Uniqueid", "1795220673.1"), ("X-Received", "1795220690.25")])
    )
    (message,) = read(file)
    assert message.at == 1795220690.25
    assert "X-Received" not in message.headers


def test_stamp_of_asterisk_goes_before_that_of_the_recorder(file: Path) -> None:
    both = [("Timestamp", "1795220690.5"), ("X-Received", "1795220691.0")]
    assert times(file, block("Event", "Hangup", both)) == [1795220690.5]


def test_newest_uniqueid_is_the_clock_without_stamps(file: Path) -> None:
    blocks = [created("1795220673.1"), created("1795220680.2"), created("1795220675.0"), block("Event", "Reload", [])]
    assert times(file, *blocks) == [1795220673.0, 1795220680.0, 1795220680.0, 1795220680.0]


def test_uniqueid_chosen_by_the_crm_says_nothing(file: Path) -> None:
    assert times(file, created("1795220673.1"), created("crm-c2c-9"), created("pbx1-1795220674.2")) == [
        1795220673.0,
        1795220673.0,
        1795220674.0,
    ]


def test_uniqueid_of_another_age_does_not_move_the_clock(file: Path) -> None:
    assert times(file, created("1795220673.1"), created("9999999999.1")) == [1795220673.0, 1795220673.0]


def test_clock_of_security_and_rtcp_events_counts_though_they_are_noise(file: Path) -> None:
    auth = block("Event", "SuccessfulAuth", [("EventTV", "2026-11-21T00:24:41.753+0000")])
    rtcp = block("Event", "RTCPSent", [("SentNTP", "1795220682.970226")])
    hangup = block("Event", "Hangup", [])
    assert times(file, auth, hangup, rtcp, hangup) == [1795220681.753, 1795220682.970226]


@pytest.mark.parametrize(("zone", "hour"), [(0, "00"), (3, "03"), (5.5, "05"), (-3, "21")])
def test_local_times_of_cel_and_cdr_count_when_their_zone_is_known(file: Path, zone: float, hour: str) -> None:
    minute = 24 + int(zone % 1 * 60)
    day = 21 if zone >= 0 else 20
    local = f"2026-11-{day} {hour}:{minute}:"
    start = [("EventName", "CHAN_START"), ("EventTime", local + "33"), ("UniqueID", "1795220673.1")]
    cdr = [("UniqueID", "1795220673.1"), ("StartTime", local + "33"), ("EndTime", local + "59")]
    hangup = block("Event", "Hangup", [("Uniqueid", "1795220673.1")])
    assert times(file, block("Event", "CEL", start), created("1795220673.1"), block("Event", "Cdr", cdr), hangup) == [
        1795220673.0,
        1795220699.0,
        1795220699.0,
    ]


def test_cdr_after_the_hangups_dates_them(file: Path) -> None:
    def ended(linkedid: str) -> bytes:
        return block("Event", "Hangup", [("Uniqueid", "1795220673.9"), ("Linkedid", linkedid)])

    local = "2026-11-21 00:24:"
    cdr = [("UniqueID", "1795220673.1"), ("StartTime", local + "33"), ("EndTime", local + "59")]
    blocks = [created("1795220673.1"), ended("1795220671.0"), ended("1795220673.1"), block("Event", "Cdr", cdr)]
    assert times(file, *blocks) == [1795220673.0, 1795220673.0, 1795220699.0, 1795220699.0]
    later = block("Event", "Newstate", [])
    blocks = [created("1795220673.1"), ended("1795220673.1"), later, block("Event", "Cdr", cdr)]
    assert times(file, *blocks) == [1795220673.0, 1795220673.0, 1795220673.0, 1795220699.0]


def test_long_run_without_any_hint_is_passed_on_in_order(file: Path) -> None:
    blocks = [block("Event", "Hangup", [("Number", number)]) for number in range(2500)]
    file.write_bytes(GREETING + created("1795220673.1") + b"".join(blocks))
    numbers = [message.get("Number") for message in read(file)][1:]
    assert numbers == [str(number) for number in range(2500)]


def test_nonsense_times_are_ignored(file: Path) -> None:
    bad = [("EventTV", "yesterday"), ("SentNTP", "x"), ("StartTime", "soon"), ("EndTime", ""), ("X-Received", "later")]
    assert times(file, created("1795220673.1"), block("Event", "Hangup", bad)) == [1795220673.0] * 2


def test_recording_without_any_hint_at_the_time_is_read(file: Path) -> None:
    assert times(file, block("Event", "Reload", []), block("Event", "Hangup", [])) == [0.0, 0.0]


@pytest.mark.parametrize("name", ["22_in_queue_ringall", "16_in_park_retrieve", "fpbx16_in_direct_answered.min"])
def test_guessed_times_never_run_backwards_or_ahead(file: Path, name: str) -> None:
    packed = TRACES / f"{name}.ami.gz"
    file.write_bytes(re.sub(rb"Timestamp: [\d.]+\r\n", b"", gzip.decompress(packed.read_bytes())))
    told: list[Message] = [message for message in read(packed) if "Timestamp" in message.headers]
    guessed = [message for message in read(file) if message.event][-len(told) :]
    assert [message.event for message in guessed] == [message.event for message in told]
    assert all(one.at <= next_one.at for one, next_one in pairwise(guessed))
    assert all(-10 < guess.at - truth.at < 0.1 for guess, truth in zip(guessed, told, strict=True))
