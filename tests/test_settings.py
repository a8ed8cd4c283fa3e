# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings are checked as a whole and name what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from itgrix_module.settings import BY_KEY, SETTINGS, Settings, SettingsError, from_text


def problems(**given: Any) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        Settings({key.replace("__", "."): value for key, value in given.items()})
    return caught.value.problems


def test_every_default_passes_its_own_check() -> None:
    settings = Settings({setting.key: setting.default for setting in SETTINGS})
    assert dict(settings) == dict(Settings())


def test_every_setting_has_help_and_a_key_of_its_own() -> None:
    assert all(setting.help for setting in SETTINGS)
    assert len(BY_KEY) == len(SETTINGS)


def test_all_faults_are_named_at_once() -> None:
    found = problems(ami__port=70000, portal__mode="smoke", nonsense=1, ami__username="a\r\nAction: Originate")
    assert set(found) == {"ami.port", "portal.mode", "nonsense", "ami.username"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ami.port", True),
        ("ami.port", "5038"),
        ("calls.create_incoming", 1),
        ("lines", [{"line": "x"}]),
        ("lines", [{"match": "7495", "surprise": 1}]),
        ("lines", [{"match": "7495", "default_user": True}]),
        ("lines", ["7495"]),
        ("employees.overrides", {"101": "7"}),
        ("employees.overrides", {"101": 0}),
        ("filters.numbers", [1]),
        ("extensions.pattern", "("),
        ("pbx.node", "a b"),
        ("numbers.country", "Russia"),
        ("recordings.bitrate", 4),
    ],
)
def test_value_of_the_wrong_kind_is_refused(key: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings({key: value})
    assert set(caught.value.problems) == {key}


def test_whole_number_is_a_number() -> None:
    assert Settings({"limits.rate": 5})["limits.rate"] == 5.0


def test_secrets_are_not_shown() -> None:
    shown = Settings({"ami.secret": "s3cr3t"}).shown()
    assert "s3cr3t" not in str(shown)
    assert shown["ami.secret"] == "set"
    assert shown["portal.webhook_url"] == ""


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("ami.port", "5039", 5039),
        ("ami.secret", "12345", "12345"),
        ("ami.tls", "yes", True),
        ("calls.create_incoming", "false", False),
        ("lines", '[{"match": "7495"}]', [{"match": "7495"}]),
    ],
)
def test_typed_value_becomes_what_the_setting_wants(key: str, text: str, value: object) -> None:
    assert from_text(key, text) == value


def test_typed_value_that_cannot_be_read_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        from_text("ami.port", "five")
    assert caught.value.problems == {"ami.port": "must be a whole number"}
