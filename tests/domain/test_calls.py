# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations of the phone network as tables of facts: what each call comes to."""

from __future__ import annotations

from itgrix_module.domain import summary
from itgrix_module.domain.call import Direction, Outcome, Phase
from tests.domain.story import INCOMING, Story


def test_direct_incoming_call_is_answered() -> None:
    story = Story(INCOMING + "7 part b1 t1 a1\n7 hang t1 a1")
    call = story.call
    assert (call.direction, call.number, call.line) == (Direction.INCOMING, "79161234567", "74950000001")
    assert summary.outcome(call) is Outcome.ANSWERED
    assert (summary.answered_by(call), summary.last_talker(call), call.rang) == ("101", "101", ("101",))
    assert (story.wait("t1"), story.talk("t1")) == (2, 5)
    assert story.told("t1") == ["register 101", "finish 101 200 5s", "attach in.wav"]


def test_employee_who_hangs_up_first_loses_his_card_with_the_end_of_the_call() -> None:
    story = Story(INCOMING + "7 part b1 a1 t1\n7 hang a1\n7 hang t1")
    assert story.told("t1") == ["register 101", "hide 101", "finish 101 200 5s", "attach in.wav"]


def test_caller_without_did_is_on_the_line_of_his_trunk() -> None:
    story = Story("0 new t1 trunk mobile-gw from 79161234567 did s\n3 hang t1")
    assert story.call.line == "mobile-gw"


def test_missed_call_in_the_menu_reaches_the_portal_once() -> None:
    story = Story("0 new t1 trunk beeline from 79161234567 did 74950000005\n3 hang t1")
    assert summary.outcome(story.call) is Outcome.MISSED
    assert story.told("t1") == ["register", "finish - 304 0s"]
    assert story.wait("t1") == 3


def test_ring_group_hides_the_losers_in_the_moment_of_the_answer() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000002
        0 new a1 ext 101 call t1
        0 new a2 ext 102 call t1
        0 new a3 ext 103 call t1
        0 dial t1 a1
        0 dial t1 a2
        0 dial t1 a3
        2 end t1 a2 ANSWER
    """)
    assert story.told("t1") == ["register 101", "show 102", "show 103", "hide 101,103"]
    story.tell("""
        2.01 end t1 a1 CANCEL
        2.01 hang a1 26
        2.01 end t1 a3 CANCEL
        2.01 hang a3 26
        2.02 join b1 a2 t1
        5 hang t1 a2
    """)
    assert story.told("t1")[4:] == ["finish 102 200 3s"]


def test_queue_with_local_members_rings_agents_not_the_halves() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000003
        0 new l11 local p1 call t1
        0 new l12 local p1 call t1
        0.01 new l21 local p2 call t1
        0.01 new l22 local p2 call t1
        0 dial t1 l11
        0 dial t1 l21
        0.1 new b ext 103 call t1
        0.1 dial l22 b
        0.2 new a ext 102 call t1
        0.2 dial l12 a
        3 end l22 b ANSWER
        3 join x1 b l22
        3.1 end t1 l21 ANSWER
    """)
    assert story.call.rang == ("102", "103"), "in the order in which the queue asked"
    assert story.told("t1") == ["register 103", "show 102", "hide 102"]
    assert story.call.phase is Phase.RINGING, "the agent hears nobody until the client joins his half"
    story.tell("""
        3.1 join x2 l21 t1
        3.2 hang a l12 l11
        8 hang b
        8 hang l22 l21
        8 hang t1
    """)
    assert (summary.answered_by(story.call), story.talk("t1")) == ("103", 4.9)


def test_queue_rounds_open_and_close_cards_but_never_a_second_call() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000003
        0 new a1 ext 101 call t1
        0 dial t1 a1
        6 end t1 a1 NOANSWER
        6 end t1 a1 CANCEL
        6 hang a1
        8 new a2 ext 101 call t1
        8 dial t1 a2
        10 hang t1
        10 hang a2
    """)
    assert story.told("t1") == ["register 101", "hide 101", "show 101", "finish 101 304 0s"]
    assert story.call.rang == ("101",)


def test_extension_that_forwards_to_a_mobile_is_called_inside_the_company() -> None:
    story = Story("""
        0 new a1 ext 101 did 102 calls
        0 new t1 trunk beeline call a1
        0 dial a1 t1 79031110102
        2 end a1 t1 ANSWER
        2 join b1 a1 t1
        5 hang t1 a1
    """)
    assert story.call.direction is Direction.INTERNAL
    assert (story.call.rang, summary.answered_by(story.call)) == (("79031110102",), "79031110102")


def test_number_of_the_town_is_completed_by_the_pbx_and_goes_outside() -> None:
    story = Story("""
        0 new a1 ext 101 did 234567 calls
        0 new t1 trunk beeline call a1
        0 dial a1 t1 74832234567
        2 end a1 t1 ANSWER
        2 join b1 a1 t1
        5 hang t1 a1
    """)
    assert (story.call.direction, story.call.number) == (Direction.OUTGOING, "74832234567")


def test_two_contacts_of_one_extension_are_one_employee() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000001
        0 new a1 ext 101 call t1
        0 new a2 ext 101 call t1
        0 dial t1 a1
        0 dial t1 a2
        1 end t1 a2 ANSWER
        1 end t1 a1 CANCEL
        1 hang a1
        1 join b a2 t1
        4 hang t1 a2
    """)
    assert story.told("t1") == ["register 101", "finish 101 200 3s"]


def test_parked_time_is_not_talk_but_the_announcement_is() -> None:
    story = Story(
        INCOMING
        + """
        4 blind a1 70
        4 part b1 t1
        4 join park:1 t1
        6 part b1 a1
        6 hang a1
        20 new p1 ext 102 calls did 71
        20 part park:1 t1
        20 join b2 t1 p1
        25 hang t1 p1
    """
    )
    assert story.talk("t1") == 4 + 5
    assert story.call.transfers == (), "the car park is nobody"
    assert summary.last_talker(story.call) == "102"


def test_two_clients_in_one_conference_stay_two_calls() -> None:
    story = Story("""
        0 new e1 ext 101 calls did 8000
        0 join conf e1
        5 new t1 trunk beeline from 79161234567 did 74950000009
        5 join conf t1
        9 new t2 trunk beeline from 79039876543 did 74950000009
        9 join conf t2
        15 part conf t1
        15 hang t1
        19 part conf t2
        19 hang t2
        20 hang e1
    """)
    assert set(story.calls) == {"t1", "t2"}, "the employee's own leg is part of the first client's call"
    assert (story.talk("t1"), story.talk("t2")) == (10, 10)
    assert summary.answered_by(story.calls["t2"]) == "101"


def test_clients_alone_in_a_conference_are_not_answered() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000009
        0 join conf t1
        2 new t2 trunk beeline from 79039876543 did 74950000009
        2 join conf t2
        9 hang t1 t2
    """)
    assert {summary.outcome(call) for call in story.calls.values()} == {Outcome.MISSED}


def test_internal_call_never_reaches_the_portal() -> None:
    story = Story("""
        0 new a1 ext 101 did 102 calls
        0 new a2 ext 102 call a1
        0 dial a1 a2
        2 end a1 a2 ANSWER
        2 join b a2 a1
        6 hang a1 a2
    """)
    assert (story.call.direction, summary.answered_by(story.call), story.talk("a1")) == ("internal", "102", 4)
    assert story.told("a1") == []


def test_spy_takes_no_part() -> None:
    story = Story(
        INCOMING
        + """
        3 new s1 ext 109 calls did 555101
        5 hang s1
        7 hang t1 a1
    """
    )
    assert story.calls["s1"].direction is Direction.INTERNAL
    assert [talk.party for talk in story.calls["t1"].talks] == ["101"]
    assert story.told("s1") == []


def test_leg_that_outlives_its_call_begins_another() -> None:
    story = Story(
        INCOMING
        + """
        6 hang t1
        7 new t2 trunk beeline call a1
        7 dial a1 t2 79039876543
        9 end a1 t2 ANSWER
        9 join b2 t2
        9 part b1 a1
        9 join b2 a1
        12 hang t2 a1
    """
    )
    assert summary.outcome(story.calls["t1"]) is Outcome.ANSWERED
    assert story.talk("t1") == 4


def test_recording_stopped_and_started_again_gives_two_segments() -> None:
    story = Story(INCOMING.replace("/rec/in.wav", "/rec/one.wav") + "4 record t1 /rec/two.wav\n7 hang t1 a1")
    assert [item.path for item in summary.recordings(story.call)] == ["/rec/one.wav", "/rec/two.wav"]


def test_facts_about_unknown_legs_are_ignored() -> None:
    story = Story("0 dial x y\n1 join b x y\n2 hang x y")
    assert story.calls == {}


def test_announcers_of_a_conference_are_no_calls() -> None:
    assert Story("0 new x service Announcer calls\n1 join conf x\n2 hang x").calls == {}


def test_queue_within_a_queue_reaches_the_agent_through_all_pairs() -> None:
    story = Story("""
        0 new t1 trunk beeline from 79161234567 did 74950000003
        0 new o1 local outer call t1
        0 new o2 local outer call t1
        0 dial t1 o1
        1 new i1 local inner call t1
        1 new i2 local inner call t1
        1 dial o2 i1
        1 new a1 ext 101 call t1
        1 dial i2 a1
        4 end i2 a1 ANSWER
        4 join b1 a1 i2
        4 end o2 i1 ANSWER
        4 join b2 i1 o2
        4 end t1 o1 ANSWER
        4 join b3 o1 t1
        9 hang t1
        9 hang o1 o2 i1 i2 a1
    """)
    assert (summary.answered_by(story.call), story.talk("t1"), story.call.rang) == ("101", 5, ("101",))
