# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides in the reader's language, and what support needs."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, current_app, render_template, request, url_for

from web import access
from web.guides import Guide, guide_of, guides, shown
from web.preferences import language

blueprint = Blueprint("help", __name__, url_prefix="/help")


def install(app: Flask) -> None:
    """Templates ask which guide is about their page."""
    app.jinja_env.globals["guide_here"] = _guide_here


def _guide_here() -> Guide | None:
    step = (request.view_args or {}).get("step")  # of the wizard
    return guide_of(language(), step, request.blueprint)


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str:
    """Which guides there are."""
    may_log = "log.index" in current_app.view_functions and access.viewer().may(access.ADMINISTER)
    log_page = url_for("log.index") if may_log else ""
    return render_template("help/index.html", guides=guides(language()), log_page=log_page)


@blueprint.get("/<name>")
@access.needs(access.SEE)
def show(name: str) -> str:
    """One of them."""
    found = shown(language(), name, lambda other: url_for("help.show", name=other))
    if found is None:
        abort(404)
    title = next(each.title for each in guides(language()) if each.name == name)
    return render_template("help/show.html", title=title, body=found)
