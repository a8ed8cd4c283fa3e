# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists as the portal gives them: filters with prefixes, order, pages of fifty."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itgrix_module.sandbox.portal.params import Params, as_bool, as_list, as_map

PAGE = 50
LONGEST_NUMBER = 15
# longest first, so that a prefix is not taken for a shorter one
PREFIXES = ("!><", "!=%", "!%=", "><", ">=", "<=", "!@", "=%", "%=", "!=", "!%", ">", "<", "@", "%", "=", "?", "!")
Row = Mapping[str, Any]
Getter = Callable[[Row, str], Any]


@dataclass(frozen=True)
class Page:
    """A list result: its rows, how many there are in all, where the next page starts (None: no more).

    ``wrap``: name under which ``crm.item.*`` and ``tasks.*`` put the rows.
    """

    rows: list[Any]
    total: int
    next: int | None = None
    wrap: str = ""

    @property
    def result(self) -> Any:
        return {self.wrap: self.rows} if self.wrap else self.rows


def paged(rows: Sequence[Any], params: Params, wrap: str = "") -> Page:
    """Fifty rows from ``start``; ``start=-1`` does not count and names no next page."""
    start = params.integer("start")
    if start < 0:
        return Page(list(rows[:PAGE]), 0, None, wrap)
    following = start + PAGE
    return Page(list(rows[start:following]), len(rows), following if following < len(rows) else None, wrap)


def split_prefix(key: str) -> tuple[str, str]:
    """``>=ID`` → (``>=``, ``ID``)."""
    for prefix in PREFIXES:
        if key.startswith(prefix):
            return prefix, key[len(prefix) :]
    return "", key


def matches(row: Row, conditions: Mapping[str, Any], get: Getter = lambda row, name: row.get(name)) -> bool:
    """Whether a row passes every condition; nested maps with ``logic`` are groups."""
    results = (_condition(row, key, value, get) for key, value in conditions.items() if key.casefold() != "logic")
    return any(results) if str(conditions.get("logic", "")).upper() == "OR" else all(results)


def ordered(rows: Iterable[Row], order: Mapping[str, Any], get: Getter = lambda row, name: row.get(name)) -> list[Any]:
    """Rows sorted by several fields, each ASC or DESC."""
    found = list(rows)
    for name, direction in reversed(list(order.items())):
        found.sort(key=lambda row: _sortable(get(row, name)), reverse=str(direction).upper() == "DESC")
    return found


def _condition(row: Row, key: str, wanted: Any, get: Getter) -> bool:
    if key.isdigit():
        return matches(row, as_map(wanted), get)
    prefix, name = split_prefix(key)
    actual = get(row, name)
    values = actual if isinstance(actual, list) else [actual]
    negative = prefix.startswith("!")
    positive = prefix.removeprefix("!")
    found = any(_compare(positive, value, wanted) for value in values or [None])
    return found != negative


def _compare(prefix: str, actual: Any, wanted: Any) -> bool:
    if isinstance(actual, dict):
        actual = actual.get("VALUE")
    if prefix == "><":
        low, high = [*as_list(wanted), None, None][:2]
        return _ordered(actual, low) >= 0 and _ordered(actual, high) <= 0
    if isinstance(wanted, (list, dict)):
        return any(_compare(prefix if prefix != "@" else "=", actual, item) for item in as_list(wanted))
    return _ONE[prefix](actual, wanted)


def _equal(actual: Any, wanted: Any) -> bool:
    if wanted is None or wanted == "" or wanted is False:
        return actual in (None, "", False, 0) or (actual == "N" and wanted is False)
    if isinstance(actual, bool):
        return actual == as_bool(wanted)
    return actual is not None and _ordered(actual, wanted) == 0


def _ordered(actual: Any, wanted: Any) -> int:
    left, right = _comparable(actual), _comparable(wanted)
    if type(left) is not type(right):
        left, right = str(actual if actual is not None else ""), str(wanted if wanted is not None else "")
    return int(left > right) - int(left < right)


def _comparable(value: Any) -> Any:
    if isinstance(value, bool):
        return "Y" if value else "N"
    text = str(value if value is not None else "").strip()
    # longer ones are names made of digits, and a float would take two of them for one
    if len(text) <= LONGEST_NUMBER:
        with contextlib.suppress(ValueError):
            return float(text)
    return _instant(text)


def _instant(text: str) -> Any:
    if len(text) < 10 or text[4:5] != "-":
        return text.casefold()
    try:
        return datetime.fromisoformat(text.replace(" ", "T", 1)).timestamp()
    except ValueError:
        return text.casefold()


def _sortable(value: Any) -> tuple[int, Any]:
    found = _comparable(value)
    return (0, found) if isinstance(found, float) else (1, found)


def _contains(actual: Any, wanted: Any) -> bool:
    return str(wanted).casefold() in str(actual if actual is not None else "").casefold()


def _pattern(actual: Any, wanted: Any) -> bool:
    pattern = str(wanted).casefold().replace("[", "[[]").replace("*", "[*]").replace("?", "[?]").replace("%", "*")
    return fnmatch.fnmatchcase(str(actual if actual is not None else "").casefold(), pattern)


_ONE: dict[str, Callable[[Any, Any], bool]] = {
    "": _equal,
    "=": _equal,
    "@": _equal,
    "%": _contains,
    "?": _contains,
    "=%": _pattern,
    "%=": _pattern,
    ">": lambda actual, wanted: _ordered(actual, wanted) > 0,
    ">=": lambda actual, wanted: _ordered(actual, wanted) >= 0,
    "<": lambda actual, wanted: _ordered(actual, wanted) < 0,
    "<=": lambda actual, wanted: _ordered(actual, wanted) <= 0,
}
