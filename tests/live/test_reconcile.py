# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that a real Asterisk had while nobody listened, from its own CDR and CEL."""

from __future__ import annotations

from pathlib import Path

import pytest

from itgrix_module.asterisk.record_rows import parties_of
from itgrix_module.asterisk.sides import Sides
from itgrix_module.domain import summary
from itgrix_module.domain.rebuilding import rebuilt
from itgrix_module.domain.records import CEL
from itgrix_module.records_door import RecordsDoor
from itgrix_module.sandbox.rig.rig import Rig
from itgrix_module.sandbox.rig.situations import ALL
from itgrix_module.settings import Settings
from tests.live.installation import Installation, installation, until
from tests.live.test_calls_to_portal import CLOCKS, assert_told

pytestmark = pytest.mark.live

NAMES = {
    "answered",
    "client_gives_up",
    "outgoing_answered",
    "outgoing_busy",
    "blind",
    "attended",
    "queue_answered",
    "picked_up",
}
SECOND = CLOCKS + 0.1  # records are cut to whole seconds
CHOSEN = tuple(situation for situation in ALL if situation.name in NAMES)
assert len(CHOSEN) == len(NAMES)


def wait_for(installed: Installation, linkedids: list[str]) -> None:
    def finished() -> bool:
        calls = [installed.call(linkedid) for linkedid in linkedids]
        return all(call is not None and call.finish is not None for call in calls)

    assert until(finished, 120), installed.service.reconciling.problem


def test_calls_of_a_gap_reach_the_portal_as_they_happened(rig: Rig, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'home' / 'itgrix.db'}"
    with installation(rig.pbx, tmp_path / "home", url):
        pass
    played = rig.play(*CHOSEN)
    truths = [truth for done in played.values() for truth in done.calls() if truth.on_ami]
    told = [truth for truth in truths if truth.direction != "internal"]
    assert told
    with installation(rig.pbx, tmp_path / "home", url) as installed:
        wait_for(installed, [truth.linkedid for truth in told])
        installed.wait_until_delivered(90.0)
        for truth in told:
            call = installed.call(truth.linkedid)
            assert call is not None
            assert_told(call, truth)
            assert not call.cards


def test_records_tell_what_the_phones_know(rig: Rig) -> None:
    played = rig.play(*CHOSEN)
    door = RecordsDoor()
    door.configure(Settings({"cdr.url": rig.pbx.cdr_url}))
    try:
        for truth in (truth for done in played.values() for truth in done.calls() if truth.on_ami):
            story = door.stories().of(truth.linkedid)
            assert story is not None
            assert (story.source, story.is_over) == (CEL, True)
            call = next(each.call for each in rebuilt(story, parties_of(Sides())) if each.call.id == truth.linkedid)
            assert (summary.last_talker(call) or None) == truth.last_talker
            assert summary.talk_seconds(call, call.changed) == pytest.approx(truth.talk, abs=SECOND)
    finally:
        door.close()
