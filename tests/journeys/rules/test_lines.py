# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule a line falls under, and what is not told at all."""

from __future__ import annotations

from typing import Any

import pytest

from itgrix_module.app.lines import unmapped
from tests.journeys.rules.conftest import Open, in_one_mode
from tests.journeys.rules.talk import said

ANSWERED, OUT = "22/in_direct_answered", "22/out_answered"
TOLD = "register 101 +79161234567 in create{}\n& show 101\nfinish 101 200 5s"


def sources(*matches: str) -> list[dict[str, Any]]:
    return [{"match": match, "source": f"S{place}"} for place, match in enumerate(matches)]


@in_one_mode
@pytest.mark.parametrize(
    ("matches", "source"),
    [
        (["74950000001"], "S0"),
        (["+7 495 000-00-01"], "S0"),
        (["84950000001"], "S0"),
        (["0001"], "S0"),
        (["0000001", "0001"], "S0"),
        (["7495000XXXX"], "S0"),
        (["7495*", "749500000XX"], "S1"),
        ([r"/^7495\d+$/"], "S0"),
        (["*", "74950000001"], "S1"),
        (["*"], "S0"),
        (["trunk1"], "S0"),
        (["trunk1", "74950000001"], "S1"),
        (["74950000002", "0002"], ""),
    ],
)
def test_rule_of_the_line(house: Open, matches: list[str], source: str) -> None:
    made = house(lines=sources(*matches))
    said(made.play(ANSWERED), TOLD.format(f" source={source}" if source else ""))


def test_outgoing_call_falls_under_its_trunk(house: Open) -> None:
    made = house(lines=sources("trunk1"), calls__create_outgoing=True)
    said(made.play(OUT), "register 101 +79161234567 out create source=S0\n& show 101\nfinish 101 200 5s")


@pytest.mark.parametrize(
    "settings",
    [
        {"lines": [{"match": "74950000001", "ignore": True}]},
        {"lines": [{"match": "trunk1", "ignore": True}]},
        {"lines": [{"match": "7495*", "ignore": True}]},
        {"filters__lines": ["84950000001"]},
        {"filters__numbers": ["8 916 123-45-67"]},
        {"filters__numbers": ["8916123XXXX"]},
        {"filters__extensions_black": ["101"]},
        {"filters__extensions_white": ["102"]},
    ],
    ids=str,
)
def test_nothing_is_told(house: Open, settings: dict[str, Any]) -> None:
    made = house(**settings, recordings__mode="upload", missed__task__enabled=True)
    said(made.play(ANSWERED), "")
    said(made.play("22/in_direct_noanswer"), "")
    assert "the portal is not told" in made.told()


@in_one_mode
@pytest.mark.parametrize(
    "settings",
    [
        {"lines": [{"match": "74950000002", "ignore": True}]},
        {"filters__lines": ["74950000002"]},
        {"filters__numbers": ["79037654321"]},
        {"filters__extensions_black": ["102"]},
        {"filters__extensions_white": ["101"]},
    ],
    ids=str,
)
def test_others_are_told(house: Open, settings: dict[str, Any]) -> None:
    said(house(**settings).play(ANSWERED), TOLD.format(""))


def test_line_of_its_own_is_not_ignored_with_its_trunk(house: Open) -> None:
    made = house(lines=[{"match": "trunk1", "ignore": True}, {"match": "74950000001", "source": "S"}])
    said(made.play(ANSWERED), TOLD.format(" source=S"))


@pytest.mark.parametrize("ignored", ["beeline-msk", "mobile-gw"])
def test_call_that_goes_over_a_line_that_is_not_ignored_is_told_to_its_end(house: Open, ignored: str) -> None:
    """The first trunk does not get through, the second one does."""
    made = house(lines=[{"match": ignored, "ignore": True}])
    said(
        made.play("more22/outgoing_other_trunk_helps"),
        """
        register 101 +79220402883 out
        & show 101
        finish 101 200 1s
        """,
    )


def test_outgoing_call_over_ignored_lines_only_is_not_told(house: Open) -> None:
    made = house(filters__lines=["beeline-msk", "mobile-gw"])
    said(made.play("more22/outgoing_other_trunk_helps"), "")


def test_black_listed_extension_of_a_group_gets_no_card(house: Open) -> None:
    made = house(filters__extensions_black=["101"])
    said(
        made.play("22/in_rg_answered"),
        """
        register 102 +79161234567 in create
        & show 102,103
        hide 103
        finish 102 200 4s
        """,
    )


def test_call_that_a_black_listed_extension_answers_is_told_for_the_others(house: Open) -> None:
    made = house(filters__extensions_black=["102"])
    said(
        made.play("22/in_rg_answered"),
        """
        register 101 +79161234567 in create
        & show 101,103
        hide 101,103
        finish 103 200 4s
        """,
    )


@in_one_mode
def test_unmapped_lines_of_the_traffic_are_listed(house: Open) -> None:
    made = house(lines=sources("74950000001"))
    made.play(ANSWERED)
    made.play("22/in_rg_answered")
    seen = [(line.line, line.trunk) for line in made.service.core.calls.lines()]
    assert sorted(seen) == [("74950000001", "trunk1"), ("74950000002", "trunk1")]
    assert unmapped(seen, made.service.core.settings.house.lines) == [("74950000002", "trunk1")]
