# SPDX-License-Identifier: GPL-3.0-or-later
"""``/recordings/<token>``: the file for the portal; for people a page with a player, its file below it."""

from __future__ import annotations

import os
from datetime import datetime
from typing import BinaryIO, NoReturn, cast
from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request
from werkzeug.wsgi import wrap_file

from itgrix_module.app.links import Audience, BadLink, Gone, Link, LinkedRecordings, Preparing, Ready
from itgrix_module.app.ports import CallRow
from web import reading
from web.assets import STATIC
from web.formatting import is_number, phone
from web.pages.recordings.answers import GONE, page
from web.pages.recordings.ranges import Look, Part, Window, asked
from web.preferences import text, zone

KEY = "itgrix.recordings"
TYPE = "audio/mpeg"
_STYLE = STATIC / "recordings.css"
_LONGEST_NAME = 120  # characters

blueprint = Blueprint("recordings", __name__, url_prefix="/recordings")


def _recordings() -> LinkedRecordings:
    found: LinkedRecordings = current_app.extensions[KEY]
    return found


@blueprint.get("/page.css")
def style() -> Response:
    """The only thing that a page needs besides its file."""
    return Response(_STYLE.read_bytes(), mimetype="text/css")


@blueprint.get("/<token>")
def show(token: str) -> Response:
    """The page; the file itself for the portal."""
    link = _opened(token)
    if isinstance(link, Response):
        return link
    call = _call(link)
    found = _recordings().file(call)
    if link.audience is Audience.PORTAL:
        return _file(call, found)
    if isinstance(found, Gone):
        return page(410, GONE)
    return _page(token, call, found)


@blueprint.get("/<token>/audio")
def audio(token: str) -> Response:
    """The file that the page plays."""
    link = _opened(token)
    if isinstance(link, Response):
        return link
    if link.audience is not Audience.PEOPLE:
        abort(404)
    call = _call(link)
    return _file(call, _recordings().file(call))


def _opened(token: str) -> Link | Response:
    """The link, if whoever asks may open it."""
    recordings, headers = _recordings(), dict(request.headers)
    link = recordings.read(token)
    if link is BadLink.EXPIRED:
        return page(410)
    if not isinstance(link, Link):
        abort(404)
    is_known = link.audience is Audience.PORTAL or recordings.access().admits(request.remote_addr or "", headers)
    return link if is_known else page(403)


def _call(link: Link) -> CallRow:
    story = reading.story(link.node, link.linkedid)
    return story.item.call if story is not None else _nothing()


def _nothing() -> NoReturn:
    abort(404)


def _page(token: str, call: CallRow, found: Ready | Preparing) -> Response:
    waiting = found if isinstance(found, Preparing) else None
    shown = {"call": call, "people": reading.people(), "waiting": waiting, "token": token, "title": _title(call)}
    answer = make_response(render_template("recordings/show.html", **shown))
    if waiting is not None:
        answer.headers["Refresh"] = str(waiting.seconds)
    return answer


def _title(call: CallRow) -> str:
    if call.direction == "outgoing":
        return text("Call to {number}", number=_client(call))
    return text("Call from {number}", number=_client(call))


def _client(call: CallRow) -> str:
    number = call.number or call.client
    return phone(number) if is_number(number) else text("a caller who hides his number")


def _file(call: CallRow, found: Ready | Preparing | Gone) -> Response:
    if isinstance(found, Gone):
        return page(410, GONE)
    if isinstance(found, Preparing):
        return page(503, retry=found.seconds)
    try:
        file = found.path.open("rb")
    except OSError:
        return page(503, retry=5)  # removed or moved at this very moment
    return _sent(file, call)


def _sent(file: BinaryIO, call: CallRow) -> Response:
    """The wanted part. The server closes the file when it has sent it."""
    look = Look.of(os.fstat(file.fileno()))
    part = asked(dict(request.headers), look)
    if part.status in (304, 416) or request.method == "HEAD":
        file.close()
        answer = Response(status=part.status)
    else:
        body = wrap_file(request.environ, cast(BinaryIO, Window(file, part.start, part.stop)))
        answer = Response(body, part.status, direct_passthrough=True)
    _describe(answer, call, look, part)
    return answer


def _describe(answer: Response, call: CallRow, look: Look, part: Part) -> None:
    headers = answer.headers
    headers["Accept-Ranges"] = "bytes"
    headers["ETag"] = look.tag
    headers["Last-Modified"] = look.modified
    if part.content_range:
        headers["Content-Range"] = part.content_range
    headers["Content-Type"] = TYPE
    if part.status in (200, 206):
        headers["Content-Length"] = str(part.length)
        headers["Content-Disposition"] = _inline(_name(call))


def _name(call: CallRow) -> str:
    """``2026-11-21 14-20 +7 916 123-45-67 Anna.mp3``."""
    number = call.number or call.client
    words = (f"{datetime.fromtimestamp(call.started, zone()):%Y-%m-%d %H-%M}", phone(number), call.client_name)
    plain = " ".join(word for word in dict.fromkeys(words) if word)
    safe = "".join(char if char.isprintable() and char not in '/\\:*?"<>|' else "_" for char in plain)
    return f"{safe[:_LONGEST_NAME].strip(' .')}.mp3"


def _inline(name: str) -> str:
    """RFC 6266: plain letters for old programs, the true name for the others."""
    plain = "".join(char if char.isascii() else "_" for char in name)
    true = quote(name.encode("utf-8", "replace"), safe="")
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{true}"
