# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings: one flat JSON object of dotted keys, each with a type, a default and a check; validated as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.settings_checks import KIND_WORDS, Setting
from itgrix_module.settings_table import SETTINGS

__all__ = ["BY_KEY", "SETTINGS", "Setting", "Settings", "SettingsError", "from_text"]


class SettingsError(NeedsOwner):
    """``problems``: key to what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        text = "; ".join(f"{key}: {reason}" for key, reason in sorted(problems.items()))
        super().__init__("settings_invalid", text, "Correct the named settings; nothing was saved.")
        self.problems = dict(problems)


BY_KEY: Mapping[str, Setting] = {setting.key: setting for setting in SETTINGS}


class Settings(Mapping[str, Any]):
    """All settings with defaults filled in; immutable. ``settings["ami.port"]``."""

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        """Raises SettingsError naming every key that is unknown or wrong."""
        values, problems = {}, {}
        for key, value in (given or {}).items():
            try:
                values[key] = _checked(key, value)
            except ValueError as error:
                problems[key] = str(error)
        if problems:
            raise SettingsError(problems)
        self._values = {setting.key: setting.default for setting in SETTINGS} | values
        self.given = frozenset(values)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def shown(self) -> dict[str, Any]:
        """For people's eyes: secrets are only said to be there."""
        return {key: _hidden(key, value) for key, value in self._values.items()}


def _hidden(key: str, value: Any) -> Any:
    return ("set" if value else "") if BY_KEY[key].secret else value


def _checked(key: str, value: Any) -> Any:
    setting = BY_KEY.get(key)
    if setting is None:
        raise ValueError("there is no such setting")
    if setting.kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, setting.kind) or (setting.kind is int and isinstance(value, bool)):
        raise ValueError(f"must be {KIND_WORDS[setting.kind]}")
    problem = setting.check(value) if setting.check else ""
    if problem:
        raise ValueError(problem)
    return value


def from_text(key: str, text: str) -> Any:
    """A value typed on a command line: JSON where the setting is not a text.

    Raises SettingsError when it is not JSON.
    """
    setting = BY_KEY.get(key)
    if setting is None or setting.kind is str:
        return text
    words = {"yes": True, "no": False, "on": True, "off": False}
    if setting.kind is bool and text.lower() in words:
        return words[text.lower()]
    try:
        return json.loads(text)
    except ValueError:
        raise SettingsError({key: f"must be {KIND_WORDS[setting.kind]}"}) from None
