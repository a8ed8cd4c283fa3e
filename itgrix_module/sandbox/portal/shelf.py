# SPDX-License-Identifier: GPL-3.0-or-later
"""A dict that forgets its oldest entry when it is full, so that long runs keep their memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Shelf(OrderedDict[K, V]):
    """At most ``limit`` entries, oldest first out. ``forgotten``: told of each entry that fell off."""

    def __init__(self, limit: int, forgotten: Callable[[K, V], None] | None = None) -> None:
        super().__init__()
        self.limit = max(1, limit)
        self._forgotten = forgotten

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        while len(self) > self.limit:
            oldest, gone = self.popitem(last=False)
            if self._forgotten is not None:
                self._forgotten(oldest, gone)

    def newest(self, count: int) -> list[V]:
        """The last ``count`` values, newest first."""
        found: list[V] = []
        for key in reversed(self):
            if len(found) >= count:
                break
            found.append(self[key])
        return found
