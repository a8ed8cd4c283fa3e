# SPDX-License-Identifier: GPL-3.0-or-later
"""A portal that is slow or fails costs smart routing its limit of time and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itgrix_module.app.route import AT_ONCE
from itgrix_module.domain.failures import NeedsOwner, Permanent, Temporary
from tests.app.route_desk import CLIENT, HURRY, NUMBER, PATIENT, MakeRoute, said
from tests.asterisk.support import wait_for


def test_portal_that_never_answers_costs_the_limit_and_no_more(make_route: MakeRoute) -> None:
    desk = make_route(limit_ms=HURRY)
    desk.crm.gate.shut()
    assert said(desk.route()) == ("", "slow")  # the gate is still shut


def test_late_answer_warms_the_memory(make_route: MakeRoute) -> None:
    desk = make_route(limit_ms=HURRY)
    desk.crm.gate.shut()
    desk.route()
    desk.crm.gate.open()
    wait_for(lambda: desk.memory.fresh_client(NUMBER, False))
    desk.settings = replace(desk.settings, limit=5.0)
    assert said(desk.route()) == ("101", "responsible")
    assert len(desk.crm.asked) == 1


def test_old_answer_counts_while_the_portal_is_slow(make_route: MakeRoute) -> None:
    desk = make_route(limit_ms=HURRY)
    desk.settings = replace(desk.settings, limit=5.0)
    desk.route()
    desk.monotonic += 3600
    desk.crm.gate.shut()
    desk.settings = replace(desk.settings, limit=HURRY / 1000)
    routed = desk.route()
    assert said(routed) == ("101", "responsible")
    assert routed.stale


def test_answer_that_is_too_old_does_not_count(make_route: MakeRoute) -> None:
    desk = make_route(stale_hours=1)
    desk.route()
    desk.monotonic += 2 * 3600
    desk.crm.gate.shut()
    desk.settings = replace(desk.settings, limit=HURRY / 1000)
    assert said(desk.route()) == ("", "slow")


def test_phone_of_an_old_answer_is_looked_at_while_the_portal_is_slow(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.route()
    desk.monotonic += 3600
    desk.office.known_devices.clear()
    desk.office.devices["101"] = "INUSE"
    desk.crm.gate.shut()
    desk.settings = replace(desk.settings, limit=PATIENT)
    assert said(desk.route()) == ("", "busy")


def test_last_talker_gets_the_call_while_the_portal_is_slow(make_route: MakeRoute) -> None:
    desk = make_route(choices=["responsible", "last"])
    desk.office.last = "102"
    desk.crm.gate.shut()
    desk.settings = replace(desk.settings, limit=PATIENT)
    routed = desk.route()
    assert said(routed) == ("102", "last")
    assert [tried.reason for tried in routed.decision.tried] == ["slow"]


def test_limit_of_the_question_counts_before_the_administrators(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.settings = replace(desk.settings, limit=3600.0)
    desk.crm.gate.shut()
    assert said(desk.route(limit=HURRY / 1000)) == ("", "slow")


def test_two_calls_of_one_client_share_a_request(make_route: MakeRoute) -> None:
    desk = make_route(limit_ms=20_000)
    desk.crm.gate.shut()
    answers = [desk.in_background() for _ in range(3)]
    desk.crm.gate.wait_reached()
    desk.crm.gate.open()
    assert {said(answer()) for answer in answers} == {("101", "responsible")}
    assert len(desk.crm.asked) == 1


def test_many_slow_questions_do_not_keep_known_clients_waiting(make_route: MakeRoute) -> None:
    desk = make_route(limit_ms=HURRY)
    desk.settings = replace(desk.settings, limit=5.0)
    desk.route()
    desk.settings = replace(desk.settings, limit=HURRY / 1000)
    desk.crm.gate.shut()
    waiting = [desk.in_background(f"+7916000{n:04}") for n in range(20)]
    assert said(desk.route()) == ("101", "responsible")
    assert {said(answer()) for answer in waiting} == {("", "slow")}


def test_more_callers_than_places_go_their_usual_way(make_route: MakeRoute) -> None:
    desk = make_route()
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
def test_fault_of_the_portal_is_told_at_once(make_route: MakeRoute, failure: Exception, reason: str) -> None:
    desk = make_route()
    desk.settings = replace(desk.settings, limit=3600.0)
    desk.crm.failure = failure
    assert said(desk.route()) == ("", reason)


def test_client_is_asked_for_again_after_a_fault(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.crm.failure = Temporary("refused", "the portal refuses the connection")
    desk.route()
    desk.crm.failure = None
    assert said(desk.route()) == ("101", "responsible")


def test_stranger_is_asked_for_again_after_a_minute(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.crm.records.clear()
    assert said(desk.route()) == said(desk.route()) == ("", "unknown")
    assert len(desk.crm.asked) == 1
    desk.monotonic += 61
    desk.crm.records[NUMBER] = (CLIENT,)
    assert said(desk.route()) == ("101", "responsible")
