# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an extension or a mobile is, and how numbers are written before anybody is asked."""

from __future__ import annotations

from typing import Any

import pytest

from itgrix_module.app import mobiles
from tests.journeys.rules.conftest import Open, in_one_mode
from tests.journeys.rules.talk import said

ANSWERED, MOBILE = "22/in_direct_answered", "more22/forwarded_always"
OWNED = "register {0} +79220402853 in create\n& show {0}\nfinish {0} 200 1s"


def test_override_counts_before_the_portals_own_number(house: Open) -> None:
    made = house(employees__overrides={"101": 9})
    said(made.play(ANSWERED), "register 109 +79161234567 in create\n& show 109\nfinish 109 200 5s")


def test_extension_of_nobody_goes_to_the_default_user_without_a_card(house: Open) -> None:
    made = house(calls__default_user=5)
    swap = {"101": "199"}
    said(made.play(ANSWERED, swap=swap), "register 105 +79161234567 in create\nfinish 105 200 5s")


@pytest.mark.parametrize(
    "settings",
    [
        {"employees__mobiles": ["79031110110"], "employees__overrides": {"79031110110": 4}},
        {"employees__mobiles": ["8903111XXXX"], "employees__overrides": {"79031110110": 4}},
    ],
    ids=str,
)
def test_own_mobile_counts_as_an_extension(house: Open, settings: dict[str, Any]) -> None:
    said(house(**settings).play(MOBILE), OWNED.format(104))


def test_mobile_that_rings_with_the_group_is_its_employees(house: Open) -> None:
    """The cards of 101 and 102 close when the mobile of 104 answers."""
    settings = {"employees__mobiles": ["79031110110"], "employees__overrides": {"79031110110": 4}}
    said(
        house(**settings).play("more22/group_with_mobile_answered_outside"),
        """
        register 101 +79220402858 in create
        & show 101,102,104
        hide 101,102
        finish 104 200 1s
        """,
    )


def test_client_who_is_on_the_list_of_mobiles_is_an_employee(house: Open) -> None:
    """An employee who calls in from his mobile is no client."""
    made = house(employees__mobiles=["79161234567"])
    said(made.play(ANSWERED), "")


@in_one_mode
def test_file_of_mobiles_is_read_again_when_it_changes(house: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mobiles, "CHECK_EVERY", 0.0)
    made = house()
    file = made.service.core.place.home / "mobiles.txt"
    file.write_text("79160000000\n")
    assert made.play(ANSWERED).lines[-1] == "finish 101 200 5s"
    file.write_text("8 916 123-45-67\n")
    said(made.play(ANSWERED), "")


def test_mobile_in_the_portals_profile_counts(house: Open) -> None:
    made = house()
    made.portal.state.users[4].mobile = "8 (903) 111-01-10"
    made.service.directory.ask_again()
    made.jobs()
    said(made.play(MOBILE), OWNED.format(104))
    made.rule(employees__profile_phones=False)
    assert "104" not in str(made.play(MOBILE))


# -- numbers


@in_one_mode
@pytest.mark.parametrize(
    ("client", "settings", "told"),
    [
        ("89161234567", {}, "+79161234567"),
        ("9161234567", {}, "+79161234567"),
        ("0116179161234567", {"numbers__client_rules": [{"match": "^01161", "replace": ""}]}, "+79161234567"),
        ("79161234567", {"numbers__country": ""}, "79161234567"),
        ("5099161234567", {"numbers__client_rules": [{"match": "^509", "replace": "8"}]}, "+79161234567"),
    ],
)
def test_number_of_a_client(house: Open, client: str, settings: dict[str, Any], told: str) -> None:
    talk = house(**settings).play(ANSWERED, swap={"79161234567": client})
    said(talk, f"register 101 {told} in create\n& show 101\nfinish 101 200 5s")


@in_one_mode
def test_rules_work_each_on_the_result_of_the_one_before(house: Open) -> None:
    rules = [("^7916", "00903"), ("^00", "8"), ("^7916", "1")]
    settings = [{"match": match, "replace": text} for match, text in rules]
    talk = house(numbers__client_rules=settings).play(ANSWERED)
    said(talk, "register 101 +79031234567 in create\n& show 101\nfinish 101 200 5s")


def test_numbers_of_employees_have_rules_of_their_own(house: Open) -> None:
    talk = house(numbers__user_rules=[{"match": "^77", "replace": "10"}]).play(ANSWERED, swap={"101": "771"})
    said(talk, "register 101 +79161234567 in create\n& show 101\nfinish 101 200 5s")


def test_client_under_an_old_spelling_is_found(house: Open) -> None:
    made = house(numbers__search_variants=True)
    old = made.client(NAME="Анна", phone="89161234567", ASSIGNED_BY_ID=9)
    talk = made.play(ANSWERED)
    assert talk.lines[0] == "search +79161234567"
    assert talk.lines[1].startswith("& duplicates ")
    assert f"register 101 +79161234567 in create for=CONTACT:{old}" in talk.lines
    assert made.made() == {}
