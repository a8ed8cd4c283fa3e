# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of changes: filtered, page by page, as a table for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Blueprint, Response, render_template, request

from itgrix_module.storage.audit import AuditEntry, AuditFilter
from web import access
from web.deps import deps
from web.formatting import moment
from web.operating import Operations
from web.pages.access.views import role_title
from web.pages.audit.words import ACTIONS, AREAS, DETAILS
from web.pages.wizard.views import TITLES as STEPS
from web.preferences import text, zone

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

PAGE = 50
MOST_ROWS = 50_000
_TIMES = ("since", "until", "made_at")


def operations() -> Operations:
    """There, or these pages would not be."""
    return cast(Operations, deps().operations)


@blueprint.get("/")
@access.needs(access.ADMINISTER)
def index() -> str:
    """The newest first."""
    wanted, after = _wanted(), request.args.get("after", "")
    before = int(after) if after.isdecimal() and len(after) < 19 else None
    entries = operations().journal.page(wanted, PAGE + 1, before)
    names, areas = operations().journal.names()
    return render_template(
        "audit/index.html",
        entries=entries[:PAGE],
        next=str(entries[PAGE - 1].id) if len(entries) > PAGE else "",
        is_later=bool(before),
        names=names,
        areas=[(area, area_title(area)) for area in areas],
        wanted=wanted,
        is_filtered=any(request.args.get(name) for name in ("who", "area", "text", "from", "to")),
        title=action_title,
        details=details,
    )


def _wanted() -> AuditFilter:
    asked = request.args
    return AuditFilter(
        who=asked.get("who", "")[:100],
        area=asked.get("area", "")[:50],
        text=asked.get("text", "").strip()[:100],
        since=_day(asked.get("from", "")),
        until=_day(asked.get("to", ""), days=1),
    )


def _day(entered: str, days: int = 0) -> float | None:
    """The beginning of a day in the reader's time zone; None for what is no day."""
    try:
        found = datetime.strptime(entered, "%Y-%m-%d").replace(tzinfo=zone())
        return (found + timedelta(days=days)).timestamp()
    except (ValueError, OverflowError):
        return None


def action_title(action: str) -> str:
    """What was done, in the reader's language; the bare word for what this version does not know."""
    return text(ACTIONS[action]) if action in ACTIONS else action


def area_title(area: str) -> str:
    return text(AREAS[area]) if area in AREAS else area


def details(entry: AuditEntry) -> list[tuple[str, str]]:
    """Names and values of what belongs to it."""
    found = [(name, value) for name, value in entry.data.items() if value not in ("", None, [], {})]
    return [(text(DETAILS.get(name, name)), _short(_spoken(name, value))) for name, value in found]


def _spoken(name: str, value: Any) -> Any:
    """A value as people say it."""
    if isinstance(value, bool):
        return text("yes") if value else text("no")
    if name == "step":
        return text(STEPS.get(str(value), str(value)))
    if name == "role":
        return role_title(str(value))
    if name in _TIMES and isinstance(value, int | float):
        return moment(value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_spoken('', item)}" for key, item in value.items())
    return ", ".join(str(_spoken("", item)) for item in value) if isinstance(value, list) else value


def _short(value: Any) -> str:
    shown = str(value)
    return shown if len(shown) <= 300 else f"{shown[:300]}…"


@blueprint.get("/journal.csv")
@access.needs(access.ADMINISTER)
def table() -> Response:
    """All entries that the filter takes."""
    answer = Response(_rows(_wanted()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=itgrix-journal.csv"
    return answer


def _rows(wanted: AuditFilter) -> Iterator[str]:
    journal, local = operations().journal, zone()
    yield "\ufeff" + _line(["time", "who", "address", "action", "subject", "details"])

    def rows() -> Iterator[str]:
        before: int | None = None
        for _ in range(MOST_ROWS // 500):
            entries = journal.page(wanted, 500, before)
            for entry in entries:
                at = datetime.fromtimestamp(entry.at, local).strftime("%Y-%m-%d %H:%M:%S")
                data = json.dumps(entry.data, ensure_ascii=False)
                yield _line([at, entry.who, entry.address, entry.action, entry.subject, data])
            if len(entries) < 500:
                return
            before = entries[-1].id

    yield from rows()


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    # A cell that begins like a formula would be one for a spreadsheet.
    csv.writer(out).writerow([f"'{cell}" if cell[:1] in "=+-@\t\r" else cell for cell in cells])
    return out.getvalue()
