# SPDX-License-Identifier: GPL-3.0-or-later
"""Values on their way into columns and back: JSON as text, text that fits."""

from __future__ import annotations

import json
from typing import Any


def to_json(value: Any) -> str:
    """Compact JSON. Raises TypeError or ValueError for what JSON cannot hold, NaN and infinity included."""
    return storable(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain))


def from_json(stored: str | None, default: Any) -> Any:
    """The value, or ``default`` where nothing is stored."""
    return json.loads(stored) if stored else default


def clip(value: str, length: int) -> str:
    """Text that the column takes: names from the wire have any length, and one too long must not stop a call."""
    return storable(value)[:length]


def storable(value: str) -> str:
    """Without lone surrogates (bytes that were no UTF-8) and NUL, which no driver takes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        value = value.encode(errors="replace").decode()
    return value.replace("\x00", "") if "\x00" in value else value


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "items"):
        return dict(value.items())
    raise TypeError(f"{type(value).__name__} is not JSON data")
