# SPDX-License-Identifier: GPL-3.0-or-later
"""A few places that several threads share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Slots:
    """``count`` places; nobody waits for one."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._lock = threading.Lock()

    @property
    def is_free(self) -> bool:
        """Whether there is a place at this moment."""
        return self._free > 0

    @contextmanager
    def one(self) -> Iterator[bool]:
        """A place for the block, or False when all are taken."""
        with self._lock:
            mine = self._free > 0
            self._free -= mine
        try:
            yield mine
        finally:
            with self._lock:
                self._free += mine
