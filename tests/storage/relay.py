# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP relay before MariaDB that loses the connection at the worst moment: while a commit is under way."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

COMMIT = b"\x03COMMIT"


class Relay:
    """Listens on ``port`` and passes everything on.

    ``cut_at_commit``: "before" loses the commit, "after" loses only its answer, "" cuts nothing; it applies once.
    ``refuse``: for so many connections after the cut the server seems to be away.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.cut_at_commit = ""
        self.refuse_after_cut = 0
        self.refuse = 0
        self.cuts = 0
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join(10)
        self._server.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        self._server.settimeout(0.05)
        while not self._closing.is_set():
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            if self.refuse > 0:
                self.refuse -= 1
                client.close()
                continue
            self._start(self._pass_on, client)

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            while not self._closing.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.05)
                for source in ready:
                    data = source.recv(65536)
                    if not data or (source is client and self._cut(data, server)):
                        return
                    (server if source is client else client).sendall(data)

    def _cut(self, data: bytes, server: socket.socket) -> bool:
        if not self.cut_at_commit or COMMIT not in data:
            return False
        if self.cut_at_commit == "after":
            server.sendall(data)
            server.recv(65536)  # the commit has happened, its answer goes nowhere
        self.cut_at_commit = ""
        self.refuse = self.refuse_after_cut
        self.cuts += 1
        return True
