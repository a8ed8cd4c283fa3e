# SPDX-License-Identifier: GPL-3.0-or-later
"""Step by step from a fresh installation to a call in the portal. Each step can be left and taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from itgrix_module.app import wizard as steps
from itgrix_module.app.wizard import Found, Progress, Tried, WizardDesk
from web import access
from web.auditing import note
from web.deps import deps
from web.i18n import mark
from web.pages.wizard.forms import EmployeesForm, LanguageForm, RecordsForm, StepForm, form_of
from web.preferences import said, sentence, text

blueprint = Blueprint("wizard", __name__, url_prefix="/wizard")

TITLES: Mapping[str, str] = {
    steps.LANGUAGE: mark("Language"),
    steps.DATABASE: mark("Database"),
    steps.PBX: mark("PBX"),
    steps.RECORDS: mark("Call records"),
    steps.PORTAL: mark("Bitrix24"),
    steps.EMPLOYEES: mark("Employees"),
    steps.LINES: mark("Lines"),
    steps.RECORDINGS: mark("Recordings"),
    steps.TEST: mark("Test call"),
}
STAGES: Mapping[str, str] = {
    "heard": mark("The PBX announces the call"),
    "rings": mark("A phone rings"),
    "registered": mark("Bitrix24 knows the call and shows its card"),
    "answered": mark("Somebody answers"),
    "ended": mark("The call ends"),
    "finished": mark("Bitrix24 keeps the call"),
    "attached": mark("The recording is in Bitrix24"),
}
EVENTS = "/bitrix24/events"
_SKIPPABLE = frozenset(
    {steps.RECORDS, steps.EMPLOYEES, steps.LINES, steps.RECORDINGS, steps.TEST, steps.PORTAL, steps.PBX}
)
_LOOKED = frozenset({steps.DATABASE, steps.LINES, steps.RECORDINGS})  # quick enough to be tried at each visit
_MOST_LINES, _MOST_EMPLOYEES, _NAME = 20, 100, 100
_CERTAIN = ("save", "anyway", "skip", "create", "begin", "check")


def desk() -> WizardDesk:
    """Only inside a page of the wizard."""
    found = deps().wizard
    if found is None:
        abort(404)
    return found


@blueprint.get("/")
@access.needs(access.ADMINISTER)
def index() -> Response:
    """Where somebody left off."""
    coming = desk().progress().next
    return redirect(url_for("wizard.show", step=coming) if coming else url_for("wizard.done"))


@blueprint.post("/leave")
@access.needs(access.ADMINISTER)
def leave() -> Response:
    """Not now; the panel opens with its status page from here on."""
    desk().close()
    return redirect(url_for("status.index"))


@blueprint.get("/done")
@access.needs(access.ADMINISTER)
def done() -> str:
    """What was set up, and where to go from here."""
    return render_template("wizard/done.html", **_frame(""))


@blueprint.get("/test/live")
@access.needs(access.ADMINISTER)
def test_live() -> Response:
    """The part of the test call that changes by itself."""
    test = desk().test_call()
    answer = make_response(render_template("wizard/_test.html", test=test, stages=STAGES))
    if test.is_over:
        answer.headers["X-Live"] = "over"
    return answer


@blueprint.get("/portal/live")
@access.needs(access.ADMINISTER)
def portal_live() -> Response:
    """Whether the portal has sent the authorisation meanwhile."""
    found = desk().progress().of(steps.PORTAL)
    if _waits_for_app(found):
        found = desk().look(steps.PORTAL)
    answer = make_response(render_template("wizard/_found.html", found=found, step=steps.PORTAL))
    if not _waits_for_app(found):
        answer.headers["X-Live"] = "over"
    return answer


@blueprint.get("/<step>")
@access.needs(access.ADMINISTER)
def show(step: str) -> str:
    """One step with what is in force and how it came out."""
    _check(step)
    form = _filled(step)
    found = desk().look(step, keep=False) if step in _LOOKED else desk().progress().of(step)
    return _page(step, form, found)


@blueprint.post("/<step>")
@access.needs(access.ADMINISTER)
def change(step: str) -> str | Response:
    """Check for real, save, go on."""
    _check(step)
    order = request.form.get("order", "")
    if order not in _CERTAIN:
        abort(400)
    if order == "skip":
        return _skipped(step)
    if step == steps.TEST:
        desk().begin_test()
        return redirect(url_for("wizard.show", step=step))
    form = form_of(step)
    _offer(form)
    if not form.validate():
        return _page(step, form, Found())
    tried = desk().create_account() if order == "create" else _tried(step, form, anyway=order == "anyway")
    return _after(step, form, tried)


def _check(step: str) -> None:
    if step not in TITLES:
        abort(404)


def _skipped(step: str) -> Response:
    if step not in _SKIPPABLE:
        abort(400)
    desk().skip(step)
    return redirect(_next(step))


def _next(step: str) -> str:
    place = steps.STEPS.index(step) + 1
    return url_for("wizard.show", step=steps.STEPS[place]) if place < len(steps.STEPS) else url_for("wizard.done")


def _tried(step: str, form: StepForm, *, anyway: bool) -> Tried:
    if isinstance(form, RecordsForm):
        return desk().offer_records(form.parts(), anyway=anyway)
    if step == steps.LINES:
        return desk().name_lines(_names())
    if step == steps.DATABASE:
        found = desk().look(step)
        return Tried(found, saved=found.is_passed)
    return desk().offer(step, form.changes(), anyway=anyway)


def _names() -> dict[str, str]:
    lines, names = request.form.getlist("line"), request.form.getlist("name")
    return {line: " ".join(name.split())[:_NAME] for line, name in zip(lines, names, strict=False)}


def _after(step: str, form: StepForm, tried: Tried) -> str | Response:
    if tried.saved:
        note("wizard.save", step=step)
    if tried.problems:
        for problem in form.blame({key: sentence(said(problem)) for key, problem in tried.problems.items()}):
            flash(problem, "error")
        return _page(step, form, Found())
    if tried.saved and tried.found.state == "ok":
        flash(text("{step}: everything works.", step=text(TITLES[step])), "ok")
        return redirect(_next(step))
    if tried.saved and step == steps.LINES:
        return redirect(_next(step))  # names can be left for later
    if tried.saved:
        return redirect(url_for("wizard.show", step=step))
    return _page(step, form, tried.found)


def page_of(endpoint: str) -> str:
    """Address of a page that may not be there; empty then."""
    return url_for(endpoint) if endpoint in current_app.view_functions else ""


def _filled(step: str) -> StepForm:
    form = form_of(step)
    _offer(form)
    form.fill(desk().records_parts() if step == steps.RECORDS else desk().values())
    return form


def _offer(form: StepForm) -> None:
    if isinstance(form, EmployeesForm):
        form.offer(desk().employees(), int(desk().values()["calls.default_user"]))


def _page(step: str, form: StepForm, found: Found) -> str:
    return render_template(
        f"wizard/{step}.html", form=form, found=found, values=desk().values(), **_frame(step), **_extras(step, found)
    )


def _frame(step: str) -> dict[str, Any]:
    progress: Progress = desk().progress()
    place = steps.STEPS.index(step) if step else 0
    return {
        "step": step,
        "title": TITLES.get(step, ""),
        "progress": progress,
        "steps": [(name, title, progress.of(name)) for name, title in TITLES.items()],
        "place": place + 1,
        "before": steps.STEPS[place - 1] if place else "",
        "after": _next(step) if step else "",
        "skippable": step in _SKIPPABLE,
    }


def _extras(step: str, found: Found) -> dict[str, Any]:
    if step == steps.LANGUAGE:
        return {"zones": LanguageForm.zones()}
    if step == steps.PBX:
        return {"account": desk().account()}
    if step == steps.PORTAL:
        public = str(desk().values()["portal.public_url"]).rstrip("/")
        return {"handler": f"{public}{EVENTS}" if public else "", "events": EVENTS, "waits": _waits_for_app(found)}
    if step == steps.EMPLOYEES:
        people = desk().employees()
        return {"people": people[:_MOST_EMPLOYEES], "more": max(0, len(people) - _MOST_EMPLOYEES)}
    if step == steps.LINES:
        open_ = desk().open_lines()
        return {"open_lines": open_[:_MOST_LINES], "more": max(0, len(open_) - _MOST_LINES)}
    if step == steps.TEST:
        return {"test": desk().test_call(), "stages": STAGES}
    return {}


def _waits_for_app(found: Found) -> bool:
    return any(check.code == "app_waiting" for check in found.checks)
