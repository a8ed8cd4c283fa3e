# SPDX-License-Identifier: GPL-3.0-or-later
"""Normal forms of telephone numbers, without any country's rules."""

from __future__ import annotations

_KEYS = frozenset("0123456789+*#")
_SHORT = 6  # digits: longer than any extension, shorter than any subscriber number with its area code


def digits(text: str) -> str:
    """Only the digits of a number."""
    return "".join(char for char in text if char.isdigit())


def looks_subscriber(text: str) -> bool:
    """Is it a number of the public network (more than six digits, or written with a plus)?"""
    found = digits(text)
    return len(found) > _SHORT or (text.startswith("+") and bool(found))


def same_number(one: str, other: str) -> bool:
    """Do two spellings name one subscriber? Compares the last ten digits; short numbers must be equal."""
    first, second = digits(one), digits(other)
    if min(len(first), len(second)) <= _SHORT:
        return first == second and bool(first)
    return first[-10:] == second[-10:] or first.endswith(second) or second.endswith(first)


def is_keyed(text: str) -> bool:
    """Can it be dialled on a telephone, or is it a word of a dialplan (``s``, ``h``, ``FMPR-105``)?"""
    return bool(text) and not set(text) - _KEYS


def is_dialled_number(text: str) -> bool:
    """Did somebody dial a number of at least two digits?"""
    return len(digits(text)) > 1 and is_keyed(text)


def is_subscriber(dialled: str) -> bool:
    """Did somebody dial a number of the public network, not an extension, a group or a feature code?"""
    return looks_subscriber(dialled) and not set(dialled) - set("0123456789+")


def is_internal(dialled: str) -> bool:
    """Did somebody dial an extension, a group or a feature code?"""
    return is_dialled_number(dialled) and not looks_subscriber(dialled)
