# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps to the portal: what is sent, what is repeated, what is never sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from itgrix_module.app.lines import LineRule, Lines
from itgrix_module.app.orders import Options
from itgrix_module.app.ports import PortalSide
from itgrix_module.app.settling import Known
from itgrix_module.app.telephony_ports import CallOrder, CallReply, Finished
from itgrix_module.domain.failures import Permanent, Temporary
from tests.app.desk import LINE, START, Desk, Portal, Staff, accepted, attach, finish, refused, register, sent

LOST = Temporary("read_timeout", "no answer in time", executed=True)
REFUSED = Temporary("refused", "nothing listens there", scope="portal")
UNKNOWN_CALL = Permanent("call_not_found", "no such call")
NOBODY = Permanent("user_not_found", "no such user")


def test_call_is_registered_shown_and_finished() -> None:
    desk = Desk()
    desk.call("1.1", register())
    desk.run()
    desk.add("1.1", finish())
    desk.run()
    assert desk.states() == {"register": "done", "finish": "done"}
    assert desk.side.finished
    assert [bool(order.register) for order in sent(desk)] == [True, False]


def test_look_is_handed_on_before_the_portal_is_asked_and_not_without_work() -> None:
    heard: list[int] = []
    desk = Desk()
    desk.deliverer.deliver_due(lambda: heard.append(len(sent(desk))))
    assert heard == []
    for kind in (register(), finish()):
        desk.add("1.1", kind) if heard else desk.call("1.1", kind)
        desk.deliverer.deliver_due(lambda: heard.append(len(sent(desk))))
    assert heard == [0, 1]


# -- a lost answer


def test_lost_answer_to_a_registration_repeats_the_same_request(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(Portal([LOST]))
    desk.call("1.1", register("101"))
    desk.run()
    monkeypatch.setattr(desk.staff, "user", lambda party: 5)  # the directory has changed meanwhile
    desk.run(10)
    first, second = sent(desk)
    assert first.register == second.register
    assert desk.states() == {"register": "done"}


def test_lost_answer_to_a_finish_is_found_in_the_statistics() -> None:
    desk = Desk(Portal([LOST, refused(finished=UNKNOWN_CALL)]))
    desk.portal.closed["C"] = Known("C", Finished("42"))
    desk.call("1.1", finish(), side=PortalSide(call_id="C"))
    desk.run()
    desk.run(10)
    assert desk.states() == {"finish": "done"}
    assert desk.side.activity_id == "42"


def test_finish_that_the_statistics_do_not_show_to_us_counts_as_done_when_it_was_sent_before() -> None:
    desk = Desk(Portal([LOST, refused(finished=UNKNOWN_CALL)], statistics=Permanent("ACCESS_DENIED", "denied")))
    desk.call("1.1", finish(), side=PortalSide(call_id="C"))
    desk.run()
    desk.run(10)
    assert desk.states() == {"finish": "done"}
    assert "does not let us look" in desk.told()[-1]


def test_finish_that_was_never_sent_and_is_unknown_is_not_believed() -> None:
    desk = Desk(Portal([refused(finished=UNKNOWN_CALL)], statistics=Permanent("ACCESS_DENIED", "denied")))
    desk.call("1.1", finish(), side=PortalSide(call_id="C"))
    desk.run()
    assert desk.states() == {"finish": "waiting"}


def test_lost_answer_to_a_registration_with_its_finish_makes_no_second_call() -> None:
    desk = Desk(Portal([LOST]))
    desk.portal.closed["pbx1-1.1"] = Known("C", Finished("42"))
    desk.call("1.1", register(), finish())
    desk.run()
    desk.run(10)
    assert len(desk.portal.orders) == 1
    assert desk.states() == {"register": "done", "finish": "done"}
    assert (desk.side.call_id, desk.side.activity_id) == ("C", "42")


def test_registration_with_its_finish_that_the_portal_never_got_is_sent_again() -> None:
    desk = Desk(Portal([LOST]))
    desk.call("1.1", register(), finish())
    desk.run()
    desk.run(10)
    assert len(desk.portal.orders) == 2
    assert desk.portal.looks == 1
    assert desk.states() == {"register": "done", "finish": "done"}


def test_first_attempt_of_a_missed_call_is_one_request_without_a_look() -> None:
    desk = Desk()
    desk.call("1.1", register(), finish(talk=0.0, status="304"))
    desk.run()
    assert (len(desk.portal.orders), desk.portal.looks) == (1, 0)


def test_look_that_fails_keeps_the_call_waiting() -> None:
    desk = Desk(Portal([LOST], statistics=REFUSED))
    desk.call("1.1", register(), finish())
    desk.run()
    desk.run(10)
    assert len(desk.portal.orders) == 1
    assert set(desk.states().values()) == {"waiting"}


def test_service_killed_between_request_and_answer_looks_before_it_repeats() -> None:
    """The stored request is all that is left of the attempt."""
    desk = Desk()
    desk.portal.closed["pbx1-1.1"] = Known("C", Finished("42"))
    desk.call("1.1", register(), finish())
    lane = desk.stores.outbox.claim("dead", START, 60, 1)[0]
    desk.stores.outbox.remember_sent("dead", lane.steps[1].id, {"user_id": 1, "seconds": 5, "status": "200"})
    desk.run(61)
    assert desk.portal.orders == []
    assert desk.states() == {"register": "done", "finish": "done"}


# -- what can be done without


def test_line_that_the_portal_does_not_know_is_left_out() -> None:
    desk = Desk(Portal([refused(registered=Permanent("line_not_found", "no such line"))]))
    desk.options = Options(lines=Lines((LineRule(LINE, line="7"),)))
    desk.call("1.1", register())
    desk.run()
    assert [order.register.line for order in sent(desk) if order.register] == ["7", ""]
    assert desk.states() == {"register": "done"}


def test_number_that_the_portal_does_not_take_is_a_hidden_one() -> None:
    desk = Desk(Portal([refused(registered=Permanent("number_unsupported", "no number"))]))
    desk.call("1.1", register())
    desk.run()
    second = sent(desk)[-1].register
    assert second is not None
    assert (second.phone, second.create) == ("0", False)
    assert desk.states() == {"register": "done"}


def test_employee_who_left_the_portal_is_replaced_by_the_default_user_and_he_by_ours() -> None:
    desk = Desk(Portal([refused(registered=NOBODY)] * 2), Staff(900, 77))
    desk.call("1.1", register("101"))
    desk.run()
    assert [order.register.user_id for order in sent(desk) if order.register] == [1, 900, 77]
    assert desk.states() == {"register": "done"}


def test_registration_that_nobody_can_take_fails_and_takes_the_whole_call_with_it() -> None:
    desk = Desk(Portal([refused(registered=NOBODY, finished=NOBODY)] * 2), Staff(900))
    desk.call("1.1", register("101"), finish("101"), attach())
    desk.run()
    assert desk.states() == {"register": "failed", "finish": "failed", "attach": "failed"}
    assert "no such user" in desk.step("register").text


def test_finish_for_an_employee_who_left_is_for_the_default_user() -> None:
    desk = Desk(Portal([refused(finished=NOBODY)]), Staff(900))
    desk.call("1.1", finish("101"), side=PortalSide(call_id="C"))
    desk.run()
    assert [order.finish.user_id for order in sent(desk) if order.finish] == [1, 900]
    assert desk.states() == {"finish": "done"}


def test_call_of_nobody_without_any_default_user_waits_and_says_so_once() -> None:
    desk = Desk(staff=Staff())
    desk.call("1.1", register("555"))
    desk.run()
    desk.run(31)
    assert desk.portal.orders == []
    assert desk.step("register").code == "no_user"
    assert "default user" in desk.step("register").text
    assert len(desk.told()) == 1
    desk.staff.default = (900,)
    desk.run(31)
    assert desk.states() == {"register": "done"}


def test_warning_of_the_portal_stands_in_the_timeline() -> None:
    def warned(orders: Sequence[CallOrder]) -> list[CallReply]:
        done = Finished("1", warning="Lead creation is disabled")
        return [replace(reply, finished=done) for reply in accepted(orders)]

    desk = Desk(Portal([warned]))
    desk.call("1.1", finish(), side=PortalSide(call_id="C"))
    desk.run()
    assert desk.told()[-1] == "finish: accepted, but Lead creation is disabled"
