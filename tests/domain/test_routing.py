# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a caller is connected with: situations as tables of facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itgrix_module.domain.responsible import COMPANY, CONTACT, LEAD, Deal, Record
from itgrix_module.domain.routing import Decision, Facts, RouteRules, Staff, Tried, client_name, decide, wishes

ANNA, BORIS, VERA = 1, 2, 3
NUMBER = "+79161234567"
CLIENT = Record(CONTACT, "10", "Иван", ANNA, deals=(Deal("7", "D", BORIS, 50.0), Deal("8", "E", VERA, 40.0)))
STAFF: dict[int | str, Staff] = {
    ANNA: Staff("101", "Anna", "NOT_INUSE", "OPENED"),
    BORIS: Staff("102", "Boris", "NOT_INUSE", "OPENED"),
    VERA: Staff("103", "Vera", "NOT_INUSE", "OPENED"),
    "105": Staff("105", "", "NOT_INUSE"),
}
ALL = ("responsible", "deal", "last")


def facts(anna: dict[str, Any] | None = None, **changes: Any) -> Facts:
    staff = {**STAFF, ANNA: replace(STAFF[ANNA], **(anna or {}))}
    return replace(Facts(NUMBER, (CLIENT,), "105", staff), **changes)


def test_caller_goes_to_the_responsible_with_his_name() -> None:
    assert decide(facts(), RouteRules()) == Decision("101", "responsible", "Иван")


@pytest.mark.parametrize(
    ("choices", "extension"),
    [(("deal",), "102"), (("last",), "105"), (("last", "responsible"), "105"), (("responsible", "last"), "101")],
)
def test_order_of_choices_decides(choices: tuple[str, ...], extension: str) -> None:
    decision = decide(facts(), RouteRules(choices))
    assert (decision.extension, decision.reason) == (extension, choices[0])


@pytest.mark.parametrize(
    ("anna", "reason"),
    [
        ({"active": False}, "absent"),
        ({"extension": ""}, "no_extension"),
        ({"device": "UNAVAILABLE"}, "offline"),
        ({"device": "INVALID"}, "offline"),
        *(({"device": state}, "busy") for state in ("INUSE", "RINGING", "RINGINUSE", "BUSY", "ONHOLD")),
    ],
)
def test_employee_who_cannot_take_the_call_is_named_with_the_reason(anna: dict[str, Any], reason: str) -> None:
    decision = decide(facts(anna), RouteRules())
    extension = "" if "extension" in anna else "101"
    assert decision == Decision("", reason, "Иван", (Tried("responsible", extension, reason),))


def test_next_choice_is_taken_when_the_first_is_busy() -> None:
    decision = decide(facts({"device": "INUSE"}), RouteRules(ALL))
    assert decision == Decision("102", "deal", "Иван", (Tried("responsible", "101", "busy"),))


@pytest.mark.parametrize("state", ["INUSE", "RINGING", "RINGINUSE", "ONHOLD"])
def test_with_call_waiting_who_talks_gets_another_call(state: str) -> None:
    assert decide(facts({"device": state}), RouteRules(call_waiting=True)).extension == "101"


def test_do_not_disturb_counts_even_with_call_waiting() -> None:
    assert decide(facts({"device": "BUSY"}), RouteRules(call_waiting=True)).reason == "busy"


@pytest.mark.parametrize("state", ["UNKNOWN", "", "SOMETHING_NEW"])
def test_phone_of_unknown_state_is_free_unless_set_otherwise(state: str) -> None:
    assert decide(facts({"device": state}), RouteRules()).extension == "101"
    assert decide(facts({"device": state}), RouteRules(unknown_is_free=False)).reason == "no_state"


@pytest.mark.parametrize(
    ("work", "goes"),
    [
        ("OPENED", True),
        ("PAUSED", False),
        ("CLOSED", False),
        ("EXPIRED", False),
        ("", True),
        ("UNAVAILABLE", True),
        ("NOT_INSTALLED", True),
    ],
)
def test_time_tracking_counts_where_it_is_kept(work: str, goes: bool) -> None:
    decision = decide(facts({"work": work}), RouteRules(hours="timeman"))
    assert (decision.extension, decision.reason) == (("101", "responsible") if goes else ("", "not_working"))
    assert decide(facts({"work": work}), RouteRules(hours="own")).extension == "101"


def test_states_that_count_as_work_are_the_administrators_choice() -> None:
    rules = RouteRules(hours="timeman", working=frozenset(("OPENED", "PAUSED")))
    assert decide(facts({"work": "PAUSED"}), rules).extension == "101"


def test_out_of_hours_nobody_is_disturbed_but_the_name_is_shown() -> None:
    assert decide(facts(is_open=False), RouteRules(ALL, "own")) == Decision("", "closed", "Иван")
    assert decide(facts(is_open=True), RouteRules(hours="own")).extension == "101"
    assert decide(facts(is_open=None), RouteRules(hours="portal_calendar")).extension == "101"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"number": ""}, "no_number"),
        ({"records": ()}, "unknown"),
        ({"records": (Record(CONTACT, "10", "Иван"),)}, "nobody"),
        ({"records": None}, "slow"),
        ({"records": None, "trouble": "fault"}, "fault"),
        ({"staff": {}}, "absent"),
    ],
)
def test_caller_without_a_responsible_goes_the_usual_way(changes: dict[str, Any], reason: str) -> None:
    decision = decide(facts(**changes), RouteRules())
    assert (decision.extension, decision.reason) == ("", reason)


def test_last_talker_needs_no_portal() -> None:
    decision = decide(facts(records=None), RouteRules(ALL))
    assert (decision.extension, decision.reason) == ("105", "last")


def test_reason_is_the_person_before_whatever_else_went_wrong() -> None:
    busy = {**STAFF, "105": replace(STAFF["105"], device="BUSY")}
    assert decide(facts(records=None, staff=busy), RouteRules(ALL)).reason == "busy"
    assert decide(facts(records=None, last=""), RouteRules(("last", "responsible"))).reason == "slow"
    assert decide(facts(records=(), last=""), RouteRules(("last", "responsible"))).reason == "no_talk"
    assert decide(facts(records=(), last=None), RouteRules(("responsible", "last"))).reason == "slow"


def test_nobody_is_tried_twice() -> None:
    twice = facts({"device": "INUSE"}, last=ANNA)
    assert [wish.who for wish in wishes(twice, RouteRules(("responsible", "last")))] == [ANNA]
    assert decide(twice, RouteRules(("responsible", "last"))).tried == (Tried("responsible", "101", "busy"),)


def test_client_of_the_contact_comes_before_company_and_lead() -> None:
    records = (Record(LEAD, "1", "Звонок", VERA), Record(COMPANY, "2", "Ромашка", BORIS), CLIENT)
    assert decide(facts(records=records), RouteRules()) == Decision("101", "responsible", "Иван")
    assert client_name(records[:2]) == "Ромашка"


def test_converted_lead_counts_after_a_live_one() -> None:
    records = (Record(LEAD, "1", "Старый", VERA, outcome="S"), Record(LEAD, "2", "Новый", BORIS, outcome="P"))
    assert decide(facts(records=records), RouteRules()) == Decision("102", "responsible", "Новый")


def test_newest_open_deal_counts_and_one_without_a_responsible_does_not() -> None:
    deals = (Deal("1", "", VERA, 10.0), Deal("2", "", None, 99.0), Deal("3", "", BORIS, 20.0))
    records = (replace(CLIENT, deals=deals),)
    assert decide(facts(records=records), RouteRules(("deal",))).extension == "102"
    assert decide(facts(records=(replace(CLIENT, deals=()),)), RouteRules(("deal",))).reason == "no_deal"
