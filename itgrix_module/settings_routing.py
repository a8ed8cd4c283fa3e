# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of smart routing. How long it may think, ``routing.limit_ms``, is in the general table."""

from __future__ import annotations

import re
from typing import Any

from itgrix_module.domain.routing import CHOICES, HOURS
from itgrix_module.settings_checks import Setting, between, matches, networks, one_of

TIMEMAN = ("OPENED", "PAUSED", "CLOSED", "EXPIRED")
_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})")
_LONGEST = 64  # characters of a name
_FLAGS = ("call_waiting", "caller_name", "unknown_is_free")
_OPTIONS = ("choices", "hours", *_FLAGS)


def _listed(value: list[Any], known: tuple[str, ...]) -> str:
    if not value or len(set(map(str, value))) != len(value) or not all(item in known for item in value):
        return f"must be some of {', '.join(known)}, none of them twice"
    return ""


def choices(value: list[Any]) -> str:
    """Whom to look for, in order."""
    return _listed(value, CHOICES)


def states(value: list[Any]) -> str:
    """States of the portal's time tracking."""
    return _listed(value, TIMEMAN)


def listen(value: str) -> str:
    """HOST:PORT, or nothing."""
    found = _ADDRESS.fullmatch(value)
    good = not value or (found is not None and int(found[1]) < 65536)
    return "" if good else "must be an address and a port, such as 127.0.0.1:4574; empty: nowhere"


def destinations(value: dict[str, Any]) -> str:
    """Names to rules that differ."""
    for name, rules in value.items():
        if not 0 < len(name.strip()) <= _LONGEST or not name.isprintable():
            return f"{name!r} is no name of a destination: one line of at most {_LONGEST} characters"
        problem = _problem(rules) if isinstance(rules, dict) else "must be a map"
        if problem:
            return f"{name}: {problem}"
    return ""


def _problem(rules: dict[str, Any]) -> str:
    unknown = sorted(set(map(str, rules)) - set(_OPTIONS))
    if unknown:
        return f"there is no {', '.join(unknown)}, only {', '.join(_OPTIONS)}"
    order = rules.get("choices", list(CHOICES))
    problem = choices(order) if isinstance(order, list) else "must be a list"
    if problem:
        return f"choices {problem}"
    if "hours" in rules and rules["hours"] not in HOURS:
        return f"hours {one_of(*HOURS)('')}"
    wrong = [flag for flag in _FLAGS if not isinstance(rules.get(flag, False), bool)]
    return f"{wrong[0]} must be yes or no" if wrong else ""


ROUTING = (
    Setting(
        "routing.choices",
        list,
        ["responsible"],
        "Whom a caller is connected with, in order: the client's responsible, the responsible of his newest open deal "
        "(deal), the employee who talked with him last (last)",
        choices,
    ),
    Setting(
        "routing.hours",
        str,
        "none",
        "When employees get such calls: always, in the working hours set here (own), by the portal's calendar, or "
        "while the portal's time tracking says that they work (timeman)",
        one_of(*HOURS),
    ),
    Setting(
        "routing.timeman_states",
        list,
        ["OPENED"],
        "States of the portal's time tracking in which an employee is at work",
        states,
    ),
    Setting("routing.call_waiting", bool, False, "Employees who talk already get another call"),
    Setting("routing.unknown_is_free", bool, True, "A phone whose state the PBX does not know counts as free"),
    Setting("routing.caller_name", bool, True, "Show the client's name from the CRM as the caller's name"),
    Setting(
        "routing.last_days", int, 90, "Days that count for the employee who talked with him last", between(1, 3650)
    ),
    Setting(
        "routing.stale_hours",
        int,
        168,
        "While the portal is slow, what it said about a client counts for so many hours; 0: not at all",
        between(0, 24 * 90),
    ),
    Setting(
        "routing.hint_context",
        str,
        "ext-local",
        "Context of the dialplan that has the hints of extensions",
        matches(r"[A-Za-z0-9_.-]{1,79}", "letters, digits, - _ and . only"),
    ),
    Setting(
        "routing.destinations",
        dict,
        {},
        "Destinations with rules of their own, by name: what they do not name is as above",
        destinations,
    ),
    Setting(
        "routing.listen",
        str,
        "127.0.0.1:4574",
        "Where the dialplan reaches smart routing by AGI, as agi://ADDRESS/responsible; empty: nowhere",
        listen,
    ),
    Setting(
        "routing.networks",
        list,
        ["127.0.0.0/8", "::1/128"],
        "Networks of PBXs that may ask by AGI, which knows no passwords",
        networks,
    ),
    Setting(
        "routing.token",
        str,
        "",
        "Password for questions by HTTP from other machines; empty: only this machine may ask",
        matches(r"|[A-Za-z0-9_.~-]{16,200}", "16 to 200 letters, digits, - _ . and ~ only"),
        secret=True,
    ),
)
