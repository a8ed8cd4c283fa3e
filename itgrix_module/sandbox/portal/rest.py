# SPDX-License-Identifier: GPL-3.0-or-later
"""The door of the portal: ``/rest/…`` from the wire to the answer, in the order in which a real portal refuses."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from itgrix_module.sandbox.portal import access, batch
from itgrix_module.sandbox.portal.dispatch import Dispatcher, Visit
from itgrix_module.sandbox.portal.errors import RestError
from itgrix_module.sandbox.portal.exchange import Caller, Exchange
from itgrix_module.sandbox.portal.faults import AFTER, BEFORE, Fault, Faults
from itgrix_module.sandbox.portal.log import RequestView, masked
from itgrix_module.sandbox.portal.methods.records import FIELD, receive
from itgrix_module.sandbox.portal.params import Params, decode
from itgrix_module.sandbox.portal.query import Page
from itgrix_module.sandbox.portal.server import Wire
from itgrix_module.sandbox.portal.state import State

BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
UPLOAD = "upload"


@dataclass
class Visitor:
    """One request while it is being answered. ``fault``: kind of what was done to it."""

    http: int
    method: str
    webhook: tuple[str, str] | None
    params: Params
    wire: Wire
    clock: float = field(default_factory=time.perf_counter)
    client: str = ""
    fault: str = ""
    error: str | None = None

    @property
    def methods(self) -> list[str]:
        inner = batch.methods_of(self.params) if self.method == "batch" else []
        return [self.method, *inner]


class RestDoor:
    """Answers every request under ``/rest/``."""

    def __init__(self, state: State, faults: Faults, dispatcher: Dispatcher) -> None:
        self._state = state
        self._faults = faults
        self._dispatcher = dispatcher

    def blueprint(self) -> Blueprint:
        door = Blueprint("rest", __name__)
        door.add_url_rule("/rest/<path:path>", "rest", self.answer, methods=["GET", "POST"])
        return door

    def answer(self, path: str) -> Response:
        """Steps: faults before, the portal, faults after, log."""
        visitor = _visitor(self._state.log.next_number(), path)
        response = self._before(visitor) or self._after(visitor, self._portal(visitor))
        self._log(visitor, response)
        self._state.touch()
        return response

    def _before(self, visitor: Visitor) -> Response | None:
        kind, seconds, location = self._faults.outage_kind, 90.0, ""
        if not kind:
            fault = self._faults.strike(visitor.methods, BEFORE)
            if fault is None:
                return None
            kind, seconds, location = fault.kind, fault.seconds, fault.location
        visitor.fault = kind
        return spoiled(visitor.wire, kind, seconds, location or request.url)

    def _portal(self, visitor: Visitor) -> Response:
        visitor.wire.hold(self._faults.latency_of(visitor.method))
        try:
            self._admit_scheme()
            if self._moved():
                return _moved_to(self._state.switches.renamed_to)
            self._admit_portal(visitor)
            caller = self._caller(visitor)
            visitor.client = caller.client
            return self._perform(visitor, caller)
        except RestError as error:
            visitor.error = error.code
            return _json(error.status, error.body())

    def _perform(self, visitor: Visitor, caller: Caller) -> Response:
        if visitor.method == UPLOAD:
            sent = request.files.get(FIELD)
            content = sent.read() if sent is not None else None
            return _json(200, {"result": receive(Exchange(self._state, caller), visitor.params.text("token"), content)})
        visit = Visit(visitor.http, caller, visitor.wire.hold)
        result, spent = self._dispatcher.run(visit, visitor.method, visitor.params)
        return _json(200, _envelope(result, spent))

    def _admit_scheme(self) -> None:
        if self._state.config.strict_https and request.scheme != "https":
            raise RestError(400, "INVALID_REQUEST", "Https required.")

    def _moved(self) -> bool:
        target = self._state.switches.renamed_to
        return bool(target) and urlsplit(target).netloc != request.host

    def _admit_portal(self, visitor: Visitor) -> None:
        """The bucket comes first: an overflowing request learns nothing more."""
        state = self._state
        counted = visitor.method != UPLOAD or state.config.count_uploads
        with state.lock:
            if counted and not state.bucket.take(request.remote_addr or "", state.now()):
                raise RestError(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
        if state.switches.overload:
            raise RestError(503, "OVERLOAD_LIMIT", "REST API is blocked due to overload.")
        if state.switches.portal_deleted:
            raise RestError(500, "PORTAL_DELETED", "Portal was deleted")
        if state.switches.no_commercial_plan:
            raise RestError(403, "ACCESS_DENIED", "REST API is available only on commercial plans.")

    def _caller(self, visitor: Visitor) -> Caller:
        with self._state.lock:
            if visitor.webhook is not None:
                return access.by_webhook(self._state, *visitor.webhook)
            token = access.access_token(visitor.params, request.headers.get("Authorization", ""))
            return access.by_token(self._state, token)

    def _after(self, visitor: Visitor, response: Response) -> Response:
        fault = self._faults.strike(visitor.methods, AFTER)
        if fault is not None:
            visitor.fault = fault.kind
            spoil(visitor.wire, fault)
        return response

    def _log(self, visitor: Visitor, response: Response) -> None:
        commands = len(visitor.methods) - 1
        entry = RequestView(
            http=visitor.http,
            at=self._state.now(),
            kind="upload" if visitor.method == UPLOAD else "rest",
            method=visitor.method,
            params={"commands": commands} if commands else masked(visitor.params.values),
            client=visitor.client,
            status=0 if visitor.wire.cut else response.status_code,
            error=visitor.error,
            seconds=time.perf_counter() - visitor.clock,
            fault=visitor.fault,
        )
        self._state.log.add(entry)


def wire_of_request() -> Wire:
    """The wire under the current request; a loose one when the application runs without our server."""
    found: Wire = request.environ["sandbox.wire"]
    return found


def _visitor(number: int, path: str) -> Visitor:
    parts = path.strip("/").split("/")
    webhook = (parts[0], parts[1]) if len(parts) == 3 else None
    method = parts[-1].casefold().removesuffix(".json").removesuffix(".xml")
    return Visitor(number, method, webhook, _params(), wire_of_request())


def _params() -> Params:
    """Query and body together; the body wins."""
    values = decode(request.args.items(multi=True))
    if request.mimetype == "application/json":
        body = request.get_json(silent=True)
        return Params({**values, **body} if isinstance(body, dict) else values)
    return Params({**values, **decode(request.form.items(multi=True))})


def spoiled(wire: Wire, kind: str, seconds: float, location: str) -> Response:
    """What a client gets from something that stands before the portal."""
    if kind == "html_502":
        return Response(BAD_GATEWAY, 502, content_type="text/html")
    if kind == "http_500":
        return _json(500, {"error": "INTERNAL_SERVER_ERROR", "error_description": "Internal server error"})
    if kind == "redirect":
        return Response("", 302, {"Location": location}, content_type="text/html")
    wire.cut = "reset"
    if kind == "timeout_before":
        wire.cut = "drop"
        wire.hold(seconds)
    return Response("", 500)


def spoil(wire: Wire, fault: Fault) -> None:
    """Do to a finished answer what the fault wants."""
    if fault.kind == "slow":
        wire.drip = fault.seconds
    elif fault.kind == "truncated":
        wire.keep = 0.5
    else:
        wire.cut = "drop"
        if fault.kind == "timeout_after":
            wire.hold(fault.seconds)


def _moved_to(base: str) -> Response:
    return Response("", 302, {"Location": base.rstrip("/") + request.full_path.rstrip("?")}, content_type="text/html")


def _envelope(result: Any, spent: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(result, Page):
        return {"result": result, "time": spent}
    following = {} if result.next is None else {"next": result.next}
    return {"result": result.result, **following, "total": result.total, "time": spent}


def _json(status: int, body: dict[str, Any]) -> Response:
    text = json.dumps(body, separators=(",", ":"))
    return Response(text, status, content_type="application/json; charset=utf-8")
