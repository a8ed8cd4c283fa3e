# SPDX-License-Identifier: GPL-3.0-or-later
"""``POST /bitrix24/events``: events of the portal, answered at once; ``GET`` with a code: the end of an authorisation.

Whatever comes, the answer is a word: 200 taken or not wanted, 403 not from our portal, 400 no event, 413 too large,
429 and 503 too many. The portal repeats nothing, so none of them asks it to.
"""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from itgrix_module.app.happenings import Taken
from itgrix_module.domain.failures import Failure
from web.pages.portal.desk import PATH, PortalDesk
from web.pages.portal.flood import Flood
from web.preferences import language, said, text

log = logging.getLogger("itgrix.panel")

LARGEST = 128 * 1024  # bytes of an event
CODE_RATE, CODE_BURST = 0.2, 10.0  # authorisations a second, from everywhere
_LONGEST = 2000  # characters of a code or a state
_STATUS = {
    Taken.TAKEN: 200,
    Taken.IGNORED: 200,
    Taken.REFUSED: 403,
    Taken.SENSELESS: 400,
    Taken.CROWDED: 503,
}
_ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


def install(app: Flask, desk: PortalDesk) -> None:
    """Take events with this desk."""
    flood, codes = Flood(time.monotonic), Flood(time.monotonic, CODE_RATE, CODE_BURST)

    @app.post(f"{PATH}/")
    @app.post(PATH)
    def take() -> Response:
        if not flood.admits(request.remote_addr or ""):
            return _word(429, "too many")
        if (request.content_length or 0) > LARGEST:
            return _word(413, "too large")
        body = request.stream.read(LARGEST + 1)
        if len(body) > LARGEST:
            return _word(413, "too large")
        taken = desk.take(body)
        return _word(_STATUS[taken], taken.value)

    @app.get(f"{PATH}/")
    @app.get(PATH)
    def authorised() -> Response:
        state, code = request.args.get("state", ""), request.args.get("code", "")
        if not state or not code or len(state) > _LONGEST or len(code) > _LONGEST:
            return _word(200, "events of the portal are sent here by POST")
        if not codes.admits("") or not flood.admits(request.remote_addr or ""):
            return _word(429, "too many")
        return _finish(desk, state, code)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return _word(error.code or 400, "not this way")
        log.exception("an event of the portal could not be taken")
        return _word(503, "not now")

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(_ALWAYS)
        return response


def _finish(desk: PortalDesk, state: str, code: str) -> Response:
    try:
        domain = desk.authorised(state, code, request.args.get("server_domain", "")[:253])
    except Failure as failure:
        hint = said(failure.hint) if failure.hint else ""
        return _page(400, text("Not authorised"), said(failure.text), hint)
    done = text("This service may work with {domain} now.", domain=domain)
    return _page(200, text("Authorised"), done, text("You may close this page and go back to the panel."))


def _page(status: int, title: str, what: str, hint: str) -> Response:
    shown = {"title": title, "text": what, "hint": hint, "language": language()}
    return make_response(render_template("portal/outside.html", **shown), status)


def _word(status: int, word: str) -> Response:
    return Response(f"{word}\n", status, mimetype="text/plain")
