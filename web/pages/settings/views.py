# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting by its part, found by a word; settings that have no page of their own are edited here too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web import access
from web.pages.settings import transfer
from web.preferences import said, text
from web.settings import titles
from web.settings.fields import widget_for
from web.settings.form import SettingsForm
from web.settings.pages import ShownGroup, desk, large, tell
from web.settings.widgets import shortened

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
transfer.mount(blueprint)

# Parts whose settings are too long for a form of fields and have pages of their own.
_ELSEWHERE: Mapping[str, str] = {"lines": "lines.index", "employees.overrides": "employees.index"}


@dataclass(frozen=True)
class Row:
    """A setting in the list."""

    key: str
    title: str
    help: str
    value: str
    is_default: bool
    address: str


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str:
    """All of them, or those that have a word in key, title or help."""
    asked = request.args.get("q", "").strip()[:100]
    only = request.args.get("only") == "changed"
    areas: dict[str, list[Row]] = {}
    for row in _rows():
        if _fits(row, asked) and not (only and row.is_default):
            areas.setdefault(titles.area(row.key), []).append(row)
    groups = [(name, area_title(name), rows) for name, rows in areas.items()]
    return render_template("settings/index.html", groups=groups, asked=asked, only=only)


def _rows() -> list[Row]:
    given = desk()
    sheet, found = given.book.sheet(), []
    for key, spec in given.book.specs().items():
        widget, value = widget_for(spec, given), sheet.values[key]
        title = titles.TITLES.get(key)
        help_ = said(spec.help)
        is_default = not value if spec.secret else value == spec.default
        told = shortened(str(widget.told(value)))
        found.append(Row(key, text(title) if title else help_, help_ if title else "", told, is_default, address(key)))
    return found


def _fits(row: Row, asked: str) -> bool:
    words = f"{row.key} {row.title} {row.help}".casefold()
    return all(word in words for word in asked.casefold().split())


def address(key: str) -> str:
    """Where a setting is edited."""
    if key in _ELSEWHERE:
        return url_for(_ELSEWHERE[key])
    return url_for("settings.area", name=titles.area(key), _anchor="f-" + key.replace(".", "-") + "-field")


def area_title(name: str) -> str:
    """What a part is called; one that nobody has named is called as it is."""
    found = titles.AREAS.get(name)
    return text(found) if found else name


def _form(name: str) -> SettingsForm:
    given = desk()
    keys = [key for key in given.book.specs() if titles.area(key) == name and key not in _ELSEWHERE]
    if not keys:
        abort(404)
    return SettingsForm.of(given, keys)


@blueprint.get("/<name>")
@access.needs(access.SEE)
def area(name: str) -> ResponseReturnValue:
    """The settings of one part."""
    if name in _ELSEWHERE:
        return redirect(url_for(_ELSEWHERE[name]))
    return _page(name, _form(name))


@blueprint.post("/<name>")
@large
@access.needs(access.ADMINISTER)
def save(name: str) -> ResponseReturnValue:
    """Save them, or only do what another button says."""
    form = _form(name)
    form.fill(request.form)
    order = request.form.get("act", "save")
    if order != "save":
        form.move(order)
        return _page(name, form)
    changes = form.save()
    if changes is None:
        return _page(name, form), 422
    tell(changes)
    return redirect(url_for("settings.area", name=name))


def _page(name: str, form: SettingsForm) -> str:
    title = area_title(name)
    return render_template(
        "settings/area.html",
        title=title,
        intro="",
        form=form,
        groups=[ShownGroup(title, "", list(form.fields.values()))],
        people=form.desk.listing("users"),
        action=url_for("settings.save", name=name),
    )
