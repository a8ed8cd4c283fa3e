# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that is rebuilt from what the PBX wrote is the call that live tracking made of the same session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from itgrix_module.replay import replay_files
from tests.journeys.written import TRANSCRIPTS, calls_of, names, rows_of, sessions_of, shown

FOLDERS = ("16", "22", "fpbx16", "fpbx17", "variants")
MADE_UP = ("morefpbx16", "morefpbx17")  # so mixed up that records without events tell too little of them
SECOND = 1.02  # records are cut to whole seconds
# The session that was recorded lacks what happened while its link was down, and so do the events within it.
LACKING = {"ami_reconnect", "pbx_restart"}
EXACT = (
    "direction", "client", "line", "outcome", "status", "answered_by", "last_talker", "rang", "transfers",
    "recordings",
)  # fmt: skip
# What records alone cannot tell, by situation (see domain/records.py); everything else they must tell.
UNTOLD = {
    "c2c_agent_busy": {"direction", "client", "outcome", "status"},
    "c2c_pjsip": {"rang", "wait_seconds", "talk_seconds"},
    "c2c_local": {"wait_seconds", "talk_seconds"},
    "in_followme_app": {
        "outcome", "status", "answered_by", "last_talker", "rang", "wait_seconds", "talk_seconds", "recordings",
    },
    "in_followme_ext": {"rang"},
    "in_followme_noanswer": {"rang"},
    "in_ivr_to_ext": {"wait_seconds", "talk_seconds"},
    "in_park_retrieve": {"rang", "talk_seconds"},
    "in_pickup_directed": {"rang"},
    "in_unknown_did": {"line"},
    "out_cancel": {"outcome", "status"},
    "out_wrong_number": {"outcome", "status"},
}  # fmt: skip
ROUGH = 2.1  # seconds


def transcripts(folders: tuple[str, ...] = FOLDERS) -> list[Path]:
    every = (path for folder in folders for path in sorted((TRANSCRIPTS / folder).glob("*.ami.gz")))
    return [path for path in every if ".part" not in path.name and ".min." not in path.name]


def name_of(path: Path) -> str:
    return f"{path.parent.name}-{path.name.removesuffix('.ami.gz')}"


def live(path: Path) -> dict[str, dict[str, Any]]:
    calls = {call["linkedid"]: call for call in replay_files(sessions_of(path))}
    return {key: {**call, "recordings": names(call["recordings"])} for key, call in calls.items()}


@pytest.mark.parametrize("with_cdr", [True, False], ids=["cel+cdr", "cel"])
@pytest.mark.parametrize("path", transcripts(FOLDERS + MADE_UP), ids=name_of)
def test_events_tell_the_call_that_was_tracked(path: Path, with_cdr: bool) -> None:
    cel, cdr = rows_of(path)
    situation = path.name.removesuffix(".ami.gz")
    if not cel:
        assert situation == "c2c_bad_channel", "the recorded session has no events to compare with"
        return
    found, tracked = calls_of(cel, cdr if with_cdr else []), live(path)
    assert found.keys() == tracked.keys()
    if situation in LACKING:
        return
    for key, call in tracked.items():
        mine = shown(found[key].call)
        assert {name: mine[name] for name in EXACT} == {name: call[name] for name in EXACT}
        assert mine["wait_seconds"] == pytest.approx(call["wait_seconds"], abs=SECOND)
        assert mine["talk_seconds"] == pytest.approx(call["talk_seconds"], abs=SECOND)


@pytest.mark.parametrize("path", [path for path in transcripts() if path.parent.name != "16"], ids=name_of)
def test_records_alone_tell_what_they_can(path: Path) -> None:
    _, cdr = rows_of(path)
    situation = path.name.removesuffix(".ami.gz")
    if situation in LACKING or not cdr:
        return
    found, tracked = calls_of([], cdr), live(path)
    untold = UNTOLD.get(situation, set()) | {"transfers"}
    assert tracked.keys() <= found.keys()
    assert {found[key].call.direction.value for key in found.keys() - tracked.keys()} <= {"internal"}
    for key, call in tracked.items():
        mine = shown(found[key].call)
        wanted = [name for name in EXACT if name not in untold]
        mine["rang"], call["rang"] = sorted(mine["rang"]), sorted(call["rang"])  # the order is that of the writing
        assert {name: mine[name] for name in wanted} == {name: call[name] for name in wanted}
        for name in {"wait_seconds", "talk_seconds"} - untold:
            assert mine[name] == pytest.approx(call[name], abs=ROUGH)
