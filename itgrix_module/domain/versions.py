# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of the product: which of two is newer, and which line a version belongs to.

The installer has the same rule of its own (``installer.versions``): it runs before this package is unpacked.
"""

from __future__ import annotations

import re

Rank = tuple[tuple[int, ...], int, int]

_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,9}){0,5})(?:\.?(dev|a|b|rc)(\d{1,9}))?")
_STAGES = {"dev": -4, "a": -3, "b": -2, "rc": -1, None: 0}


def rank(version: str) -> Rank:
    """Sorts as versions do: 1.0.0.dev0 < 1.0.0rc1 < 1.0.0 < 1.0.1. Raises ValueError for what is none."""
    found = _FORM.fullmatch(version)
    if found is None:
        raise ValueError(f"{version[:60]!r} is no version")
    numbers = [int(part) for part in found[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), _STAGES[found[2]], int(found[3] or 0)


def is_newer(version: str, than: str) -> bool:
    """Raises ValueError."""
    return rank(version) > rank(than)


def is_final(version: str) -> bool:
    """Neither for development nor for trying out."""
    return rank(version)[1] == 0


def line_of(version: str) -> tuple[int, int]:
    """The release that a version belongs to: 1.4.2 is of 1.4. Raises ValueError."""
    numbers = (*rank(version)[0], 0)
    return numbers[0], numbers[1]
