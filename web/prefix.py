# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel under a path of another server (the gate in the PBX's GUI): links are made with that path in front."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Prefix:
    """WSGI middleware that sets SCRIPT_NAME.

    The path comes from the configuration, never from a header: whoever sends requests must not choose where our links
    lead. A relay may strip the path before it passes a request on, or leave it; both arrive right.
    """

    def __init__(self, app: Wsgi, path: str) -> None:
        self._app = app
        self._path = normal(path)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self._path:
            inner = environ.get("PATH_INFO", "")
            if inner == self._path or inner.startswith(f"{self._path}/"):
                environ["PATH_INFO"] = inner[len(self._path) :] or "/"
            environ["SCRIPT_NAME"] = self._path
        return self._app(environ, start_response)


def normal(path: str) -> str:
    """``/a/b`` without a slash at the end; empty for the root. Raises ValueError for what is no plain path."""
    stripped = path.strip().strip("/")
    if not stripped:
        return ""
    if any(part in ("", ".", "..") for part in stripped.split("/")) or not set(stripped) <= _PLAIN:
        raise ValueError(f"the panel's path {path!r} may hold only letters, digits, - _ . ~ and single slashes")
    return f"/{stripped}"


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/")
