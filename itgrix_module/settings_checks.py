# SPDX-License-Identifier: GPL-3.0-or-later
"""What a setting is, and checks of single values: each returns what is wrong, empty when nothing is."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from itgrix_module.app.e164 import problem_of_country
from itgrix_module.app.hooking import HOOKS
from itgrix_module.app.wording import Wording
from itgrix_module.domain import hours

Check = Callable[[Any], str]  # of a value of the right type
_WORDING = Wording("en")
KIND_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "yes or no", list: "a list", dict: "a map"}


@dataclass(frozen=True)
class Setting:
    """``help``: one line for the form beside the field. ``secret``: encrypted at rest, never shown."""

    key: str
    kind: type[Any]
    default: Any
    help: str
    check: Check | None = None
    secret: bool = False


def matches(pattern: str, words: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: "" if compiled.fullmatch(value) else words


@dataclass(frozen=True)
class Between:
    """A number within bounds, which forms show."""

    low: float
    high: float

    def __call__(self, value: Any) -> str:
        return "" if self.low <= value <= self.high else f"must be from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class OneOf:
    """One of some names, from which forms let choose."""

    names: tuple[str, ...]

    def __call__(self, value: Any) -> str:
        return "" if value in self.names else f"must be one of {', '.join(self.names)}"


def between(low: float, high: float) -> Check:
    return Between(low, high)


def one_of(*names: str) -> Check:
    return OneOf(names)


def regular_expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        return f"is not a regular expression: {error}"
    return ""


def texts(value: list[Any]) -> str:
    return "" if all(isinstance(item, str) and item for item in value) else "must be a list of texts"


def overrides(value: dict[str, Any]) -> str:
    for extension, user in value.items():
        if not extension or isinstance(user, bool) or not isinstance(user, int) or user < 1:
            return f"{extension!r} needs the number of a portal user"
    return ""


def no_line_break(value: str) -> str:
    return "must be one line" if set(value) & set("\r\n\0") else ""


def users(value: list[Any]) -> str:
    """Numbers of portal users."""
    good = all(isinstance(item, int) and not isinstance(item, bool) and item > 0 for item in value)
    return "" if good else "must be a list of numbers of portal users"


def networks(value: list[Any]) -> str:
    """Networks such as 192.168.0.0/16."""
    for item in value:
        try:
            ipaddress.ip_network(item)
        except (ValueError, TypeError):
            return f"{item!r} is no network such as 192.168.0.0/16"
    return ""


def fields(value: dict[str, Any]) -> str:
    """Names of the portal's fields to templates."""
    for name, template in value.items():
        if not re.fullmatch(r"[A-Z][A-Z0-9_]{1,99}", name):
            return f"{name!r} is no name of a field, such as DESCRIPTION or UF_CRM_123"
        problem = template_problem(template) if isinstance(template, str) else "the template must be text"
        if problem:
            return f"{name}: {problem}"
    return ""


def template_problem(value: str) -> str:
    """A template for a text in the portal; empty for the built-in one."""
    return _WORDING.problem(value) if value else ""


def one_line_template(value: str) -> str:
    """The same, for a text of one line."""
    return no_line_break(value) or template_problem(value)


def week(value: str) -> str:
    """Working hours."""
    return hours.problem(value, [], [])


def holidays(value: list[Any]) -> str:
    """Days off."""
    return texts(value) or hours.problem("", value, [])


def workdays(value: list[Any]) -> str:
    """Working days out of order."""
    return texts(value) or hours.problem("", [], value)


def time_zone(value: str) -> str:
    """Name of a time zone."""
    try:
        known = not value or bool(ZoneInfo(value).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    return "" if known else f"{value!r} is no time zone such as Europe/Moscow"


def hook_names(value: list[Any]) -> str:
    """Names of customizations."""
    unknown = [str(name) for name in value if name not in HOOKS]
    return f"there is no customization {', '.join(unknown)}" if unknown else ""


def country(value: str) -> str:
    """Two letters of a country that has telephone numbers."""
    return matches(r"([A-Z]{2})?", "two capital letters, such as RU")(value) or problem_of_country(value)
