# SPDX-License-Identifier: GPL-3.0-or-later
"""Two recordings in one stream are the calls of both: nothing is merged that has nothing to do with each other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.journeys.test_transcripts import name, sessions
from tests.journeys.wire import (
    STAMP,
    Blocks,
    blocks_of,
    joined,
    replayed,
    some,
    stamp,
    text_of,
    told,
    usual,
    with_all_rights,
)

LEAST = [path for path in some(2) if ".min." in path.name]
LATER = 0.7  # seconds that the second recording starts after the first
UNIQUEID = re.compile(rb"(?<![\d.])(\d{10})\.(\d{1,5})(?![\d])")
SUFFIX = re.compile(rb"-0([0-9a-f]{7})(?=[;\r\n,&@]|$)")
BRIDGE = re.compile(rb"\b([0-9a-f])([0-9a-f]{7}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")


def pairs(paths: list[Path]) -> list[tuple[Path, Path]]:
    """Each with another one, far from it in the list."""
    whole = [path for path in paths if len(sessions(path)) == 1]
    return [(one, whole[(place + len(whole) // 2 + 7) % len(whole)]) for place, one in enumerate(whole)]


def retagged(block: bytes) -> bytes:
    """The same message about other channels and bridges."""
    block = UNIQUEID.sub(rb"\1.9000\2", block)
    block = SUFFIX.sub(rb"-f\1", block)
    return BRIDGE.sub(lambda found: b"%x" % (15 - int(found[1], 16)) + found[2], block)


def timed(blocks: Blocks) -> list[tuple[float, bytes]]:
    at = next(time for time in map(stamp, blocks) if time)
    found = []
    for block in blocks:
        at = stamp(block) or at
        found.append((at, block))
    return found


def interleaved(one: Blocks, other: Blocks) -> bytes:
    first, second = timed(one), timed([retagged(block) for block in other if block.startswith(b"Event: ")])
    shift = first[0][0] + LATER - second[0][0]
    moved = [(at + shift, STAMP.sub(b"Timestamp: %.6f" % (at + shift), block)) for at, block in second]
    return joined(block for _, block in sorted(first + moved, key=lambda pair: pair[0]))


@pytest.mark.parametrize("pair", pairs(with_all_rights(1)) + pairs(LEAST), ids=lambda pair: "+".join(map(name, pair)))
def test_two_recordings_at_once_give_the_calls_of_both(pair: tuple[Path, Path], scratch: Path) -> None:
    one, other = (blocks_of(text_of(path)) for path in pair)
    found = replayed([interleaved(one, other)], scratch)
    second = json.loads(retagged(json.dumps(told(usual(pair[1]))).encode()))
    right = {call["linkedid"]: call for call in [*told(usual(pair[0])), *second]}
    assert {call["linkedid"]: call for call in told(found)} == right
    spans = sorted((call["talk_seconds"], call["wait_seconds"] or 0.0) for call in found)
    expected = sorted((call["talk_seconds"], call["wait_seconds"] or 0.0) for path in pair for call in usual(path))
    assert [value for span in spans for value in span] == pytest.approx(
        [v for span in expected for v in span], abs=0.05
    )
