# SPDX-License-Identifier: GPL-3.0-or-later
"""The client behind Local pairs: a queue's or a follow-me's half of a pair is parked or gives him away in his place."""

from __future__ import annotations

import pytest

from itgrix_module.domain import summary
from itgrix_module.domain.call import Direction
from tests.domain.story import Story

IN_QUEUE = """
0 new t1 trunk beeline from 79161234567 did 74950000700
0 new l1 local p call t1
0 new l2 local p call t1
0 dial t1 l1
0 new a ext 102 call t1
0 dial l2 a
1 end l2 a ANSWER
1 join b1 a l2
1 end t1 l1 ANSWER
1 join b2 l1 t1
"""
PARKED = """
4 part b1 l2
4 join park:1 l2
6 part b1 a
6 hang a
"""


@pytest.mark.parametrize("told", ["4 blind a 70", ""], ids=["told", "one touch"])
def test_agent_of_a_queue_parks_the_client(told: str) -> None:
    story = Story(
        f"""{IN_QUEUE}
        {told}
        {PARKED}
        20 new p1 ext 104 calls did 71
        20 part park:1 l2
        20 join b3 l2 p1
        25 hang t1 l1 l2 p1
        """
    )
    assert story.talk("t1") == 5 + 5
    assert story.call.transfers == (), "the car park is nobody"
    assert (summary.answered_by(story.call), summary.last_talker(story.call)) == ("102", "104")


def test_client_of_a_queue_hangs_up_in_the_car_park() -> None:
    story = Story(IN_QUEUE + "4 blind a 70" + PARKED + "30 part park:1 l2\n30 hang t1 l1 l2")
    assert (story.talk("t1"), story.call.transfers) == (3, ())
    assert story.told("t1")[-1] == "finish 102 200 3s"


def test_colleague_who_parks_his_own_call_does_not_park_the_client() -> None:
    story = Story(
        IN_QUEUE
        + """
        4 new c1 ext 102 calls did 103
        4 new c2 ext 103 call c1
        4 dial c1 c2
        5 end c1 c2 ANSWER
        5 join b5 c1 c2
        6 blind c1 70
        6 part b5 c2
        6 join park:1 c2
        7 part b5 c1
        7 hang c1
        9 hang t1 l1 l2 a
        """
    )
    assert story.talk("t1") == 8


def test_mobile_that_gives_the_client_away_by_code_has_hung_up_when_the_pbx_tells() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000107
        0 new m1 local m call t1
        0 new m2 local m call t1
        0 dial t1 m1
        0 new t2 trunk beeline call t1
        0 dial m2 t2 79031110107
        2 end m2 t2 ANSWER
        2 join b1 t2 m2
        2 end t1 m1 ANSWER
        2 join b2 m1 t1
        5 new l1 local x call t1
        5 new l2 local x call t1
        5 part b2 m1
        5 join b3 l1 m1
        5 new a ext 104 call t1
        5 dial l2 a
        6 end l2 a ANSWER
        6 join b4 a l2
        8 part b1 t2 m2
        8 hang t2 m2
        8 part b3 m1 l1
        8 join b2 l1
        8 attended m1 m1 l1
        8 hang m1
        11 hang t1 l1 l2 a
    """)
    assert [(item.kind, item.by, item.to) for item in story.call.transfers] == [("attended", "79031110107", "104")]
    assert (summary.answered_by(story.call), summary.last_talker(story.call)) == ("79031110107", "104")
    assert story.talk("t1") == 9


def test_mobile_that_sends_the_client_on_by_code_does_so_once() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000607
        0 new m1 local m call t1
        0 new m2 local m call t1
        0 dial t1 m1
        0 new t2 trunk beeline call t1
        0 dial m2 t2 79031110101
        2 end m2 t2 ANSWER
        2 join b1 t2 m2
        2 end t1 m1 ANSWER
        2 join b2 m1 t1
        6 blind m1 104
        6 part b2 t1 m1
        6 hang m1
        6 part b1 m2 t2
        6 hang m2 t2
        6 new a ext 104 call t1
        6 dial t1 a
        9 end t1 a ANSWER
        9 join b3 a t1
        12 hang t1 a
    """)
    assert [(item.kind, item.by, item.to) for item in story.call.transfers] == [("blind", "79031110101", "104")]


def test_call_back_that_ends_before_a_trunk_was_dialled_is_an_outgoing_call_to_the_client() -> None:
    story = Story("""
        0 new l1 local cb did 79161234567
        0 new l2 local cb call l1 did 79161234567
        0 dial - l1
        1 end - l1 CANCEL
        1 hang l1
        1 hang l2
    """)
    assert (story.call.direction, story.call.number) == (Direction.OUTGOING, "79161234567")
    assert story.told("l1") == ["register", "finish - 603-S 0s"]


def test_pair_made_for_an_extension_that_nobody_rang_is_an_internal_call() -> None:
    story = Story("""
        0 new l1 local cb did 101
        0 new l2 local cb call l1 did 101
        0 dial - l1
        1 hang l1
        1 hang l2
    """)
    assert story.call.direction is Direction.INTERNAL
