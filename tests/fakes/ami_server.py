# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted Asterisk manager on 127.0.0.1: real sockets, answers worded as Asterisk 16 and 22 word them.

with AmiServer() as ami:
    ami.lists["CoreShowChannels"] = [{"Channel": "PJSIP/101-00000001", ...}]
    ami.on("Originate", lambda session, action: session.respond(action, Message="Originate successfully queued"))
    ... connect to ami.port as ami.username / ami.secret ...
    ami.event("Hangup", Channel="PJSIP/101-00000001")
    ami.wait_for(lambda: ami.seen("Originate"))
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeVar

Reply = Callable[["Session", "Action"], None]
Headers = Iterable[tuple[str, object]]
Found = TypeVar("Found")

ITEMS = {
    "CoreShowChannels": "CoreShowChannel",
    "Status": "Status",
    "BridgeList": "BridgeListItem",
    "BridgeInfo": "BridgeInfoChannel",
    "QueueStatus": "QueueEntry",
    "ParkedCalls": "ParkedCall",
}


def block(name: str, value: str, headers: Headers) -> bytes:
    """One message as bytes; a header whose value is a list is repeated."""
    lines = [f"{name}: {value}"]
    for key, given in headers:
        lines += [f"{key}: {one}" for one in (given if isinstance(given, list) else [given])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass
class Action:
    """One action as received: header pairs in order."""

    pairs: list[tuple[str, str]]
    raw: bytes

    def get(self, name: str) -> str:
        """First value of a header, empty without one."""
        return next((value for key, value in self.pairs if key.lower() == name.lower()), "")

    @property
    def name(self) -> str:
        """Name of the action."""
        return self.get("Action")


@dataclass
class Session:
    """One connected client."""

    server: AmiServer
    sock: socket.socket
    user: str = ""
    events: str = "off"
    received: list[Action] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def send(self, data: bytes) -> None:
        """Raw bytes; a client that has gone does not matter."""
        with contextlib.suppress(OSError):
            self.sock.sendall(data)

    def respond(self, action: Action, response: str = "Success", **headers: object) -> None:
        """Answer an action, by its ActionID."""
        given = [("ActionID", action.get("ActionID"))] if action.get("ActionID") else []
        self.send(block("Response", response, [*given, *headers.items()]))

    def event(self, name: str, headers: Headers = (), /, **more: object) -> None:
        """Send an event to this client."""
        self.send(block("Event", name, [*headers, *more.items()]))

    def listing(self, action: Action, items: Iterable[Mapping[str, object]], between: Iterable[bytes] = ()) -> None:
        """Answer with a list; ``between`` are live messages that slip in after the first item."""
        name = action.name
        self.respond(action, EventList="start", Message=LIST_TEXTS.get(name, "List will follow"))
        slips, rows = list(between), list(items)
        for row in rows:
            self.event(ITEMS.get(name, name), ActionID=action.get("ActionID"), **row)
            while slips:
                self.send(slips.pop(0))
        for slip in slips:
            self.send(slip)
        ends = [("BridgeUniqueid", action.get("BridgeUniqueid"))] if name == "BridgeInfo" else []
        self.event(f"{name}Complete", ends, ActionID=action.get("ActionID"), EventList="Complete", ListItems=len(rows))

    def drop(self) -> None:
        """Close the connection as a dying PBX does."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


LIST_TEXTS = {"CoreShowChannels": "Channels will follow", "Status": "Channel status will follow"}


class AmiServer:
    """See the module. ``muted`` actions get no answer, ``denied`` ones ``Permission denied``."""

    username = "itgrix"
    secret = "s3cret"

    def __init__(
        self,
        greeting: bytes = b"Asterisk Call Manager/5.0.4\r\n",
        *,
        booted: bool = True,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.greeting = greeting
        self.booted = booted
        self.sessions: list[Session] = []
        self.actions: list[Action] = []
        self.muted: set[str] = set()
        self.denied: set[str] = set()
        self.lists: dict[str, Sequence[Mapping[str, object]]] = {}
        self.startup = ("2026-11-21", "00:49:13")
        self.version = "16.28.0"
        self._tls = tls
        self._replies: dict[str, Reply] = {}
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=50)
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> AmiServer:
        self._spawn(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        for session in list(self.sessions):
            session.drop()
        for thread in self._threads:
            thread.join(5)

    def on(self, name: str, reply: Reply) -> None:
        """Answer this action so from now on."""
        self._replies[name] = reply

    def event(self, name: str, headers: Headers = (), /, **more: object) -> None:
        """Send an event to every client that wants events."""
        self.raw(block("Event", name, [*headers, *more.items()]))

    def raw(self, data: bytes) -> None:
        """Send bytes to every client that wants events."""
        for session in self.live:
            session.send(data)

    @property
    def live(self) -> list[Session]:
        """Clients that are logged in and want events."""
        return [s for s in self.sessions if s.user and s.events != "off" and not s.closed.is_set()]

    def seen(self, name: str) -> list[Action]:
        """Actions of this name, in order of arrival, of all clients."""
        return [action for action in list(self.actions) if action.name == name]

    def drop_all(self) -> None:
        """Cut every connection."""
        for session in list(self.sessions):
            session.drop()

    def refuse(self) -> None:
        """Stop listening: new connections are refused."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def wait_for(self, condition: Callable[[], Found | None], deadline: float = 10.0) -> Found:
        """Wait until the condition holds (looked at after each action and every few milliseconds)."""
        end = time.monotonic() + deadline
        with self._changed:
            while not (value := condition()):
                assert time.monotonic() < end, "the condition did not come true in time"
                self._changed.wait(0.01)
        return value

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self, sock)
            self.sessions.append(session)
            self._spawn(self._serve, session)

    def _serve(self, session: Session) -> None:
        try:
            if self._tls:
                session.sock = self._tls.wrap_socket(session.sock, server_side=True)
            session.send(self.greeting)
            self._read(session)
        except OSError:
            pass
        finally:
            session.closed.set()
            session.sock.close()

    def _read(self, session: Session) -> None:
        rest = b""
        while data := session.sock.recv(65536):
            *blocks, rest = (rest + data).split(b"\r\n\r\n")
            for raw in filter(None, blocks):
                lines = [line.partition(": ") for line in raw.decode().split("\r\n")]
                self._act(session, Action([(name, value) for name, is_header, value in lines if is_header], raw))

    def _act(self, session: Session, action: Action) -> None:
        session.received.append(action)
        self.actions.append(action)
        if action.name in self.denied:
            session.respond(action, "Error", Message="Permission denied")
        elif action.name not in self.muted:
            usual: Reply = getattr(self, f"_do_{action.name.lower()}", self._do_other)
            self._replies.get(action.name, usual)(session, action)
        with self._changed:
            self._changed.notify_all()

    def _do_login(self, session: Session, action: Action) -> None:
        if (action.get("Username"), action.get("Secret")) != (self.username, self.secret):
            session.respond(action, "Error", Message="Authentication failed")
            session.drop()
            return
        session.user = action.get("Username")
        session.events = action.get("Events") or "on"
        session.respond(action, Message="Authentication accepted")
        if self.booted and session.events != "off":
            session.event("FullyBooted", Privilege="system,all", Uptime=60, LastReload=60, Status="Fully Booted")

    def _do_logoff(self, session: Session, action: Action) -> None:
        session.respond(action, "Goodbye", Message="Thanks for all the fish.")
        session.drop()

    def _do_ping(self, session: Session, action: Action) -> None:
        session.respond(action, Ping="Pong", Timestamp="1795220681.756484")

    def _do_events(self, session: Session, action: Action) -> None:
        session.events = action.get("EventMask")
        session.respond(action, Events="On")

    def _do_filter(self, session: Session, action: Action) -> None:
        session.respond(action, Message="Filter added successfully")

    def _do_corestatus(self, session: Session, action: Action) -> None:
        date, clock = self.startup
        session.respond(action, CoreStartupDate=date, CoreStartupTime=clock, CoreCurrentCalls=0)

    def _do_coresettings(self, session: Session, action: Action) -> None:
        session.respond(action, AMIversion="5.0.4", AsteriskVersion=self.version)

    def _do_getvar(self, session: Session, action: Action) -> None:
        session.respond(action, Variable=action.get("Variable"), Value="")

    def _do_originate(self, session: Session, action: Action) -> None:
        session.respond(action, Message="Originate successfully queued")

    def _do_other(self, session: Session, action: Action) -> None:
        if action.name in ITEMS:
            session.listing(action, self.lists.get(action.name, []))
        else:
            session.respond(action, "Error", Message="Invalid/unknown command: " + action.name)
