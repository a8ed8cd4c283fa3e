# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of updates. Everybody may read what is new; whoever administers looks and installs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, cast

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from itgrix_module.app import update_run
from itgrix_module.app.update_run import Run, run_of
from itgrix_module.app.updates import Release, UpdateState
from itgrix_module.domain.failures import Failure
from web import access, auditing
from web.deps import deps
from web.i18n import mark
from web.pages.updates.desk import UpdateDesk
from web.preferences import language, said, sentence, text
from web.words import Word

blueprint = Blueprint("updates", __name__, url_prefix="/updates")

MOST_SHOWN = 20  # newer versions whose notes are shown
MOST_LINES = 400  # of an update's log
STEPS = {
    update_run.DOWNLOAD: mark("Download the archive"),
    update_run.CHECK: mark("Check signature and content"),
    update_run.BACKUP: mark("Make a backup"),
    update_run.SNAPSHOT: mark("Keep the installed version"),
    update_run.INSTALL: mark("Install the new version"),
    update_run.HEALTH: mark("See whether it works"),
    update_run.BACK: mark("Go back to the former version"),
}
RESULTS = {
    update_run.DONE: Word("ok", mark("Version {target} is installed"), "ok"),
    update_run.FAILED: Word("error", mark("The update to {target} failed; nothing was changed"), "error"),
    update_run.ROLLED_BACK: Word("warning", mark("The update to {target} failed; {source} is in use again"), "warning"),
    update_run.BROKEN: Word("error", mark("The update to {target} failed, and so did the way back"), "error"),
}
CUT_OFF = Word("error", mark("The update to {target} was cut off"), "error")


def desk() -> UpdateDesk:
    """There, or this page would not be."""
    return cast(UpdateDesk, deps().updates)


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str:
    """The page."""
    state = desk().state()
    return render_template("updates/index.html", state=state, newer=_newer(state), day=_day, **_progress(state))


@blueprint.get("/live")
@access.needs(access.SEE)
def live() -> Response:
    """How the update goes, for the page that renews itself."""
    state = desk().state()
    answer = make_response(render_template("updates/_live.html", **_progress(state)))
    if not state.is_running:
        answer.headers["X-Live"] = "anew"  # the rest of the page, and its scripts, are those of the former version
    return answer


def _newer(state: UpdateState) -> list[tuple[Release, str]]:
    found = state.outlook.newer if state.outlook else ()
    return [(release, release.notes_in(language())) for release in found[:MOST_SHOWN]]


def _day(day: date) -> float:
    """Epoch seconds of noon in UTC: the same day in nearly every zone."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()


def _progress(state: UpdateState) -> dict[str, Any]:
    run = run_of(state.run)
    sees_log = access.viewer().may(access.ADMINISTER) and bool(run.began)
    lines = desk().said().splitlines()[-MOST_LINES:] if sees_log else []
    return {
        "run": run,
        "is_running": state.is_running,
        "steps": _steps(run) if state.is_running else [],
        "outcome": _outcome(run) if run.began and not state.is_running else None,
        "percent": round(run.part * 100) if run.step == update_run.DOWNLOAD else 0,
        "log_text": "\n".join(lines),
    }


def _steps(run: Run) -> list[tuple[str, str]]:
    """Title of each step and how it stands: done, now, later."""
    names = [name for name in STEPS if name != update_run.BACK or run.step == update_run.BACK]
    at = names.index(run.step) if run.step in names else 0
    states = ("done" if place < at else "now" if place == at else "later" for place in range(len(names)))
    return [(text(STEPS[name]), how) for name, how in zip(names, states, strict=True)]


def _outcome(run: Run) -> tuple[str, str, str]:
    """Tone, title, reason with what to do."""
    word = RESULTS.get(run.result, CUT_OFF)
    reason = f"{sentence(said(run.text))}. {said(run.hint) if run.hint else ''}".strip() if run.text else ""
    return word.tone, text(word.title, target=run.target, source=run.source), reason


@blueprint.post("/check")
@access.needs(access.ADMINISTER)
def check() -> Response:
    """Look now."""
    try:
        found = desk().check().outlook
    except Failure as failure:
        flash(_words(failure), "error")
        return _back()
    auditing.note("updates.check")
    if found is not None and found.newest is not None:
        flash(text("Version {version} is there.", version=found.newest.version), "ok")
    else:
        flash(text("There is no newer version."), "ok")
    return _back()


@blueprint.post("/start")
@access.needs(access.ADMINISTER)
def start() -> ResponseReturnValue:
    """Install the version that the person has read of."""
    version = request.form.get("version", "")
    if request.form.get("sure") != "yes" or not version:
        flash(text("Tick the box to confirm that the service may restart."), "warning")
        return _back()
    try:
        run = desk().start(access.viewer().name, version)
    except Failure as failure:
        flash(_words(failure), "error")
        return _back()
    auditing.note("updates.start", subject=run.target, source=run.source)
    flash(text("The update has begun."), "ok")
    return _back()


def _back() -> Response:
    return cast(Response, redirect(url_for("updates.index"), 303))


def _words(failure: Failure) -> str:
    return " ".join(filter(None, (f"{sentence(said(failure.text))}.", said(failure.hint) if failure.hint else "")))
