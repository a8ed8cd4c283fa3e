# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialplan's side of FastAGI, as Asterisk speaks it: environment, answers to commands, then the end."""

from __future__ import annotations

import re
import socket
from types import TracebackType
from typing import Self

PATIENCE = 10.0  # seconds


class AgiChannel:
    """A channel that asks. ``variables``: what it was told; ``refuses``: commands that get this answer instead."""

    def __init__(self, port: int, linkedid: str = "1795.1", did: str = "74951234567") -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._lines = self._sock.makefile("rb")
        self._full = {"${CHANNEL(linkedid)}|${FROM_DID}": f"{linkedid}|{did}"}
        self.variables: dict[str, str] = {}
        self.order: list[str] = []
        self.refusal = ""
        self.notice = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._sock.close()

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def ask(self, script: str = "responsible", *args: str, caller: str = "89161234567", **more: str) -> dict[str, str]:
        """Ask and obey until the server hangs up; returns the variables."""
        known = {
            "network": "yes",
            "network_script": script,
            "callerid": caller,
            "dnid": "unknown",
            "uniqueid": "1795.9",
        }
        known |= more | {f"arg_{n}": arg for n, arg in enumerate(args, 1)}
        self.send("".join(f"agi_{name}: {value}\n" for name, value in known.items()).encode() + b"\n")
        return self.obey()

    def obey(self) -> dict[str, str]:
        """Answer commands until the server hangs up."""
        while line := self.line():
            self.send((self.notice + (self.refusal or self._answer(line)) + "\n").encode())
        return self.variables

    def line(self) -> str:
        """One line of the server's; empty when it has hung up."""
        try:
            return self._lines.readline().decode().rstrip("\n")
        except ConnectionError:
            return ""

    def _answer(self, command: str) -> str:
        if found := re.fullmatch(r'SET VARIABLE (\S+) "([^"]*)"', command):
            self.variables[found[1]] = found[2]
            self.order.append(found[1])
            return "200 result=1"
        if (found := re.fullmatch(r'GET FULL VARIABLE "(.*)"', command)) and found[1] in self._full:
            return f"200 result=1 ({self._full[found[1]]})"
        return "510 Invalid or unknown command"
