# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports and their CSV files."""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint, Response, abort, render_template, request

from itgrix_module.app.reports import Figures
from itgrix_module.storage.reports import SqlReports, zone_key
from itgrix_module.zones import pbx_zone
from web import access
from web.deps import deps
from web.pages.reports.forms import ReportForm
from web.pages.reports.spreadsheet import report_csv
from web.pages.reports.tables import DAYS, HEADINGS, HOURS, SORTS, TITLES, WEEKDAYS, Report, day_name, made
from web.preferences import text

blueprint = Blueprint("reports", __name__, url_prefix="/reports")

MOST_ROWS = 100  # on a page; the file has all


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str:
    """By day."""
    return _page(DAYS)


@blueprint.get("/<view>")
@access.needs(access.SEE)
def show(view: str) -> str:
    """By hour, line, source or employee."""
    return _page(_known(view))


@blueprint.get("/<view>.csv")
@access.needs(access.SEE)
def save(view: str) -> Response:
    """The whole report as a file."""
    form = _form()
    if not form.validate():
        abort(400)
    first, last = form.days(_today())
    report = _made(_known(view), form, first, last)
    answer = Response(report_csv(report), mimetype="text/csv")
    name = f"itgrix-{view}-{first.isoformat()}-{last.isoformat()}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _known(view: str) -> str:
    if view not in TITLES:
        abort(404)
    return view


def _form() -> ReportForm:
    form = ReportForm(request.args)
    form.offer()
    return form


def _page(view: str) -> str:
    form = _form()
    good = form.validate()
    first, last = form.days(_today()) if good else (_today(), _today())
    report = _made(view, form, first, last) if good else Report(view, (), Figures())
    return render_template(
        "reports/index.html",
        form=form,
        good=good,
        report=report,
        shown=report.rows[:MOST_ROWS],
        period=_said(first, last),
        zone=zone_key(pbx_zone(deps().zone())),
        tabs=[(name, text(title)) for name, title in TITLES.items()],
        heading=text(HEADINGS[view]),
        weekdays=[text(name) for name in WEEKDAYS],
        sort=_sort(view),
        sortable=view not in (DAYS, HOURS),
        kept={name: value for name, value in request.args.items() if name in ("period", "since", "until", "direction")},
    )


def _sort(view: str) -> str:
    asked = request.args.get("sort", "")
    return asked if view not in (DAYS, HOURS) and (asked in SORTS or asked == "name") else "calls"


def _made(view: str, form: ReportForm, first: date, last: date) -> Report:
    source = SqlReports(deps().database, pbx_zone(deps().zone()))
    return made(source, view, first, last, form.directions(), _sort(view))


def _today() -> date:
    return datetime.fromtimestamp(deps().clock(), pbx_zone(deps().zone())).date()


def _said(first: date, last: date) -> str:
    return day_name(first) if first == last else f"{day_name(first)} – {day_name(last)}"
