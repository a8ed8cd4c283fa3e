# SPDX-License-Identifier: GPL-3.0-or-later
"""The read side for the panel."""

from __future__ import annotations

from typing import Any

import pytest

from itgrix_module.app.ports import PortalSide, Settlement, TimelineEntry
from itgrix_module.domain.failures import Permanent
from itgrix_module.storage.queries import CallFilter, Calls
from itgrix_module.storage.stores import Stores
from tests.storage.samples import NODE, NOW, add_call, call, claim_one, done, settle, step


@pytest.fixture
def calls(stores: Stores) -> Calls:
    return Calls(stores.database)


def found(calls: Calls, **wanted: Any) -> list[str]:
    return [item.call.linkedid for item in calls.page(CallFilter(**wanted)).items]


def add_three(stores: Stores) -> None:
    add_call(
        stores.calls, "1", started=NOW + 1, client="+74951234567", outcome="answered", answered_by="101", live=False
    )
    add_call(
        stores.calls,
        "2",
        started=NOW + 2,
        client="+79161112233",
        line="beeline",
        direction="outgoing",
        outcome="missed",
        rang=(),
        last_talker="201",
        live=False,
    )
    add_call(stores.calls, "3", started=NOW + 3, client="", node="south", rang=("101", "103"))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["3", "2", "1"]),
        ({"since": NOW + 2}, ["3", "2"]),
        ({"until": NOW + 2}, ["1"]),
        ({"client": "4567"}, ["1"]),
        ({"client": "+7"}, ["2", "1"]),
        ({"client": "%"}, []),
        ({"client": "999999"}, []),
        ({"employee": "101"}, ["3", "1"]),
        ({"employee": "201"}, ["2"]),
        ({"employee": "103", "since": NOW + 9}, []),
        ({"line": "beeline"}, ["2"]),
        ({"direction": "outgoing"}, ["2"]),
        ({"outcome": "answered"}, ["1"]),
        ({"node": "south"}, ["3"]),
        ({"employee": "101", "outcome": "answered", "client": "495", "until": NOW + 5}, ["1"]),
    ],
)
def test_calls_are_filtered(stores: Stores, calls: Calls, wanted: dict[str, Any], expected: list[str]) -> None:
    add_three(stores)
    assert found(calls, **wanted) == expected


def test_common_part_of_a_number_is_found_too(stores: Stores, calls: Calls) -> None:
    with stores.calls.work() as work:
        for number in range(2500):
            work.save_call(call(f"{number}.1", started=NOW + number, client=f"+7495{number:07d}"))
    page = calls.page(CallFilter(client="7495"), limit=3)
    assert [item.call.linkedid for item in page.items] == ["2499.1", "2498.1", "2497.1"]


@pytest.mark.parametrize("wanted", [CallFilter(), CallFilter(employee="101"), CallFilter(line="78120000000")])
def test_pages_show_every_call_once_even_when_many_start_at_once(
    stores: Stores, calls: Calls, wanted: CallFilter
) -> None:
    with stores.calls.work() as work:
        for number in range(25):
            work.save_call(call(f"{number}", started=NOW + number // 10))
    seen, after = [], ""
    for _ in range(9):
        page = calls.page(wanted, limit=4, after=after)
        seen += [item.call.linkedid for item in page.items]
        after = page.after
        if not after:
            break
    assert after == ""
    assert len(seen) == len(set(seen)) == 25
    assert [int(each) // 10 for each in seen] == sorted((int(each) // 10 for each in seen), reverse=True)


def test_page_of_a_key_beyond_the_end_begins_at_the_end(stores: Stores, calls: Calls) -> None:
    add_three(stores)
    late = f"{(NOW + 50).hex()}_1"
    assert [item.call.linkedid for item in calls.page(CallFilter(until=NOW + 3), after=late).items] == ["2", "1"]
    early = f"{(NOW + 2).hex()}_0"
    assert [item.call.linkedid for item in calls.page(CallFilter(until=NOW + 3), after=early).items] == ["1"]


def test_call_that_arrives_between_two_pages_moves_nothing(stores: Stores, calls: Calls) -> None:
    for number in range(4):
        add_call(stores.calls, f"{number}", started=NOW + number)
    page = calls.page(CallFilter(), limit=2)
    add_call(stores.calls, "new", started=NOW + 9)
    assert [item.call.linkedid for item in calls.page(CallFilter(), 2, page.after).items] == ["1", "0"]


@pytest.mark.parametrize(
    "after",
    ["x", "1_2_3", "0x1p3", "0x1p99999_1", "nan_1", "inf_1", "0x1p3_", "0x1p3_-1", "nan_1; DROP TABLE itgrix_calls"],
)
def test_page_that_nobody_gave_is_refused(stores: Stores, calls: Calls, after: str) -> None:
    with pytest.raises(Permanent) as refused:
        calls.page(CallFilter(), after=after)
    assert refused.value.code == "page_key"


def test_undelivered_calls_are_those_that_wait_or_failed(stores: Stores, calls: Calls) -> None:
    for number, name in enumerate(("done", "failed", "waiting", "nothing")):
        add_call(stores.calls, name, started=NOW + number)
    for name in ("done", "failed"):
        add_call(stores.calls, name, step())
        lane = claim_one(stores.outbox)
        state = Settlement(lane.steps[0].id, name)
        settle(stores.outbox, lane, state)
    add_call(stores.calls, "waiting", step())
    assert {item.call.linkedid: item.delivery for item in calls.page(CallFilter()).items} == {
        "done": "done",
        "failed": "failed",
        "waiting": "waiting",
        "nothing": "",
    }
    assert sorted(found(calls, undelivered=True)) == ["failed", "waiting"]
    assert calls.counts(0.0) == {"live": 4, "undelivered": 2, "failed": 1}


def test_counts_are_by_outcome_since_a_moment(stores: Stores, calls: Calls) -> None:
    add_three(stores)
    assert calls.counts(NOW) == {
        "outcome.answered": 1,
        "outcome.missed": 1,
        "live": 1,
        "undelivered": 0,
        "failed": 0,
    }
    assert "outcome.answered" not in calls.counts(NOW + 2)


def test_story_tells_all_about_a_call(stores: Stores, calls: Calls) -> None:
    with stores.calls.work() as work:
        work.save_call(call("1.1"))
        work.add_timeline(NODE, "1.1", [TimelineEntry(NOW, "fact", "ring", {"n": 1}), TimelineEntry(NOW, "step", "r")])
        work.add_steps(NODE, "1.1", [step()])
    lane = claim_one(stores.outbox)
    side = PortalSide(call_id="externalCall.1")
    told = [TimelineEntry(NOW + 1, "attempt", "registered")]
    stores.outbox.settle("worker", NODE, "1.1", [done(lane.steps[0].id)], side, told, NOW + 1)
    story = calls.story(NODE, "1.1")
    assert story is not None
    assert (story.item.call, story.item.portal, story.item.delivery) == (call("1.1"), side, "done")
    assert [(entry.kind, entry.text, entry.data) for entry in story.timeline] == [
        ("fact", "ring", {"n": 1}),
        ("step", "r", {}),
        ("attempt", "registered", {}),
    ]
    assert [(each.kind, each.state, each.settled_at) for each in story.steps] == [("register", "done", NOW + 1)]


def test_unknown_call_has_no_story(stores: Stores, calls: Calls) -> None:
    assert calls.story(NODE, "9.9") is None


def test_merged_call_is_told_with_the_one_it_became_part_of(stores: Stores, calls: Calls) -> None:
    with stores.calls.work() as work:
        work.save_call(call("1.1"))
        work.save_call(call("2.2", started=NOW + 1))
        work.add_timeline(NODE, "1.1", [TimelineEntry(NOW + 2, "fact", "second")])
        work.add_timeline(NODE, "2.2", [TimelineEntry(NOW + 1, "fact", "first")])
        work.add_steps(NODE, "2.2", [step("hide")])
        work.merge_call(NODE, "2.2", "1.1")
    lane = claim_one(stores.outbox)
    late = [TimelineEntry(NOW + 3, "attempt", "hidden")]
    stores.outbox.settle("worker", NODE, "2.2", [done(lane.steps[0].id)], None, late, NOW)
    story = calls.story(NODE, "1.1")
    assert story is not None
    assert [entry.text for entry in story.timeline] == ["first", "second", "hidden"]
    assert [each.kind for each in story.steps] == ["hide"]
    assert story.merged == ("2.2",)
    assert found(calls) == ["1.1"]


def test_newest_and_live_calls(stores: Stores, calls: Calls) -> None:
    add_three(stores)
    assert [item.call.linkedid for item in calls.newest(2)] == ["3", "2"]
    assert [item.call.linkedid for item in calls.live()] == ["3"]
    assert calls.live(NODE) == []


def test_lines_seen_in_traffic_are_counted(stores: Stores, calls: Calls) -> None:
    with stores.calls.work() as work:
        work.see_line("7812", "beeline", NOW)
        work.see_line("7812", "beeline", NOW + 5)
        work.see_line("7495", "mts", NOW + 9)
    with stores.calls.work() as work:
        work.see_line("7812", "beeline", NOW + 7)
    assert [(line.line, line.trunk, line.first_at, line.last_at, line.times) for line in calls.lines()] == [
        ("7495", "mts", NOW + 9, NOW + 9, 1),
        ("7812", "beeline", NOW, NOW + 7, 3),
    ]
