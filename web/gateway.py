# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over from the gate in the PBX's GUI: who asks, signed by the gate, valid once and for half a minute.

Header ``X-Itgrix-Gate``: base64url(JSON) "." hex(HMAC-SHA256(key, ``itgrix-gate-1`` LF method LF target LF payload));
``target`` is the path with its query exactly as it was sent to us. The JSON: ``u`` name, ``r`` rights, ``t`` epoch
seconds as text, ``n`` nonce, ``p`` path of the gate, ``h`` host, ``s`` scheme, ``a`` address of the visitor.
The other side is ``php/Signature.php``; ``tests/gate/vectors.json`` binds both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Request

from web.access import EVERYTHING, Viewer
from web.prefix import Environ, Wsgi, normal
from web.visitor import VISITOR, Visitor

log = logging.getLogger("itgrix.panel")

HEADER = "HTTP_X_ITGRIX_GATE"
VERSION = "itgrix-gate-1"
FRESH = 30.0  # seconds
AHEAD = 2.0  # seconds that a clock may be set back between gate and service
LONGEST = 4096  # characters of the header
MOST_NONCES = 200_000  # more in half a minute is no administrator
_RELAYED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PREFIX")
ANONYMOUS: frozenset[str] = frozenset()  # rights of those who fetch what is open to the portal: none


class Refused(Exception):
    """The header is not one that the gate made for this request now."""


def signature(key: bytes, method: str, target: str, payload: str) -> str:
    """Of one request; texts are as WSGI gives them, one character for each byte."""
    signed = "\n".join((VERSION, method, target, payload)).encode("latin-1", "replace")
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def claims_of(key: bytes, method: str, target: str, header: str) -> dict[str, Any]:
    """What the gate says of the visitor. Raises Refused when it does not come from the gate."""
    payload, dot, given = header.partition(".")
    if not key or not dot or len(header) > LONGEST or not header.isascii():
        raise Refused("malformed")
    if not hmac.compare_digest(signature(key, method, target, payload), given):
        raise Refused("wrong signature")
    try:
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        raise Refused("malformed") from None
    if not isinstance(found, dict):
        raise Refused("malformed")
    return found


class Nonces:
    """Each is taken once while its time stamp is fresh; older ones are refused by their time. Thread-safe.

    ``since``: when this process began. It cannot know what an earlier one took, so nothing from before is valid.
    """

    def __init__(self, clock: Callable[[], float] = time.time, fresh: float = FRESH) -> None:
        self._clock, self._fresh, self.since = clock, fresh, clock()
        self._taken: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, nonce: str, at: float) -> None:
        """Raises Refused when the time is not now or the nonce was there before."""
        now = self._clock()
        if not math.isfinite(at) or not max(self.since, now - self._fresh) <= at <= now + AHEAD:
            raise Refused("out of time")
        if not 16 <= len(nonce) <= 64:
            raise Refused("malformed")
        with self._lock:
            self._forget(now - self._fresh - AHEAD)
            if nonce in self._taken or len(self._taken) >= MOST_NONCES:
                raise Refused("used before")
            self._taken[nonce] = now

    def _forget(self, before: float) -> None:
        while self._taken and next(iter(self._taken.values())) < before:
            self._taken.popitem(last=False)


class Gateway:
    """WSGI middleware, the outermost: requests of the gate get their visitor, host and prefix; others stay as they are.

    ``key_file``: made by the installer; without it no header is accepted. A header that does not fit ends the request:
    it is never treated as if there were none.
    """

    def __init__(self, app: Wsgi, key_file: Path, clock: Callable[[], float] = time.time) -> None:
        self._app, self._key_file = app, key_file
        self._nonces = Nonces(clock)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ.pop(VISITOR, None)
        header = environ.pop(HEADER, None)
        if header is None:
            return self._app(environ, start_response)
        try:
            visitor = self._visitor(environ, str(header))
        except Refused as refused:
            log.warning("a request with a gate header was refused: %s", refused)
            start_response("403 Forbidden", [("Content-Type", "text/plain"), ("Cache-Control", "no-store")])
            return [b"refused\n"]
        _seat(environ, visitor)
        return self._app(environ, _cookies_below(visitor.prefix, start_response))

    def _visitor(self, environ: Environ, header: str) -> Visitor:
        claims = claims_of(self._key(), str(environ["REQUEST_METHOD"]), target_of(environ), header)
        try:
            visitor = Visitor(
                name=str(claims["u"])[:100],
                rights=EVERYTHING & frozenset(map(str, claims["r"])),
                prefix=normal(str(claims["p"])),
                scheme="https" if claims["s"] == "https" else "http",
                host=str(claims["h"])[:255],
                address=str(claims["a"])[:64],
            )
            nonce, at = str(claims["n"]), float(claims["t"])
        except (KeyError, TypeError, ValueError):
            raise Refused("malformed") from None
        self._nonces.take(nonce, at)
        return visitor

    def _key(self) -> bytes:
        try:
            return self._key_file.read_text(encoding="ascii").strip().encode()
        except (OSError, UnicodeDecodeError):
            return b""


def target_of(environ: Environ) -> str:
    """The request's path and query as they stood on the wire."""
    target = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if target:
        return str(target)
    query = environ.get("QUERY_STRING", "")
    return f"{environ.get('PATH_INFO', '')}?{query}" if query else str(environ.get("PATH_INFO", ""))


def viewer(request: Request) -> Viewer | None:
    """For ``PanelDeps.viewer`` behind the gate: whom it handed over, nobody else."""
    found = request.environ.get(VISITOR)
    return Viewer(found.name, found.rights) if isinstance(found, Visitor) and found.rights else None


def _seat(environ: Environ, visitor: Visitor) -> None:
    """The request looks to the panel as it looked to the gate."""
    environ[VISITOR] = visitor
    environ["SCRIPT_NAME"] = visitor.prefix
    environ["wsgi.url_scheme"] = visitor.scheme
    environ["HTTP_HOST"] = visitor.host
    environ["REMOTE_ADDR"] = visitor.address
    if visitor.rights != ANONYMOUS:
        # Of somebody unknown they stay: whoever looks for a visitor of this very machine must see that he is none.
        for name in _RELAYED:
            environ.pop(name, None)


def _cookies_below(prefix: str, start_response: Callable[..., Any]) -> Callable[..., Any]:
    """Our cookies are for the panel alone, not for the whole PBX."""

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start_response(status, [(name, _below(prefix, name, value)) for name, value in headers], *rest)

    return start


def _below(prefix: str, name: str, value: str) -> str:
    if name.lower() != "set-cookie" or not prefix:
        return value
    parts = [part.strip() for part in value.split(";")]
    return "; ".join(f"Path={prefix}/" if part.lower() == "path=/" else part for part in parts)
