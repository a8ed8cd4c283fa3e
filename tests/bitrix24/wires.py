# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on a real socket that answers as a test says, faults included."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from itgrix_module.bitrix24.encoding import decode


@dataclass(frozen=True)
class Request:
    verb: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def method(self) -> str:
        return self.path.partition("?")[0].rpartition("/")[2]


@dataclass(frozen=True)
class Cut:
    """End the connection after these bytes; ``reset``: with RST."""

    sent: bytes = b""
    reset: bool = False


@dataclass(frozen=True)
class Drip:
    """Send the pieces, each after a wait for the server's ``gate`` or the client's leaving."""

    pieces: tuple[bytes, ...]
    pause: float = 0.05


Sent = bytes | Cut | Drip
Script = Callable[[Request], Sent]


def reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """An HTTP answer: JSON of anything but bytes."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    kind = "application/json" if not isinstance(content, bytes) else "text/html"
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def result(value: object, **more: object) -> bytes:
    """A good answer of the portal."""
    return reply({"result": value, "time": {}, **more})


def error(status: int, code: object, description: str = "") -> bytes:
    return reply({"error": code, "error_description": description}, status)


@dataclass
class Server:
    """What came in, and where it listens."""

    script: Script
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    port: int = 0
    scheme: str = "http"
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"{'localhost' if self.scheme == 'https' else '127.0.0.1'}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def webhook(self) -> str:
        return f"{self.url}/rest/1/secretcode1234/"

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]


class _Handler(socketserver.StreamRequestHandler):
    server: _Listener

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while request := self._read():
                with self.server.told.lock:
                    self.server.told.requests.append(request)
                if not self._answer(self.server.told.script(request)):
                    return

    def _read(self) -> Request | None:
        line = self.rfile.readline().decode("latin-1").split()
        if len(line) < 2:
            return None
        headers: dict[str, str] = {}
        while text := self.rfile.readline().decode("latin-1").strip():
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", "0")))
        return Request(line[0], line[1], headers, body)

    def _answer(self, answer: Sent) -> bool:
        if isinstance(answer, bytes):
            self.connection.sendall(answer)
            return True
        if isinstance(answer, Drip):
            self._drip(answer)
            return False
        self.connection.sendall(answer.sent)
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def _drip(self, answer: Drip) -> None:
        for piece in answer.pieces:
            if self.server.told.stopping.wait(answer.pause):
                return
            self.connection.sendall(piece)


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, told: Server, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told = told
        self._context = context
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        if self._context:
            self._open.discard(connection)
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self._open.add(connection)
        with self.told.lock:
            self.told.connections += 1
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)
        with self.told.lock:
            self.told.closed += 1

    def cut_all(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gives up is what the tests are about."""


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.002)


@contextmanager
def serving(script: Script, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server until the block ends."""
    told = Server(script, scheme="https" if context else "http")
    listener = _Listener(told, context)
    told.port = listener.server_address[1]
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield told
    finally:
        told.stopping.set()
        listener.shutdown()
        thread.join()
        listener.cut_all()
        listener.server_close()


def moved(base: str) -> Callable[[Request], bytes]:
    """A portal that has another address now."""
    return lambda request: reply(b"<html>Found</html>", 302, {"Location": f"{base}{request.path}"})


def batch_answer(request: Request, **parts: object) -> bytes:
    """Each command answers with its own parameters."""
    commands = request.json["cmd"]
    echoed = {key: decode(line.partition("?")[2]) for key, line in commands.items()}
    return result({"result": echoed, "result_error": [], "result_total": [], "result_next": [], **parts})
