# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of smart routing name what is wrong with them."""

from __future__ import annotations

import pytest

from itgrix_module.settings_routing import ROUTING

BY_KEY = {setting.key: setting for setting in ROUTING}


def problem(key: str, value: object) -> str:
    check = BY_KEY[key].check
    return check(value) if check else ""


@pytest.mark.parametrize("key", BY_KEY)
def test_default_passes_its_own_check(key: str) -> None:
    setting = BY_KEY[key]
    assert isinstance(setting.default, setting.kind)
    assert problem(key, setting.default) == ""
    assert setting.help


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("routing.choices", ["last", "deal", "responsible"]),
        ("routing.hours", "timeman"),
        ("routing.timeman_states", ["OPENED", "PAUSED"]),
        ("routing.destinations", {"Отдел продаж": {"choices": ["deal"], "hours": "own", "call_waiting": True}}),
        ("routing.destinations", {"sales": {}}),
        ("routing.listen", ""),
        ("routing.listen", "[::1]:4574"),
        ("routing.networks", ["10.0.0.0/8"]),
        ("routing.token", "0123456789abcdef"),
    ],
)
def test_good_value_is_taken(key: str, value: object) -> None:
    assert problem(key, value) == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("routing.choices", []),
        ("routing.choices", ["last", "last"]),
        ("routing.choices", ["anybody"]),
        ("routing.choices", [["last"]]),
        ("routing.hours", "sometimes"),
        ("routing.timeman_states", ["ASLEEP"]),
        ("routing.last_days", 0),
        ("routing.hint_context", "ext-local\r\nAction: Originate"),
        ("routing.destinations", {"a\nb": {}}),
        ("routing.destinations", {" ": {}}),
        ("routing.destinations", {"x" * 65: {}}),
        ("routing.destinations", {"sales": []}),
        ("routing.destinations", {"sales": {"surprise": 1}}),
        ("routing.destinations", {"sales": {"choices": "deal"}}),
        ("routing.destinations", {"sales": {"choices": []}}),
        ("routing.destinations", {"sales": {"hours": "never"}}),
        ("routing.destinations", {"sales": {"call_waiting": "yes"}}),
        ("routing.listen", "4574"),
        ("routing.listen", "127.0.0.1:99999"),
        ("routing.networks", ["everybody"]),
        ("routing.token", "short"),
        ("routing.token", "0123456789abcde\n"),
    ],
)
def test_bad_value_is_refused(key: str, value: object) -> None:
    assert problem(key, value)


def test_token_is_a_secret() -> None:
    assert [setting.key for setting in ROUTING if setting.secret] == ["routing.token"]
