# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of connection and link share: a receiver that can be waited on, and recorded traces."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from itgrix_module.asterisk.connection import Connection
from itgrix_module.asterisk.message import Message
from tests.fakes.ami_server import AmiServer

TRACES = Path(__file__).parent / "traces"
Found = TypeVar("Found")


class Receiver:
    """Stands for the tracker: keeps what it gets."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.lost: list[str] = []
        self._changed = threading.Condition()

    def on_message(self, message: Message) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def on_lost(self, reason: str) -> None:
        with self._changed:
            self.lost.append(reason)
            self._changed.notify_all()

    @property
    def events(self) -> list[str]:
        return [message.event for message in self.messages]

    def wait_for(self, condition: Callable[[], Found | None], deadline: float = 10.0) -> Found:
        return wait_for(condition, deadline, self._changed)

    def wait_for_event(self, name: str) -> Message:
        self.wait_for(lambda: name in self.events)
        return next(message for message in self.messages if message.event == name)


def wait_for(
    condition: Callable[[], Found | None], deadline: float = 10.0, changed: threading.Condition | None = None
) -> Found:
    """Wait until the condition holds; fails after ``deadline`` seconds."""
    end = time.monotonic() + deadline
    changed = changed or threading.Condition()
    with changed:
        while not (value := condition()):
            assert time.monotonic() < end, "the condition did not come true in time"
            changed.wait(0.01)
    return value


def connection(server: AmiServer, receiver: Receiver, **options: Any) -> Connection:
    """A connection to the fake, not opened."""
    return Connection("127.0.0.1", server.port, on_message=receiver.on_message, on_lost=receiver.on_lost, **options)


@contextlib.contextmanager
def logged_in(server: AmiServer, receiver: Receiver, **options: Any) -> Iterator[Connection]:
    """A connection to the fake that is open and logged in."""
    session = connection(server, receiver, **options)
    try:
        session.open()
        session.login(server.username, server.secret)
        receiver.wait_for_event("FullyBooted")
        yield session
    finally:
        session.close()
