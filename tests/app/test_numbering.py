# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers in their normal form: rules in order, then E.164; whatever comes in."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from itgrix_module.app.e164 import COMPLETE, e164, number_digits, prepared, problem_of_country
from itgrix_module.app.numbering import (
    KINDS,
    MOST_RULES,
    NO_MATCH,
    TOO_LONG,
    TOO_SLOW,
    UNUSABLE,
    Kind,
    Numbering,
    Rule,
    problem_of_rules,
)

RU = Numbering(country="RU")
SLOW = Rule(r"(?:\d|\d\d)+$", "")
TRAP = "1" * 200 + "x"
MOSCOW = ("+74951234567", "74951234567", "84951234567", "4951234567")


@pytest.mark.parametrize(
    "raw",
    [
        "+74951234567", "84951234567", "74951234567", "4951234567", "8 (495) 123-45-67", "+7 495 123 45 67",
        "(+7) 495-123-45-67", "0074951234567", "8\u2011495\u2011123\u201145\u201167",
        "\u202a+7 495 123-45-67\u202c", "\uff0b74951234567", "٨٤٩٥١٢٣٤٥٦٧", "84951234567,,12",
        "+7 495 123-45-67 доб. 12", "8495\xa01234567", "84951234567\r\n",
    ],
)  # fmt: skip
def test_every_spelling_of_a_russian_number_is_one(raw: str) -> None:
    assert RU.client(raw) == "+74951234567"
    assert RU.user(raw) == "+74951234567"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "s",
        "101",
        "0611",
        "112",
        "*72",
        "anonymous",
        "unknown",
        "2723033",
        "sip:100@host",
        "FMPR-105",
        "+1",
        "1" * 30,
    ],
)
def test_what_is_no_complete_number_stays(raw: str) -> None:
    assert RU.client(raw) == raw


@pytest.mark.parametrize(
    ("country", "raw", "result"),
    [
        ("RU", "810441214960000", "+441214960000"),
        ("RU", "00441214960000", "+441214960000"),
        ("RU", "441214960000", "+441214960000"),
        ("RU", "375291234567", "+375291234567"),
        ("RU", "+8(916)1234567", "+79161234567"),
        ("RU", "88005553535", "+78005553535"),
        ("KZ", "87011234567", "+77011234567"),
        ("KZ", "77011234567", "+77011234567"),
        ("KZ", "79161234567", "+79161234567"),
        ("DE", "030 123456", "+4930123456"),
        ("DE", "+49 (0)30 123456", "+4930123456"),
        ("DE", "004930123456", "+4930123456"),
        ("DE", "0611", "0611"),
        ("DE", "70001234567", "+4970001234567"),
        ("DE", "+70001234567", "+70001234567"),
        ("US", "(202) 555-1234", "+12025551234"),
        ("IT", "06 1234 5678", "+390612345678"),
        ("", "89161234567", "89161234567"),
        ("XX", "89161234567", "89161234567"),
    ],
)
def test_country_decides_what_a_number_means(country: str, raw: str, result: str) -> None:
    assert Numbering(country=country).client(raw) == result


def test_rules_run_in_order_each_on_the_result_of_the_one_before() -> None:
    numbering = Numbering([Rule("^9", ""), Rule(r"^8(\d{10})$", "7$1"), Rule("^", "+")])
    assert [stage.after for stage in numbering.explain("client", "989161234567")][:3] == [
        "89161234567",
        "79161234567",
        "+79161234567",
    ]


def test_stages_say_what_did_not_match_and_end_with_e164() -> None:
    numbering = Numbering([Rule("^00", "+"), Rule(r"^9(8\d{10})$", "$1")], country="RU")
    stages = numbering.explain("client", "989161234567")
    assert [(stage.rule, stage.note) for stage in stages] == [
        ("^00 → +", NO_MATCH),
        (r"^9(8\d{10})$ → $1", ""),
        ("E.164", COMPLETE),
    ]
    assert stages[-1].after == numbering.client("989161234567") == "+79161234567"


def test_rules_of_clients_and_employees_are_apart() -> None:
    numbering = Numbering([Rule("1", "c")], [Rule("1", "u")], [Rule("1", "d")])
    assert (numbering.client("1"), numbering.user("1"), numbering.dial("1")) == ("c", "u", "d")


@pytest.mark.parametrize("raw", ["+79161234567", "8 (916) 123-45-67", "79161234567", "9161234567"])
def test_one_dial_rule_does_for_every_spelling(raw: str) -> None:
    numbering = Numbering(dial_rules=[Rule(r"^\+7", "8"), Rule(r"^\+", "810")], country="RU")
    assert numbering.dial(raw) == "89161234567"
    assert numbering.dial("+44 121 496 0000") == "810441214960000"
    assert numbering.dial("2-72-30-33") == "2723033"


@pytest.mark.parametrize(
    ("country", "number", "spellings"),
    [
        ("RU", "+79161234567", ("89161234567", "79161234567")),
        ("RU", "+441214960000", ("810441214960000", "441214960000")),
        ("DE", "+4930123456", ("030123456", "4930123456")),
        ("DE", "+79161234567", ("0079161234567", "79161234567")),
        ("US", "+12125550100", ("12125550100",)),
        ("", "+79161234567", ("79161234567",)),
        ("RU", "89161234567", ()),
        ("RU", "*72", ()),
        ("RU", "+", ()),
        ("RU", "", ()),
    ],
)
def test_number_as_a_phone_of_the_country_dials_it(country: str, number: str, spellings: tuple[str, ...]) -> None:
    assert Numbering(country=country).by_hand(number) == spellings


def test_without_dial_rules_only_separators_go() -> None:
    assert RU.dial("8 (916) 123-45-67") == "89161234567"
    assert RU.dial("+7 916 123-45-67") == "+79161234567"
    assert RU.dial("*72") == "*72"


def test_rule_that_runs_away_leaves_the_number_and_the_other_rules_work() -> None:
    numbering = Numbering([SLOW, Rule("x$", "")])
    stages = numbering.explain("client", TRAP)
    assert (stages[0].note, stages[0].after) == (TOO_SLOW, TRAP)
    assert stages[1].after == TRAP[:-1]


def test_many_slow_rules_together_are_stopped() -> None:
    stages = Numbering([SLOW] * MOST_RULES).explain("client", TRAP)
    assert {stage.note for stage in stages[:-1]} == {TOO_SLOW}
    assert Numbering([*[SLOW] * MOST_RULES, Rule("x$", "")]).explain("client", TRAP)[-2].note == TOO_SLOW
    assert stages[-1].after == TRAP


def test_rule_whose_result_explodes_is_skipped() -> None:
    stages = Numbering([Rule(r"\d", "$0" * 50)]).explain("client", "89161234567")
    assert (stages[0].note, stages[0].after) == (TOO_LONG, "89161234567")


def test_stored_rule_that_is_no_longer_good_is_skipped_and_shown() -> None:
    numbering = Numbering([Rule("(", ""), Rule("a", "$3"), Rule("^8", "+7")])
    assert [stage.note for stage in numbering.explain("client", "89161234567")][:3] == [UNUSABLE, UNUSABLE, ""]
    assert numbering.client("89161234567") == "+79161234567"


@pytest.mark.parametrize("given_", ["+7 495 123-45-67", "84951234567", "4951234567"])
def test_search_tries_every_spelling_and_the_given_one(given_: str) -> None:
    assert RU.variants(given_) == tuple(dict.fromkeys((*MOSCOW, given_)))


def test_kazakh_number_is_looked_for_with_8() -> None:
    assert "87011234567" in Numbering(country="KZ").variants("+77011234567")


def test_other_countries_use_their_own_trunk_prefix() -> None:
    assert Numbering(country="DE").variants("+4930123456") == ("+4930123456", "4930123456", "030123456", "30123456")
    assert Numbering(country="IT").variants("+390612345678") == ("+390612345678", "390612345678", "0612345678")


def test_foreign_number_is_not_looked_for_as_a_domestic_one() -> None:
    assert RU.variants("+441214960000") == ("+441214960000", "441214960000")


def test_hidden_number_is_not_looked_for() -> None:
    assert RU.variants("anonymous") == RU.variants("") == ()
    assert RU.variants("101") == ("101",)
    assert RU.variants("2-72-30-33") == ("2-72-30-33", "2723033")


def test_line_breaks_cannot_pass() -> None:
    assert RU.client("101\r\nAction: Originate") == "101Action: Originate"
    assert RU.dial("8916\n1234567") == "89161234567"


@pytest.mark.parametrize(
    ("text", "digits"),
    [("+7 (495) 123", "7495123"), ("8495 доб. 5", "8495"), ("trunk-2024", ""), ("", ""), ("+", ""), ("12/34", "")],
)
def test_only_what_is_written_as_a_number_has_digits(text: str, digits: str) -> None:
    assert number_digits(text) == digits


hostile = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="+0123456789 ()-.,x#*٠١٢\r\n\0\u202a доб", max_size=40),
    st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True),
)


@settings(max_examples=300, deadline=None)
@given(hostile, st.sampled_from(["RU", "KZ", "DE", "US", "IT", "", "XX"]))
@example("1" * 10_000, "RU")
@example("\ud800", "RU")
@example("+" * 10_000, "RU")
def test_no_input_raises_or_leaves_a_line_break(raw: str, country: str) -> None:
    numbering = Numbering([Rule(r"^8(\d{10})$", "+7$1")], dial_rules=[Rule(r"^\+7", "8")], country=country)
    for answer in (numbering.client(raw), numbering.user(raw), numbering.dial(raw), *numbering.variants(raw)):
        answer.encode()
        assert len(answer) <= 250
        assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029]", answer)
    variants = numbering.variants(raw)
    assert len(variants) == len(set(variants)) <= 20
    assert numbering.variants(raw) == variants


@settings(max_examples=300, deadline=None)
@given(hostile)
@example("+200000000000")
def test_normal_form_is_stable(raw: str) -> None:
    once = RU.client(raw)
    assert RU.client(once) == once
    if e164(prepared(raw), "RU")[1] == COMPLETE:
        assert re.fullmatch(r"\+[1-9][0-9]{3,19}", once)
        assert all(RU.client(spelling) == once for spelling in RU.variants(once)[:1])


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"9[0-9]{9}", fullmatch=True))
def test_every_spelling_of_a_russian_mobile_leads_back_to_it(national: str) -> None:
    spellings = RU.variants("+7" + national)
    assert set(spellings) == {f"+7{national}", f"7{national}", f"8{national}", national}
    assert RU.client(f"8{national}") == RU.client(f"+7{national}") == f"+7{national}"


@pytest.mark.parametrize("kind", KINDS)
def test_explanation_ends_with_the_answer(kind: Kind) -> None:
    numbering = Numbering([Rule("^9", "")], [Rule("^8", "7")], [Rule(r"^\+7", "8")], "RU")
    answers = {"client": numbering.client, "user": numbering.user, "dial": numbering.dial}
    assert numbering.explain(kind, "89161234567")[-1].after == answers[kind]("89161234567")


def test_settings_become_rules() -> None:
    rules = [{"match": "^9", "replace": ""}]
    numbering = Numbering.of(
        {
            "numbers.client_rules": rules,
            "numbers.user_rules": [],
            "numbers.dial_rules": [{"match": "^", "replace": "0"}],
            "numbers.country": "RU",
        }
    )
    assert numbering.client("989161234567") == "+79161234567"
    assert numbering.dial("101") == "0101"


GOOD = {"match": r"^8(\d{10})$", "replace": "+7$1"}


def test_good_rules_pass() -> None:
    assert problem_of_rules([GOOD, {"match": r"\D", "replace": ""}]) == ""
    assert problem_of_rules([]) == ""


@pytest.mark.parametrize(
    "bad",
    [
        "text",
        {},
        {"match": "1"},
        {"match": "", "replace": ""},
        {"match": "1", "replace": 1},
        {"match": "1", "replace": "", "more": ""},
        {"match": "(", "replace": ""},
        {"match": "1", "replace": "$1"},
        {"match": "1" * 501, "replace": ""},
        {"match": "1", "replace": "1" * 501},
        {"match": "1\n", "replace": ""},
        {"match": r"(\d+)+$", "replace": ""},
        {"match": "(?R)", "replace": ""},
    ],
)
def test_bad_rule_is_refused_with_its_number(bad: object) -> None:
    assert problem_of_rules([GOOD, bad]).startswith("rule 2: ")


def test_too_many_rules_are_refused() -> None:
    assert problem_of_rules([GOOD] * MOST_RULES) == ""
    assert problem_of_rules([GOOD] * (MOST_RULES + 1)) == f"must be at most {MOST_RULES} rules"


def test_country_must_have_numbers() -> None:
    assert [bool(problem_of_country(code)) for code in ("RU", "", "XX")] == [False, False, True]
