# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing decides in time, from what it knows by then."""

from __future__ import annotations

import pytest

from itgrix_module.app.clients import Question
from itgrix_module.app.route import LIVE
from itgrix_module.app.route_ports import Routed
from itgrix_module.domain.responsible import CONTACT, Record
from itgrix_module.domain.routing import Decision
from tests.app.route_desk import ANNA, HURRY, NUMBER, Gate, MakeRoute, said


def test_caller_goes_to_his_responsible_with_one_live_request(make_route: MakeRoute) -> None:
    desk = make_route()
    routed = desk.route()
    assert routed.decision == Decision("101", "responsible", "Иван Петров")
    assert not routed.stale
    assert [(question.number, priority) for question, priority in desk.crm.asked] == [(NUMBER, LIVE)]


def test_second_call_asks_the_portal_nothing(make_route: MakeRoute) -> None:
    desk = make_route()
    assert said(desk.route()) == said(desk.route()) == ("101", "responsible")
    assert len(desk.crm.asked) == 1


def test_search_of_somebody_else_warms_the_memory(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.clients.find([Question(NUMBER)], 5)
    desk.crm.gate.shut()
    assert said(desk.route()) == ("101", "responsible")
    assert len(desk.crm.asked) == 1


def test_busy_employee_is_seen_by_his_phone_now(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.office.devices["101"] = "INUSE"
    assert said(desk.route()) == ("", "busy")
    desk.office.devices["101"] = "NOT_INUSE"
    desk.office.known_devices.clear()  # an answer of the PBX counts for a moment
    assert said(desk.route()) == ("101", "responsible")


def test_phone_that_was_just_sent_a_call_is_looked_at_again_for_the_next_caller(make_route: MakeRoute) -> None:
    desk = make_route()
    assert said(desk.route()) == ("101", "responsible")
    desk.office.devices["101"] = "RINGING"
    assert said(desk.route()) == ("", "busy")


@pytest.mark.parametrize("number", ["", "anonymous", "101", "*97"])
def test_hidden_or_inner_number_is_asked_of_nobody(make_route: MakeRoute, number: str) -> None:
    desk = make_route()
    assert said(desk.route(number)) == ("", "no_number")
    assert desk.crm.asked == []


def test_destination_has_rules_of_its_own(make_route: MakeRoute) -> None:
    desk = make_route(destinations={"продажи": {"choices": ["last"], "caller_name": False}})
    desk.office.last = "102"
    routed = desk.route(destination="продажи")
    assert said(routed) == ("102", "last")
    assert not routed.caller_name
    assert said(desk.route(destination="nobody named it")) == ("101", "responsible")


@pytest.mark.parametrize("extension", ["+79031112233", "79031112233", "101,1)", "101@other", "", "٣٣٣"])
def test_internal_number_that_is_no_extension_is_never_dialled(make_route: MakeRoute, extension: str) -> None:
    desk = make_route()
    desk.office.extensions[ANNA] = extension
    assert said(desk.route()) == ("", "no_extension")


def test_spellings_are_looked_for_too(make_route: MakeRoute) -> None:
    desk = make_route(spellings=lambda number: (number, number[2:]))
    desk.route()
    assert desk.crm.asked[0][0].spellings == (NUMBER, NUMBER[2:])


def test_script_may_choose_another_extension(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.customize = lambda routed: (Decision("777", "customized", routed.decision.name), "customization decided")
    routed = desk.route()
    assert said(routed) == ("777", "customized")
    assert routed.told == "customization decided"


def test_script_that_is_late_has_not_spoken(make_route: MakeRoute) -> None:
    desk, gate = make_route(limit_ms=HURRY * 5), Gate()
    gate.shut()

    def think(routed: Routed) -> tuple[Decision, str]:
        gate.through()
        return Decision("777", "customized"), ""

    desk.customize = think
    routed = desk.route()
    gate.open()
    assert said(routed) == ("101", "responsible")
    assert "no answer in time" in routed.told


def test_script_is_left_time_when_the_portal_takes_all(make_route: MakeRoute) -> None:
    desk = make_route(limit_ms=1000)
    desk.crm.gate.shut()
    desk.customize = lambda _: (Decision("777", "customized"), "")
    assert said(desk.route()) == ("777", "customized")


def test_closed_router_answers_from_its_memory(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.route()
    desk.router.close()
    assert said(desk.route()) == ("101", "responsible")
    assert said(desk.route("+79160000000")) == ("", "slow")


def test_client_without_a_name_has_none(make_route: MakeRoute) -> None:
    desk = make_route()
    desk.crm.records[NUMBER] = (Record(CONTACT, "10", "", ANNA),)
    assert desk.route().decision.name == ""
