# SPDX-License-Identifier: GPL-3.0-or-later
"""In memory, for quick tests: settings, employees, duties and limits. They pass the contract tests too."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from itgrix_module.app.people_ports import Employee
from itgrix_module.app.rest_ports import LimitState
from tests.fakes.memory import through_json


class MemorySettingStore:
    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._version = 0

    def load(self) -> Mapping[str, Any]:
        return deepcopy(self._values)

    def save(self, values: Mapping[str, Any], removed: Sequence[str] = ()) -> None:
        new = through_json(dict(values))
        self._values = {name: value for name, value in self._values.items() if name not in removed} | new
        self._version += 1

    def version(self) -> int:
        return self._version


class MemoryEmployeeStore:
    def __init__(self) -> None:
        self._saved: tuple[tuple[Employee, ...], float] = ((), 0.0)

    def load(self) -> tuple[tuple[Employee, ...], float]:
        return self._saved

    def save(self, employees: Sequence[Employee], at: float) -> None:
        self._saved = (tuple(employees), at)


class MemoryLeases:
    def __init__(self) -> None:
        self._held: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, owner: str, now: float, seconds: float) -> bool:
        with self._lock:
            holder, until = self._held.get(name, ("", 0.0))
            if holder not in ("", owner) and until > now:
                return False
            self._held[name] = (owner, now + seconds)
            return True

    def release(self, name: str, owner: str) -> None:
        with self._lock:
            if self._held.get(name, ("", 0.0))[0] == owner:
                del self._held[name]


class MemoryLimitStore:
    def __init__(self) -> None:
        self._state = LimitState()
        self._lock = threading.Lock()

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._lock:
            before = self._state
            try:
                yield
            except BaseException:
                self._state = before
                raise

    def load(self) -> LimitState:
        return self._state

    def save(self, state: LimitState) -> None:
        self._state = state
