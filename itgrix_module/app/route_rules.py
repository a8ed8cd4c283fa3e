# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrator's part of smart routing, read from the settings once for each change of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from itgrix_module.domain.hours import Hours
from itgrix_module.domain.routing import RouteRules

_EXTENSION = re.compile(r"\d{1,6}")


@dataclass(frozen=True)
class RouteSettings:
    """``limit``: seconds that an answer may take. ``stale``: seconds that old answers count while the portal is slow.

    ``number``, ``spellings``: a caller's number in the portal's normal form, and how else it may be written there.
    ``hours``: working hours set here. ``dialable``: may this be dialled as an extension?
    """

    usual: RouteRules
    named: Mapping[str, RouteRules]
    limit: float
    last_days: int
    stale: float
    hours: Hours
    number: Callable[[str], str]
    spellings: Callable[[str], tuple[str, ...]]
    dialable: Callable[[str], bool]

    @classmethod
    def of(
        cls,
        settings: Mapping[str, Any],
        hours: Hours,
        number: Callable[[str], str],
        spellings: Callable[[str], tuple[str, ...]] | None,
    ) -> RouteSettings:
        """From settings ``routing.*``."""
        usual = RouteRules(
            tuple(settings["routing.choices"]),
            settings["routing.hours"],
            frozenset(settings["routing.timeman_states"]),
            settings["routing.call_waiting"],
            settings["routing.unknown_is_free"],
            settings["routing.caller_name"],
        )
        return cls(
            usual,
            {name: _changed(usual, rules) for name, rules in settings["routing.destinations"].items()},
            settings["routing.limit_ms"] / 1000,
            settings["routing.last_days"],
            settings["routing.stale_hours"] * 3600.0,
            hours,
            number,
            spellings or _no_spellings,
            _dialable(settings["extensions.pattern"], settings["extensions.list"]),
        )

    def rules(self, destination: str) -> RouteRules:
        """Of a destination; one that nobody has named has the usual ones."""
        return self.named.get(destination, self.usual)


def _changed(usual: RouteRules, rules: Mapping[str, Any]) -> RouteRules:
    changes = {**rules, "choices": tuple(rules.get("choices", usual.choices))}
    return replace(usual, **changes)


def _no_spellings(_number: str) -> tuple[str, ...]:
    return ()


def _dialable(pattern: str, listed: list[str]) -> Callable[[str], bool]:
    """What the portal calls an internal number goes into the dialplan: an outside number there would be toll fraud."""
    known, compiled = frozenset(listed), re.compile(pattern)

    def is_dialable(extension: str) -> bool:
        if not extension.isascii() or not extension.isalnum():
            return False
        return bool(_EXTENSION.fullmatch(extension) or extension in known or compiled.fullmatch(extension))

    return is_dialable
