# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores that live as long as the process: for tests, the demo and one-off commands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from itgrix_module.app.rest_ports import LimitState, Tokens


class MemoryLimits:
    """LimitStore for the threads of one process."""

    def __init__(self, state: LimitState | None = None) -> None:
        self._state = state or LimitState()
        self._lock = threading.Lock()

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._lock:
            yield

    def load(self) -> LimitState:
        return self._state

    def save(self, state: LimitState) -> None:
        self._state = state


class MemoryTokens:
    """TokenStore for the threads of one process."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()

    def load(self) -> Tokens | None:
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        self._tokens = tokens

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._lock:
            yield
