# SPDX-License-Identifier: GPL-3.0-or-later
"""Bracket pairs, loose types, numbers of telephones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from itgrix_module.sandbox.portal.params import Params, as_int, decode, decode_query, encode
from itgrix_module.sandbox.portal.phones import international, is_phone, normal

NAMES = some.text("abcXYZ_", min_size=1, max_size=6)
VALUES = some.recursive(
    some.text(max_size=8),
    lambda inner: some.lists(inner, min_size=1, max_size=4) | some.dictionaries(NAMES, inner, min_size=1, max_size=4),
    max_leaves=12,
)


@given(some.dictionaries(NAMES, VALUES, max_size=5))
def test_what_is_encoded_is_decoded_again(values: dict[str, Any]) -> None:
    assert decode(encode(values)) == values


@given(some.lists(some.tuples(some.text("ab01[]", max_size=12), some.text(max_size=3)), max_size=12))
def test_any_brackets_are_survived(pairs: list[tuple[str, str]]) -> None:
    assert isinstance(decode(pairs), dict)


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("a=1&a=2", {"a": "2"}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=x&a[2]=y", {"a": {"0": "x", "2": "y"}}),
        ("a[5]=x&a[]=y", {"a": {"5": "x", "1": "y"}}),
        ("filter[%3E%3DID]=5&filter[@X][]=1", {"filter": {">=ID": "5", "@X": ["1"]}}),
        ("a[PHONE][0][VALUE]=%2B7", {"a": {"PHONE": [{"VALUE": "+7"}]}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("[x]=1", {"[x]": "1"}),
        ("a=", {"a": ""}),
        ("", {}),
    ],
)
def test_brackets(query: str, values: dict[str, Any]) -> None:
    assert decode_query(query) == values


def test_depth_is_bounded() -> None:
    assert decode([("a" + "[b]" * 10_000, "1")])


@pytest.mark.parametrize(
    ("value", "number"),
    [("12", 12), (" 7x", 7), ("-3", -3), ("x", None), ("", None), (None, None), (True, 1), (2.9, 2), ([], None)],
)
def test_whole_numbers_as_php_reads_them(value: object, number: int | None) -> None:
    assert as_int(value) == number


def test_names_ignore_case_and_shapes_are_forgiving() -> None:
    params = Params({"Call_Id": "x", "list": "one", "map": ["a"], "flag": "Y", "none": None})
    assert (params.text("CALL_ID"), params.items("LIST"), params.mapping("map")) == ("x", ["one"], {"0": "a"})
    assert (params.flag("FLAG"), params.flag("absent", True), params.items("none")) == (True, True, [])
    assert (params.exact("call_id"), "CALL_id" in params, params.text("map")) == (None, True, "")


@pytest.mark.parametrize(
    ("text", "accepted", "digits"),
    [
        ("+7 (906) 219-50-47", True, "79062195047"),
        ("89062195047", True, "79062195047"),
        ("+79062195047,12", True, "79062195047"),
        ("79062195047 доб. 5", True, "79062195047"),
        ("101", True, "101"),
        ("anonymous", False, ""),
        ("+-()", False, ""),
    ],
)
def test_telephone_numbers(text: str, accepted: bool, digits: str) -> None:
    assert (is_phone(text), normal(text)) == (accepted, digits)


def test_international_form() -> None:
    assert (international("8 906 219-50-47"), international("101")) == ("+79062195047", "101")
