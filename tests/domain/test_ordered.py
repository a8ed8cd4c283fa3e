# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that the portal ordered: outgoing for that employee with that client, whatever the PBX makes of it."""

from __future__ import annotations

import pytest

from itgrix_module.app import dial_words, shapes
from itgrix_module.domain import ordered, summary
from itgrix_module.domain.board import Board
from itgrix_module.domain.facts import CallOrdered, OrderFailed
from itgrix_module.domain.policy import Rules
from tests.domain.story import START, Story

NUMBER = "+79161234567"


def told(text: str = "", *, quiet: bool = False, employee: str = "101", rules: Rules | None = None) -> Story:
    """A story that begins with an order; its first channel is l1."""
    story = Story("", rules)
    kind = "callback" if quiet else "click"
    story.apply(CallOrdered(START, "l1", kind, NUMBER, employee, quiet))
    return story.tell(text)


def fail(story: Story, code: str, at: float = 1.0, *, unless_heard: bool = False) -> Story:
    story.apply(OrderFailed(START + at, "l1", code, "", unless_heard))
    return story


DEVICE = """
0 new l1 ext 101
0 number l1 79161234567
0 dial - l1
"""
LOCAL = """
0 new l1 local p
0 new l2 local p call l1
0 new a1 ext 101 call l1
0 dial - l1
0 dial l2 a1
"""


def test_order_is_outgoing_before_the_pbx_says_anything() -> None:
    call = told().call
    assert (call.direction, call.number, call.employee, call.is_awaited) == ("outgoing", NUMBER, "101", True)
    row = shapes.row("pbx1", call)
    assert (row.caller, row.client, row.live) == ("101", NUMBER, True)


def test_order_of_which_nothing_is_heard_outlives_a_restart() -> None:
    stored = shapes.load(shapes.dump(told().call))
    board = Board([stored])
    (change,) = board.apply(OrderFailed(START + 5, "l1", "interrupted"))
    assert change.after is not None
    assert (change.after.ended, summary.status(change.after)) == (START + 5, "503")
    assert board.apply(OrderFailed(START + 6, "l1", "silent")) == []


@pytest.mark.parametrize("code", sorted(ordered.FAILURES))
def test_order_that_fails_at_once_is_finished_once_with_its_status(code: str) -> None:
    story = fail(fail(told(), code), "silent", 2.0)
    assert story.told("l1") == ["register 101", f"finish 101 {ordered.FAILURES[code][1]} 0s"]
    assert code in dial_words.CODES


@pytest.mark.parametrize("way", [DEVICE, LOCAL])
def test_client_is_dialled_and_talks(way: str) -> None:
    phone, dialler = ("l1", "l1") if way == DEVICE else ("a1", "l1")
    answers = "2 end - l1 ANSWER" if way == DEVICE else "2 end l2 a1 ANSWER\n2 end - l1 ANSWER\n2 join b1 l2 a1"
    story = told(f"""
        {way}
        {answers}
        2 new t1 trunk mts call l1
        2 dial {dialler} t1 989161234567
        4 end {dialler} t1 ANSWER
        4 join b2 t1 {dialler}
        9 hang t1 {phone}
    """)
    call = story.calls["l1"]
    assert (call.number, summary.answered_by(call), summary.failure(call)) == (NUMBER, "101", "")
    assert story.told("l1") == ["register 101", "finish 101 200 5s"]


REFUSED = {
    (17, "BUSY", "employee_busy"): ("486", "employee_busy"),
    (21, "NOANSWER", "employee_declined"): ("603", "employee_declined"),
    (19, "NOANSWER", "employee_no_answer"): ("480", "employee_no_answer"),
    (0, "CANCEL", "employee_no_answer"): ("480", "employee_no_answer"),
    (20, "CHANUNAVAIL", "unreachable"): ("480", "unreachable"),
    (21, "BUSY", "employee_busy"): ("603", "employee_declined"),
}


@pytest.mark.parametrize("refusal", REFUSED)
@pytest.mark.parametrize("order", ["before", "after", "never"])
def test_employee_who_does_not_come_gives_the_status(refusal: tuple[int, str, str], order: str) -> None:
    """Whether the PBX says so before his phone is gone, after it, or not at all."""
    cause, status, code = refusal
    story = told(f"{DEVICE}\n3 end - l1 {status}")
    if order == "before":
        fail(story, code, 3.0)
    story.tell(f"3 hang l1 {cause}")
    if order == "after":
        fail(story, code, 3.5)
    expected, failure = REFUSED[refusal]
    assert summary.failure(story.call) == failure
    assert story.told("l1") == ["register 101", f"finish 101 {expected} 0s"]


@pytest.mark.parametrize("order", ["before", "after", "never"])
def test_phone_that_rings_in_vain_is_no_answer_whenever_the_pbx_says_so(order: str) -> None:
    story = told(f"{DEVICE}")
    if order == "before":
        fail(story, "employee_no_answer", 30.0)
    story.tell("30 hang l1 0")
    if order == "after":
        fail(story, "employee_no_answer", 30.1)
    assert summary.failure(story.call) == "employee_no_answer"
    assert story.told("l1") == ["register 101", "finish 101 480 0s"]


PAIR = """
0 new l1 local p
0 new l2 local p call l1
0 number l1 79161234567
0 dial - l1
"""


@pytest.mark.parametrize("order", ["first", "before", "after", "never"])
def test_extension_that_the_pbx_does_not_have_is_told_once_wherever_the_pbx_says_so(order: str) -> None:
    """The failed Originate is told apart from its channels: before them, among them or after them."""
    story = told()
    if order == "first":
        fail(story, "congestion", 0.0)
    story.tell(PAIR)
    if order == "before":
        fail(story, "congestion", 0.1)
    story.tell("0.1 end - l1 CONGESTION\n0.1 hang l2 34\n0.1 hang l1 0")
    if order == "after":
        fail(story, "congestion", 0.2)
    assert story.told("l1") == ["register 101", "finish 101 503 0s"]


def test_order_that_only_seemed_lost_is_followed_when_its_channels_come() -> None:
    story = fail(told(), "silent", 50.0, unless_heard=True)
    story.tell(f"{DEVICE}\n60 end - l1 ANSWER")
    assert list(story.calls) == ["l1"]


def test_call_that_breaks_off_before_any_phone_rings_is_cancelled() -> None:
    story = told("0 new l1 local p\n0 new l2 local p call l1\n1 hang l2 l1")
    assert summary.failure(story.call) == "gone"
    assert story.told("l1") == ["register 101", "finish 101 603-S 0s"]


def test_client_who_is_busy_gives_the_status_although_the_employee_hears_tones() -> None:
    story = told(f"""
        {DEVICE}
        2 end - l1 ANSWER
        2 new t1 trunk mts call l1
        2 dial l1 t1 89161234567
        3 end l1 t1 BUSY
        3 hang t1 17
        20 hang l1
    """)
    assert (story.told("l1")[-1], summary.failure(story.call)) == ("finish 101 486 0s", "client_busy")


def test_employee_who_hangs_up_himself_needs_no_notice() -> None:
    story = told(f"""
        {DEVICE}
        2 end - l1 ANSWER
        2 new t1 trunk mts call l1
        2 dial l1 t1 89161234567
        4 hang l1 t1
    """)
    assert (story.told("l1")[-1], summary.failure(story.call)) == ("finish 101 603-S 0s", "")


def test_number_without_a_route_is_told() -> None:
    story = told(f"{DEVICE}\n2 end - l1 ANSWER\n8 hang l1")
    assert (story.told("l1")[-1], summary.failure(story.call)) == ("finish 101 503 0s", "not_dialled")


def test_what_only_seems_silent_counts_for_nothing_while_channels_live() -> None:
    story = fail(told(LOCAL), "silent", 40.0, unless_heard=True)
    assert story.call.failure == ""
    assert story.call.ended is None


def test_blind_transfer_moves_the_card_and_the_last_talker_finishes() -> None:
    story = told(f"""
        {DEVICE}
        2 end - l1 ANSWER
        2 new t1 trunk mts call l1
        2 dial l1 t1 89161234567
        3 end l1 t1 ANSWER
        3 join b1 t1 l1
        5 blind l1 102
        5 part b1 t1 l1
        5 hang l1
        5 new a2 ext 102 call l1
        5 dial t1 a2
        7 end t1 a2 ANSWER
        7 join b2 t1 a2
        9 hang t1 a2
    """)
    assert story.told("l1") == ["register 101", "hide 101", "show 102", "finish 102 200 6s"] or story.told("l1") == [
        "register 101", "show 102", "hide 101", "finish 102 200 6s",
    ]  # fmt: skip


def test_rules_that_hide_calls_never_leave_an_ordered_one_open() -> None:
    rules = Rules(ignores_number=lambda _: True, extensions_black=frozenset(("101",)))
    assert fail(told(rules=rules), "pbx_down").told("l1")[-1].startswith("finish")


def test_quiet_try_that_reached_no_employee_is_not_told_to_the_portal() -> None:
    story = told(f"{DEVICE}\n3 end - l1 BUSY\n3 hang l1 17", quiet=True)
    assert story.told("l1") == ["note"]


def test_quiet_try_that_reached_the_client_is() -> None:
    story = told(
        f"{DEVICE}\n2 end - l1 ANSWER\n2 new t1 trunk mts call l1\n2 dial l1 t1 8916\n"
        "3 end l1 t1 BUSY\n3 hang t1 17\n4 hang l1",
        quiet=True,
    )
    assert story.told("l1") == ["register 101", "finish 101 486 0s"]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_failure_has_words_in_both_languages(language: str) -> None:
    codes = {*ordered.FAILURES, "client_busy", "client_no_answer", "client_declined", "client_unreachable"}
    for code in codes:
        text = dial_words.notice(code, language, NUMBER, "101")
        assert text.endswith("."), code
        assert "{" not in text
        assert any("а" <= char <= "я" for char in text.lower()) == (language == "ru")


QUEUE = """
0 new l1 local p
0 new l2 local p call l1
0 dial - l1
0 end - l1 ANSWER
0 new q1 local q call l1
0 new q2 local q call l1
0 dial l2 q1
0 new a1 ext 104 call l1
0 dial q2 a1
"""


def test_queue_that_answers_by_itself_is_nobody_until_a_member_picks_up() -> None:
    story = told(QUEUE, quiet=True, employee="")
    assert not ordered.is_manned(story.call)
    assert story.call.picked_up is None
    story.tell("2 end q2 a1 ANSWER")
    assert ordered.is_manned(story.call)


def test_mailbox_of_a_member_is_nobody() -> None:
    assert not ordered.is_manned(told(QUEUE + "3 end q2 a1 NOANSWER\n3 hang a1\n3 end l2 q1 ANSWER", quiet=True).call)


def test_after_a_gap_who_is_in_a_bridge_has_picked_up() -> None:
    assert ordered.is_manned(told(QUEUE + "3 join b1 q2 a1", quiet=True).call)


def test_client_who_is_dialled_already_is_not_dialled_again() -> None:
    story = told(QUEUE + "2 end q2 a1 ANSWER\n3 new t1 trunk mts call l1\n3 dial l1 t1 89161234567", quiet=True)
    assert not ordered.is_manned(story.call)
    assert not ordered.is_manned(story.tell("4 end l1 t1 BUSY\n4 hang t1 17").call)


def test_call_that_nobody_ordered_is_not_waited_for() -> None:
    assert not ordered.is_manned(
        Story("0 new t1 trunk b from 79161234567\n0 new a1 ext 101 call t1\n0 dial t1 a1\n1 end t1 a1 ANSWER").call
    )
