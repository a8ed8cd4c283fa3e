# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may look at and push the sandbox: this machine, by its own name, from its own pages."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Response, abort, request

from itgrix_module.sandbox.portal.state import State

POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
NAMES = frozenset({"localhost", "ip6-localhost"})


def check(state: State) -> None:
    """403 for strangers. The names keep away pages that point their own host name at this machine."""
    if not state.config.open_control and not (_loopback(request.remote_addr) and _loopback(_host())):
        abort(403)
    origin = request.headers.get("Origin")
    if request.method != "GET" and origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)


def harden(response: Response) -> Response:
    """Headers of pages and of the control path."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _host() -> str | None:
    return urlsplit(f"//{request.host}").hostname


def _loopback(name: str | None) -> bool:
    if name in NAMES:
        return True
    try:
        return ipaddress.ip_address(name or "").is_loopback
    except ValueError:
        return False
