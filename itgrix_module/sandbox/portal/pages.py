# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the portal: an employee's view, live, and the control panel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, send_from_directory

from itgrix_module.sandbox.portal import actions, guard
from itgrix_module.sandbox.portal.faults import KINDS
from itgrix_module.sandbox.portal.panels import Panels
from itgrix_module.sandbox.portal.params import Params, as_int
from itgrix_module.sandbox.portal.texts import LANGUAGES, texts

if TYPE_CHECKING:
    from itgrix_module.sandbox.portal.portal import SandboxPortal

HERE = Path(__file__).parent
# which live sections each tab has, above them always the cards
TABS: dict[str, tuple[str, ...]] = {
    "calls": ("calls",),
    "crm": ("entities",),
    "tasks": ("activities", "tasks"),
    "chat": ("messages", "notifications"),
    "requests": ("bucket", "requests"),
    "control": ("outage", "rules"),
}
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#2868c7"/>'
    '<path d="M9 23V16a7 7 0 1 1 7 7z" fill="none" stroke="#fff" stroke-width="3"/></svg>'
)
WAIT = 20.0
WAITS = {"requests": 2.0}  # the rate bucket leaks without any event
YEAR = 365 * 86400


def pages_blueprint(portal: SandboxPortal) -> Blueprint:
    """``/``, ``/<tab>``, ``/live``, ``/static/…``."""
    pages = Blueprint("pages", __name__, template_folder="templates")
    pages.before_request(lambda: guard.check(portal.state))
    pages.after_request(guard.harden)

    @pages.get("/")
    @pages.get("/<any(crm, tasks, chat, requests, control):tab>")
    def page(tab: str = "calls") -> Response:
        view = _view(portal, tab)
        response = make_response(render_template("portal.html", **view, sections=_sections(portal, view)))
        _remember(response, view)
        return response

    @pages.get("/live")
    def live() -> Response:
        """Sections as soon as something changed, at the latest after a while."""
        tab = request.args.get("tab", "calls")
        view = _view(portal, tab if tab in TABS else "calls")
        _await_change(portal, request.args.get("revision", 0, type=int), WAITS.get(tab, WAIT))
        answer = {"revision": portal.state.revision, "now": portal.state.now()}
        return jsonify(answer | {"sections": _sections(portal, view)})

    @pages.post("/control")
    def control() -> Any:
        try:
            actions.perform(portal, request.form.get("action", ""), Params(request.form.to_dict()))
        except (ValueError, KeyError) as error:
            view = _view(portal, "control") | {"refused": str(error)}
            return render_template("portal.html", **view, sections=_sections(portal, view)), 400
        return redirect("/control?done=1", 303)

    @pages.get("/static/<path:name>")
    def static(name: str) -> Response:
        return send_from_directory(HERE / "static", name, max_age=0)

    @pages.get("/icon.svg")
    def icon() -> Response:
        return Response(ICON, content_type="image/svg+xml")

    return pages


def _view(portal: SandboxPortal, tab: str) -> dict[str, Any]:
    """What the templates need."""
    language = _language()
    user = as_int(request.args.get("user", request.cookies.get("sandbox_user"))) or 0
    return {
        "t": texts(language),
        "language": language,
        "languages": LANGUAGES,
        "tab": tab,
        "tabs": TABS,
        "user": user if user in portal.users else 0,
        "users": [found for found in list(portal.users.values()) if found.active],
        "lines": list(portal.state.lines.values()),
        "methods": sorted(portal.state.method_scopes),
        "kinds": sorted(KINDS),
        "revision": portal.state.revision,
        "now": portal.state.now(),
        "done": "done" in request.args,
        "refused": "",
    }


def _language() -> str:
    wanted = request.args.get("lang", request.cookies.get("sandbox_lang"))
    return wanted if wanted in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"


def _remember(response: Response, view: dict[str, Any]) -> None:
    for name, key in (("lang", "language"), ("user", "user")):
        if name in request.args:
            response.set_cookie(f"sandbox_{name}", str(view[key]), max_age=YEAR, samesite="Strict", httponly=True)


def _sections(portal: SandboxPortal, view: dict[str, Any]) -> dict[str, str]:
    panels = Panels(portal, view["t"], view["user"])
    return {
        name: render_template(f"sections/{name}.html", t=view["t"], **getattr(panels, name)())
        for name in ("cards", *TABS[view["tab"]])
    }


def _await_change(portal: SandboxPortal, revision: int, seconds: float) -> None:
    state = portal.state
    with state.changed:
        state.changed.wait_for(lambda: state.revision != revision or not portal.running, seconds)
