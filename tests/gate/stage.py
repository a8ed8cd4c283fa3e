# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server with the gate as it lies in the PBX's GUI, a login, and a service behind it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import requests

from tests.fakes.ports import free_port
from tests.fakes.web_server import served
from tests.module.interpreter import web_php
from web.gateway import Gateway
from web.visitor import VISITOR

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GATE = "/admin/modules/itgrix/gate"
KEY = "6b6579206f66207468652074657374"
CONTENT = bytes(range(256)) * 4096  # 1 MiB
EVENTS = 3

# The rules of the GUI's own .htaccess that stand in the way: names with a dot, and some words.
GUI_RULES = r"""
<FilesMatch "\..*$">
  Require all denied
</FilesMatch>
<FilesMatch "(^$|index\.php|login\.php|ajax\.php|\.(css|js|png)$)">
  Require all granted
</FilesMatch>
RewriteEngine on
RewriteRule libraries - [F]
RewriteRule helpers - [F]
RewriteRule i18n - [F]
RewriteRule node - [F]
"""


def site(folder: Path) -> Path:
    """Document root with the GUI's folders; the gate is a copy, as an installed module is."""
    admin = folder / "html" / "admin"
    module = admin / "modules" / "itgrix"
    module.mkdir(parents=True)
    for name in ("gate", "php"):
        shutil.copytree(ROOT / name, module / name)
    (admin / "libraries").mkdir()
    shutil.copy(HERE / "ampuser.class.php", admin / "libraries")
    shutil.copy(HERE / "login.php", admin)
    (admin / ".htaccess").write_text(GUI_RULES)
    (folder / "sessions").mkdir()
    return folder / "html"


def home(folder: Path, port: int) -> Path:
    """What the gate reads of an installation."""
    place = folder / "home"
    place.mkdir()
    (place / "gate.key").write_text(KEY + "\n")
    (place / "service.json").write_text(json.dumps({"bind": f"127.0.0.1:{port}"}))
    return place


@dataclass
class Service:
    """Stands in for the panel behind the real ``web.gateway``; ``seen``: the requests that reached it."""

    seen: list[dict[str, Any]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        path = environ["PATH_INFO"]
        self.seen.append(_told(environ, body))
        if path == "/events":
            start_response("200 OK", [("Content-Type", "text/event-stream")])
            return self._events()
        if path == "/file.mp3":
            return _part(environ, start_response)
        if path == "/leave":
            start_response(
                "302 Found", [("Location", f"{environ['SCRIPT_NAME']}/calls/"), ("Set-Cookie", "a=1; Path=/")]
            )
            return [b""]
        if path.startswith("/status/"):
            start_response(f"{path.rpartition('/')[2]} Told", [("X-Kept", "yes"), ("Content-Length", "0")])
            return [b""]
        cookies = [("Set-Cookie", "itgrix_session=s; HttpOnly; Path=/"), ("Set-Cookie", "itgrix_lang=ru; Path=/")]
        start_response("200 OK", [("Content-Type", "text/css"), *cookies])
        return [json.dumps(self.seen[-1]).encode()]

    def _events(self) -> Iterator[bytes]:
        """The second event comes only when the test has seen the first."""
        for number in range(EVENTS):
            yield f"data: {number}\n\n".encode()
            assert self.go_on.wait(20)


def _told(environ: WSGIEnvironment, body: bytes) -> dict[str, Any]:
    visitor = environ.get(VISITOR)
    headers = {
        name: value for name, value in environ.items() if name.startswith("HTTP_") or name.startswith("CONTENT_")
    }
    return {
        "method": environ["REQUEST_METHOD"],
        "target": environ["REQUEST_URI"],
        "prefix": environ["SCRIPT_NAME"],
        "scheme": environ["wsgi.url_scheme"],
        "address": environ["REMOTE_ADDR"],
        "headers": headers,
        "length": len(body),
        "digest": hashlib.sha256(body).hexdigest(),
        "visitor": None if visitor is None else {"name": visitor.name, "rights": sorted(visitor.rights)},
    }


def _part(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    wanted = environ.get("HTTP_RANGE", "")
    if not wanted:
        start_response("200 OK", [("Content-Type", "audio/mpeg"), ("Content-Length", str(len(CONTENT)))])
        return [CONTENT]
    first, last = (int(number) for number in wanted.removeprefix("bytes=").split("-"))
    about = [("Content-Type", "audio/mpeg"), ("Content-Range", f"bytes {first}-{last}/{len(CONTENT)}")]
    start_response("206 Partial Content", [*about, ("Content-Length", str(last - first + 1))])
    return [CONTENT[first : last + 1]]


@contextmanager
def serving(app: WSGIApplication, key_file: Path) -> Iterator[int]:
    """A WSGI application behind the gateway; yields its port."""
    with served(Gateway(app, key_file)) as address:
        yield int(address.rpartition(":")[2])


@dataclass
class Browser:
    """Somebody at the GUI. ``base``: address of the web server."""

    base: str
    session: requests.Session = field(default_factory=requests.Session)

    def login(self, sections: str = "*", name: str = "admin") -> None:
        answer = self.session.get(
            f"{self.base}/admin/login.php", params={"sections": sections, "name": name}, timeout=20
        )
        assert answer.text == "ok", answer.text

    def logout(self) -> None:
        self.session.get(f"{self.base}/admin/login.php?out=1", timeout=20)

    def ask(self, path: str = "/", method: str = "GET", **extra: Any) -> requests.Response:
        """Through the gate; writes carry the origin of the page, as browsers send it."""
        headers: dict[str, str | None] = {"Origin": self.base} if method not in ("GET", "HEAD") else {}
        headers |= extra.pop("headers", {})
        given = {name: value for name, value in headers.items() if value is not None}
        extra.setdefault("allow_redirects", False)
        return self.session.request(method, f"{self.base}{GATE}{path}", headers=given, timeout=30, **extra)


@contextmanager
def php_server(html: Path, place: Path, sessions: Path) -> Iterator[str]:
    """PHP's own server, four requests at once; yields its address."""
    port = free_port()
    settings = {"enable_post_data_reading": "0", "session.save_path": str(sessions), "session.name": "PHPSESSID"}
    options = [word for name, value in settings.items() for word in ("-d", f"{name}={value}")]
    command = [web_php(), *options, "-S", f"127.0.0.1:{port}", "-t", str(html), str(HERE / "router.php")]
    environment = {
        **os.environ,
        "ITGRIX_HOME": str(place),
        "PHP_CLI_SERVER_WORKERS": "4",
        "http_proxy": "http://127.0.0.1:9",
    }
    log = (html.parent / "php.log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(10)
        log.close()


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the web server does not come up"
            time.sleep(0.05)
        else:
            return
