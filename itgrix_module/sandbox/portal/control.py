# SPDX-License-Identifier: GPL-3.0-or-later
"""``/sandbox/…``: the sandbox driven by another program, in JSON, and the recordings it has got."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, request, send_file

from itgrix_module.sandbox.portal import actions, guard
from itgrix_module.sandbox.portal.params import Params
from itgrix_module.sandbox.portal.snapshot import whole

if TYPE_CHECKING:
    from itgrix_module.sandbox.portal.portal import SandboxPortal


def control_blueprint(portal: SandboxPortal) -> Blueprint:
    """GET ``snapshot``, ``faults``, ``records/<id>``; POST a JSON object to an action's name."""
    control = Blueprint("control", __name__, url_prefix="/sandbox")
    control.before_request(lambda: guard.check(portal.state))
    control.after_request(guard.harden)

    @control.get("/snapshot")
    def snapshot() -> Response:
        return jsonify(whole(portal))

    @control.get("/faults")
    def faults() -> Response:
        return jsonify(portal.faults.rules())

    @control.get("/records/<int:file_id>")
    @control.get("/records/<int:file_id>/<path:_name>")
    def record(file_id: int, _name: str = "") -> Response:
        with portal.state.lock:
            found = portal.state.calls.by_file(file_id)
        if found is None or not found.content:
            abort(404)
        response = send_file(
            io.BytesIO(found.content), found.mime, conditional=True, etag=found.sha256, download_name=found.filename
        )
        response.direct_passthrough = False
        return response

    @control.post("/<path:action>")
    def act(action: str) -> tuple[Response, int] | Response:
        values = request.get_json(silent=True)
        if not isinstance(values, dict):
            return _refused("send a JSON object with Content-Type: application/json")
        if action not in actions.ACTIONS:
            return _refused(f"unknown action; known: {', '.join(actions.ACTIONS)}", 404)
        try:
            return jsonify({"result": actions.perform(portal, action, Params(values))})
        except ValueError as error:
            return _refused(str(error))

    return control


def _refused(text: str, status: int = 400) -> tuple[Response, int]:
    body: dict[str, Any] = {"error": text}
    return jsonify(body), status
