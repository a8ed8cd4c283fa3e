# SPDX-License-Identifier: GPL-3.0-or-later
"""What the portal must hold of a call of the PBX: once, in order, with the right data and its recording."""

from __future__ import annotations

from collections import Counter

from itgrix_module.sandbox.pbx import Truth
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.views import CallView
from tests.service.house import House, the_call, until, user_of

TYPES = {"outgoing": 1, "incoming": 2}
CODES = {"answered": "200", "missed": "304"}
SLACK = 1.5  # seconds: the portal counts whole ones
_ORDER = ("register", "finish", "attachrecord")


def assert_whole(portal: SandboxPortal, truth: Truth, external_id: str, slack: float = SLACK) -> CallView:
    """One call, registered, finished and recorded once, as it happened. ``slack``: seconds that its talk may differ."""
    call = the_call(portal, external_id)
    assert call is not None, external_id
    assert call.finish is not None, call
    assert call.phone.lstrip("+") == truth.client, (call, truth)
    assert (call.type, call.finish.status) == (TYPES[truth.direction], CODES[truth.outcome]), (call.finish, truth)
    if truth.last_talker:
        # Where a transfer may have happened while nobody listened, the one who answered first is the last one known.
        talkers = {truth.last_talker, truth.answered_by} if slack > SLACK else {truth.last_talker}
        assert call.finish.user_id in {user_of(talker) for talker in talkers}, (call.finish, truth)
    assert abs(call.finish.duration - truth.talk) <= slack, (call.finish, truth)
    _assert_recorded(call, truth)
    assert_once(portal, call)
    return call


def _assert_recorded(call: CallView, truth: Truth) -> None:
    assert call.records == (1 if truth.recorded else 0), call
    if call.record is not None:
        assert call.record.seconds is not None, "the recording cannot be played"
        assert abs(call.record.seconds - truth.talk) <= SLACK, (call.record.seconds, truth)


def assert_once(portal: SandboxPortal, call: CallView) -> None:
    """No card, client or activity twice, nothing left open, and what concerns the call came in its order."""
    opened = Counter(card.user_id for card in call.cards if card.opened)
    assert all(times == 1 for times in opened.values()), call.cards
    assert not call.open_cards, call.cards
    assert len(call.created) <= 1, call.created
    about = [entry for entry in portal.requests if entry.params.get("CALL_ID") == call.call_id and not entry.error]
    kinds = [entry.method.rpartition(".")[2] for entry in about]
    landmarks = [kind for kind in kinds if kind in _ORDER]
    assert landmarks == sorted(landmarks, key=_ORDER.index), kinds
    if "finish" in kinds:
        assert not {"show", "hide"} & set(kinds[kinds.index("finish") :]), kinds


def assert_all_whole(house: House, *truths: Truth, seconds: float = 30.0) -> list[CallView]:
    """Every call arrives, and none besides."""
    until(lambda: all((call := house.call(truth)) and call.finished for truth in truths), seconds, house.portal.calls)
    house.wait_delivered(seconds)
    return all_whole(house.portal, house.service.node, *truths)


def all_whole(portal: SandboxPortal, node: str, *truths: Truth, slack: float = SLACK) -> list[CallView]:
    """Of everything that was delivered: each call of the PBX once, and none besides."""
    calls = [assert_whole(portal, truth, f"{node}-{truth.linkedid}", slack) for truth in truths]
    assert len(portal.calls()) == len(truths)
    activities = [call.finish.activity_id for call in calls if call.finish and call.finish.activity_id is not None]
    assert sorted(activities) == sorted(activity.id for activity in portal.activities)
    return calls
