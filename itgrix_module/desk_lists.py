# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of the portal for forms: read in the background, kept for some minutes; a page waits only a moment for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from itgrix_module.app.desk_ports import Listing
from itgrix_module.domain.failures import Failure

log = logging.getLogger("itgrix.panel")

Reader = Callable[[], Sequence[tuple[str, str]]]
FRESH = 300.0  # seconds that an answer counts
AGAIN = 30.0  # seconds until a failed reading is repeated
PATIENCE = 0.8  # seconds that a page waits for the first answer
_CLOSING = 2.0  # seconds that readings under way are given at the end


class PortalLists:
    """One reading of a list at a time. ``clock``: epoch seconds. Thread-safe."""

    def __init__(self, readers: Mapping[str, Reader], clock: Callable[[], float], patience: float = PATIENCE) -> None:
        self._readers, self._clock, self._patience = readers, clock, patience
        self._lock = threading.Lock()
        self._known: dict[str, Listing] = {}
        self._asked: dict[str, float] = {}
        self._running: dict[str, threading.Thread] = {}
        self._is_closed = False

    def get(self, name: str) -> Listing:
        """What is known; the first time it waits a little for the portal."""
        with self._lock:
            reading = self._reading(name)
            known = self._known.get(name)
        if reading is not None and known is None:
            reading.join(self._patience)
        with self._lock:
            return replace(self._known.get(name, Listing()), is_loading=self._is_reading(name))

    def forget(self) -> None:
        """Another portal: nothing of what was read counts."""
        with self._lock:
            self._known.clear()
            self._asked.clear()

    def close(self) -> None:
        """No reading begins any more."""
        with self._lock:
            self._is_closed = True
            running = list(self._running.values())
        for reading in running:
            reading.join(_CLOSING)

    def _reading(self, name: str) -> threading.Thread | None:
        if self._is_reading(name):
            return self._running[name]
        if self._is_closed or self._clock() < self._next_at(name):
            return None
        self._asked[name] = self._clock()
        reading = threading.Thread(target=self._read, args=(name,), name=f"list-{name}", daemon=True)
        self._running[name] = reading
        reading.start()
        return reading

    def _is_reading(self, name: str) -> bool:
        reading = self._running.get(name)
        return reading is not None and reading.is_alive()

    def _next_at(self, name: str) -> float:
        if name not in self._asked:
            return 0.0
        failed = name in self._known and self._known[name].failure is not None
        return self._asked[name] + (AGAIN if failed else FRESH)

    def _read(self, name: str) -> None:
        begun = self._asked[name]
        try:
            found = Listing(tuple(self._readers[name]()), self._clock())
        except Failure as failure:
            self._keep(name, begun, replace(self._known.get(name, Listing()), failure=failure))
        except Exception:
            # Edge of a thread: a page that lacks a list is no reason to end the service.
            log.exception("the list of %s could not be read", name)
        else:
            self._keep(name, begun, found)

    def _keep(self, name: str, begun: float, found: Listing) -> None:
        with self._lock:
            if self._asked.get(name) == begun:
                self._known[name] = found
