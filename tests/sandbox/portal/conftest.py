# SPDX-License-Identifier: GPL-3.0-or-later
"""A portal that serves over real HTTP, a clock that tests move, a receiver of events."""

from __future__ import annotations

import io
import threading
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.params import decode_query

START = 1_773_130_779.0


class Clock:
    """Time that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Api:
    """A client of one portal. ``auth``: access token, empty to use the incoming webhook."""

    def __init__(self, portal: SandboxPortal, session: requests.Session, auth: str = "") -> None:
        self.portal = portal
        self.session = session
        self.auth = auth
        self.base = f"{portal.url}/rest/" if auth else portal.webhook_url()

    def post(self, method: str, **params: Any) -> requests.Response:
        body = params | ({"auth": self.auth} if self.auth else {})
        return self.session.post(self.base + method, json=body, timeout=10, allow_redirects=False)

    def answer(self, method: str, **params: Any) -> Any:
        """The whole body of a success."""
        response = self.post(method, **params)
        assert response.status_code == 200, response.text
        return response.json()

    def ok(self, method: str, **params: Any) -> Any:
        """The result of a success."""
        return self.answer(method, **params)["result"]

    def refused(self, method: str, **params: Any) -> tuple[int, str, str]:
        """Status, code and text of a refusal."""
        response = self.post(method, **params)
        body = response.json()
        return response.status_code, body["error"], body["error_description"]

    def register(self, phone: str = "+79062195047", **params: Any) -> str:
        """A registered incoming call for employee 2; its CALL_ID."""
        fields = {"USER_ID": 2, "PHONE_NUMBER": phone, "TYPE": 2} | params
        found = self.ok("telephony.externalCall.register", **fields)["CALL_ID"]
        assert isinstance(found, str)
        return found

    def finished(self, duration: int = 5, **params: Any) -> str:
        """A finished call; its CALL_ID."""
        call_id = self.register(**params)
        self.ok("telephony.externalCall.finish", CALL_ID=call_id, USER_ID=2, DURATION=duration)
        return call_id


class Receiver:
    """An HTTP address that takes events; ``delay`` makes it slow, ``status`` what it answers."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.bodies: list[str] = []
        self.status = 200
        self.content = b""
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.bodies.append(body)
                receiver.events.append(decode_query(body))
                receiver.hold.wait(10)
                self._say()

            def do_GET(self) -> None:
                self._say()

            def _say(self) -> None:
                self.send_response(receiver.status)
                self.send_header("Content-Length", str(len(receiver.content)))
                self.end_headers()
                self.wfile.write(receiver.content)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/events"

    def named(self, event: str) -> list[dict[str, Any]]:
        return [found for found in self.events if found["event"] == event]

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def wav(seconds: float = 4.0) -> bytes:
    """A playable recording: silence."""
    box = io.BytesIO()
    with wave.open(box, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(2 * int(8000 * seconds)))
    return box.getvalue()


def mp3(seconds: float = 4.0) -> bytes:
    """Frames of MPEG 2 layer III, 32 kbit/s at 16 kHz mono: 36 ms and 144 bytes each."""
    return (b"\xff\xf3\x48\xc4" + bytes(140)) * round(seconds / 0.036)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(clock: Clock) -> Iterator[Callable[..., SandboxPortal]]:
    """Start portals; all are stopped at the end."""
    running: list[SandboxPortal] = []

    def run(**changes: Any) -> SandboxPortal:
        usual: dict[str, Any] = {"webhook_telephony": "lenient", "event_delay": (0.0, 0.0), "bucket_burst": 10_000}
        portal = SandboxPortal(PortalConfig.demo(**{**usual, **changes}), clock=clock)
        portal.start()
        running.append(portal)
        return portal

    yield run
    for portal in running:
        portal.stop()


@pytest.fixture
def portal(start: Callable[..., SandboxPortal]) -> SandboxPortal:
    return start()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def api(portal: SandboxPortal, session: requests.Session) -> Api:
    """By the incoming webhook."""
    return Api(portal, session)


@pytest.fixture
def app_api(portal: SandboxPortal, session: requests.Session) -> Api:
    """By the application's token."""
    return Api(portal, session, portal.issue_tokens().access)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
