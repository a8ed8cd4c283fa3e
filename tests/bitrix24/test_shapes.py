# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itgrix_module.bitrix24 import shapes

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7),
        (7, 7),
        (" 7 ", 7),
        (7.0, 7),
        ("", None),
        (None, None),
        (True, None),
        ([], None),
        ({}, None),
        ("7x", None),
        (math.inf, None),
        (math.nan, None),
        ("9" * 5000, None),
    ],
)
def test_whole(value: object, expected: int | None) -> None:
    assert shapes.whole(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("0.5", 0.5), (1, 1.0), ("nan", None), ("1e999", None), (10**400, None), ([], None)]
)
def test_number(value: object, expected: float | None) -> None:
    assert shapes.number(value) == expected


@pytest.mark.parametrize(("value", "expected"), [("x", "x"), (7, "7"), (None, ""), ({}, ""), ([], ""), (True, "")])
def test_text(value: object, expected: str) -> None:
    assert shapes.text(value) == expected


def test_empty_list_is_an_empty_map_and_a_list_a_map_of_its_indexes() -> None:
    assert shapes.mapping([]) == {}
    assert shapes.mapping(["a", "b"]) == {"0": "a", "1": "b"}
    assert shapes.mapping("x") == {}


def test_map_with_numbers_is_a_list_of_rows() -> None:
    assert shapes.maps({"0": {"ID": 1}, "1": None, "x": {"ID": 2}}) == [{"ID": 1}, {"ID": 2}]
    assert shapes.maps([{"ID": 1}, 5]) == [{"ID": 1}]
    assert shapes.maps("x") == []


@pytest.mark.parametrize("value", ["Y", "y", "1", 1, True, "true"])
def test_flag_set(value: object) -> None:
    assert shapes.flag(value) is True


@pytest.mark.parametrize("value", ["N", "0", 0, False, None, "", [], {}, "undefined"])
def test_flag_not_set(value: object) -> None:
    assert shapes.flag(value) is False


@given(ANYTHING)
def test_no_reader_raises(value: object) -> None:
    for reader in (shapes.whole, shapes.number, shapes.text, shapes.mapping, shapes.maps, shapes.flag):
        reader(value)


def test_number_with_more_digits_than_python_converts_is_empty() -> None:
    assert shapes.text(10**5000) == ""
