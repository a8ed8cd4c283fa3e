# SPDX-License-Identifier: GPL-3.0-or-later
"""What smart routing remembers, how long, and what makes it old."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itgrix_module.app.clients import Clients, Question
from itgrix_module.app.route_memory import Client, RouteMemory, Shelf
from itgrix_module.app.route_warmth import AT_ONCE, MOST, Warmth
from itgrix_module.domain.failures import Temporary
from itgrix_module.domain.responsible import COMPANY, Deal
from tests.app.route_desk import CLIENT, NUMBER, Desk

OTHER = "+79160000001"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def warmth(desk: Desk) -> Warmth:
    return Warmth(desk.memory, desk.clients, lambda number: Question(number, with_deals=True))


def know(desk: Desk, number: str = NUMBER, *, with_deals: bool = True) -> None:
    desk.clients.find([Question(number, with_deals=with_deals)], 5)


def test_value_is_fresh_then_old_then_gone() -> None:
    now = [0.0]
    shelf = Shelf[str, int](10, lambda: now[0])
    shelf.put("a", 1)
    now[0] = 60.0
    assert (shelf.fresh("a", 60.0), shelf.fresh("a", 59.0), shelf.stale("a", 59.0)) == (1, None, None)
    shelf.outdate(lambda value: value == 1)
    assert (shelf.fresh("a", 60.0), shelf.stale("a", 60.0)) == (None, 1)
    shelf.put("a", 2)
    assert shelf.fresh("a", 60.0) == 2


def test_those_used_longest_ago_go_first() -> None:
    shelf = Shelf[str, int](2, lambda: 0.0)
    shelf.put("a", 1)
    shelf.put("b", 2)
    assert shelf.fresh("a", 1.0) == 1
    shelf.put("c", 3)
    assert [shelf.fresh(key, 1.0) for key in "abc"] == [1, None, 3]


def test_clock_that_goes_back_makes_nothing_young_again() -> None:
    now = [1000.0]
    shelf = Shelf[str, int](2, lambda: now[0])
    shelf.put("a", 1)
    now[0] = 0.0
    assert shelf.stale("a", 1e9) is None


def test_search_without_deals_does_not_take_known_deals_away() -> None:
    memory = RouteMemory(lambda: 0.0)
    with_deal = replace(CLIENT, deals=(Deal("5"),))
    memory.remember(Question(NUMBER, with_deals=True), (with_deal,))
    memory.remember(Question(NUMBER), (CLIENT,))
    assert memory.fresh_client(NUMBER, True) == Client((with_deal,), True)
    memory.remember(Question(NUMBER), (CLIENT, replace(CLIENT, id="11")))
    assert memory.fresh_client(NUMBER, True) is None


def test_changed_contact_is_asked_for_anew_before_it_calls(desk: Desk, warmth: Warmth) -> None:
    know(desk)
    know(desk, OTHER)
    assert warmth.heard("ONCRMCONTACTUPDATE", CLIENT.id)
    assert desk.memory.fresh_client(NUMBER, False) is None
    assert desk.memory.fresh_client(OTHER, False) is not None
    desk.crm.records[NUMBER] = (replace(CLIENT, responsible=2),)
    assert warmth.refresh() == 1
    known = desk.memory.fresh_client(NUMBER, True)
    assert known is not None
    assert [record.responsible for record in known.records] == [2]
    assert desk.crm.asked[-1][1] > 3  # nobody waits for it


@pytest.mark.parametrize("event", ["ONCRMCOMPANYUPDATE", "ONCRMLEADDELETE"])
def test_record_of_another_kind_with_the_same_id_is_another(desk: Desk, warmth: Warmth, event: str) -> None:
    know(desk)
    assert warmth.heard(event, CLIENT.id)
    assert desk.memory.fresh_client(NUMBER, False) is not None


def test_new_record_may_be_of_any_stranger(desk: Desk, warmth: Warmth) -> None:
    know(desk)
    know(desk, OTHER)
    warmth.heard("ONCRMLEADADD", "77")
    assert desk.memory.fresh_client(OTHER, False) is None
    assert desk.memory.fresh_client(NUMBER, False) is not None
    asked = len(desk.crm.asked)
    assert warmth.refresh() == 0
    know(desk, OTHER)
    assert len(desk.crm.asked) == asked + 1  # what others remember is forgotten too


def test_deals_make_old_what_may_hold_them(desk: Desk, warmth: Warmth) -> None:
    desk.crm.records[NUMBER] = (replace(CLIENT, deals=(Deal("5"),)),)
    desk.crm.records[OTHER] = (replace(CLIENT, kind=COMPANY),)
    know(desk)
    know(desk, OTHER, with_deals=False)
    warmth.heard("ONCRMDEALUPDATE", "6")
    assert desk.memory.fresh_client(NUMBER, True) is not None
    warmth.heard("ONCRMDEALUPDATE", "5")
    assert desk.memory.fresh_client(NUMBER, True) is None
    know(desk)
    warmth.heard("ONCRMDEALADD", "9")
    assert desk.memory.fresh_client(NUMBER, True) is None
    assert desk.memory.fresh_client(OTHER, False) is not None


@pytest.mark.parametrize("event", ["ONEXTERNALCALLSTART", "ONCRMACTIVITYADD", "", "ONCRMCONTACTUPDATE\n"])
def test_event_about_something_else_is_left_to_others(warmth: Warmth, event: str) -> None:
    assert not warmth.heard(event, "10")


def test_import_into_the_crm_does_not_become_our_own(desk: Desk, warmth: Warmth) -> None:
    for n in range(MOST + 50):
        number = f"+7916{n:07}"
        desk.crm.records[number] = (CLIENT,)
        know(desk, number)
    warmth.heard("ONCRMCONTACTUPDATE", CLIENT.id)
    refreshed = [warmth.refresh() for _ in range(MOST)]
    assert max(refreshed) == AT_ONCE
    assert sum(refreshed) == MOST


def test_refresh_that_fails_is_tried_again(desk: Desk, warmth: Warmth) -> None:
    know(desk)
    warmth.heard("ONCRMCONTACTUPDATE", CLIENT.id)
    desk.crm.failure = Temporary("refused", "the portal refuses the connection")
    assert warmth.refresh() == 0
    desk.crm.failure = None
    assert warmth.refresh() == 1


def test_other_portal_knows_nobody(desk: Desk) -> None:
    know(desk)
    desk.memory.statuses.put(1, "OPENED")
    desk.memory.forget_all()
    assert desk.memory.clients.stale(NUMBER, 1e9) is None
    assert desk.memory.statuses.stale(1, 1e9) is None


def test_listening_source_keeps_what_the_portal_said(desk: Desk) -> None:
    assert Clients(desk.crm, lambda: 0.0).find([Question(OTHER)], 5) == {OTHER: ()}
    assert desk.memory.fresh_client(OTHER, False) is None  # asked past the memory
    know(desk, OTHER)
    assert desk.memory.fresh_client(OTHER, False) == Client((), True)
