# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of the product: which of two is newer."""

from __future__ import annotations

import re

_FORM = re.compile(r"(\d+(?:\.\d+)*)(?:\.?(dev|a|b|rc)(\d+))?")
_STAGES = {"dev": -4, "a": -3, "b": -2, "rc": -1, None: 0}


def rank(version: str) -> tuple[tuple[int, ...], int, int]:
    """Sorts as versions do: 1.0.0.dev0 < 1.0.0rc1 < 1.0.0 < 1.0.1. Raises ValueError for what is none."""
    found = _FORM.fullmatch(version)
    if found is None:
        raise ValueError(f"{version!r} is no version")
    numbers = [int(part) for part in found[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), _STAGES[found[2]], int(found[3] or 0)


def is_older(version: str, than: str) -> bool:
    return rank(version) < rank(than)
