# SPDX-License-Identifier: GPL-3.0-or-later
"""One session with the Asterisk manager: pyst2's vocabulary and exceptions on our own engine.

pyst2 0.5.1 blocks for ever, mixes up answers and can be switched off by a caller's name; only its actions
(``originate``, ``redirect``, ``hangup`` ...) and exception classes are kept, everything that touches the wire is
replaced. The faults are listed and shown, on it and on us, in tests/asterisk/test_pyst2_faults.py. This is the only
file that imports it.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from asterisk import manager

from itgrix_module.asterisk import faults, wire
from itgrix_module.asterisk.answers import Answers, Waiter
from itgrix_module.asterisk.blocks import Blocks, read_message
from itgrix_module.asterisk.filters import NOISE, VARIABLES, Sieve
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.wire import Headers, Pump, TlsOptions
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary

__all__ = ["Connection", "LinkFault", "NotAllowed", "Rejected", "TlsOptions"]

log = logging.getLogger("itgrix.asterisk")

Tap = Callable[[bytes, float], None]


class LinkFault(Temporary, manager.ManagerSocketException):  # type: ignore[misc]
    """No connection, or no answer in time."""


class NotAllowed(NeedsOwner, manager.ManagerAuthException):  # type: ignore[misc]
    """Account, right, certificate or address need an administrator."""


class Rejected(Permanent, manager.ManagerException):  # type: ignore[misc]
    """Asterisk refused this action, or it cannot be written in the protocol."""


def _typed(failure: Failure) -> Failure:
    """The same failure as a member of pyst2's exception family too."""
    for ours, both in ((Temporary, LinkFault), (NeedsOwner, NotAllowed), (Permanent, Rejected)):
        if isinstance(failure, ours) and not isinstance(failure, both):
            return both(**vars(failure))
    return failure


class Connection(manager.Manager):  # type: ignore[misc]
    """Single use: ``open``, ``login``, actions, ``close``.

    ``on_message`` gets every event that is wanted, in order of arrival, in the reader's thread: it stamps and enqueues,
    nothing else. ``on_lost`` is told once, with the reason, when a session that had logged in ends without ``close``.
    ``skip`` and ``variables`` are those of filters.Sieve. ``tap`` gets each raw block and its arrival (epoch seconds).
    All methods may be called from any thread but the reader's.
    """

    def __init__(
        self,
        host: str,
        port: int = 5038,
        *,
        on_message: Callable[[Message], None],
        on_lost: Callable[[str], None],
        connect_timeout: float = 5.0,
        tls: TlsOptions | None = None,
        skip: frozenset[bytes] = NOISE,
        variables: frozenset[str] = VARIABLES,
        tap: Tap | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.where = f"{host}:{port}"
        self.version = ""
        self.skipped = 0  # blocks dropped before parsing
        self.tap = tap
        self._address = (host, port)
        self._on_message, self._on_lost = on_message, on_lost
        self._connect_timeout, self._tls, self._clock = connect_timeout, tls, clock
        self._sieve = Sieve(skip, variables)
        self._blocks = Blocks()
        self._pump: Pump | None = None
        self._answers = Answers()
        self._lock = threading.Lock()
        self._logged_in = False
        self._ended: str | None = None

    def __del__(self) -> None:
        """Nothing: pyst2 talks to the peer here and may block the garbage collector."""

    def open(self) -> None:
        """Connect and read the greeting. Raises domain.failures.Temporary or NeedsOwner, within about the time-out."""
        if self._pump or self._ended:
            raise manager.ManagerException("a connection is single use")
        host, port = self._address
        try:
            sock = wire.open_socket(host, port, self._connect_timeout, self._tls)
        except (OSError, Failure) as error:
            raise _typed(faults.opening(error, self.where)) from error
        self._greet(sock)

    def _greet(self, sock: socket.socket) -> None:
        try:
            self.title, rest = wire.read_greeting(sock, self.where, self._connect_timeout)
        except Failure as failure:
            sock.close()
            raise _typed(failure) from failure
        self.version = self.title.rpartition("/")[2]
        self._pump = Pump(sock, self._on_data, self._on_end)
        if rest:
            self._on_data(rest)
        self._pump.start()

    def connect(self, *_address: object) -> None:
        """pyst2's name for ``open``; the address given at construction counts."""
        self.open()

    def login(self, username: str, secret: str, events_mask: str = "on", timeout: float = 10.0) -> Message:
        """Log in with an event mask (``on``, ``off`` or classes). Asterisk takes 1 s to refuse a wrong secret.

        Raises domain.failures.NeedsOwner when the account is refused; the connection is closed then.
        """
        headers = {"Username": username, "Secret": secret, "Events": events_mask}
        try:
            answer = self._exchange("Login", headers, timeout)
        except Failure:
            self.close()
            raise
        with self._lock:
            self._logged_in = answer.response == "Success" and self._ended is None
            ended = self._ended
        if self._logged_in:
            return answer
        self.close()
        if answer.response == "Success":
            raise _typed(faults.lost("Login", ended or "", executed=True))
        raise _typed(faults.login(answer.get("Message"), username, self.where))

    def connected(self) -> bool:
        """Logged in and not lost."""
        return self._logged_in and self._ended is None

    @property
    def idle(self) -> bool:
        """Nobody waits for an answer."""
        return not len(self._answers)

    def action(self, name: str, headers: Headers = (), timeout: float = 5.0) -> Message:
        """Send an action and wait for its answer, at most ``timeout`` seconds.

        A header ``ActionID`` is kept if given. Raises domain.failures: NeedsOwner ``permission``; Permanent
        ``rejected`` (``text`` is Asterisk's) and ``bad_header``; Temporary ``timeout`` and ``lost``.
        """
        return self._checked(name, self._exchange(name, headers, timeout))

    def list_action(self, name: str, headers: Headers = (), timeout: float = 10.0, complete: str = "") -> list[Message]:
        """Items of an action that answers with a list, without its first and last message. Raises like ``action``.

        ``complete``: the name of the last event, where it is not the action's name with Complete.
        """
        waiter = Waiter(end=complete or f"{name}Complete")
        self._checked(name, self._exchange(name, headers, timeout, waiter))
        return waiter.items

    def command(self, command: str, timeout: float = 10.0) -> str:
        """Output of a CLI command, all lines. Needs the right ``command``. Raises like ``action``."""
        answer = self.action("Command", {"Command": command}, timeout)
        return "\n".join(answer.all("Output"))

    def send_action(self, cdict: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        """pyst2's way, on which its ``originate``, ``redirect`` ... stand. Returns its message object; errors raise."""
        headers = {**(cdict or {}), **kwargs}
        name = str(headers.pop("Action", ""))
        answer = self.action(name, headers)
        message = manager.ManagerMsg([])
        message.headers = {key: answer.repeated.get(key, value) for key, value in answer.headers.items()}
        message.data = "\n".join(answer.all("Output"))
        return message

    def register_event(self, *_: object) -> None:
        """Not offered: events go to ``on_message``."""
        raise manager.ManagerException("events go to on_message")

    unregister_event = register_event

    def close(self) -> None:
        """End the session without telling on_lost. Never blocks for more than a second or two; may be repeated."""
        with self._lock:
            self._logged_in = False
            self._ended = self._ended or "closed"
        if self._pump:
            self._pump.write(b"Action: Logoff\r\n\r\n")
            self._pump.stop("closed")
            self._pump.join(2.0)

    def shut(self, reason: str) -> None:
        """Give up on a peer that does not answer; on_lost is told ``reason``."""
        if self._pump:
            self._pump.stop(reason)

    def _exchange(self, name: str, headers: Headers, timeout: float, waiter: Waiter | None = None) -> Message:
        waiter = waiter or Waiter()
        action_id = self._start(name, headers, waiter)
        try:
            waiter.done.wait(timeout)
        finally:
            self._answers.remove(action_id)
        if waiter.lost is not None:
            raise _typed(faults.lost(name, waiter.lost, executed=True))
        if not waiter.done.is_set() or waiter.answer is None:
            raise _typed(faults.no_answer(name, timeout))
        return waiter.answer

    def _start(self, name: str, headers: Headers, waiter: Waiter) -> str:
        pairs = wire.pairs(headers)
        given = [str(value) for key, value in pairs if key.lower() == "actionid"]
        action_id = given[-1] if given else self._answers.new_id()
        try:
            data = wire.encode(name, action_id, [pair for pair in pairs if pair[0].lower() != "actionid"])
        except Failure as failure:
            raise _typed(failure) from failure
        with self._lock:
            if self._pump is None or self._ended is not None:
                raise _typed(faults.lost(name, self._ended or "not connected", executed=False))
            if not self._answers.add(action_id, waiter):
                raise _typed(faults.bad_header(name, f"the ActionID {action_id} is in use"))
        self._pump.write(data)
        return action_id

    def _checked(self, name: str, answer: Message) -> Message:
        if answer.response != "Error":
            return answer
        raise _typed(faults.answer(name, answer.get("Message")))

    def _on_data(self, data: bytes) -> None:
        at = self._clock()
        for block in self._blocks.feed(data):
            if self.tap:
                self._tapped(self.tap, block, at)
            if self._sieve.drops(block) and not (self._answers.lists and b"\r\nActionID: " in block):
                self.skipped += 1
            else:
                self._deliver(read_message(block, at))

    def _tapped(self, tap: Tap, block: bytes, at: float) -> None:
        try:
            tap(block, at)
        except Exception:
            self.tap = None
            log.exception("the recording of the AMI session failed and was stopped")

    def _deliver(self, message: Message) -> None:
        if self._answers.take(message):
            return
        try:
            self._on_message(message)
        except Exception:
            log.exception("the receiver of AMI messages failed on %s", message.event)

    def _on_end(self, reason: str) -> None:
        with self._lock:
            told = self._logged_in and self._ended is None
            self._ended = self._ended or reason
        self._answers.fail(reason)
        if told:
            self._on_lost(reason)
