# SPDX-License-Identifier: GPL-3.0-or-later
"""The last employee who talked with a client, and a line in a call's timeline."""

from __future__ import annotations

from itgrix_module.app.ports import TimelineEntry
from itgrix_module.storage.queries import Calls
from itgrix_module.storage.routing import SqlTalks, SqlTimeline
from itgrix_module.storage.stores import Stores
from tests.storage.samples import NODE, NOW, add_call

NUMBER = "+79161234567"
ENTRY = TimelineEntry(NOW + 1, "note", "smart routing: to 101, the client's responsible", {"routing": {"seconds": 0.1}})


def test_last_talker_of_any_direction_and_node_is_found(stores: Stores) -> None:
    add_call(stores.calls, "1", number=NUMBER, started=NOW, last_talker="101")
    add_call(stores.calls, "2", number=NUMBER, started=NOW + 50, last_talker="102", direction="outgoing", node="south")
    add_call(stores.calls, "3", number=NUMBER, started=NOW + 90, last_talker="")  # missed
    add_call(stores.calls, "4", number="+70000000000", started=NOW + 99, last_talker="103")
    assert SqlTalks(stores.database).last_talker(NUMBER, NOW - 1) == "102"


def test_talk_of_long_ago_does_not_count(stores: Stores) -> None:
    add_call(stores.calls, "1", number=NUMBER, started=NOW, last_talker="101")
    assert SqlTalks(stores.database).last_talker(NUMBER, NOW) == "101"
    assert SqlTalks(stores.database).last_talker(NUMBER, NOW + 1) == ""


def test_stranger_has_talked_with_nobody(stores: Stores) -> None:
    assert SqlTalks(stores.database).last_talker("x" * 500, 0.0) == ""


def test_line_is_added_to_the_timeline_of_a_live_call(stores: Stores) -> None:
    add_call(stores.calls, "1")
    assert SqlTimeline(stores.database).add(NODE, "1", ENTRY)
    story = Calls(stores.database).story(NODE, "1")
    assert story is not None
    assert story.timeline == (ENTRY,)


def test_call_that_is_not_stored_yet_gets_no_line(stores: Stores) -> None:
    assert not SqlTimeline(stores.database).add(NODE, "1", ENTRY)
