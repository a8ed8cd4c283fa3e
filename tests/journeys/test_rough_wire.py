# SPDX-License-Identifier: GPL-3.0-or-later
"""What a line may do to messages without changing their meaning: repeat them, leave out noise, swap neighbours."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.test_transcripts import name, sessions
from tests.journeys.wire import (
    END,
    Blocks,
    blocks_of,
    dealt,
    event,
    field,
    joined,
    replayed,
    text_of,
    told,
    usual,
    with_all_rights,
)

NEEDED = frozenset(
    (
        b"Newchannel", b"NewCallerid", b"DialBegin", b"DialEnd", b"BridgeEnter", b"BridgeLeave", b"BlindTransfer",
        b"AttendedTransfer", b"VarSet", b"MixMonitorStop", b"Cdr", b"Hangup", b"FullyBooted", b"Shutdown",
    )
)  # fmt: skip
NEIGHBOURS = 0.005  # seconds in which events of different topics may change places


def each_session(first: Path) -> Iterator[Blocks]:
    for path in sessions(first):
        yield blocks_of(text_of(path))


def is_needed(block: bytes) -> bool:
    return event(block) in NEEDED or not event(block) or bool(field(block, b"ActionID"))


def dice(first: Path) -> random.Random:
    return random.Random(name(first))


@pytest.mark.parametrize("first", with_all_rights(0), ids=name)
def test_every_message_may_come_twice(first: Path, scratch: Path) -> None:
    twice = [
        joined(block for one in blocks for block in ((one, one) if one.startswith(b"Event: ") else (one,)))
        for blocks in each_session(first)
    ]
    assert told(replayed(twice, scratch)) == told(usual(first))


@pytest.mark.parametrize("first", with_all_rights(1), ids=name)
def test_noise_may_be_missing(first: Path, scratch: Path) -> None:
    quiet = [joined(filter(is_needed, blocks)) for blocks in each_session(first)]
    assert told(replayed(quiet, scratch)) == told(usual(first))


@pytest.mark.parametrize("first", with_all_rights(2), ids=name)
def test_empty_lines_may_stand_between_messages(first: Path, scratch: Path) -> None:
    chance = dice(first)
    texts = [
        b"".join(block + END + b"\r\n" * chance.choice((0, 0, 0, 1, 2)) for block in blocks)
        for blocks in each_session(first)
    ]
    assert told(replayed(texts, scratch)) == told(usual(first))


def swapped(blocks: Blocks, kinds: frozenset[bytes]) -> Blocks:
    """Neighbours of these kinds about different channels, exchanged."""
    blocks = list(blocks)
    place = 0
    while place < len(blocks) - 1:
        one, other = blocks[place], blocks[place + 1]
        apart = field(one, b"Uniqueid") != field(other, b"Uniqueid")
        if event(one) in kinds and event(other) in kinds and event(one) == event(other) and apart:
            blocks[place : place + 2] = [other, one]
            place += 1
        place += 1
    return blocks


# Where a panel sends a client elsewhere, only who leaves the bridge first tells it from an employee who hangs up.
ORDERED = [path for path in with_all_rights(3) if "redirected" not in path.name]


KINDS = [b"BridgeLeave", b"BridgeEnter", b"Hangup"]


@pytest.mark.parametrize(("first", "kind"), dealt(ORDERED, KINDS), ids=lambda it: name(it) if it in ORDERED else None)
def test_neighbours_may_change_places(first: Path, kind: bytes, scratch: Path) -> None:
    texts = [joined(swapped(list(filter(is_needed, blocks)), frozenset([kind]))) for blocks in each_session(first)]
    assert told(replayed(texts, scratch)) == told(usual(first))


def with_late_dial_ends(blocks: Blocks) -> Blocks:
    """The ends of ringing that was in vain come after the hang-up."""
    waiting: dict[bytes, bytes] = {}
    found: Blocks = []
    for block in blocks:
        if event(block) == b"DialEnd" and field(block, b"DialStatus") != b"ANSWER":
            waiting[field(block, b"DestUniqueid")] = block
            continue
        found.append(block)
        if event(block) == b"Hangup" and field(block, b"Uniqueid") in waiting:
            found.append(waiting.pop(field(block, b"Uniqueid")))
    return found + list(waiting.values())


@pytest.mark.parametrize("first", with_all_rights(3), ids=name)
def test_ringing_may_end_after_the_hang_up(first: Path, scratch: Path) -> None:
    texts = [joined(with_late_dial_ends(blocks)) for blocks in each_session(first)]
    assert told(replayed(texts, scratch)) == told(usual(first))
