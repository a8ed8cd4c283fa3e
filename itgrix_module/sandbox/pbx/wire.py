# SPDX-License-Identifier: GPL-3.0-or-later
"""The TCP side of the PBX: one thread for the listener and all sessions, and what can go wrong on the way."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable

from itgrix_module.sandbox.pbx.exchange import Event
from itgrix_module.sandbox.pbx.session import Session

CHUNK = 64 * 1024  # bytes of one read or write
LONGEST_PAUSE = 0.5  # seconds between two looks around
SLICE = 0.05  # seconds between two pieces for a reader that is kept slow
REOPEN = 0.1  # seconds between two tries to listen again


class Wire:
    """``session`` makes a session for a new connection, ``banner`` gives what is said first, ``on_listen`` is told when
    connections are possible again.

    Faults: ``silent`` (connections stay open, nothing is read or sent), ``rate`` (bytes a second for each session).
    """

    def __init__(
        self, session: Callable[[], Session], banner: Callable[[], bytes], on_listen: Callable[[], None]
    ) -> None:
        self._make, self._banner, self._on_listen = session, banner, on_listen
        self._sessions: dict[socket.socket, Session] = {}
        self._listener: socket.socket | None = None
        self._address = ("127.0.0.1", 0)
        self._selector = selectors.DefaultSelector()
        self._room = threading.Condition()
        self._lock = threading.Lock()
        self._orders: list[Callable[[], None]] = []
        self._reopen_at: float | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._ours, self._theirs = socket.socketpair()
        self.silent = False
        self.rate: float | None = None

    @property
    def port(self) -> int:
        return self._address[1]

    def open(self, host: str, port: int) -> None:
        """Listen and start the thread. Port 0 takes a free one. Raises OSError."""
        self._address = (host, port)
        self._listen()
        self._theirs.setblocking(False)
        self._selector.register(self._theirs, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="sandbox-pbx-wire", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all connections and the thread."""
        self._stopping = True
        self.wake()
        if self._thread:
            self._thread.join()
        for sock in (self._ours, self._theirs):
            sock.close()
        self._selector.close()

    # -- for any thread

    def wake(self) -> None:
        """There is something to send or to do."""
        with contextlib.suppress(OSError):  # full: it is awake already; closed: it has ended
            self._ours.send(b"!", socket.MSG_DONTWAIT)

    def broadcast(self, event: Event) -> None:
        for session in tuple(self._sessions.values()):
            session.hear(event)

    def say(self, data: bytes) -> None:
        """The same bytes to everybody."""
        for session in tuple(self._sessions.values()):
            session.push(data)
        self.wake()

    def sessions(self) -> list[Session]:
        return list(self._sessions.values())

    def cut(self, refuse: float | None, flush: bool = False) -> None:
        """End all connections; nobody can connect for ``refuse`` seconds (None: at once again).

        ``flush``: what is queued is sent before. Returns when it is done.
        """
        done = threading.Event()

        def order() -> None:
            self._hang_up_all(flush)
            if refuse is not None:
                self._stop_listening(refuse)
            done.set()

        with self._lock:
            self._orders.append(order)
        self.wake()
        if self._thread and self._thread.is_alive():
            done.wait(5.0)

    def wait_for_room(self, most: int) -> None:
        """Block while a session has more than ``most`` bytes waiting."""
        if max((session.waiting() for session in tuple(self._sessions.values())), default=0) <= most:
            return
        self.wake()
        with self._room:
            self._room.wait(LONGEST_PAUSE)

    # -- the thread

    def _run(self) -> None:
        while not self._stopping:
            self._obey()
            self._reopen()
            for sock, session in tuple(self._sessions.items()):
                self._serve(sock, session)
            with self._room:
                self._room.notify_all()
            self._wait()
        self._hang_up_all(flush=True)
        if self._listener:
            self._selector.unregister(self._listener)
            self._listener.close()

    def _obey(self) -> None:
        with self._lock:
            orders, self._orders = self._orders, []
        for order in orders:
            order()

    def _wait(self) -> None:
        if self.silent:
            time.sleep(SLICE)
            return
        for key, _ in self._selector.select(self._pause()):
            if key.fileobj is self._theirs:
                with contextlib.suppress(BlockingIOError):
                    self._theirs.recv(4096)
            elif key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.fileobj, socket.socket):
                self._read(key.fileobj)

    def _pause(self) -> float:
        pause = LONGEST_PAUSE if self._reopen_at is None else max(0.0, self._reopen_at - time.monotonic())
        for session in self._sessions.values():
            due = session.due()
            if due is not None:
                pause = min(pause, max(0.0, due - time.monotonic()))
            if session.send_at is not None:
                pause = min(pause, max(0.0, session.send_at - time.monotonic()))
        return pause

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = self._make()
        session.push(self._banner())
        self._selector.register(sock, selectors.EVENT_READ)
        self._sessions[sock] = session

    def _read(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up(sock)
            return
        self._sessions[sock].receive(data)

    def _serve(self, sock: socket.socket, session: Session) -> None:
        if self.silent:
            return
        while session.work():
            if session.waiting() > CHUNK:
                break
        if session.overflown:
            self._hang_up(sock)
            return
        blocked = not self._send(sock, session)
        if sock not in self._sessions:
            return
        if session.ending and not session.waiting():
            self._hang_up(sock)
            return
        if blocked != session.blocked:
            session.blocked = blocked
            self._selector.modify(sock, selectors.EVENT_READ | (selectors.EVENT_WRITE if blocked else 0))

    def _send(self, sock: socket.socket, session: Session) -> bool:
        """False when the socket is full."""
        if session.send_at is not None and time.monotonic() < session.send_at:
            return True
        session.send_at = None
        most = CHUNK if self.rate is None else max(1, int(self.rate * SLICE))
        while session.waiting():
            piece = session.take(most)
            try:
                sent = sock.send(piece)
            except BlockingIOError:
                session.put_back(piece)
                return False
            except OSError:
                self._hang_up(sock)
                return True
            session.put_back(piece[sent:])
            if self.rate is not None:
                session.send_at = time.monotonic() + SLICE if session.waiting() else None
                break
        return True

    def _hang_up(self, sock: socket.socket) -> None:
        if self._sessions.pop(sock, None) is not None:
            self._selector.unregister(sock)
            sock.close()

    def _hang_up_all(self, flush: bool) -> None:
        for sock, session in tuple(self._sessions.items()):
            if flush and not self.silent:
                self._send(sock, session)
            self._hang_up(sock)

    # -- listening

    def _listen(self) -> None:
        listener = socket.create_server(self._address, backlog=64)
        listener.setblocking(False)
        self._address = listener.getsockname()[:2]
        self._selector.register(listener, selectors.EVENT_READ)
        self._listener = listener
        self._on_listen()

    def _stop_listening(self, seconds: float) -> None:
        if self._listener:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        self._reopen_at = time.monotonic() + seconds

    def _reopen(self) -> None:
        if self._reopen_at is None or time.monotonic() < self._reopen_at:
            return
        try:
            self._listen()
            self._reopen_at = None
        except OSError:  # somebody else has the port for a moment
            self._reopen_at = time.monotonic() + REOPEN
