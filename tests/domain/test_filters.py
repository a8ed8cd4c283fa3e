# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose calls the portal sees: ignored lines and numbers, black and white lists of extensions."""

from __future__ import annotations

import pytest

from itgrix_module.domain.policy import Rules
from itgrix_module.domain.steps import Finish, Note, Step
from tests.domain.story import Story

RINGS_101 = """
    0 new t1 trunk beeline from 79161234567 did 74950000001
    1 new a1 ext 101
    1 dial t1 a1
"""
ANSWERED = """
    3 end t1 a1 ANSWER
    3 join b1 t1 a1
    9 part b1 a1
    9 hang a1 t1
"""
RINGS_BOTH = (
    RINGS_101
    + """
    1 new a2 ext 102
    1 dial t1 a2
"""
)
ANSWERED_BY_101 = """
    3 end t1 a1 ANSWER
    3 end t1 a2 CANCEL
    3 hang a2
    3 join b1 t1 a1
    9 part b1 a1
    9 hang a1 t1
"""
FROM_101 = """
    0 new a1 ext 101 from 101 did 79161234567 calls
    1 new t1 trunk beeline
    1 dial a1 t1 79161234567
    3 end a1 t1 ANSWER
    3 join b1 a1 t1
    9 hang t1 a1
"""


def steps(text: str, rules: Rules) -> list[Step]:
    story = Story(text, rules)
    return story.steps.get(story.call.id, [])


def reasons(found: list[Step]) -> list[str]:
    assert all(isinstance(step, Note) for step in found), found
    return [step.why for step in found]


def test_ignored_line_is_not_told_and_says_so_once() -> None:
    rules = Rules(ignores_line=lambda line, trunk: (line, trunk) == ("74950000001", "beeline"))
    found = reasons(steps(RINGS_101 + ANSWERED, rules))
    assert found == ["the portal is not told: the line 74950000001 is ignored"]


def test_ignored_number_is_not_told_and_says_so_once() -> None:
    found = reasons(steps(RINGS_101 + ANSWERED, Rules(ignores_number=lambda number: number.endswith("4567"))))
    assert found == ["the portal is not told: the number 79161234567 is ignored"]


@pytest.mark.parametrize("text", [RINGS_101 + ANSWERED, RINGS_101 + "5 hang t1 a1", FROM_101])
@pytest.mark.parametrize(
    "rules", [Rules(extensions_black=frozenset({"101"})), Rules(extensions_white=frozenset({"102"}))]
)
def test_call_of_hidden_employees_only_is_not_told(text: str, rules: Rules) -> None:
    assert reasons(steps(text, rules)) == ["the portal is not told: it does not see the calls of 101"]


def test_call_is_told_for_those_who_may_be_seen() -> None:
    found = steps(RINGS_BOTH + ANSWERED_BY_101, Rules(extensions_black=frozenset({"101"})))
    finish = found[-1]
    assert isinstance(finish, Finish)
    assert (finish.employee, finish.status, round(finish.talk)) == ("102", "200", 6)
    assert not any("101" in getattr(step, "employees", ()) for step in found)


def test_call_that_reached_nobody_is_told_whatever_the_lists_say() -> None:
    text = "0 new t1 trunk beeline from 79161234567 did 74950000001\n 6 hang t1"
    found = steps(text, Rules(extensions_white=frozenset({"102"})))
    assert isinstance(found[-1], Finish)
    assert found[-1].status == "304"
