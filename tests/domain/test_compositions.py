# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that are each well known and came together in conversations that dice made up (tests/live/made_up)."""

from __future__ import annotations

from itgrix_module.domain import summary, tracking
from itgrix_module.domain.call import Call, Transfer
from itgrix_module.domain.facts import LegTransferred
from tests.domain.story import INCOMING, START, Story

MOBILE = "79031110107"
BEHIND_GROUP = """
    0 new t1 trunk beeline from 79161234567 did 74950000600
    0 new l1 local g call t1
    0 new l2 local g call t1
    0 dial t1 l1
    0 new a1 ext 101 call t1
    0 dial l2 a1
    1 end l2 a1 ANSWER
    1 join b1 a1 l2
    1 end t1 l1 ANSWER
    1 join b2 l1 t1
"""
ASKED_MOBILE = f"""
    {INCOMING}
    4 new l1 local x call t1 did 802
    4 new l2 local x call t1 did 802
    4 part b1 a1
    4 join b2 l1 a1
    4 new t2 trunk beeline call t1
    4 dial l2 t2 {MOBILE}
    6 end l2 t2 ANSWER
    6 join b3 t2 l2
    8 part b2 l1
    8 join b1 l1
    8 part b2 a1
    8 attended a1 a1 l1
    8 hang a1
"""


def transfers(story: Story) -> list[tuple[str, str, str]]:
    return [(item.kind, item.by, item.to) for item in story.call.transfers]


def test_client_behind_a_group_who_is_parked_twice_was_handed_to_nobody() -> None:
    story = Story(
        BEHIND_GROUP
        + """
        3 blind a1 70
        3 part b1 l2
        3 join park:p l2
        3.5 part b1 a1
        3.5 hang a1
        6 new a2 ext 102 from 102 did 71 calls
        6 part park:p l2
        6 join b3 l2 a2
        10 part b3 l2
        10 join park:p l2
        10 blind a2 70
        10.5 part b3 a2
        10.5 hang a2
        14 hang t1 l1 l2
    """
    )
    assert transfers(story) == []
    assert story.talk("t1") == 6.5


def test_client_who_is_parked_at_once_after_an_untold_transfer_keeps_that() -> None:
    story = Story(
        INCOMING
        + """
        4 part b1 t1 a1
        4 hang a1
        4 new a2 ext 102 call t1
        4 dial t1 a2
        5 end t1 a2 ANSWER
        5 join b2 a2 t1
        6 part b2 t1
        6 join park:p t1
        6 blind a2 70
        6.5 hang a2
        9 hang t1
    """
    )
    assert transfers(story) == [("blind", "101", "102")]


def test_client_whom_a_panel_sends_outside_after_a_transfer_has_come_to_no_employees_mobile() -> None:
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
        8 part b2 t1 a2
        8 hang a2
        8 new t2 trunk beeline call t1
        8 dial t1 t2 79167654321
        9 end t1 t2 ANSWER
        9 join b3 t2 t1
        12 hang t1 t2
    """
    )
    assert transfers(story) == [("blind", "101", "102"), ("blind", "102", "79167654321")]
    assert (summary.last_talker(story.call), story.call.rang) == ("102", ("101", "102"))


def test_extension_that_is_forwarded_is_asked_by_code_and_the_mobile_takes_the_client() -> None:
    story = Story(ASKED_MOBILE)
    story.tell("12 hang t1 l1 l2 t2")
    assert transfers(story) == [("attended", "101", MOBILE)]
    assert (summary.last_talker(story.call), story.call.rang) == (MOBILE, ("101", MOBILE))


def test_mobile_to_which_the_client_was_handed_once_is_an_employees_the_next_time_too() -> None:
    story = Story(ASKED_MOBILE)
    story.tell(f"""
        10 blind l1 103
        10 part b1 t1 l1
        10 hang l1 l2 t2
        10 new a3 ext 103 call t1
        10 dial t1 a3
        11 end t1 a3 ANSWER
        11 join b4 a3 t1
        13 blind a3 601
        13 part b4 t1 a3
        13 hang a3
        13 new l3 local y call t1 did {MOBILE}
        13 new l4 local y call t1 did {MOBILE}
        13 dial t1 l3
        13 new t3 trunk beeline call t1
        13 dial l4 t3 {MOBILE}
        14 end l4 t3 ANSWER
        14 join b5 t3 l4
        14 end t1 l3 ANSWER
        14 join b6 l3 t1
        18 hang t1 l3 l4 t3
    """)
    assert transfers(story) == [("attended", "101", MOBILE), ("blind", MOBILE, "103"), ("blind", "103", "601")]
    assert summary.last_talker(story.call) == MOBILE


def test_client_who_is_joined_with_a_conference_talks_with_whoever_is_there() -> None:
    """The PBX says that he left his bridge, not that he sits in the conference now."""
    story = Story(
        INCOMING
        + """
        3 new q ext 101 from 101 did 800 calls
        3 join conf q
    """
    )
    story.apply(LegTransferred(START + 5, "a1", attended=True, second="q", client="t1", takes_place=True))
    story.tell("""
        5 part b1 t1 a1
        5 hang a1 q
        8 new a2 ext 102 from 102 did 800 calls
        8 join conf a2
        12 part conf t1 a2
        12 hang t1 a2
    """)
    assert transfers(story) == [("attended", "101", "800")]
    assert (summary.last_talker(story.call), story.talk("t1")) == ("102", 10.0)


def test_phone_that_the_pbx_calls_back_belongs_to_the_client_who_waits_though_nobody_heard_why() -> None:
    story = Story(
        INCOMING
        + """
        4 part b1 a1
        9 new back ext 101 from 101
        9 number back 74950000001
        9 dial - back
        11 end - back ANSWER
        11 join b1 back
        14 hang t1 back a1
    """
    )
    assert list(story.calls) == ["t1"]
    assert story.talk("t1") == 12.0


def test_colleague_who_is_sent_to_the_caller_is_the_one_to_whom_the_caller_is_handed() -> None:
    story = Story("""
        0 new a1 ext 101 from 101 did 102 calls
        0 new a2 ext 102 call a1
        0 dial a1 a2
        1 end a1 a2 ANSWER
        1 join b1 a2 a1
        3 new q ext 102 from 102 did 103 calls
        3 new a3 ext 103 call q
        3 dial q a3
        4 end q a3 ANSWER
        4 join b2 a3 q
    """)
    story.apply(LegTransferred(START + 6, "q", attended=True, second="a2", client="a3", target="a1", bridge="b2"))
    assert transfers_of(story, "a1") == [("attended", "102", "103")]


def transfers_of(story: Story, call: str) -> list[tuple[str, str, str]]:
    return [(item.kind, item.by, item.to) for item in story.calls[call].transfers]


def test_client_behind_a_group_comes_back_to_who_handed_him_over_while_a_phone_rang() -> None:
    story = Story(
        BEHIND_GROUP
        + """
        4 new x1 local x call t1 did 102
        4 new x2 local x call t1 did 102
        4 part b1 a1
        4 join b3 x1 a1
        4 new a2 ext 102 call t1
        4 dial x2 a2
        5 part b3 x1
        5 join b1 x1
        5 part b3 a1
    """
    )
    story.apply(LegTransferred(START + 5, "a1", attended=True, second="a1", client="l2", target="x1", bridge="b1"))
    story.tell("""
        9 end x2 a2 NOANSWER
        9 part b1 x1
        9 hang a2 x1 x2
        9 new back ext 101 from 101
        9 dial - back
        11 hang back
        12 hang t1 l1 l2 a1
    """)
    assert list(story.calls) == ["t1"]
    assert transfers(story) == [("attended", "101", "102")]


def test_transfers_told_in_one_moment_stay_in_their_order_when_a_question_becomes_part_of_the_call() -> None:
    """As in a recording without time stamps."""
    told = tuple(Transfer("blind", str(by), str(by + 1), START) for by in range(101, 109))
    kept, question = Call("a", "a", START, transfers=told), Call("b", "b", START)
    assert tracking.merged(kept, question).transfers == told
