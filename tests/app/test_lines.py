# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule a line falls under: every spelling of a number is one line, and a doubtful one is none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itgrix_module.app.lines import MOST_RULES, LineRule, Lines, problem_of_lines, unmapped

MOSCOW = ["+7 495 123-45-67", "+74951234567", "74951234567", "84951234567", "4951234567", "8 (495) 123-45-67"]
URALS = ["2723033", "3432723033", "+73432723033", "83432723033"]


def name(lines: Lines, line: str, trunk: str = "") -> str | None:
    rule = lines.rule(line, trunk)
    return None if rule is None else rule.name


def lines(*matches: str) -> Lines:
    """Rules whose name is their match."""
    return Lines(LineRule(match, name=match) for match in matches)


@pytest.mark.parametrize("spellings", [MOSCOW, URALS], ids=["Moscow", "Urals"])
def test_every_spelling_of_a_number_is_one_line(spellings: list[str]) -> None:
    for rule in spellings:
        assert [name(lines(rule, "4999999999"), line) for line in spellings] == [rule] * len(spellings)


def test_exact_spelling_comes_first() -> None:
    found = lines(*reversed(URALS))
    assert [name(found, line) for line in URALS] == URALS


def test_upper_one_of_two_equal_rules_counts() -> None:
    assert Lines([LineRule("1", name="upper"), LineRule("1", name="lower")]).rule("1") == LineRule("1", name="upper")


def test_most_shared_digits_win() -> None:
    assert name(lines("3033", "2723033", "723033"), "+73432723033") == "2723033"


def test_last_digits_of_different_numbers_are_nobodys() -> None:
    assert name(lines("+73432723033", "+74952723033"), "2723033") is None
    assert name(lines("+73432723033", "+74952723033"), "83432723033") == "+73432723033"
    assert name(lines("+73432723033", "+74952723033", "2723033"), "272-30-33") == "2723033"
    assert name(lines("+73432723033", "+74952723033", "megafon"), "2723033", "megafon") == "megafon"


@pytest.mark.parametrize("line", ["123", "1", "trunk-1234", "MAX", "", "34"])
def test_too_few_digits_or_a_word_are_only_themselves(line: str) -> None:
    assert name(lines("84951231234", "123-45-34"), line) is None


def test_short_line_has_its_exact_rule() -> None:
    assert name(lines("123", "84951234123"), "123") == "123"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("+49 30 123456", "030123456"),
        ("030 123456", "004930123456"),
        ("+1 202 555 1234", "2025551234"),
        ("+441214960000", "810441214960000"),
    ],
)
def test_other_countries_numbers_are_known_by_their_ends(rule: str, line: str) -> None:
    assert name(lines(rule), line) == rule


@pytest.mark.parametrize("line", ["84951230001", "+74951230001", "4951230001", "+7 495 123-00-01"])
@pytest.mark.parametrize("pattern", ["8495XXX0001", "+7 495 XXX-00-01", "495ххх0001", "8495xxx0001"])
def test_x_is_any_digit_in_any_spelling(pattern: str, line: str) -> None:
    assert name(lines(pattern), line) == pattern
    assert name(lines(pattern), line[:-1] + "2") is None


def test_star_is_any_tail() -> None:
    assert name(lines("8495*"), "+7 495 123-45-67") == "8495*"
    assert name(lines("megafon-*"), "megafon-out") == "megafon-*"
    assert name(lines("megafon-*"), "mts-out") is None


def test_pattern_with_most_fixed_characters_wins() -> None:
    assert name(lines("8495*", "8495123XXXX", "8*"), "84951234567") == "8495123XXXX"


def test_x_in_the_name_of_a_trunk_is_a_letter() -> None:
    assert name(lines("MAX-*"), "MAX-1") == "MAX-*"
    assert name(lines("MAX-*"), "MA7-1") is None


def test_expression_stands_between_slashes() -> None:
    assert name(lines("/^(mts|megafon)-[0-9]+$/"), "mts-12") == "/^(mts|megafon)-[0-9]+$/"
    assert name(lines("/^(mts|megafon)-[0-9]+$/"), "mts-x") is None


def test_expression_that_runs_away_fits_nothing_and_others_count() -> None:
    found = lines(r"/(?:\d|\d\d)+$/", "/x$/")
    assert name(found, "1" * 200 + "x") == "/x$/"


def test_broken_stored_expression_fits_nothing() -> None:
    assert name(lines("/(/", "*"), "(") == "*"


def test_order_is_number_pattern_expression() -> None:
    rules = ["/^8495/", "8495*", "8495123XXXX", "1234567", "84951234567"]
    while rules:
        best = rules[-1]
        assert name(lines(*rules), "84951234567") == best
        rules.pop()


def test_line_is_asked_before_its_trunk_and_everything_else_last() -> None:
    rules = ("*", "megafon", "8495*")
    assert name(lines(*rules), "84951234567", "megafon") == "8495*"
    assert name(lines(*rules), "88120000000", "megafon") == "megafon"
    assert name(lines(*rules), "88120000000", "mts") == "*"
    assert name(lines(*rules), "") == "*"


def test_setting_becomes_rules_and_unknown_fields_are_left_out() -> None:
    found = Lines.of([{"match": "1234", "source": "CALL", "ignore": True, "later": 1}])
    assert found.rule("84951231234") == LineRule("1234", source="CALL", ignore=True)


def test_unmapped_lines_are_those_without_a_rule_of_their_own() -> None:
    seen = [("84951234567", "megafon"), ("100500", "mts"), ("100500", "mts"), ("", ""), ("2723033", "mts")]
    rules = lines("+74951234567", "*")
    assert unmapped(seen, rules) == [("100500", "mts"), ("2723033", "mts")]
    assert unmapped(seen, rules.rules) == unmapped(seen, rules)


hostile = st.one_of(st.text(max_size=60), st.text(alphabet="+0123456789X*() -./", max_size=20))


@settings(max_examples=300, deadline=None)
@given(st.lists(hostile, max_size=6), hostile, hostile)
def test_nothing_raises_and_the_answer_does_not_depend_on_who_asked_before(
    matches: list[str], line: str, trunk: str
) -> None:
    rules = [LineRule(match, name=str(number)) for number, match in enumerate(matches)]
    found = Lines(rules)
    answer = found.rule(line, trunk)
    assert found.rule(line, trunk) == answer == Lines(rules).rule(line, trunk)
    assert answer is None or answer in rules


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"[1-9][0-9]{9}", fullmatch=True), st.integers(4, 10))
def test_number_is_found_by_any_of_its_ends(number: str, length: int) -> None:
    rule = LineRule(number[-length:])
    assert [Lines([rule]).rule(prefix + number) for prefix in ("+7", "7", "8", "")] == [rule] * 4


def test_good_setting_passes() -> None:
    full = {
        "match": "+7 495 123-45-67", "name": "Реклама", "line": "1", "source": "CALL", "category": 2, "default_user": 7,
        "recordings": "link", "ignore": False,
    }  # fmt: skip
    assert problem_of_lines([full, {**full, "match": "84951234567"}, {"match": "/^8/"}, {"match": "*"}]) == ""
    assert problem_of_lines([]) == ""


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("text", "needs a match"),
        ({"match": "  "}, "needs a match"),
        ({"match": 1}, "needs a match"),
        ({"match": "1", "surprise": 1}, "unknown field 'surprise'"),
        ({"match": "1", "category": True}, "category must be a whole number"),
        ({"match": "1", "category": -1}, "category must be from 0"),
        ({"match": "1", "default_user": "7"}, "default_user must be a whole number"),
        ({"match": "1", "ignore": 1}, "ignore must be yes or no"),
        ({"match": "1", "name": "a\r\nb"}, "name must be one line"),
        ({"match": "1" * 201}, "match must be one line"),
        ({"match": "1", "recordings": "maybe"}, "recordings must be"),
        ({"match": "/(/"}, "not a regular expression"),
        ({"match": r"/(\d+)+$/"}, "too long"),
        ({"match": "1*2*3*"}, "at most 2 stars"),
        ({"match": " 7495 "}, "has the match of entry 1"),
        ({"match": "1", "line": "9", "name": "Other"}, "names the line 9 'Other', entry 1 names it 'Office'"),
    ],
)
def test_bad_entry_is_refused_with_its_number(bad: object, words: str) -> None:
    problem = problem_of_lines([{"match": "7495", "line": "9", "name": "Office"}, bad])
    assert problem.startswith("entry 2")
    assert words in problem


def test_unnamed_entry_of_a_named_line_is_no_contradiction() -> None:
    assert problem_of_lines([{"match": "1", "line": "9", "name": "Office"}, {"match": "2", "line": "9"}]) == ""


def test_too_many_entries_are_refused() -> None:
    assert problem_of_lines([{"match": str(number)} for number in range(MOST_RULES + 1)])
