# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for telephone numbers, and a place to try them before they are saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request

from itgrix_module.app.e164 import problem_of_country
from itgrix_module.app.numbering import KINDS, Numbering, Rule, problem_of_rules
from web.i18n import mark
from web.settings.form import SettingsForm
from web.settings.pages import Group, SettingsPage

blueprint = Blueprint("numbers", __name__, url_prefix="/numbers")

NAMES = {
    "client": mark("a client's number"),
    "user": mark("an employee's number"),
    "dial": mark("a number to dial"),
}
_LONGEST = 100  # characters of a number to try


def more(form: SettingsForm) -> Mapping[str, Any]:
    """What the rules as they are entered make of the number that is tried."""
    number = request.values.get("number", "").strip()[:_LONGEST]
    asked = request.values.get("kind", "client")
    kind = next((each for each in KINDS if each == asked), KINDS[0])
    tried: dict[str, Any] = {"number": number, "kind": kind, "kinds": NAMES, "stages": (), "variants": ()}
    if not number:
        return tried
    client, user, dial = (_rules(form, each) for each in KINDS)
    numbering = Numbering(client, user, dial, _country(form))
    stages = numbering.explain(kind, number)
    variants = numbering.variants(stages[-1].after) if kind == "client" else ()
    return tried | {"stages": stages, "variants": variants}


def _rules(form: SettingsForm, kind: str) -> list[Rule]:
    """One by one, so that a wrong rule does not keep the others from being tried."""
    entered = form.entered(f"numbers.{kind}_rules")
    return [Rule(**item) for item in entered if not problem_of_rules([item])]


def _country(form: SettingsForm) -> str:
    country = str(form.entered("numbers.country"))
    return "" if problem_of_country(country) else country


PAGE = SettingsPage(
    "numbers",
    mark("Number rules"),
    (
        Group(mark("Country"), ("numbers.country", "numbers.search_variants")),
        Group(
            mark("Replacements"),
            ("numbers.client_rules", "numbers.user_rules", "numbers.dial_rules"),
            mark("Each rule works on the result of the one before. $1 is the first group of the expression."),
            ("numbers.",),
        ),
    ),
    mark("How numbers are written before the CRM is asked, and before they are dialled."),
    template="numbers/index.html",
    more=more,
)
PAGE.mount(blueprint)
