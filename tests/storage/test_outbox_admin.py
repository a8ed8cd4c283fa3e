# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox by hand."""

from __future__ import annotations

import pytest

from itgrix_module.app.ports import Settlement
from itgrix_module.storage.outbox_admin import OutboxAdmin, StepFilter
from itgrix_module.storage.queries import CallFilter, Calls
from itgrix_module.storage.stores import Stores
from tests.storage.samples import NODE, NOW, add_call, call, claim_one, done, settle, step


@pytest.fixture
def admin(stores: Stores) -> OutboxAdmin:
    return OutboxAdmin(stores.database)


def fail(stores: Stores, linkedid: str) -> int:
    """A call whose first step failed and whose second one is done; returns the first."""
    add_call(stores.calls, linkedid, step("register", decided_at=NOW), step("finish", decided_at=NOW + 1))
    lane = claim_one(stores.outbox)
    assert lane.call.linkedid == linkedid
    failed = Settlement(
        lane.steps[0].id, "failed", attempts=3, sent={"a": 1}, code="NO_LINE", text="no such line", answer={"e": 1}
    )
    settle(stores.outbox, lane, failed, done(lane.steps[1].id))
    return lane.steps[0].id


def kinds(admin: OutboxAdmin, state: str, wanted: StepFilter | None = None) -> list[str]:
    return [f"{row.linkedid} {row.kind}" for row in admin.steps(state, wanted=wanted)]


def test_list_shows_a_failed_step_with_all_that_is_known(stores: Stores, admin: OutboxAdmin) -> None:
    number = fail(stores, "1.1")
    (row,) = admin.steps("failed")
    assert (row.id, row.node, row.linkedid, row.client, row.n) == (number, NODE, "1.1", "+74951234567", 1)
    assert (row.state, row.attempts, row.code, row.text, row.settled_at) == (
        "failed",
        3,
        "NO_LINE",
        "no such line",
        NOW,
    )
    assert (row.payload, row.sent, row.answer) == ({"employees": ["101"]}, {"a": 1}, {"e": 1})


def test_list_goes_by_state_newest_first_in_pages(stores: Stores, admin: OutboxAdmin) -> None:
    for number in range(3):
        add_call(stores.calls, f"{number}.1", step(decided_at=NOW + number, due_at=NOW + 9))
    assert kinds(admin, "waiting") == ["2.1 register", "1.1 register", "0.1 register"]
    assert [row.linkedid for row in admin.steps("waiting", offset=1, limit=1)] == ["1.1"]
    assert kinds(admin, "failed") == []
    assert (admin.count("waiting"), admin.count(), admin.count("done")) == (3, 3, 0)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (StepFilter(kind="finish"), ["1.1 finish"]),
        (StepFilter(linkedid="1.1", node=NODE), ["1.1 finish", "1.1 register"]),
        (StepFilter(node="elsewhere"), []),
        (StepFilter(code="NO_LINE"), ["1.1 register"]),
        (StepFilter(client="+7000"), ["2.2 show"]),
        (StepFilter(since=NOW + 1), ["2.2 show", "1.1 finish"]),
        (StepFilter(until=NOW + 1), ["1.1 register"]),
    ],
)
def test_list_is_filtered(stores: Stores, admin: OutboxAdmin, wanted: StepFilter, found: list[str]) -> None:
    fail(stores, "1.1")
    add_call(stores.calls, "2.2", step("show", decided_at=NOW + 5), client="+7000")
    assert kinds(admin, "", wanted) == found
    assert admin.count("", wanted) == len(found)


def test_retried_step_goes_again_at_once_with_the_same_request(stores: Stores, admin: OutboxAdmin) -> None:
    number = fail(stores, "1.1")
    assert admin.retry([number], NOW + 50, "Анна") == 1
    lane = claim_one(stores.outbox, now=NOW + 50)
    assert [(each.id, each.attempts, each.sent) for each in lane.steps] == [(number, 0, {"a": 1})]
    story = Calls(stores.database).story(NODE, "1.1")
    assert story is not None
    assert [entry.text for entry in story.timeline] == ["register: tried again by Анна"]


def test_all_failed_steps_are_retried_and_nothing_else(stores: Stores, admin: OutboxAdmin) -> None:
    numbers = [fail(stores, f"{number}.1") for number in range(3)]
    assert admin.retry(None, NOW, "Анна") == 3
    assert stores.outbox.counts() == {"waiting": 3, "done": 3, "failed": 0, "dropped": 0, "lanes": 3}
    assert sorted(lane.steps[0].id for lane in stores.outbox.claim("worker", NOW, 60, 9)) == numbers


def test_step_in_its_back_off_is_retried_at_once(stores: Stores, admin: OutboxAdmin) -> None:
    add_call(stores.calls, "1.1", step())
    lane = claim_one(stores.outbox)
    settle(stores.outbox, lane, Settlement(lane.steps[0].id, "waiting", due_at=NOW + 3600, attempts=7))
    assert admin.retry([lane.steps[0].id], NOW + 5, "Анна") == 1
    assert stores.outbox.next_due(NOW) == NOW + 5


def test_done_and_unknown_steps_are_not_retried(stores: Stores, admin: OutboxAdmin) -> None:
    number = fail(stores, "1.1")
    assert admin.retry([number + 1, 404], NOW, "Анна") == 0
    assert admin.retry([], NOW, "Анна") == 0
    assert stores.outbox.next_due(NOW) is None


def test_dropped_step_is_never_sent(stores: Stores, admin: OutboxAdmin) -> None:
    add_call(stores.calls, "1.1", step("register"), step("finish", priority=2))
    first = admin.steps("waiting", wanted=StepFilter(kind="register"))[0].id
    assert admin.drop([first], NOW, "Анна") == 1
    assert [each.kind for each in claim_one(stores.outbox).steps] == ["finish"]
    assert kinds(admin, "dropped") == ["1.1 register"]


def test_call_whose_steps_are_all_dropped_no_longer_waits(stores: Stores, admin: OutboxAdmin) -> None:
    add_call(stores.calls, "1.1", step("register"), step("finish"))
    admin.drop([row.id for row in admin.steps("waiting")], NOW, "Анна")
    assert stores.outbox.next_due(NOW) is None
    assert stores.outbox.counts()["lanes"] == 0
    assert Calls(stores.database).page(CallFilter(undelivered=True)).items == ()


def test_dropped_step_may_be_retried(stores: Stores, admin: OutboxAdmin) -> None:
    add_call(stores.calls, "1.1", step())
    number = admin.steps("waiting")[0].id
    admin.drop([number], NOW, "Анна")
    assert admin.retry([number], NOW, "Анна") == 1
    assert claim_one(stores.outbox).steps[0].id == number


def test_step_dropped_while_it_is_sent_is_done_when_the_portal_took_it(stores: Stores, admin: OutboxAdmin) -> None:
    add_call(stores.calls, "1.1", step())
    lane = claim_one(stores.outbox)
    assert admin.drop([lane.steps[0].id], NOW, "Анна") == 1
    assert stores.outbox.claim("other", NOW, 60, 1) == []
    assert settle(stores.outbox, lane, done(lane.steps[0].id)) is True
    assert stores.outbox.counts() == {"waiting": 0, "done": 1, "failed": 0, "dropped": 0, "lanes": 0}


def test_step_dropped_while_it_is_sent_is_not_sent_again(stores: Stores, admin: OutboxAdmin) -> None:
    add_call(stores.calls, "1.1", step())
    lane = claim_one(stores.outbox)
    admin.drop([lane.steps[0].id], NOW, "Анна")
    settle(stores.outbox, lane, Settlement(lane.steps[0].id, "waiting", due_at=NOW, attempts=1))
    assert stores.outbox.counts() == {"waiting": 0, "done": 0, "failed": 0, "dropped": 1, "lanes": 0}


def test_lane_left_by_a_dead_worker_without_steps_goes_away(stores: Stores, admin: OutboxAdmin) -> None:
    add_call(stores.calls, "1.1", step())
    lane = claim_one(stores.outbox, "dead", lease=30)
    admin.drop([lane.steps[0].id], NOW, "Анна")
    assert stores.outbox.claim("heir", NOW + 30, 30, 1) == []
    assert stores.outbox.next_due(NOW) is None


def test_more_steps_than_one_slice_are_dropped(stores: Stores, admin: OutboxAdmin) -> None:
    with stores.calls.work() as work:
        for number in range(250):
            work.save_call(call(f"{number}.1"))
            work.add_steps(NODE, f"{number}.1", [step()])
    ids = [row.id for row in admin.steps("waiting", limit=1000)]
    assert admin.drop(ids, NOW, "Анна") == 250
    assert stores.outbox.counts()["lanes"] == 0
