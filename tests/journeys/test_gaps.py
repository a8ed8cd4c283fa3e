# SPDX-License-Identifier: GPL-3.0-or-later
"""The AMI link is lost at any message and comes back at once or later; the PBX is asked what lives then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.asterisk.message import Message
from tests.chaos.scale import IS_LONG
from tests.journeys.lists import Pbx
from tests.journeys.test_transcripts import name, sessions
from tests.journeys.wire import Blocks, blocks_of, joined, replayed, some, stamp, text_of, told, usual

AT = 5  # boundaries of one recording
SHORT = 2  # of them are tried in the short form, others in each recording
GAP = 1.5  # seconds
WITHIN = 1.0  # seconds
MARGIN = 0.1  # seconds; the end of a talk is several messages
ONE_SESSION = [path for path in some() if len(sessions(path)) == 1]
HELLO = b"Asterisk Call Manager/7.0.3\r\nResponse: Success\r\nActionID: h\r\nMessage: Authentication accepted"


def message(block: bytes, at: float) -> Message:
    headers: dict[str, str] = {}
    for line in block.decode(errors="replace").split("\r\n"):
        key, _, value = line.partition(": ")
        headers.setdefault(key, "" if value == "<unknown>" else value)
    return Message(headers, at)


def wire(answer: Message) -> bytes:
    return "\r\n".join(f"{key}: {value}" for key, value in answer.headers.items()).encode()


class Recording:
    """Messages with their times, and what the PBX would list between any two of them."""

    def __init__(self, first: Path) -> None:
        self.blocks = blocks_of(text_of(first))
        self.times: list[float] = []
        at = next(time for time in map(stamp, self.blocks) if time)
        for block in self.blocks:
            at = stamp(block) or at
            self.times.append(at)

    def boundaries(self) -> list[int]:
        """Some of so many places, evenly spread over the events."""
        events = [place for place, block in enumerate(self.blocks) if place and block.startswith(b"Event: ")]
        places = [events[len(events) * step // (AT + 1)] for step in range(1, AT + 1)]
        return places if IS_LONG else [places[(len(events) + turn * AT // SHORT) % AT] for turn in range(SHORT)]

    def end_of_gap(self, start: int, seconds: float) -> int:
        over = self.times[start] + seconds
        return next((place for place in range(start, len(self.blocks)) if self.times[place] > over), len(self.blocks))

    def pbx(self, place: int) -> Pbx:
        pairs = zip(self.blocks[:place], self.times, strict=False)
        return Pbx(message(block, at) for block, at in pairs if block.startswith(b"Event: "))

    def cut(self, start: int, back: int) -> list[bytes]:
        """Two sessions: until the link was lost, and since it was back."""
        at = self.times[back - 1]
        greeting = f"Event: SuccessfulAuth\r\nPrivilege: security,all\r\nTimestamp: {at:.6f}\r\nService: AMI".encode()
        lists = [wire(answer) for answer in self.pbx(back).lists(at)]
        second: Blocks = [HELLO, greeting, *lists, *self.blocks[back:]]
        return [joined(self.blocks[:start]), joined(second)]


def times_agree(found: dict[str, Any], right: dict[str, Any], within: float) -> None:
    assert abs(found["talk_seconds"] - right["talk_seconds"]) < within
    assert (found["wait_seconds"] is None) == (right["wait_seconds"] is None)
    assert abs((found["wait_seconds"] or 0) - (right["wait_seconds"] or 0)) < within


def seen(calls: Iterable[dict[str, Any]], first: Path) -> list[dict[str, Any]]:
    """Phones that ring when the link is back are listed in the order of their channels, not in which they were asked.

    That makes a difference where a mobile rings beside phones.
    """
    found = told(calls, "recordings")
    return [call | {"rang": sorted(call["rang"])} for call in found] if "mobile" in first.name else found


@pytest.mark.parametrize("first", ONE_SESSION, ids=name)
def test_a_link_that_is_back_at_once_has_lost_nothing(first: Path, scratch: Path) -> None:
    recording = Recording(first)
    for place in recording.boundaries():
        found = replayed(recording.cut(place, place), scratch)
        assert seen(found, first) == seen(usual(first), first), place
        for call, right in zip(found, usual(first), strict=True):
            times_agree(call, right, WITHIN)


def seconds(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0.0


def talked_outside(call: dict[str, Any], start: float, end: float) -> bool:
    """Was part of the talk before or after the gap?"""
    answered = seconds(call["answered"])
    return answered < start - MARGIN or answered + call["talk_seconds"] > end + MARGIN


def is_same(call: dict[str, Any], right: dict[str, Any]) -> bool:
    """The same direction and client, as far as they could be seen: a prefix may have been cut off in the gap, and an
    outside party that came and went in it was never seen.
    """
    if was_moved(right):
        return call["direction"] in (right["direction"], "internal")
    return call["direction"] == right["direction"] and (call["client"] or "").endswith(right["client"] or "")


@pytest.mark.parametrize("first", ONE_SESSION, ids=name)
def test_a_gap_of_some_seconds_makes_no_call_two_and_no_two_one(first: Path, scratch: Path) -> None:
    recording = Recording(first)
    for start in recording.boundaries():
        back = recording.end_of_gap(start, GAP)
        gap = recording.times[start - 1], recording.times[back - 1]  # nothing was heard meanwhile
        found = {call["linkedid"]: call for call in replayed(recording.cut(start, back), scratch)}
        wanted = {call["linkedid"]: call for call in usual(first)}
        assert wanted.keys() - found.keys() <= {key for key, call in wanted.items() if within(call, *gap)}, start
        extra = [call for key, call in found.items() if key not in wanted]
        assert [call["direction"] for call in extra] in ([], ["internal"]), start  # a question or a pick-up
        for key in found.keys() & wanted.keys():
            call, right = found[key], wanted[key]
            assert call["ended"], start
            assert is_same(call, right), start
            moved = any(was_moved(one) for one in wanted.values())
            if right["outcome"] == "answered" and talked_outside(right, *gap) and not moved:
                assert call["outcome"] == "answered", start
                assert abs(call["talk_seconds"] - right["talk_seconds"]) < gap[1] - gap[0] + WITHIN, start


def was_moved(call: dict[str, Any]) -> bool:
    """Who talked with whom may have changed in the gap, by a transfer or on the way to a mobile."""
    return bool(call["transfers"]) or len(call["answered_by"] or "") > 6


def within(call: dict[str, Any], start: float, end: float) -> bool:
    return start - MARGIN < seconds(call["started"]) and seconds(call["ended"]) < end + MARGIN
