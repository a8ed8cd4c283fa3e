# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS before a sandbox portal, as a web server with a certificate stands before a real one."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Front:
    """``context``: what the next connections are answered with; replace it to change the certificate."""

    def __init__(self, context: ssl.SSLContext, target: int) -> None:
        self.context, self._target = context, target
        self._door = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._start(self._admit)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._door.getsockname()[1]
        return port

    def stop(self) -> None:
        """Close every socket and end every thread."""
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="tls-front")
        self._threads.append(thread)
        thread.start()

    def _admit(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._start(self._serve, self._door.accept()[0])

    def _serve(self, raw: socket.socket) -> None:
        with raw, contextlib.suppress(OSError):
            client = self.context.wrap_socket(raw, server_side=True)
            with client, socket.create_connection(("127.0.0.1", self._target)) as portal:
                self._open |= {client, portal}
                back = threading.Thread(target=_copy, args=(portal, client), name="tls-front-back")
                back.start()
                _copy(client, portal)
                back.join()
                self._open -= {client, portal}


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for sock in (source, target):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def tls_front(context: ssl.SSLContext, target: int) -> Iterator[Front]:
    """A front for the server on this port of this machine."""
    front = Front(context, target)
    try:
        yield front
    finally:
        front.stop()
