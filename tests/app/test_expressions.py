# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions that people type: Go's syntax works, dangerous ones are refused, slow ones are stopped."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itgrix_module.app.expressions import LONGEST, LONGEST_TEXT, BadExpression, Expression, RunsAway

SLOW = r"(?:\d|\d\d)+$"
TRAP = "1" * 200 + "x"


def replaced(match: str, replace: str, text: str) -> str:
    expression = Expression(match)
    return expression.replaced(text, expression.template(replace))


@pytest.mark.parametrize(
    ("replace", "result"),
    [
        ("+7$1", "+7916"),
        ("+7${1}$2", "+79161234567"),
        (r"\+7\1\2", "+79161234567"),
        ("${code}00", "91600"),
        ("$code", "916"),
        (r"\g<code>", "916"),
        ("<$0>", "<89161234567>"),
        ("$1x", "916x"),
        ("$$", "$"),
        ("5$", "5$"),
        ("", ""),
    ],
)
def test_groups_are_written_as_in_go_and_as_in_python(replace: str, result: str) -> None:
    assert replaced(r"^8(?P<code>\d{3})(\d+)$", replace, "89161234567") == result


def test_group_that_took_no_part_is_empty() -> None:
    assert replaced(r"(8)?(\d{3})$", "<$1$2>", "916") == "<916>"


def test_empty_match_behind_another_one_does_not_count_as_in_go() -> None:
    assert replaced(".*", "x", "abc") == "x"
    assert replaced("a*", "x", "baac") == "xbxcx"


@pytest.mark.parametrize("replace", ["$2", "$10", r"\2", "${name}", r"\n", "\\", r"\g<2>"])
def test_replacement_that_means_nothing_is_refused(replace: str) -> None:
    with pytest.raises(BadExpression):
        Expression("(a)").template(replace)


def test_digits_behind_a_group_get_a_hint() -> None:
    with pytest.raises(BadExpression, match=r"write \$\{1\}0"):
        Expression("(a)").template("$10")


@pytest.mark.parametrize(
    "match",
    [
        "", "(", ")", "[", "a**", "x" * (LONGEST + 1), r"\Qa\E", "(?R)", "(?1)", "(?P>a)", "(*PRUNE)a", "(?#note)",
        r"\L<names>", "a{e<=1}", "(?b)a", "(?V1)a", "(?:a{65000}){65000}", "(?:" * 20 + "a" + "){2}" * 20,
    ],
)  # fmt: skip
def test_bad_or_dangerous_expression_is_refused(match: str) -> None:
    with pytest.raises(BadExpression):
        Expression(match)


@pytest.mark.parametrize("match", [r"^\+?7(\d{10})$", "(?i)sip-", "(?P<a>1)", "(?<=8)9", "[[:digit:]]{10}", r"\p{L}+"])
def test_usual_expression_is_taken_and_quick(match: str) -> None:
    assert not Expression(match).runs_away()


@pytest.mark.parametrize("match", [SLOW, r"(\d+)+$", "((((.)*)*)*)*[yz]"])
def test_expression_that_runs_away_is_found_out(match: str) -> None:
    assert Expression(match).runs_away()


def test_expression_that_runs_away_is_stopped() -> None:
    expression = Expression(SLOW)
    with pytest.raises(RunsAway):
        expression.replaced(TRAP, ())
    with pytest.raises(RunsAway):
        expression.found_in(TRAP)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=r"()[]{}|?*+^$.\-<>=!:,18dDwWsPgaéЯ#", max_size=40), st.text(max_size=LONGEST_TEXT))
def test_any_text_is_an_expression_or_refused_and_never_harms(match: str, text: str) -> None:
    try:
        expression = Expression(match)
        expression.replaced(text, expression.template("<$0>"))
    except (BadExpression, RunsAway):
        return
