# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of backups and what can be done with them. An archive holds all secrets: for those who administer only."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import send_file

from itgrix_module.app.backups import Manifest
from itgrix_module.domain.failures import Failure
from web import access, auditing
from web.deps import deps
from web.i18n import mark
from web.operating import Operations
from web.preferences import said, sentence, text

blueprint = Blueprint("backups", __name__, url_prefix="/backups")

KINDS = {
    "daily": mark("daily"),
    "manual": mark("by hand"),
    "before-restore": mark("before a restore"),
    "before-update": mark("before an update"),
    "uploaded": mark("uploaded"),
}
SHOWN_COUNTS = {
    "itgrix_calls": mark("Calls"),
    "itgrix_steps": mark("Deliveries"),
    "itgrix_settings": mark("Changed settings"),
    "itgrix_users": mark("Users"),
}


def operations() -> Operations:
    """There, or these pages would not be."""
    return cast(Operations, deps().operations)


@blueprint.get("/")
@access.needs(access.ADMINISTER)
def index() -> str:
    """The page."""
    return render_template("backups/index.html", state=operations().backups(), kind=kind, size=size)


@blueprint.get("/live")
@access.needs(access.ADMINISTER)
def live() -> str:
    """The list, for the page that renews itself."""
    return render_template("backups/_list.html", state=operations().backups(), kind=kind, size=size)


def kind(name: str) -> str:
    """Why a backup was made."""
    return text(KINDS[name]) if name in KINDS else name


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1_000_000:
        return text("{n} kB", n=max(1, round(count / 1000)))
    return text("{n} MB", n=round(count / 1_000_000, 1 if count < 10_000_000 else None))


@blueprint.post("/make")
@access.needs(access.ADMINISTER)
def make() -> Response:
    """Begin one."""
    if operations().make_backup():
        auditing.note("backups.make")
        flash(text("The backup is being made; it appears in the list."), "ok")
    else:
        flash(text("A backup is being made already."), "warning")
    return cast(Response, redirect(url_for("backups.index"), 303))


@blueprint.get("/file/<name>")
@access.needs(access.ADMINISTER)
def download(name: str) -> Response:
    """An archive."""
    path = operations().backup_file(name)
    if path is None:
        abort(404)
    auditing.note("backups.download", subject=name)
    answer = send_file(
        path, request.environ, mimetype="application/zip", as_attachment=True, download_name=name, max_age=0
    )
    return cast(Response, answer)


@blueprint.post("/upload")
@access.needs(access.ADMINISTER)
def upload() -> Response:
    """Take in an archive of another machine."""
    given = request.files.get("file")
    if given is None or not given.filename:
        flash(text("Choose a file first."), "warning")
        return cast(Response, redirect(url_for("backups.index"), 303))
    try:
        name = operations().take_in(given.stream)
    except Failure as failure:
        flash(_words(failure), "error")
        return cast(Response, redirect(url_for("backups.index"), 303))
    auditing.note("backups.upload", subject=name)
    return cast(Response, redirect(url_for("backups.show", name=name), 303))


@blueprint.get("/restore/<name>")
@access.needs(access.ADMINISTER)
def show(name: str) -> ResponseReturnValue:
    """What is in it, checked wholly, and the question."""
    path = operations().backup_file(name)
    if path is None:
        abort(404)
    try:
        found = operations().inspect(name)
    except Failure as failure:
        flash(_words(failure), "error")
        return redirect(url_for("backups.index"), 303)
    return render_template("backups/show.html", name=name, found=found, counts=_counts(found), size=path.stat().st_size)


def _counts(found: Manifest) -> list[tuple[str, int]]:
    return [(text(title), found.counts[table]) for table, title in SHOWN_COUNTS.items() if table in found.counts]


@blueprint.post("/restore/<name>")
@access.needs(access.ADMINISTER)
def restore(name: str) -> ResponseReturnValue:
    """Order it; the service restarts on the other data."""
    if operations().backup_file(name) is None:
        abort(404)
    if request.form.get("sure") != "yes":
        flash(text("Tick the box to confirm that the data of this moment are replaced."), "warning")
        return redirect(url_for("backups.show", name=name), 303)
    keep = request.form.get("keep_machine") == "yes"
    auditing.note("backups.restore", subject=name, keep_machine=keep)
    try:
        restarts = operations().order_restore(name, keep_machine=keep, who=access.viewer().name)
    except Failure as failure:
        flash(_words(failure), "error")
        return redirect(url_for("backups.index"), 303)
    return render_template("backups/restarting.html", name=name, restarts=restarts)


@blueprint.post("/remove/<name>")
@access.needs(access.ADMINISTER)
def remove(name: str) -> Response:
    """Remove an archive."""
    if operations().remove_backup(name):
        auditing.note("backups.remove", subject=name)
        flash(text("The backup is removed."), "ok")
    else:
        flash(text("This backup is no longer there."), "warning")
    return cast(Response, redirect(url_for("backups.index"), 303))


def _words(failure: Failure) -> str:
    return " ".join(filter(None, (f"{sentence(said(failure.text))}.", said(failure.hint) if failure.hint else "")))
