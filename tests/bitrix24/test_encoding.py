# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itgrix_module.bitrix24.encoding import (
    BadForm,
    FormLimits,
    command_line,
    decode,
    encode,
    reference,
    referenced,
)

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="[]"), min_size=1, max_size=8)
LEAVES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(NAMES, inner, min_size=1, max_size=4),
    max_leaves=12,
)


def listed(value: object) -> object:
    """PHP knows one kind of array: a map with the keys 0, 1, 2 is a list."""
    if isinstance(value, list):
        return [listed(item) for item in value]
    if isinstance(value, dict):
        inner = {key: listed(item) for key, item in value.items()}
        return list(inner.values()) if list(inner) == [str(n) for n in range(len(inner))] else inner
    return value


@given(st.dictionaries(NAMES, NESTED, max_size=5))
def test_what_is_encoded_is_decoded_to_the_same(params: dict[str, object]) -> None:
    expected = {name: listed(value) for name, value in params.items()}
    assert decode(encode(params), FormLimits(depth=50)) == expected


def test_nested_fields_are_written_in_brackets_with_everything_escaped() -> None:
    params = {"fields": {"PHONE": [{"VALUE": "+7 900&1=2"}], "OPENED": True, "COUNT": 3, "NOTHING": None}}
    assert encode(params) == "fields[PHONE][0][VALUE]=%2B7%20900%261%3D2&fields[OPENED]=1&fields[COUNT]=3"


def test_filter_with_an_operator_keeps_its_name() -> None:
    assert decode(encode({"filter": {">=ID": "5", "!@STATUS": ["a", "b"]}})) == {
        "filter": {">=ID": "5", "!@STATUS": ["a", "b"]}
    }


def test_value_that_no_form_can_hold_is_an_error_of_ours() -> None:
    with pytest.raises(TypeError, match="object"):
        encode({"a": object()})


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("a=1&a=2", {"a": "2"}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[1]=x&a[0]=y", {"a": {"1": "x", "0": "y"}}),
        ("a[5]=x&a[]=y", {"a": {"5": "x", "1": "y"}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=2&a=1", {"a": "1"}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("a%5Bb%5D=%D0%98+x", {"a": {"b": "И x"}}),
        ("a[b=1", {"a[b": "1"}),
        ("[b]=1", {"[b]": "1"}),
        ("a=%zz%ff", {"a": "%zz\ufffd"}),
        ("=1&&&b", {"b": ""}),
        ("", {}),
    ],
)
def test_form_is_read_as_php_reads_it(form: str, expected: dict[str, object]) -> None:
    assert decode(form) == expected
    assert decode(form.encode()) == expected


@pytest.mark.parametrize(
    "form",
    [
        "a=" + "x" * 100,
        "&".join("a=1" for _ in range(10)),
        "a" + "[b]" * 5 + "=1",
        "n" * 50 + "=1",
    ],
)
def test_hostile_form_is_refused(form: str) -> None:
    with pytest.raises(BadForm):
        decode(form, FormLimits(size=99, fields=9, depth=4, name=40))


@given(st.binary(max_size=200) | st.text(alphabet="ab[]=&%0156", max_size=80))
def test_any_form_is_read_or_refused(form: bytes | str) -> None:
    with contextlib.suppress(BadForm):
        assert isinstance(decode(form), dict)


def test_size_of_a_form_counts_in_bytes() -> None:
    with pytest.raises(BadForm):
        decode("a=ЖЖЖЖ".encode(), FormLimits(size=8))


def test_reference_stays_for_the_portal_to_resolve() -> None:
    line = command_line("show", {"CALL_ID": reference("r", "CALL_ID"), "USER_ID": [1, 2]}, {"r"})
    assert line == "show?CALL_ID=$result[r][CALL_ID]&USER_ID[0]=1&USER_ID[1]=2"


def test_reference_to_a_list_item_is_written_as_the_contract_has_it() -> None:
    line = command_line("crm.deal.list", {"filter": {"CONTACT_ID": reference("dup", "CONTACT", 0)}}, {"dup"})
    assert line == "crm.deal.list?filter[CONTACT_ID]=$result[dup][CONTACT][0]"


@pytest.mark.parametrize("name", ["$result[r][CALL_ID]", "x $result[q][A] y", "$result[r][CALL_ID] "])
def test_client_who_is_called_like_a_reference_is_data(name: str) -> None:
    line = command_line("crm.lead.add", {"fields": {"TITLE": name}}, {"q"})
    assert "$result[" not in dict(parse_qsl(line.partition("?")[2]))["fields[TITLE]"]


def test_references_are_found_where_they_are_values() -> None:
    params = {"a": "$result[x][ID]", "b": [{"c": "$result[y]"}], "d": "text $result[z][ID]"}
    assert list(referenced(params)) == [("x", ("ID",)), ("y", ())]


def test_command_without_parameters_has_no_question_mark() -> None:
    assert command_line("profile", {}, ()) == "profile"
