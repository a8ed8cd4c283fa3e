# SPDX-License-Identifier: GPL-3.0-or-later
"""What every answer to the outside carries, and the pages for what cannot be shown."""

from __future__ import annotations

import logging

from flask import Flask, Response, make_response, render_template
from werkzeug.exceptions import HTTPException

from itgrix_module.domain.failures import Failure
from web.i18n import mark
from web.preferences import language, text

log = logging.getLogger("itgrix.panel")

# Nothing runs, nothing is framed; style and sound come from beside the page. The address holds the right to listen, so
# it is told to nobody, found by no search engine, and kept by no cache that several people share.
ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; media-src 'self'; img-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_OF_OWNER, _NEVER = "private, no-cache", "private, no-store"

# code -> title, what happened, what to do
PAGES = {
    403: (
        mark("This recording opens only in the company's network"),
        mark("Your computer is not in it, or it cannot be seen from here that it is."),
        mark("Open the link at work or through the company's VPN."),
    ),
    404: (
        mark("There is no such recording"),
        mark("The link is not whole or was changed, or the call is not kept any more."),
        mark("Copy the whole link from where you have it."),
    ),
    405: (mark("Not possible this way"), mark("This address takes no such request."), ""),
    410: (
        mark("The link has expired"),
        mark("Links to recordings live for a limited time."),
        mark("Ask whoever runs the telephony for a new one."),
    ),
    500: (
        mark("The recording cannot be shown"),
        mark("There was a fault. It is in the log of the service."),
        mark("Try again later."),
    ),
    503: (
        mark("The recording cannot be shown now"),
        mark("The service cannot read its data at this moment."),
        mark("Try again in a minute."),
    ),
}
GONE = (
    mark("The recording is not there any more"),
    mark("Neither the telephone system nor this service has the file: recordings are removed after their time."),
    "",
)


def install(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Failure, _failure)
    app.after_request(_add)


def page(code: int, words: tuple[str, str, str] | None = None, retry: int = 0) -> Response:
    """A page of words."""
    title, what, hint = words or PAGES.get(code, PAGES[500])
    shown = {"title": text(title), "text": text(what), "hint": text(hint) if hint else ""}
    answer = make_response(render_template("recordings/words.html", **shown), code)
    if retry:
        answer.headers["Retry-After"] = str(retry)
    return answer


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if code >= 500:
        log.error("a recording behind a link could not be shown: %s", error)
    answer = page(code if code in PAGES else 404)
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _failure(failure: Failure) -> Response:
    log.error("a recording behind a link could not be shown: %s", failure)
    return page(503, retry=60)


def _add(response: Response) -> Response:
    for name, value in ALWAYS.items():
        response.headers[name] = value
    is_file = response.mimetype in ("audio/mpeg", "text/css") and response.status_code < 400
    response.headers["Cache-Control"] = _OF_OWNER if is_file or response.status_code == 304 else _NEVER
    if response.mimetype == "text/html":
        response.vary.update(("Accept-Language", "Cookie"))
        response.headers["Content-Language"] = language()
    return response
