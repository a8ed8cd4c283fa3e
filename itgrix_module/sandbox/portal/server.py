# SPDX-License-Identifier: GPL-3.0-or-later
"""A threaded HTTP/1.1 server for one WSGI application, with the wire under each request in reach.

Keep-alive is kept, and a request may end the way networks end them: dropped, reset, cut short or dripping. Neither
werkzeug's server (closes after each answer) nor waitress (no access to the socket) can do both.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import socket
import socketserver
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import IO, Any
from urllib.parse import unquote_to_bytes

MAX_BODY = 256 * 1024 * 1024
SPOOL = 1024 * 1024
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Wire:
    """The connection under one request. The application says how it ends; the server does it.

    ``cut``: ``drop`` (closed without an answer), ``reset`` (RST) or empty. ``keep``: share of the body that is sent
    before the connection is closed. ``drip``: seconds over which the body is spread.
    """

    def __init__(self, sock: socket.socket | None, stopping: threading.Event) -> None:
        self._sock = sock
        self._stopping = stopping
        self.cut = ""
        self.keep = 1.0
        self.drip = 0.0

    def hold(self, seconds: float) -> None:
        """Wait, but not for a client that has gone nor for a server that stops."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._gone():
            if self._stopping.wait(min(left, 0.2)):
                return

    def _gone(self) -> bool:
        if self._sock is None:
            return False
        try:
            readable, _, _ = select.select([self._sock], [], [], 0)
            return bool(readable) and not self._sock.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def send(self, head: bytes, body: bytes) -> bool:
        """Send the answer as asked for; False when the connection must not be used again."""
        if self._sock is None or self.cut:
            self._end()
            return False
        if not self.drip and self.keep >= 1.0:
            self._sock.sendall(head + body)
            return True
        self._drip(head, body[: int(len(body) * self.keep)])
        return self.keep >= 1.0

    def _drip(self, head: bytes, body: bytes) -> None:
        assert self._sock is not None
        self._sock.sendall(head)
        step = max(1, len(body) // 10)
        for start in range(0, len(body), step):
            if self.drip and self._stopping.wait(self.drip / 10):
                return
            self._sock.sendall(body[start : start + step])

    def _end(self) -> None:
        if self._sock is None or self.cut != "reset":
            return
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self._sock.detach())


class Connection(BaseHTTPRequestHandler):
    """Reads requests of one connection and answers them from the application."""

    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 120
    server: PortalServer

    def answer(self) -> None:
        body = self._body()
        if body is None:
            return
        with body:
            wire = Wire(self.connection, self.server.stopping)
            status, headers, content = self._run(self._environ(body, wire))
        whole = wire.send(self._head(status, headers, content), b"" if self.command == "HEAD" else content)
        self.close_connection = self.close_connection or not whole

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = answer

    def handle(self) -> None:
        """A peer that goes away in the middle is nothing to report."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """The portal keeps its own log of requests."""

    def _run(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc: Any = None) -> None:
            started[:] = [status, headers]

        chunks = self.server.application(environ, start_response)
        try:
            content = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return started[0], started[1], content

    def _head(self, status: str, headers: list[tuple[str, str]], content: bytes) -> bytes:
        lines = [f"HTTP/1.1 {status}", f"Date: {self.date_time_string()}", f"Server: {self.server_version}"]
        names = {name.casefold() for name, _ in headers}
        lines += [f"{name}: {value}" for name, value in headers]
        if "content-length" not in names:
            lines.append(f"Content-Length: {len(content)}")
        lines.append("Connection: " + ("close" if self.close_connection else "keep-alive"))
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _body(self) -> IO[bytes] | None:
        """The whole body; None after an error answer."""
        body: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115
        try:
            chunked = "chunked" in self.headers.get("Transfer-Encoding", "").casefold()
            for piece in self._chunks() if chunked else self._pieces(int(self.headers.get("Content-Length") or 0)):
                body.write(piece)
        except ValueError:
            body.close()
            self.close_connection = True
            self.send_error(413)
            return None
        except ConnectionError:
            body.close()
            raise
        body.seek(0)
        return body

    def _pieces(self, length: int) -> Iterator[bytes]:
        if length < 0 or length > MAX_BODY:
            raise ValueError("no sensible length")
        while length > 0:
            piece = self.rfile.read(min(length, 65536))
            if not piece:
                raise ConnectionError("the client left in the middle of its request")
            yield piece
            length -= len(piece)

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while size := int(self.rfile.readline(128).split(b";")[0], 16):
            total += size
            yield from self._pieces(size if total <= MAX_BODY else MAX_BODY + 1)
            self.rfile.readline(8)
        while self.rfile.readline(8192).strip():
            pass

    def _environ(self, body: IO[bytes], wire: Wire) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.host,
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(body.seek(0, io.SEEK_END)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "sandbox.wire": wire,
        }
        body.seek(0)
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        return environ


class PortalServer(socketserver.ThreadingTCPServer):
    """Serves until ``stop``; then no thread and no socket is left."""

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 512

    def __init__(self, host: str, port: int, application: Wsgi) -> None:
        self.application = application
        self.stopping = threading.Event()
        self._open: set[Any] = set()
        self._guard = threading.Lock()
        super().__init__((host, port), Connection)
        self.host = host
        self.port = int(self.server_address[1])
        self._thread = threading.Thread(target=self._accept, name="sandbox-portal")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            socket.create_connection((self.host, self.port), timeout=1).close()
        self._thread.join()
        with self._guard:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def _accept(self) -> None:
        """Sleeps until a connection comes; ``stop`` makes the last one itself."""
        while not self.stopping.is_set():
            self.handle_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)
