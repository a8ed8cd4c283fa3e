# SPDX-License-Identifier: GPL-3.0-or-later
"""Outgoing calls and click-to-call: what each comes to."""

from __future__ import annotations

import pytest

from itgrix_module.domain import summary
from itgrix_module.domain.call import Direction, Outcome
from tests.domain.story import Story


def test_outgoing_call_takes_the_number_from_the_trunk() -> None:
    story = Story("""
        0 new a1 ext 101 calls did 979161234567
        0 number a1 74950000000
        0.1 new t1 trunk beeline call a1
        0.1 dial a1 t1 79161234567
        3 end a1 t1 ANSWER
        3 join b t1 a1
        8 hang t1 a1
    """)
    assert (story.call.number, story.call.line, story.call.direction) == ("79161234567", "beeline", "outgoing")
    assert story.told("a1") == ["register 101", "finish 101 200 5s"]


def test_trunk_failover_is_one_call_on_the_trunk_that_answered() -> None:
    story = Story("""
        0 new a1 ext 101 calls did 79161234567
        0 new t1 trunk beeline call a1
        0 dial a1 t1 79161234567
        1 end a1 t1 CONGESTION
        1 hang t1 34
        1 new t2 trunk mts call a1
        1 dial a1 t2 79161234567
        3 end a1 t2 ANSWER
        3 join b t2 a1
        8 hang t2 a1
    """)
    assert (story.call.line, story.talk("a1"), story.told("a1")) == ("mts", 5, ["register 101", "finish 101 200 5s"])


def outgoing(status: str, cause: int) -> Story:
    return Story(f"""
        0 new a1 ext 101 calls did 79161234567
        0 new t1 trunk beeline call a1
        0 dial a1 t1 79161234567
        4 end a1 t1 {status}
        4 hang t1 {cause}
        6 hang a1
    """)


def test_outgoing_call_that_fails_says_why() -> None:
    told = {
        ("BUSY", 17): (Outcome.BUSY, "486"),
        ("NOANSWER", 19): (Outcome.NO_ANSWER, "480"),
        ("NOANSWER", 21): (Outcome.DECLINED, "603"),
        ("NOANSWER", 1): (Outcome.FAILED, "404"),
        ("CONGESTION", 34): (Outcome.FAILED, "503"),
        ("CHANUNAVAIL", 20): (Outcome.NO_ANSWER, "480"),
        ("CANCEL", 127): (Outcome.CANCELLED, "603-S"),
    }
    for (status, cause), expected in told.items():
        call = outgoing(status, cause).call
        assert (summary.outcome(call), summary.status(call)) == expected, (status, cause)


def test_outgoing_call_given_up_before_any_answer_is_cancelled() -> None:
    story = Story("""
        0 new a1 ext 101 calls did 79161234567
        0 new t1 trunk beeline call a1
        0 dial a1 t1 79161234567
        4 hang a1 t1
    """)
    assert summary.status(story.call) == "603-S"


def test_click_to_call_registers_when_the_client_is_dialled() -> None:
    story = Story("""
        0 new l1 local p
        0 new l2 local p call l1
        0 number l1 79161234567
        0 dial - l1
        0 new a1 ext 101 call l1
        0 dial l2 a1
    """)
    assert story.told("l1") == []
    story.tell("""
        1 end l2 a1 ANSWER
        1 join b1 a1 l2
        1 end - l1 ANSWER
        1 new t1 trunk beeline call l1
        1 dial l1 t1 79161234567
        3 end l1 t1 ANSWER
        3 join b2 t1 l1
        7 hang t1 l1 l2 a1
    """)
    assert story.told("l1") == ["register 101", "finish 101 200 4s"]
    assert (story.wait("l1"), story.call.direction) == (3, "outgoing")


def test_click_to_call_whose_employee_does_not_pick_up_is_cancelled() -> None:
    story = Story("""
        0 new a1 ext 101
        0 number a1 79161234567
        0 dial - a1
        6 hang a1 19
    """)
    assert (story.call.direction, story.call.number) == ("outgoing", "79161234567")
    assert (summary.outcome(story.call), story.wait("a1")) == (Outcome.CANCELLED, None)


def test_voicemail_of_the_employee_is_not_an_answer() -> None:
    story = Story("""
        0 new l1 local p
        0 new l2 local p call l1
        0 dial - l1
        0 new a1 ext 106 call l1
        0 dial l2 a1
        15 end l2 a1 NOANSWER
        15 hang a1
        15 end - l1 ANSWER
        15 new t1 trunk beeline call l1
        15 dial l1 t1 79161234567
        17 end l1 t1 ANSWER
        17 join b t1 l1
        21 hang t1 l1 l2
    """)
    assert (summary.outcome(story.call), story.talk("l1")) == (Outcome.CANCELLED, 0)


def test_originate_straight_to_a_trunk_is_an_outgoing_call() -> None:
    story = Story("""
        0 new t1 trunk beeline
        0 dial - t1 79161234567
        3 end - t1 ANSWER
        3 new a1 ext 101 call t1
        3 dial t1 a1
        5 end t1 a1 ANSWER
        5 join b a1 t1
        9 hang t1 a1
    """)
    assert (story.call.direction, story.call.number, story.wait("t1")) == ("outgoing", "79161234567", 5)


def test_ringing_that_is_told_to_have_ended_after_the_hang_up_still_says_why() -> None:
    story = Story("""
        0 new a1 ext 101 did 79161234567 calls
        0 new t1 trunk beeline call a1
        0 dial a1 t1 79161234567
        3 hang t1 17
        3 end a1 t1 BUSY
        3 hang a1
    """)
    assert summary.outcome(story.call) is Outcome.BUSY


def test_caller_whose_hang_up_is_told_before_the_outside_legs_does_not_hide_why_it_failed() -> None:
    story = Story("""
        0 new a1 ext 101 did 79161234567 calls
        0 new t1 trunk beeline call a1
        0 dial a1 t1 79161234567
        3 end a1 t1 NOANSWER
        3 hang a1
        3 hang t1 21
    """)
    assert story.told("a1")[-1] == "finish 101 603 0s"


def test_colleague_whose_mobile_is_dialled_is_no_client() -> None:
    story = Story("""
        0 new a1 ext 101 calls did 89031110105
        0.1 new t1 trunk beeline call a1
        0.1 dial a1 t1 89031110105 own
        3 end a1 t1 ANSWER
        3 join b t1 a1
        8 hang t1 a1
    """)
    assert story.call.direction == "internal"
    assert story.steps.get("a1", []) == []


def test_client_who_reaches_an_employee_on_his_mobile_is_told_with_him() -> None:
    story = Story("""
        0 new t0 trunk beeline from 79161234567 did 74950000001
        1 new t1 trunk mts call t0
        1 dial t0 t1 89031110105 own
        4 end t0 t1 ANSWER
        4 join b t0 t1
        9 rate t0 5
        9 hang t0 t1
    """)
    assert story.told("t0")[0] == "register 89031110105"
    assert story.told("t0")[-1] == "finish 89031110105 200 5s"
    assert story.call.vote == 5


@pytest.mark.parametrize(("cause", "outcome"), [(0, Outcome.NO_ANSWER), (17, Outcome.BUSY), (21, Outcome.DECLINED)])
def test_client_whom_the_pbx_rings_first_is_not_reached(cause: int, outcome: Outcome) -> None:
    story = Story(f"""
        0 new t1 trunk beeline
        0 dial - t1 79161234567
        4 hang t1 {cause}
    """)
    assert (story.call.number, story.call.direction, summary.outcome(story.call)) == (
        "79161234567",
        Direction.OUTGOING,
        outcome,
    )


def test_call_back_that_the_pbx_stops_ringing_was_not_answered() -> None:
    story = Story("""
        0 new l1 local cb did 79161234567
        0 new l2 local cb call l1 did 79161234567
        0 dial - l1
        0 new t1 trunk beeline call l1
        0 dial l2 t1 79161234567
        9 hang l1 l2
        9 end l2 t1 CANCEL
        9 hang t1
    """)
    assert summary.outcome(story.call) is Outcome.NO_ANSWER
