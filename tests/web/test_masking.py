# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves the panel: no secrets, and on request no persons."""

from __future__ import annotations

import pytest

from web.masking import HIDDEN, without_persons, without_secrets

SECRET = [
    "auth",
    "AUTH_ID",
    "access_token",
    "refreshToken",
    "client_secret",
    "password",
    "webhook_url",
    "api_key",
    "Cookie",
]


@pytest.mark.parametrize("key", SECRET)
def test_value_of_a_secret_key_is_hidden_at_any_depth(key: str) -> None:
    assert without_secrets({"a": [{key: "hunter2"}]}) == {"a": [{key: HIDDEN}]}


def test_empty_secret_is_shown_to_be_empty() -> None:
    assert without_secrets({"token": ""}) == {"token": ""}


def test_code_of_a_webhook_is_hidden_inside_of_a_text() -> None:
    said = without_secrets({"text": "POST https://p.example/rest/12/a1b2c3d4e5f6/crm.lead.add failed"})
    assert said == {"text": f"POST https://p.example/rest/12/{HIDDEN}/crm.lead.add failed"}


def test_other_data_stay_as_they_are() -> None:
    data = {"a": 1, "b": None, "c": [True, 1.5, "x"], "d": {"users": [1, 2]}}
    assert without_secrets(data) == data
    assert without_persons(data) == data


@pytest.mark.parametrize("spelling", ["+79161234567", "79161234567", "89161234567", "9161234567"])
def test_number_is_hidden_in_every_spelling(spelling: str) -> None:
    hidden = without_persons({"text": f"in-{spelling}-x", "number": "+79161234567"})
    assert hidden == {"text": "in-•••4567-x", "number": "•••4567"}


def test_ids_and_times_of_the_pbx_are_no_numbers_of_persons() -> None:
    data = {"leg": "1795259986.21", "text": "20261121-010203", "number": "79161234567"}
    assert without_persons(data) | {"number": ""} == data | {"number": ""}


def test_lines_of_the_company_stay() -> None:
    assert without_persons({"dialled": "74951234567"}, own=["+74951234567"]) == {"dialled": "74951234567"}


def test_names_are_hidden_and_extensions_stay() -> None:
    data = {"name": "Иванов", "client_name": "Завод", "party": "101", "number": "101"}
    assert without_persons(data) == {"name": HIDDEN, "client_name": HIDDEN, "party": "101", "number": "101"}


def test_two_numbers_can_still_be_told_apart() -> None:
    hidden = without_persons([{"number": "+79161234567"}, {"number": "+79037654321"}])
    assert hidden == [{"number": "•••4567"}, {"number": "•••4321"}]
