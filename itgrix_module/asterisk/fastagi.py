# SPDX-License-Identifier: GPL-3.0-or-later
"""A FastAGI server: the dialplan asks (``AGI(agi://127.0.0.1:4574/responsible)``), we set channel variables and go.

A question is bounded as a whole, and so is the number of questions at once: whatever comes in, the dialplan goes on.
No thread of it is shared with anything else.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from itgrix_module.asterisk.fastagi_talk import AgiAnswer, AgiCall, Over, Question
from itgrix_module.domain.failures import NeedsOwner

__all__ = ["AgiAnswer", "AgiCall", "FastAgiServer"]

log = logging.getLogger("itgrix.routing")

AT_ONCE = 32  # questions; one more is hung up on, and its dialplan goes on without us
_STOP = 1.0  # seconds that questions under way are given at the end
_BACKLOG = 64
_STRANGERS = 100  # addresses that the log names


class FastAgiServer:
    """``answer``: decides within ``limit()`` seconds. ``admits``: may this address ask?

    Raises NeedsOwner when the address cannot be used.
    """

    def __init__(
        self,
        host: str,
        port: int,
        answer: Callable[[AgiCall], AgiAnswer],
        limit: Callable[[], float],
        admits: Callable[[str], bool] = lambda _: True,
        at_once: int = AT_ONCE,
    ) -> None:
        self._server = _opened(host, port, at_once)
        self._server.question = Question(answer, limit)
        self._server.admits = admits
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="fastagi", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        log.info("smart routing listens for the dialplan on port %d", self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take no more questions, hang up on those under way."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(_STOP)
        self._server.end()


def _opened(host: str, port: int, at_once: int) -> _Server:
    try:
        return _Server(host, port, at_once)
    except OSError as error:
        raise NeedsOwner(
            "agi_port_taken",
            f"{host}:{port} cannot be used for smart routing: {error.strerror or error}",
            "Set routing.listen to another address, or end the program that holds it.",
        ) from error


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = _BACKLOG
    question: Question
    admits: Callable[[str], bool]

    def __init__(self, host: str, port: int, at_once: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._room = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread | None] = {}
        self._full = False
        self._strangers: set[str] = set()
        super().__init__((host.strip("[]"), port), _Talk)

    def verify_request(self, _request: object, client_address: object) -> bool:
        """Before a thread is made."""
        address = str(client_address[0]) if isinstance(client_address, tuple) else ""
        if self.admits(address):
            return True
        if address not in self._strangers and len(self._strangers) < _STRANGERS:
            self._strangers.add(address)
            log.warning("smart routing was asked from %s, which is not among routing.networks", address)
        return False

    def process_request(self, request: object, client_address: object) -> None:
        """In a thread of its own, if there is room."""
        assert isinstance(request, socket.socket)
        if not self._room.acquire(blocking=False):
            self._tell_full(True)
            self.shutdown_request(request)
            return
        self._tell_full(False)
        with self._lock:
            self._open[request] = None
        try:
            super().process_request(request, client_address)
        except RuntimeError:
            self._leave(request)  # no thread is to be had
            raise

    def process_request_thread(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self._lock:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._leave(request)

    def handle_error(self, _request: object, client_address: object) -> None:
        log.exception("a question of the dialplan at %s failed", client_address)

    def end(self) -> None:
        """Hang up on everybody."""
        self.server_close()
        with self._lock:
            left = dict(self._open)
        for request in left:
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
        until = time.monotonic() + _STOP
        for thread in left.values():
            if thread is not None:
                thread.join(max(0.0, until - time.monotonic()))

    def _leave(self, request: socket.socket) -> None:
        with self._lock:
            known = self._open.pop(request, self) is not self
        if known:
            self._room.release()

    def _tell_full(self, is_full: bool) -> None:
        if is_full and not self._full:
            log.warning("too many callers ask smart routing at once; some go their usual way")
        self._full = is_full


class _Talk(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        with contextlib.suppress(Over, OSError):
            server.question.ask(self.request)
