# SPDX-License-Identifier: GPL-3.0-or-later
"""The rig's own AMI client. It shares nothing with the product's, which it is there to judge."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

Fields = dict[str, str]


@dataclass(frozen=True)
class AmiLogin:
    """Where and as whom to log in to AMI."""

    host: str
    port: int
    username: str
    secret: str


class AmiError(RuntimeError):
    """Asterisk refused an action or closed the link."""


class Messages:
    """Cuts bytes of AMI into messages; of a repeated header the first value counts."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Fields]:
        *blocks, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for block in blocks:
            lines = block.decode("utf-8", "replace").strip("\r\n").split("\r\n")
            fields: Fields = {}
            for name, _, value in (line.partition(": ") for line in lines):
                fields.setdefault(name, "" if value == "<unknown>" else value)
            yield fields


def action(name: str, **headers: str) -> bytes:
    lines = [f"Action: {name}", *(f"{header}: {value}" for header, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Manager:
    """One AMI link for questions, blocking. Use it in a ``with``.

    Raises AmiError or OSError when Asterisk is not there or refuses.
    """

    def __init__(self, login: AmiLogin, timeout: float = 5.0) -> None:
        self._login = login
        self._timeout = timeout
        self._numbers = itertools.count(1)
        self._messages = Messages()
        self._arrived: list[Fields] = []
        self._waiting: list[Fields] = []

    def __enter__(self) -> Manager:
        address = (self._login.host, self._login.port)
        self._socket = socket.create_connection(address, timeout=self._timeout)
        try:
            self.ask("Login", Username=self._login.username, Secret=self._login.secret)
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.sendall(action("Logoff"))
        self._socket.close()

    def ask(self, name: str, **headers: str) -> Fields:
        """Answer to an action; events that come meanwhile are kept for ``until``."""
        number = f"ask-{next(self._numbers)}"
        self._socket.sendall(action(name, ActionID=number, **headers))
        while True:
            message = self._next()
            if message.get("ActionID") == number and "Response" in message:
                break
            self._waiting.append(message)
        if message["Response"] == "Error":
            raise AmiError(f"{name}: {message.get('Message', '')}")
        return message

    def until(self, event: str) -> Fields:
        """Next event of that name."""
        while True:
            message = self._waiting.pop(0) if self._waiting else self._next()
            if message.get("Event") == event:
                return message

    def until_closed(self) -> None:
        """Return when Asterisk closes the link."""
        with suppress(AmiError, ConnectionError):
            while True:
                self._next()

    def _next(self) -> Fields:
        while not self._arrived:
            data = self._socket.recv(65536)
            if not data:
                raise AmiError("Asterisk closed the link")
            self._arrived.extend(self._messages.feed(data))
        return self._arrived.pop(0)
