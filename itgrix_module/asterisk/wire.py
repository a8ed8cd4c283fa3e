# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket of one AMI session: opening, greeting, writing down actions, and the one thread that reads and writes.

Reading and writing share a thread because two threads must not use one TLS connection at the same time.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from itgrix_module.asterisk import faults
from itgrix_module.asterisk.message import NotAmi

log = logging.getLogger("itgrix.asterisk")

CHUNK = 64 * 1024  # bytes of one read
LINE = 1024  # bytes; Asterisk drops an action with a longer line
HEADERS = 120  # Asterisk takes 128 in one action
GREETING = b"Call Manager"
_GREETING_LIMIT = 512
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000))

Headers = Mapping[str, object] | Sequence[tuple[str, object]]


@dataclass(frozen=True)
class TlsOptions:
    """How to check the PBX's certificate.

    ``ca_file``: PEM file, empty for the system's store. ``server_name``: name in the certificate, if not the host.
    """

    ca_file: str = ""
    verify: bool = True
    server_name: str = ""

    def context(self) -> ssl.SSLContext:
        """Raises domain.failures.NeedsOwner when the CA file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except (OSError, ValueError) as error:
            raise faults.ca_file(self.ca_file, error) from error
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def open_socket(host: str, port: int, timeout: float, tls: TlsOptions | None) -> socket.socket:
    """A connected socket, with TLS if asked. Raises OSError, or domain.failures.NeedsOwner for the CA file."""
    context = tls.context() if tls else None
    plain = socket.create_connection((host, port), timeout)
    try:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        return context.wrap_socket(plain, server_hostname=(tls and tls.server_name) or host) if context else plain
    except BaseException:
        plain.close()
        raise


def read_greeting(sock: socket.socket, where: str, timeout: float) -> tuple[str, bytes]:
    """The first line and the bytes after it. Raises domain.failures.Failure when no Asterisk manager answers."""
    seen = _first_line(sock, timeout)
    if seen is None:
        # A web or TLS server waits for the client to speak; its complaint tells the administrator what is there.
        with contextlib.suppress(OSError):
            sock.sendall(b"\r\n\r\n")
        seen = _first_line(sock, min(timeout, 1.0))
        if seen is None:
            raise faults.silent(where, timeout)
    if not seen:
        raise faults.closed_at_once(where)
    line, _, rest = seen.partition(b"\r\n")
    if GREETING not in line:
        raise faults.not_ami(seen, where)
    return line.decode("ascii", "replace").strip(), rest


def _first_line(sock: socket.socket, timeout: float) -> bytes | None:
    """Bytes up to a line end at least; empty when the peer closed, None when it was silent."""
    sock.settimeout(timeout)
    seen = b""
    while b"\r\n" not in seen and len(seen) < _GREETING_LIMIT:
        try:
            data = sock.recv(CHUNK)
        except TimeoutError:
            return seen or None
        except OSError:
            return seen
        if not data:
            return seen
        seen += data
    return seen


def pairs(headers: Headers) -> list[tuple[str, object]]:
    """Headers one by one: a value that is a list or tuple repeats its header."""
    given = headers.items() if isinstance(headers, Mapping) else headers
    return [(key, one) for key, value in given for one in (value if isinstance(value, list | tuple) else (value,))]


def encode(action: str, action_id: str, headers: Sequence[tuple[str, object]]) -> bytes:
    """One action as bytes.

    Raises domain.failures.Permanent for a line break or NUL anywhere (it would inject another action), and for what
    Asterisk would cut.
    """
    lines = [f"Action: {action}", f"ActionID: {action_id}"]
    lines += [f"{_checked_key(action, key)}: {value}" for key, value in headers]
    for line in lines:
        _check_line(action, line)
    if len(lines) > HEADERS:
        raise faults.bad_header(action, f"more than {HEADERS} headers")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")


def _checked_key(action: str, key: str) -> str:
    if not key or ":" in key or key != key.strip():
        raise faults.bad_header(action, f"not a header name: {key[:40]!r}")
    return key


def _check_line(action: str, line: str) -> None:
    name = line.partition(":")[0][:40]
    if any(c in line for c in "\r\n\0"):
        raise faults.bad_header(action, f"the header {name!r} holds a line break or NUL")
    if len(line.encode("utf-8", "replace")) > LINE - 2:
        raise faults.bad_header(action, f"the header {name!r} is longer than {LINE} bytes")


class Pump:
    """Owns a connected socket and the thread that moves its bytes. ``on_end`` is called once, as the last thing."""

    def __init__(self, sock: socket.socket, on_data: Callable[[bytes], None], on_end: Callable[[str], None]) -> None:
        self._sock = sock
        self._on_data = on_data
        self._on_end = on_end
        self._out = bytearray()
        self._lock = threading.Lock()
        self._end: str | None = None
        self._ours, self._theirs = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="ami-wire", daemon=True)

    def start(self) -> None:
        """From here on the thread owns the socket."""
        self._sock.setblocking(False)
        self._theirs.setblocking(False)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue whole actions; they never mix. Does not block."""
        with self._lock:
            self._out += data
        self._wake()

    def stop(self, reason: str) -> None:
        """End the thread; what is queued is offered to the socket once. May be called from any thread."""
        with self._lock:
            self._end = self._end or reason
        self._wake()

    def join(self, timeout: float) -> None:
        """Wait for the thread, unless it is the caller."""
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake already; closed: it has ended
            self._ours.send(b"!")

    def _run(self) -> None:
        try:
            reason = self._turns()
        except NotAmi as error:
            reason = str(error)
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
        except Exception as error:
            log.exception("the AMI reader failed")
            reason = f"internal fault: {error!r}"
        for sock in (self._sock, self._ours, self._theirs):
            sock.close()
        self._on_end(reason)

    def _turns(self) -> str:
        with selectors.DefaultSelector() as selector:
            selector.register(self._theirs, selectors.EVENT_READ)
            selector.register(self._sock, selectors.EVENT_READ)
            armed = False
            while True:
                blocked = self._send()
                if self._end is not None:
                    return self._end
                if blocked != armed:
                    armed = blocked
                    selector.modify(self._sock, selectors.EVENT_READ | (selectors.EVENT_WRITE if blocked else 0))
                ready = {key.fileobj for key, _ in selector.select()}
                if self._theirs in ready:
                    self._theirs.recv(4096)
                if self._sock in ready and not self._receive():
                    return "the PBX closed the connection"

    def _send(self) -> bool:
        """True when bytes are left because the socket is full."""
        with self._lock:
            try:
                while self._out:
                    del self._out[: self._sock.send(self._out)]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return True
        return False

    def _receive(self) -> bool:
        """False at the end of the stream."""
        while True:
            try:
                data = self._sock.recv(CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return True
            if not data:
                return False
            self._on_data(data)
            if not (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
                return True
