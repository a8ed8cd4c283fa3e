# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing decides in time, from what it knows by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from itgrix_module.app.clients import Question
from itgrix_module.app.route import AT_ONCE, LIVE
from itgrix_module.app.route_ports import Asked, Routed, harmless
from itgrix_module.domain.failures import NeedsOwner, Permanent, Temporary
from itgrix_module.domain.responsible import CONTACT, Deal, Record
from itgrix_module.domain.routing import Decision
from tests.app.route_desk import ANNA, BORIS, CLIENT, NOW, NUMBER, Desk, Gate
from tests.asterisk.support import wait_for

HURRY = 100  # ms: so that a test about lateness is short
PATIENT = 1.0  # seconds: where something else must be known by then
Make = Callable[..., Desk]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Desk] = []

    def one(**settings: Any) -> Desk:
        made.append(Desk(**settings))
        return made[-1]

    yield one
    for desk in made:
        desk.close()


def said(routed: Routed) -> tuple[str, str]:
    return routed.decision.extension, routed.decision.reason


def test_caller_goes_to_his_responsible_with_one_live_request(make: Make) -> None:
    desk = make()
    routed = desk.route()
    assert routed.decision == Decision("101", "responsible", "Иван Петров")
    assert not routed.stale
    assert [(question.number, priority) for question, priority in desk.crm.asked] == [(NUMBER, LIVE)]


def test_second_call_asks_the_portal_nothing(make: Make) -> None:
    desk = make()
    assert said(desk.route()) == said(desk.route()) == ("101", "responsible")
    assert len(desk.crm.asked) == 1


def test_search_of_somebody_else_warms_the_memory(make: Make) -> None:
    desk = make()
    desk.clients.find([Question(NUMBER)], 5)
    desk.crm.gate.shut()
    assert said(desk.route()) == ("101", "responsible")
    assert len(desk.crm.asked) == 1


def test_busy_employee_is_seen_by_his_phone_now(make: Make) -> None:
    desk = make()
    desk.office.devices["101"] = "INUSE"
    assert said(desk.route()) == ("", "busy")
    desk.office.devices["101"] = "NOT_INUSE"
    desk.office.known_devices.clear()  # an answer of the PBX counts for a second
    assert said(desk.route()) == ("101", "responsible")


@pytest.mark.parametrize("number", ["", "anonymous", "101", "*97"])
def test_hidden_or_inner_number_is_asked_of_nobody(make: Make, number: str) -> None:
    desk = make()
    assert said(desk.route(number)) == ("", "no_number")
    assert desk.crm.asked == []


# -- a portal that is slow


def test_portal_that_never_answers_costs_the_limit_and_no_more(make: Make) -> None:
    desk = make(limit_ms=HURRY)
    desk.crm.gate.shut()
    assert said(desk.route()) == ("", "slow")  # the gate is still shut


def test_late_answer_warms_the_memory(make: Make) -> None:
    desk = make(limit_ms=HURRY)
    desk.crm.gate.shut()
    desk.route()
    desk.crm.gate.open()
    wait_for(lambda: desk.memory.fresh_client(NUMBER, False))
    desk.settings = replace(desk.settings, limit=5.0)
    assert said(desk.route()) == ("101", "responsible")
    assert len(desk.crm.asked) == 1


def test_old_answer_counts_while_the_portal_is_slow(make: Make) -> None:
    desk = make(limit_ms=HURRY)
    desk.settings = replace(desk.settings, limit=5.0)
    desk.route()
    desk.monotonic += 3600
    desk.crm.gate.shut()
    desk.settings = replace(desk.settings, limit=HURRY / 1000)
    routed = desk.route()
    assert said(routed) == ("101", "responsible")
    assert routed.stale


def test_answer_that_is_too_old_does_not_count(make: Make) -> None:
    desk = make(stale_hours=1)
    desk.route()
    desk.monotonic += 2 * 3600
    desk.crm.gate.shut()
    desk.settings = replace(desk.settings, limit=HURRY / 1000)
    assert said(desk.route()) == ("", "slow")


def test_phone_of_an_old_answer_is_looked_at_while_the_portal_is_slow(make: Make) -> None:
    desk = make()
    desk.route()
    desk.monotonic += 3600
    desk.office.known_devices.clear()
    desk.office.devices["101"] = "INUSE"
    desk.crm.gate.shut()
    desk.settings = replace(desk.settings, limit=PATIENT)
    assert said(desk.route()) == ("", "busy")


def test_last_talker_gets_the_call_while_the_portal_is_slow(make: Make) -> None:
    desk = make(choices=["responsible", "last"])
    desk.office.last = "102"
    desk.crm.gate.shut()
    desk.settings = replace(desk.settings, limit=PATIENT)
    routed = desk.route()
    assert said(routed) == ("102", "last")
    assert [tried.reason for tried in routed.decision.tried] == ["slow"]


def test_limit_of_the_question_counts_before_the_administrators(make: Make) -> None:
    desk = make()
    desk.settings = replace(desk.settings, limit=3600.0)
    desk.crm.gate.shut()
    assert said(desk.route(limit=HURRY / 1000)) == ("", "slow")


def test_two_calls_of_one_client_share_a_request(make: Make) -> None:
    desk = make(limit_ms=20_000)
    desk.crm.gate.shut()
    answers = [desk.in_background() for _ in range(3)]
    desk.crm.gate.wait_reached()
    desk.crm.gate.open()
    assert {said(answer()) for answer in answers} == {("101", "responsible")}
    assert len(desk.crm.asked) < 3  # the last to begin may come when the first has its answer


def test_many_slow_questions_do_not_keep_known_clients_waiting(make: Make) -> None:
    desk = make(limit_ms=HURRY)
    desk.settings = replace(desk.settings, limit=5.0)
    desk.route()
    desk.settings = replace(desk.settings, limit=HURRY / 1000)
    desk.crm.gate.shut()
    waiting = [desk.in_background(f"+7916000{n:04}") for n in range(20)]
    assert said(desk.route()) == ("101", "responsible")
    assert {said(answer()) for answer in waiting} == {("", "slow")}


def test_more_callers_than_places_go_their_usual_way(make: Make) -> None:
    desk = make()
    desk.crm.gate.shut()
    waiting = [desk.in_background() for _ in range(AT_ONCE)]
    wait_for(lambda: said(desk.route(limit=HURRY / 1000)) == ("", "overload"))
    desk.crm.gate.open()
    assert {said(answer()) for answer in waiting} == {("101", "responsible")}


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Temporary("refused", "the portal refuses the connection"), "fault"),
        (NeedsOwner("NO_AUTH_FOUND", "no authorisation"), "fault"),
        (Temporary("budget", "no room"), "slow"),
        (Permanent("ACCESS_DENIED", "may not search"), "unknown"),
        (ValueError("nobody foresaw it"), "slow"),
    ],
)
def test_fault_of_the_portal_is_told_at_once(make: Make, failure: Exception, reason: str) -> None:
    desk = make()
    desk.settings = replace(desk.settings, limit=3600.0)
    desk.crm.failure = failure
    assert said(desk.route()) == ("", reason)


def test_client_is_asked_for_again_after_a_fault(make: Make) -> None:
    desk = make()
    desk.crm.failure = Temporary("refused", "the portal refuses the connection")
    desk.route()
    desk.crm.failure = None
    assert said(desk.route()) == ("101", "responsible")


def test_stranger_is_asked_for_again_after_a_minute(make: Make) -> None:
    desk = make()
    desk.crm.records.clear()
    assert said(desk.route()) == said(desk.route()) == ("", "unknown")
    assert len(desk.crm.asked) == 1
    desk.monotonic += 61
    desk.crm.records[NUMBER] = (CLIENT,)
    assert said(desk.route()) == ("101", "responsible")


# -- other sources


def test_pbx_that_does_not_answer_leaves_the_phone_unknown(make: Make) -> None:
    desk = make(limit_ms=HURRY * 5)
    desk.office.device_gate.shut()
    assert said(desk.route()) == ("101", "responsible")
    desk.settings = replace(desk.settings, usual=replace(desk.settings.usual, unknown_is_free=False))
    assert said(desk.route()) == ("", "no_state")


def test_link_that_is_down_is_not_waited_for(make: Make) -> None:
    desk = make()
    desk.settings = replace(desk.settings, limit=3600.0)
    desk.office.failure = Temporary("down", "the AMI link is down")
    assert said(desk.route()) == ("101", "responsible")


def test_newest_deal_is_asked_for_only_where_it_is_wanted(make: Make) -> None:
    desk = make(choices=["deal", "responsible"])
    desk.crm.records[NUMBER] = (replace(CLIENT, deals=(Deal("5", "D", BORIS),)),)
    assert said(desk.route()) == ("102", "deal")
    assert [question.with_deals for question, _ in desk.crm.asked] == [True]
    desk.settings = replace(desk.settings, usual=replace(desk.settings.usual, choices=("responsible",)))
    assert said(desk.route()) == ("101", "responsible")
    assert len(desk.crm.asked) == 1


def test_memory_without_deals_does_not_answer_a_question_for_them(make: Make) -> None:
    desk = make()
    desk.route()
    desk.crm.records[NUMBER] = (replace(CLIENT, deals=(Deal("5", "D", BORIS),)),)
    desk.settings = replace(desk.settings, usual=replace(desk.settings.usual, choices=("deal",)))
    assert said(desk.route()) == ("102", "deal")


def test_last_talker_of_so_many_days_is_looked_for(make: Make) -> None:
    desk = make(choices=["last"], last_days=30)
    desk.office.last = "102"
    assert said(desk.route()) == ("102", "last")
    assert desk.office.since == NOW - 30 * 86400


@pytest.mark.parametrize(("last", "answer"), [("109", ("109", "last")), ("79031110110", ("", "no_talk"))])
def test_last_talker_whom_the_portal_does_not_know(make: Make, last: str, answer: tuple[str, str]) -> None:
    desk = make(choices=["last"])
    desk.office.last = last
    assert said(desk.route()) == answer


def test_database_that_fails_is_no_last_talk(make: Make) -> None:
    desk = make(choices=["last", "responsible"])
    desk.office.failure = Temporary("database", "locked")
    assert said(desk.route()) == ("101", "responsible")


def test_day_of_the_employee_is_asked_where_the_portal_keeps_time(make: Make) -> None:
    desk = make(hours="timeman")
    desk.office.days[ANNA] = "CLOSED"
    assert said(desk.route()) == ("", "not_working")
    assert said(desk.route()) == ("", "not_working")
    assert desk.office.asked_days == [(ANNA,)]
    desk.monotonic += 61
    desk.office.days[ANNA] = "OPENED"
    assert said(desk.route()) == ("101", "responsible")


def test_day_that_a_search_told_is_not_asked_for(make: Make) -> None:
    desk = make(hours="timeman")
    desk.memory.statuses.put(ANNA, "PAUSED")
    assert said(desk.route()) == ("", "not_working")
    assert desk.office.asked_days == []


def test_employee_whose_day_is_not_known_in_time_counts_as_at_work(make: Make) -> None:
    desk = make(hours="timeman", limit_ms=HURRY * 5)
    desk.office.days[ANNA] = "CLOSED"
    desk.office.day_gate.shut()
    assert said(desk.route()) == ("101", "responsible")


def test_portal_that_may_not_tell_the_day_is_asked_once_a_minute(make: Make) -> None:
    desk = make(hours="timeman")
    desk.office.known_devices["101"] = "NOT_INUSE"
    desk.office.failure = Permanent("insufficient_scope", "the right timeman is missing")
    assert said(desk.route()) == said(desk.route()) == ("101", "responsible")
    assert len(desk.office.asked_days) == 1


def test_own_hours_close_the_office(make: Make) -> None:
    desk = make(hours="own")
    assert said(desk.route()) == ("101", "responsible")
    desk.now = NOW + 12 * 3600
    routed = desk.route()
    assert said(routed) == ("", "closed")
    assert routed.decision.name == "Иван Петров"


def test_calendar_of_the_portal_closes_the_office(make: Make) -> None:
    desk = make(hours="portal_calendar")
    desk.now = NOW + 3 * 86400  # Saturday
    assert said(desk.route()) == ("", "closed")


def test_calendar_that_is_not_known_in_time_closes_nothing(make: Make) -> None:
    desk = make(hours="portal_calendar", limit_ms=HURRY * 5)
    desk.now = NOW + 3 * 86400
    desk.office.day_gate.shut()
    assert said(desk.route()) == ("101", "responsible")


def test_destination_has_rules_of_its_own(make: Make) -> None:
    desk = make(destinations={"продажи": {"choices": ["last"], "caller_name": False}})
    desk.office.last = "102"
    routed = desk.route(destination="продажи")
    assert said(routed) == ("102", "last")
    assert not routed.caller_name
    assert said(desk.route(destination="nobody named it")) == ("101", "responsible")


@pytest.mark.parametrize("extension", ["+79031112233", "79031112233", "101,1)", "101@other", "", "٣٣٣"])
def test_internal_number_that_is_no_extension_is_never_dialled(make: Make, extension: str) -> None:
    desk = make()
    desk.office.extensions[ANNA] = extension
    assert said(desk.route()) == ("", "no_extension")


def test_spellings_are_looked_for_too(make: Make) -> None:
    desk = make(spellings=lambda number: (number, number[2:]))
    desk.route()
    assert desk.crm.asked[0][0].spellings == (NUMBER, NUMBER[2:])


# -- a script


def test_script_may_choose_another_extension(make: Make) -> None:
    desk = make()
    desk.customize = lambda routed: (Decision("777", "customized", routed.decision.name), "customization decided")
    routed = desk.route()
    assert said(routed) == ("777", "customized")
    assert routed.told == "customization decided"


def test_script_that_is_late_has_not_spoken(make: Make) -> None:
    desk, gate = make(limit_ms=HURRY * 5), Gate()
    gate.shut()

    def think(routed: Routed) -> tuple[Decision, str]:
        gate.through()
        return Decision("777", "customized"), ""

    desk.customize = think
    routed = desk.route()
    gate.open()
    assert said(routed) == ("101", "responsible")
    assert "no answer in time" in routed.told


def test_script_is_left_time_when_the_portal_takes_all(make: Make) -> None:
    desk = make(limit_ms=1000)
    desk.crm.gate.shut()
    desk.customize = lambda _: (Decision("777", "customized"), "")
    assert said(desk.route()) == ("777", "customized")


def test_closed_router_answers_from_its_memory(make: Make) -> None:
    desk = make()
    desk.route()
    desk.router.close()
    assert said(desk.route()) == ("101", "responsible")
    assert said(desk.route("+79160000000")) == ("", "slow")


# -- what comes from outside


def test_question_is_cleaned() -> None:
    asked = Asked.of("+7916\r\n1234567" + "0" * 100, "7495\x00", " sales\n", "1.2\r", "250")
    assert asked.number.startswith("+79161234567")
    assert len(asked.number) <= 64
    assert (asked.line, asked.destination, asked.linkedid, asked.limit) == ("7495", "sales", "1.2", 0.25)


@pytest.mark.parametrize("limit", ["", "0", "49", "10001", "-5", "1e3", "٥٠٠", "9" * 30])
def test_limit_without_sense_is_the_administrators(limit: str) -> None:
    assert Asked.of("1", limit_ms=limit).limit == 0.0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ООО «Ромашка» (Москва)", "ООО «Ромашка» (Москва)"),
        ("${SHELL(reboot)}", "SHELL(reboot)"),
        ('a"b\\c\r\nSET VARIABLE X "1"', "a b c SET VARIABLE X 1"),
        ("x" * 500, "x" * 100),
    ],
)
def test_name_can_do_no_harm_in_a_dialplan(name: str, shown: str) -> None:
    assert harmless(name) == shown


def test_client_without_a_name_has_none(make: Make) -> None:
    desk = make()
    desk.crm.records[NUMBER] = (Record(CONTACT, "10", "", ANNA),)
    assert desk.route().decision.name == ""
