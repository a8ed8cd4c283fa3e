# SPDX-License-Identifier: GPL-3.0-or-later
"""Extensions and portal users: what the portal says, what is set by hand, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from itgrix_module.app.desk_ports import Overtaken, SettingsDesk
from web import access, auditing
from web.i18n import mark
from web.pages.employees.directory import PAGE, rows_of, without_extension
from web.preferences import plural, said, text
from web.settings.form import SettingsForm
from web.settings.pages import Group, SettingsPage, desk
from web.settings.widgets import BadEntry, User

blueprint = Blueprint("employees", __name__, url_prefix="/employees")

KEY = "employees.overrides"
_LONGEST = 100  # characters of an extension
_FEW = 60  # users without an extension that are named
_TRIES = 3


def more(form: SettingsForm) -> Mapping[str, Any]:
    """The table, and the small form that sets an extension by hand."""
    given, asked = form.desk, request.args.get("q", "").strip()[:100]
    state, users, overrides = given.directory(), given.listing("users"), _overrides(given)
    rows = rows_of(state, overrides, users, asked)
    number = request.args.get("page", "1")
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(int(number) if number.isdecimal() and len(number) < 6 else 1, 1), pages)
    lacking = without_extension(state, overrides, users)
    extension = request.args.get("extension", "")[:_LONGEST]
    return {
        "state": state,
        "users": users,
        "rows": rows[(page - 1) * PAGE : page * PAGE],
        "found": len(rows),
        "page": page,
        "pages": pages,
        "asked": asked,
        "unknown": [party for party in state.unknown if party not in overrides],
        "lacking": lacking[:_FEW],
        "more_lacking": max(0, len(lacking) - _FEW),
        "extension": extension,
        "user": User(users).entry(overrides.get(extension, 0)),
    }


def _overrides(given: SettingsDesk) -> Mapping[str, int]:
    found: Mapping[str, int] = given.book.sheet().values[KEY]
    return found


PAGE_ = SettingsPage(
    "employees",
    mark("Employees"),
    (
        Group(
            mark("Mobiles of employees"),
            ("employees.profile_phones", "employees.mobiles", "employees.mobiles_file"),
            mark("A call to or from such a number counts as one of the employee's extension."),
            ("employees.",),
        ),
        Group(mark("Reading from the portal"), ("directory.refresh_minutes",), prefixes=("directory.",)),
    ),
    mark(
        "Which portal user has which extension. "
        "The portal says it (internal number in the user's telephony settings); what is set here by hand comes first."
    ),
    "employees/index.html",
    more,
    (KEY,),
)
PAGE_.mount(blueprint)


@blueprint.post("/read")
@access.needs(access.ADMINISTER)
def read() -> ResponseReturnValue:
    """Ask the portal now."""
    given = desk()
    is_answered = given.read_employees()
    state = given.directory()
    auditing.note("employees.read")
    if not is_answered:
        flash(text("The portal has not answered yet. The employees appear here as soon as it does."), "live")
    elif state.failure is not None:
        flash(
            f"{text('The employees could not be read.')} {said(state.failure.text)} {said(state.failure.hint)}", "error"
        )
    else:
        flash(plural("{n} employee was read.", "{n} employees were read.", len(state.employees)), "ok")
    return redirect(url_for("employees.index"))


@blueprint.post("/set")
@access.needs(access.ADMINISTER)
def set_one() -> ResponseReturnValue:
    """Set an extension by hand; without a user it is again as the portal says."""
    given, extension = desk(), request.form.get("extension", "").strip()
    entered = request.form.get("user", "")
    back = url_for("employees.index", extension=extension[:_LONGEST], _anchor="by-hand")
    if not extension or len(extension) > _LONGEST or not extension.isprintable():
        flash(text("Enter the extension first."), "error")
        return redirect(back)
    try:
        user = 0 if "remove" in request.form else User(given.listing("users")).value(entered)
    except BadEntry as bad:
        flash(f"{entered[:_LONGEST]}: {said(str(bad))}", "error")
        return redirect(back)
    if not user and extension not in _overrides(given):
        flash(text("Choose a user for the extension {extension}.", extension=extension), "error")
        return redirect(back)
    problem = _change(given, lambda before: _with(before, extension, user))
    if problem:
        flash(problem, "error")
        return redirect(back)
    auditing.note("employees.set", extension=extension, user=user)
    flash(_told(given, extension, user), "ok")
    return redirect(url_for("employees.index"))


def _told(given: SettingsDesk, extension: str, user: int) -> str:
    if not user:
        return text("The extension {extension} is again as the portal says.", extension=extension)
    who = User(given.listing("users")).entry(user)
    return text("The extension {extension} now belongs to {who}.", extension=extension, who=who)


def _with(before: Mapping[str, int], extension: str, user: int) -> dict[str, int]:
    others = {party: owner for party, owner in before.items() if party != extension}
    return {**others, extension: user} if user else others


def _change(given: SettingsDesk, edit: Callable[[Mapping[str, int]], dict[str, int]]) -> str:
    """What is wrong; empty when it was saved."""
    for _ in range(_TRIES):
        sheet = given.book.sheet()
        try:
            problems = given.book.save({KEY: edit(sheet.values[KEY])}, (), sheet.version)
        except Overtaken:
            continue
        return said("; ".join(problems.values()))
    return text("The settings are being changed by somebody else at this moment. Try again.")
