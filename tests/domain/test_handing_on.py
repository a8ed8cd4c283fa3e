# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that are handed on: transfers, consultations, follow-me, pick-ups."""

from __future__ import annotations

from itgrix_module.domain import summary
from itgrix_module.domain.call import Direction
from tests.domain.story import INCOMING, Story


def test_blind_transfer_moves_card_to_new_employee() -> None:
    story = Story(
        INCOMING
        + """
        6 blind a1 102
        6 part b1 t1 a1
        6 hang a1
        6.1 new a2 ext 102 call t1
        6.1 dial t1 a2
        8 end t1 a2 ANSWER
        8 join b2 a2 t1
        12 hang t1 a2
    """
    )
    assert story.told("t1") == ["register 101", "hide 101", "show 102", "finish 102 200 10s", "attach in.wav"]
    assert [(item.kind, item.by, item.to) for item in story.call.transfers] == [("blind", "101", "102")]


def test_blind_transfer_that_nobody_answers_counts_only_the_talk() -> None:
    story = Story(
        INCOMING
        + """
        6 blind a1 102
        6 part b1 t1 a1
        6 hang a1
        6.1 new a2 ext 102 call t1
        6.1 dial t1 a2
        30 end t1 a2 NOANSWER
        30 hang a2
        30 hang t1
    """
    )
    assert story.talk("t1") == 4
    assert story.told("t1")[-2] == "finish 101 200 4s"


def test_transfer_of_a_transfer_is_finished_for_the_third() -> None:
    story = Story(
        INCOMING
        + """
        4 blind a1 102
        4 part b1 t1 a1
        4 hang a1
        4 new a2 ext 102 call t1
        4 dial t1 a2
        5 end t1 a2 ANSWER
        5 join b2 a2 t1
        8 blind a2 103
        8 part b2 t1 a2
        8 hang a2
        8 new a3 ext 103 call t1
        8 dial t1 a3
        9 end t1 a3 ANSWER
        9 join b3 a3 t1
        12 hang t1 a3
    """
    )
    assert [(item.by, item.to) for item in story.call.transfers] == [("101", "102"), ("102", "103")]
    assert (summary.answered_by(story.call), summary.last_talker(story.call)) == ("101", "103")
    assert story.talk("t1") == 10


ATTENDED = (
    INCOMING
    + """
4 new c1 ext 101 calls did 102
4 new a2 ext 102 call c1
4 dial c1 a2
5 end c1 a2 ANSWER
5 join b2 a2 c1
8 part b1 t1
8 part b2 c1
8 join b2 t1
8 attended a1 c1 a2
8 part b1 a1
8 hang a1 c1
12 hang t1 a2
"""
)


def test_attended_transfer_merges_the_consultation_into_the_clients_call() -> None:
    story = Story(ATTENDED)
    assert story.merged == {"c1": "t1"}
    assert story.told("t1") == ["register 101", "show 102", "hide 101", "finish 102 200 10s", "attach in.wav"]
    assert [(item.kind, item.by, item.to) for item in story.call.transfers] == [("attended", "101", "102")]


def test_consultation_recording_is_not_the_clients() -> None:
    story = Story(ATTENDED.replace("5 join b2 a2 c1", "5 join b2 a2 c1\n5 record c1 /rec/internal.wav"))
    assert [item.path for item in summary.recordings(story.call)] == ["/rec/in.wav"]


def test_consultation_by_feature_code_is_part_of_the_talk_even_when_the_client_gives_up() -> None:
    story = Story(
        INCOMING
        + """
        4 new l1 local p call t1
        4 new l2 local p call t1
        4 part b1 a1
        4 join b2 l1 a1
        4 new a2 ext 102 call t1
        4 dial l2 a2
        6 end l2 a2 ANSWER
        6 join b3 a2 l2
        9 part b1 t1
        9 hang t1
        9.1 hang a1 l1 l2 a2
    """
    )
    assert story.talk("t1") == 7
    assert summary.last_talker(story.call) == "101", "102 never heard the client"


def test_consultation_with_a_second_client_stays_a_call_of_its_own() -> None:
    story = Story(
        INCOMING
        + """
        4 new c1 ext 101 calls did 79039876543
        4 new t2 trunk beeline call c1
        4 dial c1 t2 79039876543
        5 end c1 t2 ANSWER
        5 join b2 t2 c1
        8 part b1 t1
        8 part b2 c1
        8 join b2 t1
        8 attended a1 c1 t2
        8 part b1 a1
        8 hang a1 c1
        12 hang t1
        12 hang t2
    """
    )
    assert set(story.calls) == {"t1", "c1"}
    outgoing = story.calls["c1"]
    assert (outgoing.direction, outgoing.number) == (Direction.OUTGOING, "79039876543")
    assert (summary.last_talker(outgoing), summary.last_talker(story.calls["t1"])) == ("101", "101")
    assert (story.talk("t1"), story.talk("c1")) == (10, 7)


def test_transfer_to_an_outside_number_leaves_the_employee_responsible() -> None:
    story = Story(
        INCOMING
        + """
        6 blind a1 89039876543
        6 part b1 t1 a1
        6 hang a1
        6 new t2 trunk beeline call t1
        6 dial t1 t2 79039876543
        8 end t1 t2 ANSWER
        8 join b2 t2 t1
        12 hang t1 t2
    """
    )
    assert (summary.last_talker(story.call), story.talk("t1"), story.call.rang) == ("101", 10, ("101",))


def test_follow_me_to_a_mobile_is_answered_by_the_mobile() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000006
        0 new l1 local m call t1
        0 new l2 local m call t1
        0 dial t1 l1
        1 new t2 trunk beeline call t1
        1 dial l2 t2 79031110105
        4 end l2 t2 ANSWER
        4 join b1 t2 l2
        4 end t1 l1 ANSWER
        4 join b2 l1 t1
        4.1 part b2 t1 l1
        4.1 part b1 l2
        4.1 join b1 t1
        4.1 hang l1 l2
        9 hang t1 t2
    """)
    assert story.call.direction is Direction.INCOMING
    assert (summary.answered_by(story.call), story.talk("t1")) == ("79031110105", 5)
    assert story.told("t1") == ["register 79031110105", "finish 79031110105 200 5s"]


def test_pickup_by_a_colleague_gives_the_call_to_him() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000001
        0 new a1 ext 101 call t1
        0 dial t1 a1
        2 new p1 ext 104 calls did **101
        2 end t1 p1 ANSWER
        2 hang a1 26
        2 join b1 p1 t1
        6 hang t1 p1
    """)
    assert story.merged == {"p1": "t1"}
    assert (summary.answered_by(story.call), story.call.rang) == ("104", ("101",))
    assert story.told("t1") == ["register 101", "show 104", "hide 101", "finish 104 200 4s"]


def test_transfer_while_the_colleague_still_rings_gives_him_the_card_at_once() -> None:
    story = Story(
        INCOMING
        + """
        4 new c1 ext 101 calls did 102
        4 new a2 ext 102 call c1
        4 dial c1 a2
        6 attended a1 c1 -
        6 part b1 t1 a1
        6 hang a1 c1
    """
    )
    assert [(item.kind, item.by, item.to) for item in story.call.transfers] == [("attended", "101", "102")]
    assert story.told("t1")[-2:] == ["show 102", "hide 101"]
    story.tell("""
        9 end t1 a2 ANSWER
        9 join b3 a2 t1
        13 hang t1 a2
    """)
    assert (summary.last_talker(story.call), story.talk("t1"), story.merged) == ("102", 11, {"c1": "t1"})


def test_transfer_that_the_pbx_tells_twice_is_one() -> None:
    story = Story(
        INCOMING
        + """
        4 blind a1 102
        4 blind a1 102
        4 part b1 t1 a1
        4 hang a1
        4 new a2 ext 102 call t1
        4 dial t1 a2
        6 end t1 a2 ANSWER
        6 join b2 t1 a2
        9 hang t1 a2
        """
    )
    assert [(item.by, item.to) for item in story.call.transfers] == [("101", "102")]


def test_colleague_to_whom_a_queue_agent_sends_the_client_rang_last() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000003
        0 new l11 local p1 call t1
        0 new l12 local p1 call t1
        0 new l21 local p2 call t1
        0 new l22 local p2 call t1
        0 dial t1 l11
        0 dial t1 l21
        0 new a ext 104 call t1
        0 dial l12 a
        0 new b ext 105 call t1
        0 dial l22 b
        1 end l12 a ANSWER
        1 join x1 a l12
        1 end t1 l11 ANSWER
        1 join x2 l11 t1
        2 blind a 101
        2 part x1 a l12
        2 hang a
        2 new c ext 101 call t1
        2 dial l12 c
        3 end l12 c ANSWER
        3 join x3 c l12
        5 hang c l12 l11 t1
    """)
    assert story.call.rang == ("104", "105", "101")
    assert summary.last_talker(story.call) == "101"
