# SPDX-License-Identifier: GPL-3.0-or-later
"""Order a comparison, watch it, stop it; the same for programs as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from itgrix_module.app.reconcile_ports import KINDS, Order, Progress, Reprocessing
from itgrix_module.domain.failures import Failure
from web import access, auditing
from web.deps import deps
from web.i18n import mark
from web.pages.reprocess.forms import OrderForm
from web.preferences import said, sentence, text, zone

blueprint = Blueprint("reprocess", __name__)

SHOWN = 200  # calls in the list
_KINDS = {
    "added": mark("Added"),
    "closed": mark("Closed"),
    "completed": mark("Completed"),
    "corrected": mark("Corrected"),
    "retried": mark("Tried again"),
    "open": mark("Not over yet"),
    "same": mark("As they should be"),
    "failed": mark("Not found"),
}
_STATES = {
    "running": mark("Under way"),
    "done": mark("Done"),
    "stopped": mark("Stopped"),
    "failed": mark("Broken off"),
}


def _desk() -> Reprocessing:
    desk = deps().reprocessing
    if desk is None:
        abort(404)
    return desk


@blueprint.get("/reprocess/")
@access.needs(access.CHANGE)
def index() -> str:
    """The form, and how far the last order has come."""
    form = OrderForm(request.args, meta={"csrf": False}) if request.args else OrderForm()
    return _page(form)


@blueprint.post("/reprocess/")
@access.needs(access.CHANGE)
def begin() -> ResponseReturnValue:
    """Start it in the background."""
    form = OrderForm()
    if not form.validate():
        return _page(form), 422
    problem = _begin(form)
    if problem is not None:
        flash(problem, "warning")
        return _page(form), 409
    return redirect(url_for("reprocess.index"))


@blueprint.post("/reprocess/stop")
@access.needs(access.CHANGE)
def stop() -> ResponseReturnValue:
    """After the call that is being looked at."""
    _desk().halt()
    auditing.note("reprocess.stop")
    return redirect(url_for("reprocess.index"))


@blueprint.get("/reprocess/progress")
@access.needs(access.CHANGE)
def progress() -> str:
    """Only the part of the page that changes."""
    return render_template("reprocess/progress.html", **_seen(_desk().progress))


@blueprint.get("/api/reprocess")
@access.needs(access.SEE)
def state() -> Response:
    """How far it has come."""
    found = _desk().progress
    if found is None:
        return jsonify(state="never")
    return jsonify({**found.data(), "found": [asdict(item) for item in list(found.found)]})


@blueprint.post("/api/reprocess")
@access.needs(access.CHANGE)
def order() -> ResponseReturnValue:
    """``{"from": day, "to": day, "calls": [...], "dry": false}``, or ``{"stop": true}``."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        return jsonify(error="one JSON object is expected"), 400
    if given.get("stop") is True:
        _desk().halt()
        auditing.note("reprocess.stop")
        return state()
    calls = given.get("calls", [])
    values = {"since": str(given.get("from", "")), "until": str(given.get("to", ""))}
    values["calls"] = " ".join(map(str, calls)) if isinstance(calls, list) else ""
    form = OrderForm(MultiDict(values | ({"dry": "y"} if given.get("dry") is True else {})), meta={"csrf": False})
    if not form.validate():
        return jsonify(error="wrong values", problems={name: list(said) for name, said in form.errors.items()}), 422
    problem = _begin(form)
    return (jsonify(error=problem), 409) if problem is not None else (state(), 202)


def _begin(form: OrderForm) -> str | None:
    """Why it cannot be done, if it cannot."""
    return _ordered(form.order(zone(), deps().clock(), access.viewer().name))


def compare_call(linkedid: str) -> str | None:
    """Begin the comparison of one call; why it cannot be done, if it cannot."""
    if deps().reprocessing is None:
        return text("Nothing of this call failed, and there are no records of the PBX to compare it with.")
    return _ordered(Order(calls=(linkedid,), by_hand=True, who=access.viewer().name))


def _ordered(order: Order) -> str | None:
    try:
        _desk().begin(order)
    except Failure as failure:
        return text_of(failure)
    auditing.note("reprocess", since=order.since, until=order.until, calls=list(order.calls), dry=order.dry)
    return None


def text_of(failure: Failure) -> str:
    """With what to do."""
    return " ".join(f"{sentence(said(part)).rstrip('.')}." for part in (failure.text, failure.hint) if part)


def _page(form: OrderForm) -> str:
    today = datetime.fromtimestamp(deps().clock(), zone()).date()
    if not form.since.data:
        form.since.data = (today - timedelta(days=1)).isoformat()
    if not form.until.data:
        form.until.data = today.isoformat()
    return render_template("reprocess/index.html", form=form, **_seen(_desk().progress))


def _seen(found: Progress | None) -> dict[str, object]:
    counts = [(text(_KINDS[kind]), found.counts[kind]) for kind in KINDS if found.counts[kind]] if found else []
    return {
        "progress": found,
        "counts": counts,
        "found": list(found.found)[:SHOWN] if found else [],
        "kinds": {kind: text(title) for kind, title in _KINDS.items()},
        "state": text(_STATES[found.state]) if found else "",
        "percent": round(found.share * 100) if found else 0,
    }
