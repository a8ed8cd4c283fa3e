# SPDX-License-Identifier: GPL-3.0-or-later
"""What replay makes of a recorded conversation, against what really happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from itgrix_module.replay import replay_files
from tests.journeys.test_transcripts import WITHIN, check_steps, expected, sessions, truth


def differences(first: Path) -> Iterator[str]:
    """Everything in which tracking differs from the truth beside the transcript."""
    found = {call["linkedid"]: call for call in replay_files(sessions(first))}
    wanted = {call["linkedid"]: call for call in truth(first)}
    for linkedid in sorted(found.keys() - wanted.keys()):
        yield f"too much: {_short(found[linkedid])}"
    for linkedid in sorted(wanted.keys() - found.keys()):
        yield f"missing: {wanted[linkedid]}"
    for linkedid in sorted(wanted.keys() & found.keys()):
        yield from _of_call(found[linkedid], wanted[linkedid], with_paths=".min." not in first.name)


def _of_call(call: dict[str, Any], right: dict[str, Any], with_paths: bool) -> Iterator[str]:
    seen = call | {
        "recordings": [path.rsplit("/", 1)[-1] for path in call["recordings"]],
        "rang": sorted(call["rang"]),
    }
    fields = [*expected(right, with_paths), ("rang", right["rang"])]
    for key, value in dict(fields).items():
        if seen[key] != value:
            yield f"{call['linkedid']} {key}: {seen[key]} instead of {value}"
    for key in ("talk_seconds", "wait_seconds"):
        if (seen[key] is None) != (right[key] is None) or abs((seen[key] or 0) - (right[key] or 0)) >= WITHIN:
            yield f"{call['linkedid']} {key}: {seen[key]} instead of {right[key]}"
    try:
        check_steps(call)
    except AssertionError:
        yield f"{call['linkedid']} steps: {[step['kind'] for step in call['steps']]}"


def _short(call: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in call.items() if key != "steps"}
