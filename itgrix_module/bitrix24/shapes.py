# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers for what the portal sends, which is loosely typed.

Ids come as ``"7"`` or ``7``, an empty map as ``[]``, an empty date as ``{}``, a flag as ``Y``, ``1`` or ``true``
(contract §1.2). No reader raises: what cannot be read is None, empty or False.
"""

from __future__ import annotations

import math
from typing import Any

_YES = frozenset({"y", "yes", "1", "true"})


def whole(value: Any) -> int | None:
    """An integer, whatever it is wrapped in; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if not isinstance(value, str | float):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def number(value: Any) -> float | None:
    """A finite number; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def text(value: Any) -> str:
    """A string; numbers become digits, null, maps and lists become empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    try:
        return str(value)
    except ValueError:  # an integer with more digits than Python converts
        return ""


def mapping(value: Any) -> dict[str, Any]:
    """A map; PHP sends a map with the keys 0, 1, 2 as a list and an empty one as ``[]``."""
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return {}


def maps(value: Any) -> list[dict[str, Any]]:
    """The maps of a list, whatever else is in it; a map with numbers for keys counts as a list."""
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return []
    return [item for item in items if isinstance(item, dict)]


def flag(value: Any) -> bool:
    """``Y``, ``1``, ``true`` in any case and type."""
    return value is True or text(value).strip().lower() in _YES
