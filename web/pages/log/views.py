# SPDX-License-Identifier: GPL-3.0-or-later
"""The log, filtered, with its newest lines as they come; and the bundle for support."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Response, render_template, request
from werkzeug.utils import send_file

from itgrix_module.telemetry.book import LEVELS, LogFilter
from itgrix_module.telemetry.logs import PARTS
from web import access, auditing
from web.deps import deps
from web.i18n import mark
from web.operating import Operations
from web.preferences import text

blueprint = Blueprint("log", __name__, url_prefix="/log")

PAGE = 100
_BLOCK = 65_536  # bytes
LEVEL_TITLES = {
    "DEBUG": mark("All"),
    "INFO": mark("Decisions"),
    "WARNING": mark("Warnings"),
    "ERROR": mark("Errors"),
}
TONES = {"WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}


def operations() -> Operations:
    """There, or these pages would not be."""
    return cast(Operations, deps().operations)


@blueprint.get("/")
@access.needs(access.ADMINISTER)
def index() -> str:
    """The page."""
    return render_template("log/index.html", **_shown(), levels=_levels(), parts=PARTS, files=operations().log.files())


@blueprint.get("/live")
@access.needs(access.ADMINISTER)
def live() -> str:
    """The lines alone, for the page that renews itself."""
    return render_template("log/_lines.html", **_shown())


def _shown() -> dict[str, Any]:
    asked = request.args
    level = asked.get("level", "")
    wanted = LogFilter(
        level if level in LEVELS else "", asked.get("part", "")[:50], asked.get("text", "").strip()[:200]
    )
    before = asked.get("before", "")[:40]
    page = operations().log.page(wanted, PAGE, before)
    filters = {name: value for name in ("level", "part", "text") if (value := asked.get(name, ""))}
    return {"page": page, "wanted": wanted, "before": before, "filters": filters, "tones": TONES}


def _levels() -> list[tuple[str, str]]:
    return [(level, text(title)) for level, title in LEVEL_TITLES.items()]


@blueprint.get("/itgrix.log")
@access.needs(access.ADMINISTER)
def download() -> Response:
    """All of it, the oldest lines first."""
    files = operations().log.files()[::-1]
    auditing.note("log.download")
    answer = Response(_content(files), mimetype="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = "attachment; filename=itgrix.log"
    return answer


def _content(files: list[Path]) -> Iterator[bytes]:
    for path in files:
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    yield block
        except OSError:  # put aside since the page was made
            continue


@blueprint.post("/diagnostics")
@access.needs(access.ADMINISTER)
def diagnostics() -> Response:
    """The bundle for support; made for this request and removed after it."""
    path = operations().bundle()
    auditing.note("diagnostics.download")
    answer = send_file(
        path,
        request.environ,
        mimetype="application/gzip",
        as_attachment=True,
        download_name=f"itgrix-{path.name}",
        max_age=0,
    )
    path.unlink()  # it is open by now
    return cast(Response, answer)
