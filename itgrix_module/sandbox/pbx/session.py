# SPDX-License-Identifier: GPL-3.0-or-later
"""One AMI session: bytes in, bytes out; no socket of its own."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from itgrix_module.sandbox.pbx.actions import Desk
from itgrix_module.sandbox.pbx.config import AmiUser, Click
from itgrix_module.sandbox.pbx.exchange import Event
from itgrix_module.sandbox.pbx.filters import Hearing
from itgrix_module.sandbox.pbx.plots.click import Order
from itgrix_module.sandbox.pbx.stage import Stage

_END = re.compile(rb"\r?\n\r?\n")
INBOX_LIMIT = 64 * 1024  # bytes of an action without an end
CHALLENGE = "846127053"
_SECRET = frozenset({"secret", "key"})


@dataclass(frozen=True)
class Received:
    """An action as it came, without secrets. ``headers``: lower-case names; ``variables``: of all ``Variable``."""

    user: str
    headers: dict[str, str]
    variables: tuple[str, ...]


class Session:
    """``push`` and ``hear`` may be called from any thread, the rest belongs to the wire's.

    ``on_action`` sees every action; ``behaviour`` tells how the parties of a click-to-call behave. ``ending``: close it
    when all is sent; ``overflown``: close it; ``blocked``, ``send_at`` (monotonic): the wire's own notes.
    """

    def __init__(
        self, stage: Stage, on_action: Callable[[Received], None], behaviour: Callable[[Order], Click]
    ) -> None:
        self._stage, self._on_action, self._behaviour = stage, on_action, behaviour
        self._config = stage.config
        self._desk: Desk | None = None
        self._inbox = b""
        self._agenda: deque[tuple[float, bytes, bool]] = deque()
        self._ready_at = 0.0
        self._lock = threading.Lock()
        self._out = bytearray()
        self.ending = False
        self.overflown = False
        self.blocked = False
        self.send_at: float | None = None

    @property
    def user(self) -> str:
        """Name of the account, empty before the login."""
        return self._desk.user.name if self._desk else ""

    # -- out

    def push(self, data: bytes) -> None:
        """Queue bytes; a reader that is too slow loses the session, as with Asterisk."""
        with self._lock:
            self._out += data
            self.overflown = self.overflown or len(self._out) > self._config.write_limit

    def hear(self, event: Event) -> None:
        """An event for everybody."""
        if self._desk and self._desk.hearing.passes(event):
            self.push(event.text)

    def waiting(self) -> int:
        """Bytes not sent yet."""
        return len(self._out)

    def take(self, most: int) -> bytes:
        """The next bytes to send; ``put_back`` what did not go."""
        with self._lock:
            piece = bytes(self._out[:most])
            del self._out[:most]
        return piece

    def put_back(self, rest: bytes) -> None:
        with self._lock:
            self._out[:0] = rest

    # -- in

    def receive(self, data: bytes) -> None:
        """Bytes from the client."""
        self._inbox += data
        if len(self._inbox) > INBOX_LIMIT and not _END.search(self._inbox):
            self._inbox = b""

    def work(self) -> bool:
        """Do what can be done now: one message of an answer, else the next action. False when there is nothing."""
        if self._agenda:
            return self._answer_on()
        found = _END.search(self._inbox)
        if found is None or self.ending:
            return False
        block, self._inbox = self._inbox[: found.start()], self._inbox[found.end() :]
        if block.strip():
            self._act(block)
        return True

    def due(self) -> float | None:
        """Monotonic time of the next message of an answer; None when nothing waits for its time."""
        return self._ready_at if self._agenda else None

    def _answer_on(self) -> bool:
        now = time.monotonic()
        if now < self._ready_at:
            return False
        _, message, ends = self._agenda.popleft()
        self.push(message)
        self.ending = self.ending or ends
        if self._agenda:
            self._ready_at = now + self._agenda[0][0]
        return True

    def _later(self, delay: float, message: str, ends: bool = False) -> None:
        if not self._agenda:
            self._ready_at = time.monotonic() + delay
        self._agenda.append((delay, message.encode(), ends))

    def _act(self, block: bytes) -> None:
        lines = block.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
        pairs = [(name.strip().casefold(), value.strip()) for name, colon, value in _parted(lines) if colon]
        headers = dict(pairs)
        variables = tuple(value for name, value in pairs if name == "variable")
        open_part = {name: value for name, value in headers.items() if name not in _SECRET}
        self._on_action(Received(self.user, open_part, variables))
        if self._desk is None:
            self._greet(headers)
            return
        if headers.get("action", "").casefold() == "login":
            self._later(0.0, _reply(headers, "Error", "Already logged in"))
            return
        with self._stage.timeline.held():
            answer = self._desk.answer(headers, variables)
            messages = list(answer.messages)
        for number, message in enumerate(messages, 1):
            delay = self._config.list_pause if number > 1 else 0.0
            self._later(delay, message, answer.ends and number == len(messages))

    # -- login

    def _greet(self, headers: dict[str, str]) -> None:
        action = headers.get("action", "").casefold()
        if action == "challenge":
            self._later(0.0, _reply(headers, "Success", "", f"Challenge: {CHALLENGE}\r\n"))
        elif action == "login":
            self._login(headers)
        elif action == "logoff":
            self._later(0.0, _reply(headers, "Goodbye", "Thanks for all the fish."), ends=True)
        elif not action:
            self._later(0.0, _reply(headers, "Error", "Missing action in request"))
        else:
            self._later(0.0, _reply(headers, "Error", "Permission denied"))

    def _login(self, headers: dict[str, str]) -> None:
        user = self._config.user(headers.get("username", ""))
        if user is None or not _knows_secret(user, headers):
            self._later(self._config.auth_delay, _reply(headers, "Error", "Authentication failed"), ends=True)
            return
        hearing = Hearing(user.read, user.filters)
        hearing.mask(headers.get("events", "on"))
        self.push(_reply(headers, "Success", "Authentication accepted").encode())
        if hearing.hears("system"):
            self.push(self._booted().encode())
        self._desk = Desk(self._stage, user, hearing, self._behaviour)

    def _booted(self) -> str:
        uptime = int(self._stage.timeline.now - self._stage.exchange.started)
        head = "Event: FullyBooted\r\nPrivilege: system,all\r\n"
        return f"{head}Uptime: {uptime}\r\nLastReload: {uptime}\r\nStatus: Fully Booted\r\n\r\n"


def _parted(lines: list[str]) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in lines]


def _reply(headers: dict[str, str], response: str, message: str, more: str = "") -> str:
    mark = f"ActionID: {headers['actionid']}\r\n" if headers.get("actionid") else ""
    text = f"Message: {message}\r\n" if message else ""
    return f"Response: {response}\r\n{mark}{text}{more}\r\n"


def _knows_secret(user: AmiUser, headers: dict[str, str]) -> bool:
    if headers.get("authtype", "").casefold() == "md5":
        wanted = hashlib.md5((CHALLENGE + user.secret).encode(), usedforsecurity=False).hexdigest()
        return headers.get("key", "").casefold() == wanted
    return headers.get("secret", "") == user.secret
