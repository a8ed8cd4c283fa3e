# SPDX-License-Identifier: GPL-3.0-or-later
"""From the reader's thread into the tracker's queue: never blocks, keeps order, holds events back during a resync."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from itgrix_module.asterisk.filters import NEEDED
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.snapshot import Snapshot

Delivery = Message | Snapshot

HELD_LIMIT = 100_000  # live events held back during one resync
_PUT_TRY = 0.1  # seconds between two looks at whether to go on waiting for room


class Intake:
    """``on_overflow`` is told, in the reader's thread, when a needed message had to be dropped.

    Counters: ``received`` events, ``noise_dropped`` and ``needed_dropped`` because the queue was full.
    """

    def __init__(
        self,
        target: queue.Queue[Delivery],
        on_overflow: Callable[[], None],
        needed: frozenset[str] = NEEDED,
    ) -> None:
        self.received = 0
        self.noise_dropped = 0
        self.needed_dropped = 0
        self.last_at: float | None = None  # arrival of the newest event, epoch seconds
        self._target = target
        self._needed = needed
        self._on_overflow = on_overflow
        self._lock = threading.Lock()
        self._held: list[Message] | None = None

    def hold(self) -> None:
        """From now on events wait for ``release``."""
        with self._lock:
            self._held = self._held or []

    def receive(self, message: Message) -> None:
        """An event has come."""
        self.received += 1
        self.last_at = message.at
        with self._lock:
            if self._held is None:
                self._put(message)
            elif len(self._held) < HELD_LIMIT:
                self._held.append(message)
            else:
                self._drop(message)

    def release(self, snapshot: Snapshot | None, give_up: Callable[[], bool]) -> bool:
        """Queue the snapshot, then what was held back. Waits for room, for ``give_up()`` at most; not for the reader.

        Returns False when the snapshot was not delivered. Events are delivered in any case: they are true.
        """
        delivered = snapshot is None or self._put_patiently(snapshot, give_up)
        while batch := self._next_batch():
            for message in batch:
                if not self._put_patiently(message, give_up):
                    self._put(message)
        return delivered

    def _next_batch(self) -> list[Message]:
        """What is held back now; when nothing is, events go straight into the queue again."""
        with self._lock:
            batch = self._held or []
            self._held = [] if batch else None
            return batch

    def has_room(self) -> bool:
        """At least half of the queue is free."""
        return self._target.maxsize <= 0 or self._target.qsize() <= self._target.maxsize // 2

    def _put_patiently(self, delivery: Delivery, give_up: Callable[[], bool]) -> bool:
        while not give_up():
            try:
                self._target.put(delivery, timeout=_PUT_TRY)
            except queue.Full:
                continue
            return True
        return False

    def _put(self, message: Message) -> None:
        try:
            self._target.put_nowait(message)
        except queue.Full:
            self._drop(message)

    def _drop(self, message: Message) -> None:
        if message.event not in self._needed:
            self.noise_dropped += 1
            return
        self.needed_dropped += 1
        self._on_overflow()
