# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers when a page cannot be shown: a page for people, JSON for scripts, always with what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Flask, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from itgrix_module.domain.failures import Failure
from web.i18n import mark
from web.preferences import said, text

log = logging.getLogger("itgrix.panel")

# code -> title, what happened, what to do
_PAGES: Mapping[int, tuple[str, str, str]] = {
    400: (mark("This request cannot be understood"), mark("Something in the address or the form is not right."), ""),
    403: (
        mark("No access"),
        mark("The panel does not know you, or this page is not among your rights."),
        mark("Open the panel from the PBX's own pages, or ask its administrator for access."),
    ),
    404: (
        mark("Nothing here"),
        mark("There is no such page or record; old calls are removed after their time."),
        "",
    ),
    405: (mark("Not possible this way"), mark("This address takes no such request."), ""),
    413: (mark("Too large"), mark("The request is larger than the panel accepts."), ""),
    421: (
        mark("Unknown address"),
        mark("The panel was opened under a name that it does not know."),
        mark("Open it from the PBX's own pages or as localhost, or add the name to the settings."),
    ),
    500: (
        mark("A fault in the panel"),
        mark("The page could not be made. Calls go on; the fault is in the log."),
        mark("Try again; if it stays, send the diagnostics bundle to support."),
    ),
}
_OLD_FORM = (
    mark("The form is out of date"),
    mark("It was opened too long ago or in another session, so nothing was changed."),
    mark("Go back, reload the page and send it again."),
)


def install(app: Flask) -> None:
    app.register_error_handler(Failure, _failure)
    app.register_error_handler(CSRFError, _old_form)
    app.register_error_handler(HTTPException, _http)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    code = error.code or 500
    title, what, hint = _PAGES.get(code, (error.name, "", ""))
    if isinstance(error, InternalServerError):
        log.error("page %s could not be made", request.path)
    return _answer(code, text(title), text(what) if what else "", text(hint) if hint else "")


def _old_form(_error: CSRFError) -> ResponseReturnValue:
    title, what, hint = _OLD_FORM
    return _answer(400, text(title), text(what), text(hint))


def _failure(failure: Failure) -> ResponseReturnValue:
    """The database does not answer: say why, and that calls are not lost by it."""
    log.error("page %s: %s", request.path, failure)
    return _answer(503, text("Not available now"), said(failure.text), said(failure.hint) if failure.hint else "")


def _answer(code: int, title: str, what: str, hint: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(error=title, text=what, hint=hint), code
    g.setdefault("viewer", None)
    return render_template("error.html", title=title, text=what, hint=hint), code


def wants_json() -> bool:
    """Is it a script that asks?"""
    return request.blueprint == "api" or request.path.startswith("/api/")
