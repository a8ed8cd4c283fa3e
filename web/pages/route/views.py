# SPDX-License-Identifier: GPL-3.0-or-later
"""``GET /route?number=&line=``: the extension as plain text, or nothing.

More options: ``name`` of a destination, ``call`` (linkedid, for the call's timeline), ``limit_ms``, ``full=1`` for
``extension|reason|client``. Headers tell the reason and the client's name too. Only this machine may ask, or whoever
knows the token (``Authorization: Bearer``, or ``token=``, for dialplans that cannot send headers).
"""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from itgrix_module.app.route_ports import Asked, Routed, harmless
from web.access import local_viewer

log = logging.getLogger("itgrix.panel")

KEY = "itgrix.route"
AT_ONCE = 4  # questions; the panel's other pages need threads as well
_LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "[::1]"))
_LONGEST = 2000  # characters of the question

blueprint = Blueprint("route", __name__)


@dataclass(frozen=True)
class HttpRoutes:
    """``answer``: decides within its limit. ``token``: empty when only this machine may ask."""

    answer: Callable[[Asked], Routed]
    token: Callable[[], str]


class _Desk:
    def __init__(self, routes: HttpRoutes) -> None:
        self.routes = routes
        self.room = threading.BoundedSemaphore(AT_ONCE)


def install(app: Flask, routes: HttpRoutes) -> None:
    """Answer with these."""
    app.extensions[KEY] = _Desk(routes)
    app.register_blueprint(blueprint)
    app.register_error_handler(Exception, _failed)


@blueprint.get("/route")
def answer() -> Response:
    """Whom to connect a caller with."""
    desk: _Desk = current_app.extensions[KEY]
    if not _is_admitted(desk.routes.token()):
        return _nothing(403, "denied")
    if len(request.query_string) > _LONGEST:
        return _nothing(414, "too_long")
    if "number" not in request.args:
        return _nothing(400, "number_missing")
    if not desk.room.acquire(blocking=False):
        return _nothing(503, "overload")
    try:
        return _told(desk.routes.answer(_asked()))
    finally:
        desk.room.release()


def _asked() -> Asked:
    options = request.args
    # A bare + in an address is a space: nobody writes a number with a space in front on purpose.
    number = options["number"]
    plus = "+" if number.startswith(" ") and number.strip()[:1].isdigit() else ""
    rest = (options.get(name, "") for name in ("line", "name", "call", "limit_ms"))
    return Asked.of(plus + number.strip(), *rest)


def _told(routed: Routed) -> Response:
    decision = routed.decision
    name = harmless(decision.name)
    body = decision.extension
    if request.args.get("full") == "1":
        body = f"{decision.extension}|{decision.reason}|{name if routed.caller_name else ''}"
    found = _nothing(200, decision.reason)
    found.set_data(body)
    found.headers["X-Itgrix-Name"] = quote(name.encode("utf-8", "replace"), safe=" ")
    return found


def _is_admitted(token: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    given = given if scheme.lower() == "bearer" else request.args.get("token", "")
    if token and given:
        return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())
    return local_viewer(request) is not None and _has_local_name()


def _has_local_name() -> bool:
    """A page of another site whose name suddenly leads to us must not learn who is whose client."""
    host = request.host.lower()
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name in _LOCAL_NAMES


def _nothing(status: int, reason: str) -> Response:
    found = Response("", status, mimetype="text/plain")
    found.headers["X-Itgrix-Reason"] = reason
    found.headers["Cache-Control"] = "no-store"
    found.headers["X-Content-Type-Options"] = "nosniff"
    return found


def _failed(error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return _nothing(error.code or 500, "bad_request")
    log.exception("smart routing could not answer")
    return _nothing(500, "fault")
