# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test knows to be there and the types leave open."""

from __future__ import annotations

from typing import TypeVar

Value = TypeVar("Value")
Kind = TypeVar("Kind")


def known(value: Value | None) -> Value:
    """It, or the test fails."""
    assert value is not None
    return value


def of_kind(value: object, kind: type[Kind]) -> Kind:
    """It as one of this kind, or the test fails."""
    assert isinstance(value, kind)
    return value
