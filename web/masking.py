# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be shown and handed on: never a secret, and for support no phone numbers or names either."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from itgrix_module.domain.numbers import digits, looks_subscriber

HIDDEN = "•••"
_SECRET_KEY = re.compile(r"auth|token|secret|passw|credential|webhook|api_?key|cookie", re.IGNORECASE)
# An incoming webhook is its own password: https://portal/rest/<user>/<code>/
_WEBHOOK = re.compile(r"(/rest/\d+/)[A-Za-z0-9]{8,}")
_NUMBER_KEYS = frozenset({"number", "dialled", "client", "phone", "to", "PHONE_NUMBER"})
_NAME_KEYS = frozenset({"name", "client_name"})
_KEPT_DIGITS = 4


def without_secrets(data: Any) -> Any:
    """JSON data with the values of secret keys and the codes of webhooks hidden."""
    if isinstance(data, Mapping):
        return {
            str(key): HIDDEN if value and _SECRET_KEY.search(str(key)) else without_secrets(value)
            for key, value in data.items()
        }
    return _mapped(data, lambda text: _WEBHOOK.sub(rf"\g<1>{HIDDEN}", text), without_secrets)


def without_persons(data: Any, known: Iterable[str] = (), own: Iterable[str] = ()) -> Any:
    """JSON data in which outside numbers keep their last four digits and names are gone.

    ``known``: numbers that are hidden wherever they stand, beside those under keys that hold numbers. ``own``: the
    company's lines, which stay.
    """
    numbers = {digits(number)[-10:] for number in (*known, *_numbers(data)) if looks_subscriber(number)}
    numbers -= {digits(number)[-10:] for number in own}
    if not numbers:
        return _without_names(data, lambda text: text)
    longest_first = sorted(numbers, key=len, reverse=True)
    pattern = re.compile(r"\+?\d{0,5}(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\d)")
    return _without_names(data, lambda text: pattern.sub(lambda found: HIDDEN + found[0][-_KEPT_DIGITS:], text))


def _numbers(data: Any) -> Iterable[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key in _NUMBER_KEYS and isinstance(value, str):
                yield value
            else:
                yield from _numbers(value)
    elif isinstance(data, list | tuple):
        for item in data:
            yield from _numbers(item)


def _without_names(data: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(data, Mapping):
        return {
            key: HIDDEN if key in _NAME_KEYS and value else _without_names(value, hide) for key, value in data.items()
        }
    return _mapped(data, hide, lambda item: _without_names(item, hide))


def _mapped(data: Any, of_text: Callable[[str], str], of_item: Callable[[Any], Any]) -> Any:
    if isinstance(data, str):
        return of_text(data)
    if isinstance(data, list | tuple):
        return [of_item(item) for item in data]
    return data
