# SPDX-License-Identifier: GPL-3.0-or-later
"""Bare pyst2 in a process of its own, because it hangs: ``python -m tests.asterisk.pyst2_probe ROW PORT``.

Prints one JSON object with what was seen and leaves without waiting for pyst2's threads.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sized
from functools import partial
from typing import Any
from unittest.mock import patch

warnings.simplefilter("ignore")

from asterisk import manager  # noqa: E402

HUNG = "hung"
PATIENCE = 0.4  # seconds after which a call counts as hung


def attempt(call: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Result of the call, the exception's text, or HUNG."""
    result: list[Any] = []

    def run() -> None:
        try:
            result.append(call())
        except Exception as error:
            result.append(f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(patience)
    return result[0] if result else HUNG


def until(condition: Callable[[], Any], patience: float = 5.0) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


class Bare:
    """A logged-in bare client that keeps the names of the events it is told."""

    def __init__(self, port: int, on_event: Callable[..., Any] | None = None) -> None:
        self.client = manager.Manager()
        self.events: list[str] = []
        self.client.register_event("*", on_event or (lambda event, _: self.events.append(event.name)))
        self.client.connect("127.0.0.1", port)
        self.client.login("itgrix", "s3cret")

    def ping(self) -> Any:
        return attempt(lambda: str(self.client.ping()))

    def go(self) -> None:
        """Ask the server for the row's scenario; it answers nothing to this."""
        sock = self.client._sock
        sock.write(b"Action: Go\r\n\r\n")


def events_until(bare: Bare, last: str) -> dict[str, Any]:
    bare.go()
    until(lambda: last in bare.events, PATIENCE)
    ping = bare.ping()
    return {
        "events": bare.events,
        "ping": ping,
        "connected": bare.client.connected(),
        "alive": bare.client.message_thread.is_alive(),
    }


def row_events(port: int) -> dict[str, Any]:
    return events_until(Bare(port), "Hangup")


def row_callback(port: int) -> dict[str, Any]:
    calls: list[str] = []

    def fail(event: Any, _: Any) -> None:
        calls.append(event.name)
        raise ValueError("the tracker has a bug")

    threading.excepthook = lambda _: None
    bare = Bare(port, fail)
    bare.go()
    until(lambda: not bare.client.event_dispatch_thread.is_alive())
    bare.ping()
    until(lambda: bare.client._event_queue.qsize() > 0)
    return {
        "calls": calls,
        "dispatcher": bare.client.event_dispatch_thread.is_alive(),
        "connected": bare.client.connected(),
        "piled_up": bare.client._event_queue.qsize(),
    }


def row_closing(port: int) -> dict[str, Any]:
    bare = Bare(port)
    bare.go()
    noticed = until(lambda: not bare.client.connected())
    told = list(bare.events)
    again = attempt(lambda: bare.client.connect("127.0.0.1", port))
    return {"noticed": noticed, "told": told, "again": str(again), "connected": bare.client.connected()}


def row_silence(port: int) -> dict[str, Any]:
    return {"ping": Bare(port).ping()}


def row_no_greeting(port: int) -> dict[str, Any]:
    return {"connect": attempt(lambda: manager.Manager().connect("127.0.0.1", port))}


def row_two_threads(port: int) -> dict[str, Any]:
    bare = Bare(port)
    answers: dict[str, str] = {}

    def ask(name: str) -> None:
        answers[name] = bare.client.send_action({"Action": "Getvar", "Variable": name}).get_header("Variable")

    def are(found: Sized, number: int) -> bool:
        return len(found) == number

    waiting = bare.client._response_queue.not_empty._waiters
    for number, name in enumerate(("A", "B"), 1):
        threading.Thread(target=ask, args=(name,), daemon=True).start()
        until(partial(are, waiting, number))
    for number in (1, 2):
        bare.go()
        until(partial(are, answers, number))
    return answers


def row_keywords(port: int) -> dict[str, Any]:
    bare = Bare(port)
    bare.client.send_action(Action="Getvar", Variable="X", Channel="PJSIP/101-00000001")
    bare.client.send_action(Action="Ping")
    return {}


def row_injection(port: int) -> dict[str, Any]:
    bare = Bare(port)
    bad = "101\r\n\r\nAction: Command\r\nCommand: core stop now"
    return {"answer": str(attempt(lambda: bare.client.extension_state(bad, "default")))}


def row_command(port: int) -> dict[str, Any]:
    answer = Bare(port).client.command("core show version")
    return {"output": answer.headers.get("Output"), "data": answer.data}


def row_repeated(port: int) -> dict[str, Any]:
    seen: list[str] = []
    bare = Bare(port, lambda event, _: seen.append(event.headers.get("Variable", "")))
    bare.go()
    until(lambda: "B=2" in seen)
    return {"variable": seen[-1]}


def row_reads(port: int) -> dict[str, Any]:
    reads = [0, 0]
    original = socket.SocketIO.readinto

    def counted(self: Any, buffer: Any) -> int | None:
        count = original(self, buffer)
        reads[0] += 1
        reads[1] += count or 0
        return count

    patch.object(socket.SocketIO, "readinto", counted).start()
    bare = Bare(port)
    bare.go()
    until(lambda: "Hangup" in bare.events, 20.0)
    return {"reads": reads[0], "bytes": reads[1], "events": len(bare.events)}


def row_queue_status(port: int) -> dict[str, Any]:
    bare = Bare(port)
    answer = attempt(lambda: bare.client.send_action({"Action": "QueueStatus"}).headers)
    ping = bare.ping()
    return {"answer": answer, "ping": ping, "events": bare.events}


if __name__ == "__main__":
    print(json.dumps(globals()[f"row_{sys.argv[1]}"](int(sys.argv[2]))), flush=True)
    os._exit(0)
