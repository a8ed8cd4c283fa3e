# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of lines, one line's form, and lines of the traffic that nobody has named yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from itgrix_module.app.desk_ports import LineBoard, SettingsDesk
from web import access
from web.i18n import mark
from web.pages.lines import forms
from web.preferences import said, text
from web.settings import choices
from web.settings.cards import parts_of, taken
from web.settings.pages import desk, large

blueprint = Blueprint("lines", __name__, url_prefix="/lines")

PAGE = 50
_NEW = mark("New line")


@dataclass(frozen=True)
class Row:
    """``state``: of the external line in the portal, with its tone; ``place``: in the list of the settings."""

    rule: Mapping[str, Any]
    place: int
    seal: str
    source: str
    funnel: str
    user: str
    recordings: str
    state: str = ""
    tone: str = "quiet"


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str:
    """Page by page, by a word."""
    given = desk()
    board, stored = given.lines(), given.book.sheet().values[forms.KEY]
    asked = request.args.get("q", "").strip()[:100]
    found = [(place, row) for place, row in enumerate(stored) if _fits(row, asked)]
    page = _page(len(found))
    return render_template(
        "lines/index.html",
        rows=[_row(given, board, place, row) for place, row in found[(page - 1) * PAGE : page * PAGE]],
        total=len(stored),
        found=len(found),
        asked=asked,
        page=page,
        pages=max(1, -(-len(found) // PAGE)),
        seen=board.seen[:PAGE],
        more_seen=max(0, len(board.seen) - PAGE),
        failure=board.state.failures.get(""),
    )


def _fits(row: Mapping[str, Any], asked: str) -> bool:
    words = " ".join(str(row.get(name, "")) for name in ("match", "name", "line", "source"))
    return asked.casefold() in words.casefold()


def _page(found: int) -> int:
    asked = request.args.get("page", "1")
    number = int(asked) if asked.isdecimal() and len(asked) < 6 else 1
    return min(max(number, 1), max(1, -(-found // PAGE)))


def _row(given: SettingsDesk, board: LineBoard, place: int, row: Mapping[str, Any]) -> Row:
    user, category, mode = row.get("default_user", 0), row.get("category", 0), row.get("recordings", "")
    state, tone = _state(board, row)
    return Row(
        row,
        place,
        forms.seal(row),
        given.listing("sources").name(row.get("source", "")) or row.get("source", ""),
        (given.listing("funnels").name(category) or str(category)) if category else "",
        (given.listing("users").name(user) or f"#{user}") if user else "",
        text(choices.WORDS["recordings.mode"][mode]) if mode else "",
        state,
        tone,
    )


def _state(board: LineBoard, row: Mapping[str, Any]) -> tuple[str, str]:
    """Of the external line in the portal, in words, and their tone."""
    number = row.get("line", "")
    if not number or row.get("ignore"):
        return "", "quiet"
    failure = board.state.failures.get(number)
    if failure is not None:
        return f"{said(failure.text)} {said(failure.hint)}", "error"
    if number in board.state.there or number in board.made:
        name = board.state.there.get(number) or board.made.get(number, "")
        return text("in the portal as “{name}”", name=name), "ok"
    if board.state.failures.get(""):
        return "", "quiet"  # the portal did not say which it has
    return text("not in the portal yet"), "warning"


@blueprint.get("/new")
@access.needs(access.ADMINISTER)
def new() -> str:
    """An empty form, or one for a line of the traffic."""
    match = request.args.get("match", "")[:200]
    parts = parts_of(forms.columns(desk()), {"match": match, "line": match if match.strip("+").isdigit() else ""})
    return _form(parts, text(_NEW), "")


@blueprint.get("/edit/<wanted>")
@access.needs(access.ADMINISTER)
def edit(wanted: str) -> str:
    """The form of a line."""
    given = desk()
    row = _find(given, wanted)
    return _form(parts_of(forms.columns(given), row), _title(row), wanted)


def _find(given: SettingsDesk, wanted: str) -> Mapping[str, Any]:
    rows: Sequence[Mapping[str, Any]] = given.book.sheet().values[forms.KEY]
    place = forms.place_of(rows, wanted)
    if place is None:
        abort(404)
    return rows[place]


def _title(row: Mapping[str, Any]) -> str:
    return str(row.get("name") or row["match"])


def _form(parts: Mapping[str, Any], title: str, wanted: str, others: str = "") -> str:
    return render_template(
        "lines/form.html", parts=parts, title=title, wanted=wanted, others=others, people=desk().listing("users")
    )


@blueprint.post("/save")
@large
@access.needs(access.ADMINISTER)
def save() -> ResponseReturnValue:
    """A new line, or a changed one in its place."""
    given, wanted = desk(), request.form.get("wanted", "")
    parts = parts_of(forms.columns(given), {})
    values = taken(parts, request.form)
    title = str(parts["name"].entry or parts["match"].entry) if wanted else text(_NEW)
    if values is None:
        return _form(parts, title, wanted), 422
    row = forms.as_stored(values)
    problem = forms.change(given, lambda rows: _with(rows, row, wanted), "lines.save", line=forms.told(row))
    if problem:
        forms.blame(parts, problem)
        return _form(parts, title, wanted), 422
    flash(text("The line {name} was saved.", name=_title(row)), "ok")
    return redirect(url_for("lines.index"))


def _with(rows: list[dict[str, Any]], row: dict[str, Any], wanted: str) -> list[dict[str, Any]] | None:
    if not wanted:
        return [*rows, row]
    place = forms.place_of(rows, wanted)
    if place is None:
        return None
    return [*rows[:place], row, *rows[place + 1 :]]


@blueprint.post("/move")
@access.needs(access.ADMINISTER)
def move() -> ResponseReturnValue:
    """``up``, ``down`` or ``remove`` a line."""
    order, _, wanted = request.form.get("act", "").partition(":")
    if order not in ("up", "down", "remove"):
        abort(400)
    if order == "remove" and "sure" not in request.form:
        return render_template("lines/remove.html", row=_find(desk(), wanted), wanted=wanted)
    problem = forms.change(desk(), lambda rows: _moved(rows, order, wanted), f"lines.{order}", line=wanted)
    if problem:
        flash(problem, "error")
    elif order == "remove":
        flash(text("The line was removed."), "ok")
    return redirect(url_for("lines.index", q=request.form.get("q") or None, page=request.form.get("page") or None))


def _moved(rows: list[dict[str, Any]], order: str, wanted: str) -> list[dict[str, Any]] | None:
    place = forms.place_of(rows, wanted)
    if place is None:
        return None
    row = rows.pop(place)
    if order != "remove":
        rows.insert(max(0, place - 1) if order == "up" else place + 1, row)
    return rows
