# SPDX-License-Identifier: GPL-3.0-or-later
"""Real calls on a real Asterisk end in the portal exactly as they happened: users, durations, statuses, mp3 files."""

from __future__ import annotations

from pathlib import Path

import pytest

from itgrix_module.media.mp3 import measure
from itgrix_module.sandbox.portal.views import CallView
from itgrix_module.sandbox.rig.rig import Played, Situation
from itgrix_module.sandbox.rig.rootfs import Version
from itgrix_module.sandbox.rig.situations import ALL
from itgrix_module.sandbox.rig.truth import Truth
from tests.live.installation import Installation, user_of

pytestmark = pytest.mark.live

DELIVERED = 90.0  # seconds after the last call: recordings are waited for
CLOCKS = 1.0  # seconds that a duration may differ
ORDERED = "itgrix-"  # how the ids of calls begin that the service ordered
STATUS = {
    "answered": "200",
    "missed": "304",
    "busy": "486",
    "cancelled": "603-S",
    "declined": "603",
    "no_answer": "480",
    "failed": "404",
}


@pytest.fixture(scope="session")
def delivered(played: object, installations: dict[Version, Installation]) -> dict[Version, Installation]:
    """After everything that was played has reached the portal, also what happened while the link was cut."""
    for installed in installations.values():
        installed.wait_until_delivered(DELIVERED)
        installed.compare(DELIVERED)
        installed.wait_until_delivered(DELIVERED)
    return installations


@pytest.mark.parametrize("situation", ALL, ids=lambda situation: situation.name)
def test_call_is_in_the_portal_as_it_happened(
    situation: Situation,
    version: Version,
    played: dict[Version, dict[str, Played]],
    delivered: dict[Version, Installation],
    tmp_path: Path,
) -> None:
    for truth in played[version][situation.name].calls():
        call = delivered[version].call(truth.linkedid)
        if truth.direction == "internal":
            assert call is None
            continue
        assert call is not None, truth
        assert_told(call, truth)
        assert_recording(call, truth, tmp_path)


def assert_told(call: CallView, truth: Truth) -> None:
    assert call.registers >= 1
    assert call.finish is not None, "the call is still open in the portal"
    assert call.refused_finishes == 0
    assert call.type == (2 if truth.direction == "incoming" else 1)
    assert call.phone.lstrip("+") == number(truth)
    assert call.finish.status == STATUS[truth.outcome]
    assert call.finish.duration == pytest.approx(truth.talk, abs=CLOCKS)
    assert call.finish.user_id in expected_users(truth)
    assert not call.open_cards


def number(truth: Truth) -> str:
    """What the portal is told of the client; of one who hides his number it gets ``0``."""
    shown = (truth.client or "").lstrip("+")
    return shown if shown.isdigit() else "0"


def expected_users(truth: Truth) -> set[int]:
    """The last who talked, else the one who dialled, else one whose phone rang, else the default user."""
    if truth.last_talker:
        return {user_of(truth.last_talker)}
    if truth.caller:
        return {user_of(truth.caller)}
    return {user_of(party) for party in truth.rang} or {user_of(None)}


def assert_recording(call: CallView, truth: Truth, folder: Path) -> None:
    sound = sum(recording.seconds for recording in truth.recordings)
    if not sound or truth.outcome != "answered":
        assert call.record is None
        return
    assert call.record is not None, truth.recordings
    file = folder / "record.mp3"
    file.write_bytes(call.record.content)
    mp3 = measure(file)
    assert mp3 is not None, "what the portal got is no mp3"
    assert mp3.seconds == pytest.approx(sound, abs=0.3)


def test_portal_has_no_call_that_did_not_happen(
    version: Version, played: dict[Version, dict[str, Played]], delivered: dict[Version, Installation]
) -> None:
    happened = {truth.linkedid for done in played[version].values() for truth in done.calls()}
    installed = delivered[version]
    known = {call.external_call_id.removeprefix(f"{installed.service.node}-") for call in installed.portal.calls()}
    # What other tests ordered on the same PBX stands in its records as well.
    assert {linkedid for linkedid in known if not linkedid.startswith(ORDERED)} <= happened


def test_nothing_failed_for_good(version: Version, delivered: dict[Version, Installation]) -> None:
    assert delivered[version].service.core.outbox.counts()["failed"] == 0
