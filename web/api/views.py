# SPDX-License-Identifier: GPL-3.0-or-later
"""``/healthz``, ``/status``, ``/metrics``, ``/api/status``, ``/api/calls/recent``.

Times are epoch seconds, UTC; durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from itgrix_module.app.health import Level
from itgrix_module.storage.queries import CallItem
from web import access, reading, reading_steps
from web.deps import deps

blueprint = Blueprint("api", __name__)

MOST = 200  # calls in one answer
USUAL = 20


@blueprint.get("/healthz")
def healthz() -> Response:
    """Alive: this process answers. Says nothing else, so it needs no rights."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/status")
@access.needs(access.SEE)
def status() -> ResponseReturnValue:
    """The whole health; ``path=checks.pbx.level`` picks one element: plain text for a single value, else JSON."""
    data = deps().health().as_data()
    path = request.args.get("path", "")
    if not path:
        return jsonify(data)
    try:
        found = _picked(data, path)
    except LookupError:
        return jsonify(error="no such element", path=path), 404
    if isinstance(found, dict | list):
        return jsonify(found)
    return Response(f"{_plain(found)}\n", mimetype="text/plain")


@blueprint.get("/metrics")
@access.needs(access.SEE)
def metrics() -> Response:
    """For Prometheus."""
    page = deps().metrics
    if page is None:
        abort(404)
    return Response(page(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _picked(data: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(data, Mapping):
            data = data[name]
        elif isinstance(data, list | tuple) and name.isdecimal():
            data = data[int(name)]
        else:
            raise LookupError(name)
    return data


def _plain(value: Any) -> str:
    """``true``, ``null`` as JSON writes them, texts without quotation marks."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


@blueprint.get("/api/status")
@access.needs(access.SEE)
def api_status() -> ResponseReturnValue:
    """What a dashboard needs: the levels, the counts and the calls of this moment. 503 while something is broken."""
    health = deps().health()
    shown = reading.live_calls(MOST)
    body = {
        "level": health.level.value,
        "checks": {check.part: check.level.value for check in health.checks},
        "counts": dict(health.counts),
        "budget": health.budget,
        "deliveries": asdict(reading_steps.figures()),
        "live": [_call(item) for item in shown.items],
        "live_count": shown.count,
        "now": health.now,
    }
    return jsonify(body), 503 if health.level is Level.ERROR and "strict" in request.args else 200


@blueprint.get("/api/calls/recent")
@access.needs(access.SEE)
def recent_calls() -> Response:
    """The last calls, newest first. ``limit``: 1 to 200; ``since``: only calls that began later (epoch seconds)."""
    limit = min(MOST, max(1, request.args.get("limit", USUAL, int)))
    since = request.args.get("since", 0.0, float)
    items = [item for item in reading.last_calls(limit) if item.call.started > since]
    return jsonify(calls=[_call(item) for item in items])


def _call(item: CallItem) -> dict[str, Any]:
    known = {key: value for key, value in asdict(item.call).items() if key not in ("state", "merged_into")}
    side = item.portal
    portal = {"call_id": side.call_id, "entity_type": side.entity_type, "entity_id": side.entity_id}
    return {**known, "delivery": item.delivery, "portal": {**portal, "activity_id": side.activity_id}}
