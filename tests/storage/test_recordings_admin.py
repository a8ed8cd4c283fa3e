# SPDX-License-Identifier: GPL-3.0-or-later
"""The recording of a past call, sent once more by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from itgrix_module.app.ports import PortalSide
from itgrix_module.domain.failures import Permanent
from itgrix_module.storage.outbox_admin import OutboxAdmin, StepFilter
from itgrix_module.storage.queries import Calls
from itgrix_module.storage.recordings_admin import RecordingsAdmin
from itgrix_module.storage.stores import Stores
from tests.storage.samples import NODE, NOW, add_call, claim_one, done, step

CLOSED = PortalSide(call_id="C", finished=True)
PATHS = ["/monitor/a.wav", "/monitor/b.wav"]


@pytest.fixture
def admin(stores: Stores) -> RecordingsAdmin:
    return RecordingsAdmin(stores.database)


def past(
    stores: Stores, linkedid: str = "1.1", side: PortalSide = CLOSED, changes: Mapping[str, object] | None = None
) -> None:
    """A call whose recording is in the portal."""
    values: dict[str, Any] = {"live": False, "ended": NOW, **(changes or {})}
    add_call(stores.calls, linkedid, step("attach", payload={"paths": PATHS}, priority=5), **values)
    lane = claim_one(stores.outbox)
    assert stores.outbox.settle("worker", NODE, linkedid, [done(lane.steps[0].id)], side, [], NOW)


def test_recording_is_sent_once_more_behind_all_that_was(stores: Stores, admin: RecordingsAdmin) -> None:
    past(stores)
    admin.send_again(NODE, "1.1", "anna", PATHS, NOW + 10)
    (lane,) = stores.outbox.claim("uploader", NOW + 10, 60, 5)
    (again,) = lane.steps
    assert (again.kind, again.priority, again.n) == ("attach", 5, 2)
    assert again.payload == {"paths": PATHS, "why": "sent by anna", "by_hand": True}
    story = Calls(stores.database).story(NODE, "1.1")
    assert story is not None
    assert [entry.text for entry in story.timeline] == ["sent by anna"]
    assert story.item.delivery == "waiting"


def test_recording_that_waits_already_is_not_sent_twice(stores: Stores, admin: RecordingsAdmin) -> None:
    past(stores)
    admin.send_again(NODE, "1.1", "anna", PATHS, NOW)
    with pytest.raises(Permanent) as caught:
        admin.send_again(NODE, "1.1", "boris", PATHS, NOW)
    (waiting,) = OutboxAdmin(stores.database).steps("waiting", wanted=StepFilter(linkedid="1.1"))
    assert caught.value.code == "already_waiting"
    assert str(waiting.id) in caught.value.hint


@pytest.mark.parametrize(
    ("side", "changes", "paths", "code"),
    [
        (CLOSED, {"live": True, "ended": None}, PATHS, "call_goes_on"),
        (replace(CLOSED, finished=False), {}, PATHS, "not_in_portal"),
        (CLOSED, {"merged_into": "1.0"}, PATHS, "no_such_call"),
        (CLOSED, {}, [], "no_recording"),
    ],
)
def test_what_cannot_be_sent_is_said(
    stores: Stores, admin: RecordingsAdmin, side: PortalSide, changes: dict[str, object], paths: list[str], code: str
) -> None:
    past(stores, side=side, changes=changes)
    with pytest.raises(Permanent) as caught:
        admin.send_again(NODE, "1.1", "anna", paths, NOW)
    assert caught.value.code == code
    assert caught.value.hint
    assert stores.outbox.counts()["waiting"] == 0


def test_call_that_there_is_not(admin: RecordingsAdmin) -> None:
    with pytest.raises(Permanent) as caught:
        admin.send_again(NODE, "9.9", "anna", PATHS, NOW)
    assert caught.value.code == "no_such_call"
    assert "9.9" in caught.value.text
