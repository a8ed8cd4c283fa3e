# SPDX-License-Identifier: GPL-3.0-or-later
"""What smart routing learns beside the client: phones, deals, talks, the days of employees, calendars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.domain.responsible import Deal
from tests.app.route_desk import ANNA, BORIS, CLIENT, HURRY, NOW, NUMBER, MakeRoute, said


def test_pbx_that_does_not_answer_leaves_the_phone_unknown(make_route: MakeRoute) -> None:
    desk = make_route(limit_ms=HURRY * 5)
    desk.office.device_gate.shut()
    assert said(desk.route()) == ("101", "responsible")
    desk.settings = replace(desk.settings, usual=replace(desk.settings.usual, unknown_is_free=False))
    assert said(desk.route()) == ("", "no_state")


def test_link_that_is_down_is_not_waited_for(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.settings = replace(desk.settings, limit=3600.0)
    desk.office.failure = Temporary("down", "the AMI link is down")
    assert said(desk.route()) == ("101", "responsible")


def test_newest_deal_is_asked_for_only_where_it_is_wanted(make_route: MakeRoute) -> None:
    desk = make_route(choices=["deal", "responsible"])
    desk.crm.records[NUMBER] = (replace(CLIENT, deals=(Deal("5", "D", BORIS),)),)
    assert said(desk.route()) == ("102", "deal")
    assert [question.with_deals for question, _ in desk.crm.asked] == [True]
    desk.settings = replace(desk.settings, usual=replace(desk.settings.usual, choices=("responsible",)))
    assert said(desk.route()) == ("101", "responsible")
    assert len(desk.crm.asked) == 1


def test_memory_without_deals_does_not_answer_a_question_for_them(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.route()
    desk.crm.records[NUMBER] = (replace(CLIENT, deals=(Deal("5", "D", BORIS),)),)
    desk.settings = replace(desk.settings, usual=replace(desk.settings.usual, choices=("deal",)))
    assert said(desk.route()) == ("102", "deal")


def test_last_talker_of_so_many_days_is_looked_for(make_route: MakeRoute) -> None:
    desk = make_route(choices=["last"], last_days=30)
    desk.office.last = "102"
    assert said(desk.route()) == ("102", "last")
    assert desk.office.since == NOW - 30 * 86400


@pytest.mark.parametrize(("last", "answer"), [("109", ("109", "last")), ("79031110110", ("", "no_talk"))])
def test_last_talker_whom_the_portal_does_not_know(make_route: MakeRoute, last: str, answer: tuple[str, str]) -> None:
    desk = make_route(choices=["last"])
    desk.office.last = last
    assert said(desk.route()) == answer


def test_database_that_fails_is_no_last_talk(make_route: MakeRoute) -> None:
    desk = make_route(choices=["last", "responsible"])
    desk.office.failure = Temporary("database", "locked")
    assert said(desk.route()) == ("101", "responsible")


def test_day_of_the_employee_is_asked_where_the_portal_keeps_time(make_route: MakeRoute) -> None:
    desk = make_route(hours="timeman")
    desk.office.days[ANNA] = "CLOSED"
    assert said(desk.route()) == ("", "not_working")
    assert said(desk.route()) == ("", "not_working")
    assert desk.office.asked_days == [(ANNA,)]
    desk.monotonic += 61
    desk.office.days[ANNA] = "OPENED"
    assert said(desk.route()) == ("101", "responsible")


def test_day_that_a_search_told_is_not_asked_for(make_route: MakeRoute) -> None:
    desk = make_route(hours="timeman")
    desk.memory.statuses.put(ANNA, "PAUSED")
    assert said(desk.route()) == ("", "not_working")
    assert desk.office.asked_days == []


def test_employee_whose_day_is_not_known_in_time_counts_as_at_work(make_route: MakeRoute) -> None:
    desk = make_route(hours="timeman", limit_ms=HURRY * 5)
    desk.office.days[ANNA] = "CLOSED"
    desk.office.day_gate.shut()
    assert said(desk.route()) == ("101", "responsible")


def test_portal_that_may_not_tell_the_day_is_asked_once_a_minute(make_route: MakeRoute) -> None:
    desk = make_route(hours="timeman")
    desk.office.known_devices["101"] = "NOT_INUSE"
    desk.office.failure = Permanent("insufficient_scope", "the right timeman is missing")
    assert said(desk.route()) == said(desk.route()) == ("101", "responsible")
    assert len(desk.office.asked_days) == 1


def test_own_hours_close_the_office(make_route: MakeRoute) -> None:
    desk = make_route(hours="own")
    assert said(desk.route()) == ("101", "responsible")
    desk.now = NOW + 12 * 3600
    routed = desk.route()
    assert said(routed) == ("", "closed")
    assert routed.decision.name == "Иван Петров"


def test_calendar_of_the_portal_closes_the_office(make_route: MakeRoute) -> None:
    desk = make_route(hours="portal_calendar")
    desk.now = NOW + 3 * 86400  # Saturday
    assert said(desk.route()) == ("", "closed")


def test_calendar_that_is_not_known_in_time_closes_nothing(make_route: MakeRoute) -> None:
    desk = make_route(hours="portal_calendar", limit_ms=HURRY * 5)
    desk.now = NOW + 3 * 86400
    desk.office.day_gate.shut()
    assert said(desk.route()) == ("101", "responsible")
