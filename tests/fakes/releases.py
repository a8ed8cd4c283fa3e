# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who publishes releases: a key, small archives, the signed list, and a server for all of it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import ssl
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from itgrix_module.feed import canonical

Answer = Callable[[BaseHTTPRequestHandler], None]


def archive(version: str, files: Mapping[str, bytes] | None = None, top: str = "itgrix") -> bytes:
    """What the content check wants, and no more. ``files``: besides; None as content leaves one out."""
    contents: dict[str, bytes] = {
        "module.xml": f"<module><rawname>itgrix</rawname><version>{version}</version></module>".encode(),
        "pyproject.toml": f'[project]\nname = "itgrix"\nversion = "{version}"\n'.encode(),
        "install.py": b"",
        "installer/main.py": b"",
        "requirements/runtime.lock": b"",
        **(files or {}),
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@dataclass
class Publisher:
    """``url``: of the server's root."""

    url: str = "https://releases.example.org"
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def key(self) -> Ed25519PublicKey:
        return self.private.public_key()

    def listed(self, name: str, content: bytes) -> dict[str, Any]:
        """An archive as the list names it."""
        digest = hashlib.sha256(content).hexdigest()
        signature = self.private.sign(b"itgrix-release-1\n" + f"{name}\n{digest}".encode())
        return {
            "url": f"{self.url}/{name}",
            "size": len(content),
            "sha256": digest,
            "signature": base64.b64encode(signature).decode(),
        }

    def release(self, version: str, content: bytes = b"archive", **changes: Any) -> dict[str, Any]:
        name = f"itgrix-{version}.tgz"
        return {
            "version": version,
            "date": "2026-11-01",
            "supported_until": None,
            "notes": {"en": f"News of {version}", "ru": f"Новое в {version}"},
            "archives": {"small": self.listed(name, content)},
            **changes,
        }

    def data(self, *releases: dict[str, Any], issued: int = 1_790_000_000, **changes: Any) -> dict[str, Any]:
        return {"rawname": "itgrix", "format": 1, "issued": issued, "releases": list(releases), **changes}

    def signed(self, data: Mapping[str, Any]) -> bytes:
        signature = base64.b64encode(self.private.sign(canonical(data))).decode()
        return json.dumps({**data, "signature": signature}, ensure_ascii=False).encode()

    def list(self, *releases: dict[str, Any], **changes: Any) -> bytes:
        """The signed list of these."""
        return self.signed(self.data(*releases, **changes))


class Shelf(ThreadingHTTPServer):
    """``files``: path to content, or to who answers in its place; ``asked``: requests with their headers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes | Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up early is part of the tests."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        found = self.server.files.get(self.path)
        if callable(found):
            found(self)
            return
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Length", str(len(found or b"")))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def shelf(context: ssl.SSLContext | None = None) -> Iterator[Shelf]:
    """A server; with a TLS context over https."""
    server = Shelf()
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
