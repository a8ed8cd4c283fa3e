# SPDX-License-Identifier: GPL-3.0-or-later
"""A second session with the manager for actions, so that a long command never holds up events.

Asterisk works off the actions of one session one by one and sends it no event meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from itgrix_module.asterisk.connection import Connection, LinkFault
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.wire import Headers
from itgrix_module.domain.failures import Temporary

T = TypeVar("T")

_PROBE = 2.0  # seconds for a Ping that tells a stuck session from a slow action


class Commands:
    """Opened at the first action, again after a loss. ``connect`` gives a session that is logged in, without events.

    Safe for many threads; each waits for its own answer. Raises what Connection.action raises.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._connection: Connection | None = None
        self._retired: list[Connection] = []

    def action(self, name: str, headers: Headers = (), timeout: float = 5.0) -> Message:
        """See Connection.action."""
        return self._with(lambda connection: connection.action(name, headers, timeout))

    def list_action(self, name: str, headers: Headers = (), timeout: float = 10.0, complete: str = "") -> list[Message]:
        """See Connection.list_action."""
        return self._with(lambda connection: connection.list_action(name, headers, timeout, complete))

    def command(self, command: str, timeout: float = 10.0) -> str:
        """See Connection.command."""
        return self._with(lambda connection: connection.command(command, timeout))

    def close(self) -> None:
        """End the session for good. Does not wait for one that is just being opened: that ends itself."""
        self._closed.set()
        for connection in list(self._retired):
            connection.close()
        self._end()

    def _with(self, use: Callable[[Connection], T]) -> T:
        connection = self._ready()
        try:
            return use(connection)
        except Temporary as failure:
            if failure.code == "lost" and not failure.executed:
                return use(self._ready())  # surely not sent: the loss was noticed by this very attempt
            if failure.code == "timeout" and not self._alive(connection):
                self._retire(connection)
            raise

    def _ready(self) -> Connection:
        with self._lock:
            self._retired = [connection for connection in self._retired if not _closed_if_idle(connection)]
            if self._connection and not self._connection.connected():
                self._connection.close()
                self._connection = None
            if not self._connection and not self._closed.is_set():
                self._connection = self._connect()
            if self._closed.is_set() or not self._connection:
                self._end()
                raise LinkFault("stopped", "the AMI link is being stopped")
            return self._connection

    def _end(self) -> None:
        if self._connection:
            self._connection.close()

    def _alive(self, connection: Connection) -> bool:
        try:
            connection.action("Ping", timeout=_PROBE)
        except Temporary:
            return False
        return True

    def _retire(self, connection: Connection) -> None:
        """Others may still wait for an answer on it, so it is closed when the last of them is done."""
        with self._lock:
            if self._connection is connection:
                self._connection = None
                self._retired.append(connection)


def _closed_if_idle(connection: Connection) -> bool:
    if connection.idle:
        connection.close()
    return connection.idle
