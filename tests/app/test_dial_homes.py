# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose extension is it, where several PBXs share a portal?"""

from __future__ import annotations

import pytest

from itgrix_module.app.dial_homes import Homes, handed, problem_of_extensions, was_handed


@pytest.mark.parametrize(
    ("extension", "home"),
    [("101", "msk"), ("150", "msk"), ("201", "spb"), ("205", "spb"), ("2050", "msk"), ("301", "msk"), ("", "msk")],
)
def test_extension_is_of_the_pbx_that_names_it_else_of_this_one(extension: str, home: str) -> None:
    named = {"msk": ["150"], "spb": ["201", " 20х ", "150"], "kzn": []}
    assert Homes(named, "msk").of(extension) == home


def test_every_pbx_comes_to_the_same_of_what_one_names() -> None:
    named = {"msk": ["1XX"], "spb": ["2ХХ"]}
    assert {Homes(named, here).of("205") for here in named} == {"spb"}
    assert {Homes(named, here).of("105") for here in named} == {"msk"}


def test_number_counts_before_the_pattern_that_another_pbx_has() -> None:
    named = {"msk": ["101"], "spb": ["10X"]}
    assert [Homes(named, here).of("101") for here in named] == ["msk", "msk"]
    assert [Homes(named, here).of("102") for here in named] == ["spb", "spb"]


def test_without_names_everything_stays_here() -> None:
    assert Homes({}, "msk").of("101") == "msk"


def test_stars_mean_nothing_but_themselves() -> None:
    assert Homes({"msk": [], "spb": ["*1"]}, "msk").of("111") == "msk"


def test_event_that_was_handed_over_has_one_key_and_is_not_handed_over_again() -> None:
    assert handed("k" * 191, "spb") == handed("k" * 191, "spb")
    assert len(handed("k" * 191, "spb")) == 191
    assert was_handed(handed("k", "spb"), "spb")
    assert not was_handed("k", "spb")
    assert not was_handed(handed("k", "spb"), "msk")


@pytest.mark.parametrize("value", [["201", "2XX", "2хХ", "*77"], []])
def test_extensions_and_patterns_are_taken(value: list[str]) -> None:
    assert problem_of_extensions(value) == ""


@pytest.mark.parametrize("value", [[""], ["2.."], ["2XX\r\n"[:3] + "\r\nX"], [5], ["1" * 21], ["1"] * 1001, ["(a+)+"]])
def test_what_is_no_extension_is_refused(value: list[object]) -> None:
    assert problem_of_extensions(value)
