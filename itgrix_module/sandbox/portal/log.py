# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request the portal got, with secrets masked and old entries forgotten."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SECRET = frozenset({"auth", "access_token", "refresh_token", "client_secret", "code", "auth_id", "refresh_id", "token"})
LONG = 2000


@dataclass(frozen=True)
class RequestView:
    """One request or one command of a batch.

    ``http``: number of the HTTP request; commands of a batch share it with their batch and have ``via_batch``.
    ``method`` is in lower case. ``kind``: rest, upload or oauth. ``at``: epoch seconds, ``seconds``: what it took.
    ``status`` is 0 when no answer was sent; ``fault`` names the injected fault.
    """

    http: int
    at: float
    kind: str
    method: str
    params: Mapping[str, Any]
    client: str
    status: int
    error: str | None
    seconds: float
    via_batch: bool = False
    fault: str = ""


class RequestLog:
    """The last requests, and counters over all of them."""

    def __init__(self, keep: int) -> None:
        self._entries: deque[RequestView] = deque(maxlen=keep)
        self._numbers = itertools.count(1)
        self._guard = threading.Lock()
        self.http: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def next_number(self) -> int:
        return next(self._numbers)

    def add(self, entry: RequestView) -> None:
        with self._guard:
            self._entries.append(entry)
            self.methods[entry.method[:80]] += 1
            if entry.error is not None:
                self.errors[entry.error[:80]] += 1
            if not entry.via_batch:
                self.http["total"] += 1
                self.http["batch" if entry.method == "batch" else entry.kind] += 1
            for counter in (self.methods, self.errors):
                if len(counter) > LONG:
                    counter.clear()

    def entries(self) -> list[RequestView]:
        """Oldest first."""
        with self._guard:
            return list(self._entries)

    def clear(self) -> None:
        with self._guard:
            self._entries.clear()
            for counter in (self.http, self.methods, self.errors):
                counter.clear()


def masked(value: Any, name: str = "") -> Any:
    """A copy without secrets and without the bytes of files."""
    if isinstance(value, Mapping):
        return {key: masked(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, name) for item in value]
    if name.casefold() in SECRET:
        return "***"
    if isinstance(value, str) and len(value) > LONG:
        return f"<{len(value)} characters>"
    return value
