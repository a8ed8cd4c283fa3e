# SPDX-License-Identifier: GPL-3.0-or-later
"""Missed calls and their tasks, messages about new leads; templates with a preview on a past call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request

from itgrix_module.app.wording_terms import KNOWN
from itgrix_module.domain.failures import Permanent
from web.i18n import mark
from web.preferences import said
from web.settings import past
from web.settings.form import SettingsForm
from web.settings.pages import Group, SettingsPage

blueprint = Blueprint("missed", __name__, url_prefix="/missed")

TEMPLATES = ("missed.task.title", "missed.task.description", "leads.message")


def more(form: SettingsForm) -> Mapping[str, Any]:
    """How the templates as entered come out for the chosen call; what they may name."""
    call = request.values.get("call", "")
    is_asked = request.form.get("act") == "try"
    return {
        "calls": past.recent(),
        "call": call,
        "previews": [_preview(form, key, call) for key in TEMPLATES] if is_asked else [],
        "variables": _variables(),
        "built_in": [(form.fields[key].title, form.desk.built_in(key)) for key in TEMPLATES],
    }


def _preview(form: SettingsForm, key: str, call: str) -> dict[str, Any]:
    node, linkedid = past.chosen(call)
    title = form.fields[key].title
    try:
        worded = form.desk.preview(key, str(form.entered(key)), node, linkedid)
    except Permanent as failure:
        return {"title": title, "problem": said(failure.text), "text": "", "notices": ()}
    return {"title": title, "problem": "", "text": worded.text, "notices": [said(each) for each in worded.notices]}


def _variables() -> list[tuple[str, str]]:
    """Name and meaning, those with parts one by one."""
    found: list[tuple[str, str]] = []
    for name, meaning in KNOWN.items():
        if isinstance(meaning, str):
            found.append((name, said(meaning)))
        else:
            found += [(f"{name}.{part}", said(words)) for part, words in meaning.items()]
    return found


PAGE = SettingsPage(
    "missed",
    mark("Missed calls and tasks"),
    (
        Group(mark("Who answers for a missed call"), ("missed.responsible", "missed.spread", "missed.users")),
        Group(
            mark("Task for a missed call"),
            (
                "missed.task.enabled",
                "missed.task.close",
                "missed.task.responsible",
                "missed.task.user",
                "missed.task.creator",
                "missed.task.deadline_minutes",
                "missed.task.deadline_in_hours",
                "missed.task.auditors",
                "missed.task.project",
                "missed.task.hours",
                "missed.task.clients",
            ),
            mark("One open task for a client's number; it is bound to the client and closed by itself."),
            ("missed.",),
        ),
        Group(
            mark("Texts of the task"),
            ("missed.task.title", "missed.task.description"),
            mark("Templates. What they may name stands below; an empty field means the built-in text."),
        ),
        Group(mark("Message about a new lead"), ("leads.chat", "leads.message"), prefixes=("leads.",)),
    ),
    template="missed/index.html",
    more=more,
)
PAGE.mount(blueprint)
