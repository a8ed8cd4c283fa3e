# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server on loopback: takes mails, refuses logins and recipients when told to."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage


class MailBox(socketserver.ThreadingTCPServer):
    """``mails``: what came, with the recipients of its envelope. ``refused``: addresses and the answer to each."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.login = login
        self.mails: list[tuple[tuple[str, ...], EmailMessage]] = []
        self.refused: dict[str, str] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextmanager
def mail_box(login: tuple[str, str] | None = None) -> Iterator[MailBox]:
    """Listens until the block is left."""
    box = MailBox(login)
    thread = threading.Thread(target=box.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield box
    finally:
        box.shutdown()
        box.server_close()
        thread.join(10)


class _Talk(socketserver.StreamRequestHandler):
    server: MailBox

    def handle(self) -> None:
        self._say("220 box")
        self._recipients: list[str] = []
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            self._say(self._answer(verb.upper(), rest))

    def _answer(self, verb: str, rest: str) -> str:
        if verb == "EHLO":
            return "250-box\r\n250 AUTH PLAIN" if self.server.login else "250 box"
        if verb == "AUTH":
            name, password = base64.b64decode(rest.split()[1]).decode().split("\0")[1:]
            return "235 in" if (name, password) == self.server.login else "535 no"
        if verb == "RCPT":
            address = rest.partition("<")[2].partition(">")[0]
            if address in self.server.refused:
                return self.server.refused[address]
            self._recipients.append(address)
        return self._body() if verb == "DATA" else "250 ok"

    def _body(self) -> str:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.server.mails.append((tuple(self._recipients), message))
        return "250 taken"

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
