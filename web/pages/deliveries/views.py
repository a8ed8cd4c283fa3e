# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of deliveries, and repeating or dropping them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from itgrix_module.storage.outbox_admin import OutboxAdmin
from web import access, auditing, reading_steps
from web.deps import deps
from web.i18n import mark
from web.pages.deliveries.forms import DROP, DROP_CONFIRMED, PAUSE, STATES, AllForm, ChangeForm, PauseForm
from web.preferences import plural, text
from web.story.portal import STEP_NAMES, UNKNOWN_STEP

blueprint = Blueprint("deliveries", __name__, url_prefix="/deliveries")

PAGE = 50
_NOTED = 50  # ids that the journal names
_TITLES = {"waiting": mark("All that wait"), "retrying": mark("Being repeated"), "failed": mark("Failed for good")}


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str:
    """One list per state, page by page."""
    figures = reading_steps.figures()
    state = request.args.get("state", "")
    if state not in STATES:
        state = "failed" if figures["failed"] else "waiting"
    return render_template(
        "deliveries/index.html",
        state=state,
        tabs=[(name, text(_TITLES[name])) for name in STATES],
        figures=figures,
        page=reading_steps.find_steps(state, PAGE, request.args.get("after", "")),
        now=deps().clock(),
        step_name=step_name,
        is_paused=deps().is_paused(),
        can_pause=deps().pause is not None,
    )


@blueprint.post("/pause")
@access.needs(access.CHANGE)
def pause() -> Response:
    """Stop or resume everything that goes to the portal."""
    form, given = PauseForm(), deps()
    if given.pause is None or not form.validate():
        abort(400)
    is_paused = form.order.data == PAUSE
    given.pause(is_paused)
    auditing.note("deliveries.pause" if is_paused else "deliveries.resume")
    flash(text("Nothing is sent to the portal until you resume.") if is_paused else text("Deliveries go on."), "ok")
    return redirect(url_for("deliveries.index"))


def step_name(kind: str) -> str:
    """What a step asks of the portal."""
    return text(STEP_NAMES.get(kind, UNKNOWN_STEP))


@blueprint.post("/change")
@access.needs(access.CHANGE)
def change() -> str | Response:
    """Repeat or drop the chosen ones; dropping asks first."""
    form = ChangeForm()
    if form.order.errors or form.state.errors or not form.validate():
        return _refused(form)
    chosen, state = list(dict.fromkeys(form.step.data or ())), str(form.state.data)
    if form.order.data == DROP:
        return _ask(chosen, state)
    if form.order.data == DROP_CONFIRMED:
        _said_dropped(_drop(chosen))
    else:
        said_retried(retry(chosen))
    return redirect(url_for("deliveries.index", state=state))


@blueprint.post("/all")
@access.needs(access.CHANGE)
def all_of_them() -> Response:
    """Repeat the whole list, also what its page does not show."""
    form = AllForm()
    if not form.validate():
        abort(400)
    state = str(form.state.data)
    said_retried(retry(reading_steps.step_ids(state)))
    return redirect(url_for("deliveries.index", state=state))


def retry(chosen: Sequence[int]) -> int:
    """Send steps again now, as the viewer; how many there were."""
    given, who = deps(), access.viewer().name
    if given.retry_steps is not None:
        count = given.retry_steps(chosen, who)
    else:
        count = OutboxAdmin(given.database).retry(chosen, given.clock(), who)
    _noted("deliveries.retry", chosen, count)
    return count


def _drop(chosen: Sequence[int]) -> int:
    given, who = deps(), access.viewer().name
    if given.drop_steps is not None:
        count = given.drop_steps(chosen, who)
    else:
        count = OutboxAdmin(given.database).drop(chosen, given.clock(), who)
    _noted("deliveries.drop", chosen, count)
    return count


def _noted(action: str, chosen: Sequence[int], count: int) -> None:
    if count:
        auditing.note(action, count=count, deliveries=list(chosen[:_NOTED]))


def _refused(form: ChangeForm) -> Response:
    if form.order.errors or form.state.errors:
        abort(400)
    for problem in form.step.errors:
        flash(text(str(problem)), "warning")
    return redirect(url_for("deliveries.index", state=form.state.data))


def _ask(chosen: list[int], state: str) -> str | Response:
    items = reading_steps.steps(chosen)
    if not items:
        flash(text("These deliveries are no longer there."), "warning")
        return redirect(url_for("deliveries.index", state=state))
    return render_template("deliveries/drop.html", items=items, state=state, step_name=step_name)


def said_retried(count: int) -> None:
    """On the next page."""
    if count:
        flash(plural("{n} delivery is sent again now.", "{n} deliveries are sent again now.", count), "ok")
    else:
        flash(text("Nothing was changed: these deliveries are no longer there."), "warning")


def _said_dropped(count: int) -> None:
    if count:
        flash(plural("{n} delivery was dropped.", "{n} deliveries were dropped.", count), "ok")
    else:
        flash(text("Nothing was changed: these deliveries are no longer there."), "warning")
