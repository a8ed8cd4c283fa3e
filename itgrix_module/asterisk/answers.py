# SPDX-License-Identifier: GPL-3.0-or-later
"""Who waits for which answer of the manager: matched by ActionID, never by order."""

from __future__ import annotations

import itertools
import secrets
import threading
from dataclasses import dataclass, field

from itgrix_module.asterisk.message import Message

_LIST_ENDS = frozenset({"complete", "cancelled"})


@dataclass(eq=False)
class Waiter:
    """Somebody who waits for an answer: ``items`` collects a list, whose last event is named ``end``.

    ``lost``: why the answer will never come.
    """

    end: str | None = None
    done: threading.Event = field(default_factory=threading.Event)
    answer: Message | None = None
    items: list[Message] = field(default_factory=list)
    lost: str | None = None

    def take_answer(self, message: Message) -> None:
        """The ``Response`` itself; for a list only its beginning."""
        self.answer = message
        if self.end is None or message.response == "Error":
            self.done.set()

    def take_item(self, message: Message) -> None:
        """An event of the list, or its end."""
        if message.event == self.end or message.get("EventList").lower() in _LIST_ENDS:
            self.done.set()
        else:
            self.items.append(message)


class Answers:
    """Waiters of one session. ``take`` belongs to the reader's thread, the rest to any."""

    def __init__(self) -> None:
        self._mark = f"itgrix-{secrets.token_hex(3)}-"
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[str, Waiter] = {}
        self.lists = 0  # how many of them wait for a list

    def new_id(self) -> str:
        """An ActionID that no other session uses."""
        return f"{self._mark}{next(self._numbers)}"

    def add(self, action_id: str, waiter: Waiter) -> bool:
        """False when somebody waits for this ActionID already."""
        with self._lock:
            if action_id in self._waiting:
                return False
            self._waiting[action_id] = waiter
            self.lists += waiter.end is not None
        return True

    def remove(self, action_id: str) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            waiter = self._waiting.pop(action_id, None)
            self.lists -= waiter is not None and waiter.end is not None

    def take(self, message: Message) -> bool:
        """Hand the message to its waiter. False when it is a live event for everybody."""
        action_id = message.headers.get("ActionID", "")
        waiter = self._waiting.get(action_id) if action_id else None
        if not message.event:
            if waiter:
                waiter.take_answer(message)
            return True
        if waiter and waiter.end is not None:
            waiter.take_item(message)
            return True
        # what is left of a list for which nobody waits any more is no live event
        return action_id.startswith(self._mark) and message.event != "OriginateResponse"

    def fail(self, reason: str) -> None:
        """The session is over: nobody waits in vain."""
        with self._lock:
            waiting = [waiter for waiter in self._waiting.values() if not waiter.done.is_set()]
        for waiter in waiting:
            waiter.lost = reason
            waiter.done.set()

    def __len__(self) -> int:
        return len(self._waiting)
