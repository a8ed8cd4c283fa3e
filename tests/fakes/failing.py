# SPDX-License-Identifier: GPL-3.0-or-later
"""Methods that fail at first."""

from __future__ import annotations

import pytest


def fails_first(monkeypatch: pytest.MonkeyPatch, thing: object, method: str, *failures: Exception) -> None:
    """The next calls of this method end so, one after another; those behind them go through."""
    real, left = getattr(thing, method), list(failures)

    def tried(*given: object, **named: object) -> object:
        if left:
            raise left.pop(0)
        return real(*given, **named)

    monkeypatch.setattr(thing, method, tried)
