# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of calls and the page of one call."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from markupsafe import escape
from werkzeug.utils import secure_filename
from werkzeug.wrappers import Response as Redirection

from itgrix_module.app.ports import CallRow
from itgrix_module.storage.queries import CallStory
from web import access, reading
from web.deps import deps
from web.i18n import mark
from web.links import links
from web.masking import without_secrets
from web.pages.calls.forms import CallFilterForm
from web.pages.calls.transcript import transcript
from web.pages.deliveries.views import retry, said_retried
from web.pages.reprocess.views import compare_call
from web.preferences import text, zone
from web.story import Line, tell

blueprint = Blueprint("calls", __name__, url_prefix="/calls")

PAGE = 50  # calls
# A page stays under 100 kB however long a call's story is: so many lines, so many characters of markup.
STORY_LINES = 100
STORY_SIZE = 45_000
LINE_SIZE, TALK_SIZE = 500, 400
NEWS_MOST = 50
SHOWN_MOST = 3000  # characters of one request or answer
_SOURCES = {"fact": mark("PBX"), "step": mark("decision"), "attempt": mark("portal"), "note": mark("note")}


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str:
    """The table, filtered and paged."""
    form = CallFilterForm(request.args)
    form.offer()
    page = reading.find_calls(_wanted(form), PAGE) if form.validate() else reading.CallPage()
    people = reading.people()
    return render_template(
        "calls/index.html",
        form=form,
        page=page,
        people=people,
        oldest_first=form.oldest_first,
        known_employees=people.extensions(),
        known_lines=reading.known_lines(),
        news_after=_newest(form, page),
    )


def _wanted(form: CallFilterForm) -> reading.Wanted:
    since, until = form.span(datetime.fromtimestamp(deps().clock(), zone()))
    return reading.Wanted(
        since=since,
        until=until,
        number=form.number.data or "",
        employee=(form.employee.data or "").strip(),
        line=(form.line.data or "").strip(),
        direction=form.direction.data or "",
        outcome=form.outcome.data or "",
        undelivered=bool(form.undelivered.data),
        oldest_first=form.oldest_first,
        after=request.args.get("after", ""),
        before=request.args.get("before", ""),
    )


def _newest(form: CallFilterForm, page: reading.CallPage) -> float | None:
    """Only the plain first page tells of newer calls."""
    if form.is_narrowed or form.oldest_first or page.is_later:
        return None
    return max((item.call.started for item in page.items), default=0.0)


@blueprint.get("/news")
@access.needs(access.SEE)
def news() -> str:
    """How many calls there are that the table does not show yet."""
    after = request.args.get("after", 0.0, moment)
    return render_template("calls/_news.html", fresh=reading.newer_calls(after, NEWS_MOST + 1), most=NEWS_MOST)


@blueprint.get("/<node>/<linkedid>")
@access.needs(access.SEE)
def show(node: str, linkedid: str) -> str:
    """Everything about one call."""
    return render_template("calls/show.html", **_story(node, linkedid))


@blueprint.get("/<node>/<linkedid>/live")
@access.needs(access.SEE)
def live(node: str, linkedid: str) -> Response:
    """The part of a running call's page that changes by itself."""
    context = _story(node, linkedid)
    answer = make_response(render_template("calls/_call.html", **context))
    if not context["item"].call.live:
        answer.headers["X-Live"] = "over"
    return answer


def _story(node: str, linkedid: str) -> dict[str, Any]:
    story, people = _found(node, linkedid), reading.people()
    technical = request.args.get("technical", "") == "1"
    told = tell(story.item.call, story.timeline, people)
    lines = [line for line in told if technical or not line.technical]
    start = max(0, request.args.get("start", 0, int))
    end = _page_end(lines, start, technical)
    return {
        "item": story.item,
        "people": people,
        "technical": technical,
        "start": start,
        "lines": lines[start:end],
        "more_from": end if end < len(lines) else None,
        "transfers": [line for line in told if line.name == "LegTransferred"],
        "failed": sum(step.state == "failed" for step in story.steps),
        "links": links(story.item.portal, deps().portal_url()),
        "recording": _has_recording(story.item.call),
        "sources": {kind: text(title) for kind, title in _SOURCES.items()},
    }


def _page_end(lines: Sequence[Line], start: int, technical: bool) -> int:
    """Where the page that begins at ``start`` ends: at least one line further."""
    size = 0
    for place, line in enumerate(lines[start : start + STORY_LINES], start):
        data = [line.request, line.answer] if line.request or line.answer else [line.data if technical else None]
        size += LINE_SIZE + len(line.text + line.why + line.hint)
        size += sum(TALK_SIZE + len(escape(shown(part))) for part in data if part)
        if size > STORY_SIZE and place > start:
            return place
    return min(len(lines), start + STORY_LINES)


def _found(node: str, linkedid: str) -> CallStory:
    story = reading.story(node, linkedid)
    if story is None:
        abort(404)
    return story


def _has_recording(call: CallRow) -> bool:
    return access.viewer().may(access.LISTEN) and deps().recording_file(call) is not None


@blueprint.post("/<node>/<linkedid>/again")
@access.needs(access.CHANGE)
def again(node: str, linkedid: str) -> Redirection:
    """What the portal lacks of a call: failed requests first, else a comparison with the records of the PBX."""
    failed = [step.id for step in _found(node, linkedid).steps if step.state == "failed"]
    if failed:
        said_retried(retry(failed))
    elif (problem := compare_call(linkedid)) is None:
        return redirect(url_for("reprocess.index"))
    else:
        flash(problem, "warning")
    return redirect(url_for("calls.show", node=node, linkedid=linkedid))


@blueprint.get("/<node>/<linkedid>/recording")
@access.needs(access.LISTEN)
def recording(node: str, linkedid: str) -> Response:
    """The recording for the player, in parts where the browser asks for parts."""
    path = deps().recording_file(_found(node, linkedid).item.call)
    if path is None or not path.is_file():
        abort(404)
    return send_file(path, conditional=True)


@blueprint.get("/<node>/<linkedid>/transcript.json")
@access.needs(access.SEE)
def save_transcript(node: str, linkedid: str) -> Response:
    """The call as a file for support."""
    story = _found(node, linkedid)
    masked = request.args.get("full", "") != "1"
    data = transcript(story, deps().health().version, masked=masked)
    answer = Response(json.dumps(data, ensure_ascii=False, indent=1), mimetype="application/json")
    name = secure_filename(f"itgrix-call-{linkedid}.json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.app_template_filter("shown")
def shown(data: Any) -> str:
    """JSON for a person, without secrets, cut when it is long."""
    written = json.dumps(without_secrets(data), ensure_ascii=False, indent=2, default=str)
    return written if len(written) <= SHOWN_MOST else f"{written[:SHOWN_MOST]}\n…"


def moment(entered: str) -> float:
    """Epoch seconds of an address. Raises ValueError for what is none."""
    at = float(entered)
    if not math.isfinite(at):
        raise ValueError(entered)
    return at
