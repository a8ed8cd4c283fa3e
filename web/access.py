# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may see what. Deny by default; without a way to know who asks, only this machine itself is let in."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address
from typing import ParamSpec, TypeVar

from flask import Flask, Request, abort, current_app, g, request
from werkzeug.wrappers import Response

from web.deps import deps
from web.visitor import is_handed_over

SEE = "see"  # status, calls, deliveries
LISTEN = "listen"  # recordings
CHANGE = "change"  # repeat and drop deliveries
ADMINISTER = "administer"  # settings, customizations, employees, lines
EVERYTHING = frozenset({SEE, LISTEN, CHANGE, ADMINISTER})

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
# A relay on this machine makes everybody look local; these headers tell that it is one.
_RELAY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
# Answered to anybody who reaches the port: whether the process lives, and what the login page itself needs.
_OPEN_ENDPOINTS = frozenset({"api.healthz", "static", "login.index", "login.enter"})
WAY_IN = "itgrix.way_in"  # in app.extensions: where to send somebody who is not let in, see sessions

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Viewer:
    """Who looks at the panel. ``rights``: some of SEE, LISTEN, CHANGE, ADMINISTER."""

    name: str
    rights: frozenset[str] = EVERYTHING

    def may(self, right: str) -> bool:
        return right in self.rights


def install(app: Flask) -> None:
    """Check each request before any page sees it."""
    app.before_request(_check_host)
    app.before_request(_check_viewer)
    app.context_processor(lambda: {"viewer": g.get("viewer"), "may": _may})


def viewer() -> Viewer:
    """Who asks; only inside a request that was let in."""
    found = g.viewer
    assert isinstance(found, Viewer)
    return found


def needs(right: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a page that needs a right: 403 without it."""

    def mark(page: Callable[P, R]) -> Callable[P, R]:
        @wraps(page)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if not _may(right):
                abort(403)
            return page(*args, **kwargs)

        return checked

    return mark


def _may(right: str) -> bool:
    found = g.get("viewer")
    return found is not None and found.may(right)


def _check_host() -> None:
    """A page of another site whose name suddenly leads to us (DNS rebinding) must not read the panel."""
    if is_handed_over(request):
        return
    name = request.host.lower()
    without_port = name.rpartition(":")[0] if not name.endswith("]") and ":" in name else name
    if without_port not in _LOCAL_NAMES and without_port not in {host.lower() for host in deps().hosts}:
        abort(421)


def _check_viewer() -> Response | None:
    g.viewer = None
    if request.endpoint in _OPEN_ENDPOINTS:
        return None
    ask = deps().viewer
    g.viewer = _script() or (ask(request) if ask is not None else local_viewer(request))
    if g.viewer is not None:
        return None
    way_in = current_app.extensions.get(WAY_IN)
    way: Response | None = way_in() if way_in is not None else None
    if way is None:
        abort(403)
    return way


def _script() -> Viewer | None:
    """A program with the token of the interface for programs; it gets nowhere else."""
    token = deps().api_token()
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if request.blueprint != "api" or not token or scheme.lower() != "bearer":
        return None
    is_right = hmac.compare_digest(given.strip().encode(), token.encode())
    return Viewer("script", frozenset({SEE})) if is_right else None


def local_viewer(asked: Request) -> Viewer | None:
    """Somebody on this machine may do everything; whoever comes through a relay is not known to be on it."""
    if any(header in asked.headers for header in _RELAY_HEADERS):
        return None
    return Viewer("local") if _is_loopback(asked.remote_addr) else None


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False
