# SPDX-License-Identifier: GPL-3.0-or-later
"""A small AMI client on a real socket, for tests of the sandbox PBX; it shares no code with the product's."""

from __future__ import annotations

import re
import socket
import time
from collections import Counter
from collections.abc import Callable

DEADLINE = 10.0  # seconds
Headers = dict[str, str]


class Ended(Exception):
    """The PBX closed the connection."""


class Ami:
    """One connection. ``messages``: all that came, in order; ``raw``: the bytes, ``chunks``: how many at a time."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.raw = bytearray()
        self.chunks: list[int] = []
        self.messages: list[Headers] = []
        self._counts: Counter[str] = Counter()
        self._rest = b""
        self._started = False
        self._number = 0

    def __enter__(self) -> Ami:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, action: str, mark: str = "", /, **headers: object) -> str:
        """Send an action without waiting; returns its ActionID."""
        self._number += 1
        mark = mark or f"test-{self._number}"
        lines = [f"Action: {action}", f"ActionID: {mark}"]
        for name, value in headers.items():
            values = value if isinstance(value, list) else [value]
            lines += [f"{name}: {item}" for item in values]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return mark

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def act(self, action: str, **headers: object) -> Headers:
        """Send an action and return its response."""
        mark = self.send(action, **headers)
        return self.until(lambda message: "Response" in message and message.get("ActionID") == mark)

    def listed(self, action: str, **headers: object) -> list[Headers]:
        """Send an action and return the items of its list."""
        mark = self.send(action, **headers)
        first = len(self.messages)
        self.until(lambda message: message.get("ActionID") == mark and message.get("EventList") == "Complete")
        own = [message for message in self.messages[first:] if message.get("ActionID") == mark]
        return own[1:-1]

    def login(self, user: str = "itgrix", secret: str = "sandbox-secret", **headers: object) -> Headers:
        return self.act("Login", Username=user, Secret=secret, **headers)

    def event(self, name: str, **values: str) -> Headers:
        """The first event of that name with these values."""
        return self.until(lambda message: message.get("Event") == name and values.items() <= message.items())

    def until(self, wanted: Callable[[Headers], bool]) -> Headers:
        """The first message that is wanted, waited for if need be. Raises Ended, AssertionError."""
        deadline = time.monotonic() + DEADLINE
        position = 0
        while True:
            while position < len(self.messages):
                message = self.messages[position]
                position += 1
                if wanted(message):
                    return message
            self._receive(deadline)

    def await_count(self, name: str, count: int) -> None:
        """Wait until so many events of that name have come."""
        while self._counts[name] < count:
            self._receive(time.monotonic() + DEADLINE)

    def events(self, name: str = "") -> list[Headers]:
        """Events that have come so far."""
        return [
            message for message in self.messages if message.get("Event") == name or (not name and "Event" in message)
        ]

    def ended(self) -> bool:
        """Wait for the end of the connection."""
        deadline = time.monotonic() + DEADLINE
        try:
            while True:
                self._receive(deadline)
        except Ended:
            return True

    def greeting(self) -> str:
        """The first line."""
        while b"\r\n" not in self.raw:
            self._receive(time.monotonic() + DEADLINE)
        return bytes(self.raw).split(b"\r\n")[0].decode()

    def quiet(self, seconds: float) -> bool:
        """Nothing comes for a while."""
        before = len(self.raw)
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return True
        self._take(data)
        return len(self.raw) == before

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        assert left > 0, f"nothing of the kind came; last: {self.messages[-3:]}"
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise Ended
        self._take(data)

    def _take(self, data: bytes) -> None:
        self.raw += data
        self.chunks.append(len(data))
        self._rest += data
        if not self._started and b"\r\n" in self._rest:
            self._rest = self._rest.split(b"\r\n", 1)[1]
            self._started = True
        if self._started:
            *blocks, self._rest = self._rest.split(b"\r\n\r\n")
            new = [_parsed(block) for block in blocks if block.strip()]
            self._counts.update(message.get("Event", "") for message in new)
            self.messages += new


def _parsed(block: bytes) -> Headers:
    lines = block.decode("utf-8", "replace").strip("\r\n").split("\r\n")
    pairs = [re.split(r": ?", line, maxsplit=1) for line in lines]
    found: Headers = {}
    for pair in pairs:
        name, value = pair[0], pair[1] if len(pair) > 1 else ""
        found[name] = f"{found[name]}\n{value}" if name in found else value
    return found
