# SPDX-License-Identifier: GPL-3.0-or-later
"""The deliverer's side: ports.Outbox over each kind of store."""

from __future__ import annotations

import pytest

from itgrix_module.app.ports import PortalSide, Settlement, TimelineEntry
from itgrix_module.domain.failures import Temporary
from tests.storage.contract import Ports
from tests.storage.samples import NODE, NOW, add_call, call, claim_one, done, settle, step


def claimed(ports: Ports, now: float = NOW, limit: int = 10, owner: str = "worker") -> list[str]:
    return [lane.call.linkedid for lane in ports.outbox.claim(owner, now, 60, limit)]


def test_nothing_waits_nothing_is_claimed(ports: Ports) -> None:
    assert claimed(ports) == []
    assert ports.outbox.next_due(NOW) is None


def test_claim_gives_all_waiting_steps_of_a_call_in_order(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"), step("show", due_at=NOW + 9), step("finish", priority=2))
    lane = claim_one(ports.outbox)
    assert [each.kind for each in lane.steps] == ["register", "show", "finish"]
    assert lane.portal == PortalSide()
    assert lane.call == call("1.1")


def test_urgent_calls_go_first_then_those_that_wait_longest(ports: Ports) -> None:
    add_call(ports.calls, "upload", step("attach", priority=5, due_at=NOW - 100))
    add_call(ports.calls, "young card", step(priority=1, due_at=NOW - 1))
    add_call(ports.calls, "finish", step("finish", priority=2, due_at=NOW - 50))
    add_call(ports.calls, "old card", step(priority=1, due_at=NOW - 2))
    assert claimed(ports, limit=3) == ["old card", "young card", "finish"]
    assert claimed(ports, limit=3) == ["upload"]


def test_priority_is_that_of_the_first_step(ports: Ports) -> None:
    add_call(ports.calls, "upload first", step("attach", priority=5), step("show", priority=1))
    add_call(ports.calls, "task", step("task", priority=4))
    assert claimed(ports) == ["task", "upload first"]


def test_card_of_a_call_that_has_ended_stands_behind_those_that_ring(ports: Ports) -> None:
    add_call(ports.calls, "ended", step(due_at=NOW - 9), step("finish", priority=2))
    add_call(ports.calls, "rings", step(due_at=NOW - 1))
    add_call(ports.calls, "shown and ended", step("show", due_at=NOW - 5), step("finish", priority=2))
    assert claimed(ports) == ["rings", "shown and ended", "ended"]


def test_only_calls_of_a_node_are_claimed_when_one_is_named(ports: Ports) -> None:
    add_call(ports.calls, "ours", step("attach", priority=5))
    add_call(ports.calls, "theirs", step("attach", priority=5), node="other")
    lanes = ports.outbox.claim("worker", NOW, 60, 10, node=NODE)
    assert [lane.call.linkedid for lane in lanes] == ["ours"]


def test_call_is_not_claimed_before_its_first_step_is_due(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step(due_at=NOW + 10))
    assert claimed(ports, now=NOW + 9.9) == []
    assert ports.outbox.next_due(NOW) == NOW + 10
    assert claimed(ports, now=NOW + 10) == ["1.1"]


def test_steps_of_low_priority_are_reached_past_urgent_ones_that_are_not_due(ports: Ports) -> None:
    for number in range(20):
        add_call(ports.calls, f"later {number}", step(priority=1, due_at=NOW + 3600))
    add_call(ports.calls, "now", step("attach", priority=6, due_at=NOW))
    assert claimed(ports) == ["now"]


def test_limit_is_kept_and_zero_takes_nothing(ports: Ports) -> None:
    for number in range(5):
        add_call(ports.calls, f"{number}", step(due_at=NOW - 5 + number))
    assert claimed(ports, limit=0) == []
    assert claimed(ports, limit=2) == ["0", "1"]
    assert claimed(ports, limit=10) == ["2", "3", "4"]


def test_held_call_is_not_claimed_by_anybody(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    assert claimed(ports) == ["1.1"]
    assert claimed(ports, owner="other") == []
    assert claimed(ports, owner="worker") == []


def test_call_of_a_dead_worker_is_claimed_after_its_lease(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    lane = claim_one(ports.outbox, "dead", lease=30)
    assert claimed(ports, now=NOW + 29, owner="heir") == []
    assert ports.outbox.next_due(NOW) == NOW + 30
    assert claimed(ports, now=NOW + 30, owner="heir") == ["1.1"]
    assert settle(ports.outbox, lane, done(lane.steps[0].id), owner="dead") is False
    assert ports.outbox.counts()["waiting"] == 1


def test_extended_lease_keeps_others_away(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    claim_one(ports.outbox, lease=30)
    assert ports.outbox.extend("worker", NODE, "1.1", NOW + 90) is True
    assert claimed(ports, now=NOW + 89, owner="heir") == []
    assert claimed(ports, now=NOW + 90, owner="heir") == ["1.1"]
    assert ports.outbox.extend("worker", NODE, "1.1", NOW + 190) is False


def test_lease_of_a_call_that_is_not_held_cannot_be_extended(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    assert ports.outbox.extend("worker", NODE, "1.1", NOW + 90) is False
    assert ports.outbox.extend("", NODE, "1.1", NOW + 90) is False
    assert ports.outbox.extend("worker", NODE, "unknown", NOW + 90) is False


def test_settled_call_is_free_and_done(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"), step("show"))
    lane = claim_one(ports.outbox)
    assert settle(ports.outbox, lane, *(done(each.id) for each in lane.steps)) is True
    assert ports.outbox.next_due(NOW) is None
    assert ports.outbox.counts() == {"waiting": 0, "done": 2, "failed": 0, "dropped": 0, "lanes": 0}
    assert settle(ports.outbox, lane, done(lane.steps[0].id)) is False


def test_step_to_be_tried_again_waits_with_what_was_learnt(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"), step("show"))
    lane = claim_one(ports.outbox)
    again = Settlement(
        lane.steps[0].id,
        "waiting",
        due_at=NOW + 60,
        attempts=3,
        unsure=True,
        sent={"PHONE_NUMBER": "+7"},
        code="timeout",
        text="no answer",
    )
    assert settle(ports.outbox, lane, again) is True
    assert claimed(ports, now=NOW + 59) == []
    head = claim_one(ports.outbox, now=NOW + 60).steps[0]
    assert (head.attempts, head.unsure, head.sent, head.due_at) == (3, True, {"PHONE_NUMBER": "+7"}, NOW + 60)


def test_failed_and_dropped_steps_do_not_hold_back_the_rest(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"), step("show"), step("hide"), step("finish"))
    lane = claim_one(ports.outbox)
    ids = [each.id for each in lane.steps]
    settle(ports.outbox, lane, done(ids[0]), Settlement(ids[1], "failed"), Settlement(ids[2], "dropped"))
    assert [each.kind for each in claim_one(ports.outbox).steps] == ["finish"]
    assert ports.outbox.counts() == {"waiting": 1, "done": 1, "failed": 1, "dropped": 1, "lanes": 1}


def test_step_added_while_the_call_is_held_is_not_lost(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"))
    lane = claim_one(ports.outbox)
    add_call(ports.calls, "1.1", step("finish", priority=2, due_at=NOW + 7))
    assert claimed(ports, now=NOW + 20, owner="other") == []
    assert settle(ports.outbox, lane, done(lane.steps[0].id)) is True
    assert ports.outbox.next_due(NOW) == NOW + 7
    assert [each.kind for each in claim_one(ports.outbox, now=NOW + 7).steps] == ["finish"]


def test_settling_nothing_gives_the_call_back(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    lane = claim_one(ports.outbox)
    assert settle(ports.outbox, lane) is True
    assert claimed(ports, owner="other") == ["1.1"]


def test_later_step_that_is_due_pulls_a_step_never_tried_forward(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register", due_at=NOW + 0.15))
    add_call(ports.calls, "1.1", step("hide", due_at=NOW))
    lane = claim_one(ports.outbox, now=NOW)
    assert [(each.kind, each.due_at) for each in lane.steps] == [("register", NOW), ("hide", NOW)]


def test_answer_hastens_what_waits_for_company_but_no_back_off(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("hide", due_at=NOW + 0.15))
    add_call(ports.calls, "1.2", step("hide"))
    held = claim_one(ports.outbox)
    settle(ports.outbox, held, Settlement(held.steps[0].id, "waiting", due_at=NOW + 60, attempts=1))
    with ports.calls.work() as work:
        work.hasten("pbx", "1.1", NOW)
        work.hasten("pbx", "1.2", NOW)
        work.hasten("pbx", "never saved", NOW)
    assert claimed(ports, now=NOW) == ["1.1"]


def test_later_step_does_not_shorten_the_back_off_of_a_tried_one(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"))
    lane = claim_one(ports.outbox)
    settle(ports.outbox, lane, Settlement(lane.steps[0].id, "waiting", due_at=NOW + 300, attempts=1))
    add_call(ports.calls, "1.1", step("finish"))
    assert claimed(ports, now=NOW + 299) == []
    assert [each.kind for each in claim_one(ports.outbox, now=NOW + 300).steps] == ["register", "finish"]


def test_later_due_step_does_not_put_the_call_off(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"))
    add_call(ports.calls, "1.1", step("attach", priority=5, due_at=NOW + 30))
    assert claimed(ports) == ["1.1"]


def test_remembered_request_is_there_for_the_next_worker(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    lane = claim_one(ports.outbox, lease=30)
    ports.outbox.remember_sent("worker", lane.steps[0].id, {"USER_ID": 7, "имя": "Пётр"})
    heir = claim_one(ports.outbox, "heir", now=NOW + 30)
    assert heir.steps[0].sent == {"USER_ID": 7, "имя": "Пётр"}


def test_remembered_request_survives_a_settlement_without_one(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    lane = claim_one(ports.outbox)
    ports.outbox.remember_sent("worker", lane.steps[0].id, {"USER_ID": 7})
    settle(ports.outbox, lane, Settlement(lane.steps[0].id, "waiting", due_at=NOW, attempts=1))
    assert claim_one(ports.outbox).steps[0].sent == {"USER_ID": 7}


def test_worker_that_lost_its_lease_is_told_before_it_sends(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    lane = claim_one(ports.outbox, lease=30)
    claim_one(ports.outbox, "heir", now=NOW + 30)
    with pytest.raises(Temporary) as lost:
        ports.outbox.remember_sent("worker", lane.steps[0].id, {"USER_ID": 7})
    assert lost.value.code == "lease_lost"


def test_settlement_after_the_lease_but_before_anybody_else_counts(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    lane = claim_one(ports.outbox, lease=30)
    assert settle(ports.outbox, lane, done(lane.steps[0].id), now=NOW + 40) is True
    assert ports.outbox.counts()["done"] == 1


def test_step_of_another_call_is_not_settled(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step(due_at=NOW - 1))
    add_call(ports.calls, "2.2", step())
    lane = claim_one(ports.outbox)
    stranger = claim_one(ports.outbox, "other")
    assert settle(ports.outbox, lane, done(stranger.steps[0].id)) is True
    assert ports.outbox.counts()["done"] == 0


def test_unknown_state_is_refused_and_changes_nothing(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step())
    lane = claim_one(ports.outbox)
    with pytest.raises(ValueError, match="sent away"):
        settle(ports.outbox, lane, Settlement(lane.steps[0].id, "sent away"))
    assert settle(ports.outbox, lane, done(lane.steps[0].id)) is True


def test_settlement_writes_the_portal_side_and_keeps_it_when_there_is_none(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"), step("finish", due_at=NOW + 1))
    lane = claim_one(ports.outbox)
    side = PortalSide(call_id="externalCall.1", registered_user=7, registered_at=NOW)
    entries = [TimelineEntry(NOW, "attempt", "registered", {"ms": 120})]
    ports.outbox.settle("worker", NODE, "1.1", [done(lane.steps[0].id)], side, entries, NOW)
    lane = claim_one(ports.outbox, now=NOW + 1)
    assert lane.portal == side
    settle(ports.outbox, lane)
    assert claim_one(ports.outbox, now=NOW + 1).portal == side


def test_calls_of_all_nodes_are_delivered(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step(due_at=NOW - 1), node="north")
    add_call(ports.calls, "1.1", step(), node="south")
    lanes = ports.outbox.claim("worker", NOW, 60, 10)
    assert [lane.call.node for lane in lanes] == ["north", "south"]
    assert ports.outbox.settle("worker", "south", "1.1", [done(lanes[1].steps[0].id)], None, (), NOW) is True
    assert ports.outbox.counts()["lanes"] == 1


def test_only_the_priorities_asked_for_are_claimed(ports: Ports) -> None:
    add_call(ports.calls, "card", step(priority=1, due_at=NOW + 5))
    add_call(ports.calls, "upload", step("attach", priority=5, due_at=NOW - 1))
    add_call(ports.calls, "late", step("attach", priority=6, due_at=NOW - 2))
    assert ports.outbox.claim("worker", NOW, 60, 10, 1, 4) == []
    assert [lane.call.linkedid for lane in ports.outbox.claim("worker", NOW, 60, 10, 5, 5)] == ["upload"]
    assert [lane.call.linkedid for lane in ports.outbox.claim("worker", NOW, 60, 10, 5, 6)] == ["late"]


def test_next_due_is_that_of_the_priorities_asked_for(ports: Ports) -> None:
    add_call(ports.calls, "card", step(priority=1, due_at=NOW + 5))
    add_call(ports.calls, "upload", step("attach", priority=5, due_at=NOW - 1))
    assert ports.outbox.next_due(NOW) == NOW - 1
    assert ports.outbox.next_due(NOW, 1, 4) == NOW + 5
    assert ports.outbox.next_due(NOW, 2, 4) is None
