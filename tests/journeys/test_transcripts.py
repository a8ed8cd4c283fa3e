# SPDX-License-Identifier: GPL-3.0-or-later
"""Every recorded session gives exactly the calls that happened."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.replay import replay_files

FOLDER = Path(__file__).parent / "transcripts"
FIRST_SESSIONS = sorted(path for path in FOLDER.glob("*/*.ami.gz") if ".part" not in path.name)
DIRECTIONS = {"inbound": "incoming", "outbound": "outgoing", "internal": "internal"}
OUTCOMES = {"noanswer": "no_answer"}
PLACES = {"register": 0, "finish": 1, "attach": 2}
WITHIN = 1.0  # seconds
GAP = 1.0  # seconds: nobody knows when in a gap something happened


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name.removesuffix('.ami.gz')}"


@cache
def sessions(first: Path) -> list[Path]:
    stem = first.name.removesuffix(".ami.gz")
    return [first, *sorted(first.parent.glob(f"{stem}.part*.ami.gz"))]


def truth(first: Path) -> list[dict[str, Any]]:
    stem = first.name.removesuffix(".ami.gz").removesuffix(".min")
    calls: list[dict[str, Any]] = json.loads((first.parent / f"{stem}.json").read_text())["calls"]
    # A call wholly inside a gap of the recording is known to the call records only.
    return [call for call in calls if call["linkedid"]]


def expected(call: dict[str, Any], with_paths: bool) -> Iterator[tuple[str, Any]]:
    yield "direction", DIRECTIONS[call["direction"]]
    yield "client", call["external"]
    yield "line", call["did"] or call["trunk"]
    yield "outcome", OUTCOMES.get(call["outcome"], call["outcome"])
    yield "answered_by", call["answered_by"]
    yield "last_talker", call["last_speaker"]
    if call["rang"]:
        yield "rang", call["rang"]
    if "transfers" in call:
        yield "transfers", [{"kind": kind, "from": by, "to": to} for kind, by, to in call["transfers"]]
    if with_paths:
        yield "recordings", call["recordings"]


def check(found: list[dict[str, Any]], first: Path, with_paths: bool, with_times: bool = True) -> None:
    wanted = {call["linkedid"]: call for call in truth(first)}
    gap = len(sessions(first)) > 1
    within = WITHIN + (GAP if gap else 0.0)
    assert {call["linkedid"] for call in found} == set(wanted)
    for call in found:
        right = wanted[call["linkedid"]]
        seen = call | {"recordings": [path.rsplit("/", 1)[-1] for path in call["recordings"]]}
        if first.parent.name.startswith("more"):
            seen["rang"] = sorted(seen["rang"])  # of these the truth is in no order
        for key, value in expected(right, with_paths):
            if key != "transfers" or not gap:
                assert seen[key] == value, key
        assert call["ended"] is not None
        if with_times:
            assert abs(call["talk_seconds"] - right["talk_seconds"]) < within
            assert (call["wait_seconds"] is None) == (right["wait_seconds"] is None)
            assert abs((call["wait_seconds"] or 0) - (right["wait_seconds"] or 0)) < within


def check_steps(call: dict[str, Any]) -> None:
    """The portal hears of an outside call once, and of its end before its recording."""
    kinds = [step["kind"] for step in call["steps"]]
    once = 0 if call["direction"] == "internal" else 1
    assert (kinds.count("register"), kinds.count("finish")) == (once, once)
    assert kinds == sorted(kinds, key=lambda kind: PLACES.get(kind, 0.5))


@pytest.mark.parametrize("first", FIRST_SESSIONS, ids=name)
def test_recorded_session_gives_the_calls_that_happened_and_the_portal_hears_of_each_once(first: Path) -> None:
    found = replay_files(sessions(first))
    check(found, first, with_paths=".min." not in first.name)
    for call in found:
        check_steps(call)


@pytest.mark.parametrize("first", FIRST_SESSIONS, ids=name)
def test_session_without_timestamps_gives_the_same_calls(first: Path, scratch: Path) -> None:
    stripped = []
    for path in sessions(first):
        text = gzip.decompress(path.read_bytes())
        copy = scratch / path.name
        copy.write_bytes(re.sub(rb"Timestamp: [0-9.]+\r\n", b"", text))
        stripped.append(copy)
    check(replay_files(stripped), first, with_paths=".min." not in first.name, with_times=False)


def test_there_are_transcripts_to_test() -> None:
    assert len(FIRST_SESSIONS) > 140
