# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery while the portal or the database does not take part: calls wait, nothing is asked in a hurry."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from itgrix_module.app.telephony_ports import CallOrder, CallReply
from itgrix_module.domain.failures import Failure, NeedsOwner, Temporary
from tests.app.desk import START, Desk, Portal, Script, accepted, finish, new, refused, register, sent
from tests.fakes.failing import fails_first

LOST = Temporary("read_timeout", "no answer in time", executed=True)
REFUSED = Temporary("refused", "nothing listens there", scope="portal")
REVOKED = NeedsOwner("NO_AUTH_FOUND", "revoked", "authorise again")
FULL = NeedsOwner("disk_full", "the disk with the database is full")


@pytest.mark.parametrize("failure", [REFUSED, REVOKED], ids=["away", "revoked"])
def test_calls_wait_while_the_portal_does_not_take_them(failure: Failure, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(Portal([failure] * 3))
    for number in range(5):
        desk.call(f"1.{number}", register())
    desk.run()
    assert len(desk.portal.orders) == 1
    desk.run(0.1)
    assert len(desk.portal.orders) == 1
    desk.run(40)
    assert len(desk.portal.orders) == 2
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1


def test_everything_goes_out_once_the_owner_has_mended_it() -> None:
    desk = Desk(Portal([REVOKED]))
    for number in range(5):
        desk.call(f"1.{number}", register())
    desk.run()
    desk.standing.resume()
    desk.run(1.0)
    assert all(desk.states(f"1.{number}") == {"register": "done"} for number in range(1, 5))
    assert desk.standing.state.is_up


def test_three_lost_answers_in_a_row_are_an_outage() -> None:
    desk = Desk(Portal([LOST] * 3))
    for number in range(5):
        desk.call(f"1.{number}", register())
    desk.run()
    assert len(desk.portal.orders) == 3
    assert not desk.standing.state.is_up


def test_one_request_that_the_portal_cannot_digest_is_no_outage() -> None:
    desk = Desk(Portal([LOST]))
    desk.call("1.1", register())
    desk.run()
    for number in range(2, 6):
        desk.portal.script = [LOST]
        desk.call(f"1.{number}", register())
        desk.call(f"2.{number}", register())
        desk.run()
    assert desk.standing.state.is_up


def test_request_that_finds_no_room_was_no_attempt() -> None:
    desk = Desk(Portal([Temporary("budget", "no room", retry_after=0.5, scope="portal")]))
    desk.call("1.1", register())
    desk.run()
    assert desk.step("register").step.attempts == 0
    assert desk.told() == []
    assert desk.standing.state.is_up
    desk.run(0.6)
    assert desk.states() == {"register": "done"}


def test_nothing_is_claimed_while_the_budget_has_no_room() -> None:
    desk = Desk(Portal(rest=0.5))
    desk.call("1.1", register())
    assert desk.run() == 0
    assert desk.deliverer.idle() == 0.5


def test_card_whose_ringing_ended_while_there_was_no_room_is_not_sent() -> None:
    desk = Desk(Portal([Temporary("budget", "no room", retry_after=0.5, scope="portal")]))
    desk.call("1.1", register("101"))
    desk.run()
    desk.add("1.1", new("hide", employees=["101"]))
    desk.run(1)
    assert sent(desk)[-1].register is not None
    assert [order.show for order in sent(desk)[1:]] == [()]


def test_crowded_portal_gets_several_calls_in_one_request() -> None:
    desk = Desk(Portal(fill=0.9))
    for number in range(4):
        desk.call(f"1.{number}", register())
    desk.run()
    assert [len(orders) for orders in desk.portal.orders] == [4]


def test_request_that_cannot_be_made_fails_alone() -> None:
    desk = Desk(Portal([ValueError("odd"), ValueError("odd")], fill=0.9))
    desk.call("1.0", register())
    desk.call("1.1", register())
    desk.run()
    assert sorted(desk.states(f"1.{number}")["register"] for number in (0, 1)) == ["done", "failed"]


# -- the database


def test_answer_that_cannot_be_stored_now_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.call("1.1", register())
    fails_first(monkeypatch, desk.stores.outbox, "settle", FULL, FULL)
    assert desk.deliverer.deliver_due() == 1
    with pytest.raises(NeedsOwner):
        desk.deliverer.deliver_due()
    assert desk.states() == {"register": "waiting"}
    assert desk.run() == 0
    assert desk.states() == {"register": "done"}
    assert len(desk.portal.orders) == 1


def test_full_disk_under_the_account_of_the_budget_is_not_the_portals_fault() -> None:
    desk = Desk(Portal([FULL]))
    desk.call("1.1", register())
    desk.run()
    assert desk.standing.state.is_up
    assert desk.states() == {"register": "waiting"}
    assert desk.step("register").step.unsure


def test_call_taken_over_by_another_worker_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.call("1.1", register())
    fails_first(monkeypatch, desk.stores.outbox, "remember_sent", Temporary("lease_lost", "gone"))
    desk.deliverer.deliver_due()
    assert desk.portal.orders == []


# -- when to look again


def test_idle_deliverer_looks_seldom() -> None:
    desk = Desk()
    assert desk.deliverer.idle() == 1.0


def test_step_that_is_due_soon_is_waited_for() -> None:
    desk = Desk()
    desk.call("1.1", register())
    desk.clock.now = START - 0.2
    assert 0.1 < desk.deliverer.idle() < 0.3


def test_portal_that_is_away_is_not_asked_in_a_hurry() -> None:
    desk = Desk(Portal([REFUSED]))
    desk.call("1.1", register())
    desk.run()
    assert desk.deliverer.idle() >= 0.25


def ended(desk: Desk, linkedid: str) -> None:
    """A call that rang and ended before the portal could be told."""
    desk.call(linkedid, register(), new("hide", employees=["101"]), finish(talk=0.0, status="304"))


def test_ringing_call_goes_before_all_that_have_ended() -> None:
    desk = Desk()
    for number in range(5):
        ended(desk, f"old.{number}")
    desk.clock.now += 60
    desk.call("rings", register())
    desk.run()
    assert sent(desk)[0].key == "rings"
    assert len(sent(desk)) == 6


def test_calls_that_have_ended_leave_room_in_the_budget_for_those_that_ring() -> None:
    desk = Desk(Portal(record_rest=0.5))
    ended(desk, "old")
    assert desk.run() == 0
    assert desk.deliverer.idle() == 0.5
    desk.call("rings", register())
    desk.run()
    assert [order.key for order in sent(desk)] == ["rings"]


def test_method_that_rests_holds_calls_of_the_past_once_and_not_each_of_them() -> None:
    rests = Temporary("method_held", "it rests", retry_after=30.0)
    desk = Desk(Portal([refused(finished=rests)]))
    for number in range(20):
        ended(desk, f"old.{number}")
    desk.run()
    assert len(desk.portal.orders) == 1
    desk.run(29)
    assert len(desk.portal.orders) == 1
    desk.run(2)
    assert {desk.states(f"old.{number}")["finish"] for number in range(20)} == {"done"}


def test_calls_of_the_past_leave_workers_for_those_that_ring() -> None:
    desk = Desk()
    under_way: list[str] = []

    def meanwhile(orders: Sequence[CallOrder]) -> list[CallReply]:
        """While one request of the past is under way, another worker looks for work."""
        under_way.append(orders[0].key)
        ended(desk, f"more.{len(under_way)}")
        desk.deliverer.deliver_due()
        return accepted(orders)

    ended(desk, "old")
    desk.portal.script = [meanwhile] * 5
    desk.deliverer.deliver_due()
    assert under_way == ["old", "more.1"], "two workers at most"
    desk.portal.script = [meanwhile, ring_meanwhile(desk)]
    desk.deliverer.deliver_due()
    assert sent(desk)[-1].key == "rings", "a third worker told of it at once"


def ring_meanwhile(desk: Desk) -> Script:
    """While the last worker that may tell of the past is busy, a phone rings."""

    def answer(orders: Sequence[CallOrder]) -> list[CallReply]:
        desk.call("rings", register())
        assert desk.deliverer.deliver_due() == 1
        return accepted(orders)

    return answer
