# SPDX-License-Identifier: GPL-3.0-or-later
"""``templates``: the words that templates know, and how one comes out for a real call. Nothing is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import click

from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.lines import Lines
from itgrix_module.app.ports import CallRow, PortalSide
from itgrix_module.app.wording import Wording
from itgrix_module.app.wording_terms import DEFAULTS, KNOWN, SAMPLE, crm_link, default, variables
from itgrix_module.commands.output import faults_told, json_option, show
from itgrix_module.core import Core, open_core
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.live import portal_address
from itgrix_module.place import Place
from itgrix_module.storage.employees import SqlEmployeeStore

_KEYS = ("missed.task.title", "missed.task.description", "leads.message")
_EXTRA = ("activity", "lead", "contact", "company", "deal")
_PLAIN = ("title", "TITLE", "SUBJECT")  # endings of keys whose texts are not read as markup


@click.group()
def templates() -> None:
    """Texts of tasks, messages and fields of the CRM."""


language_option = click.option("--language", type=click.Choice(sorted(DEFAULTS)), default="ru", show_default=True)


@templates.command("list")
@language_option
@json_option
def list_templates(language: str, as_json: bool) -> None:
    """All templates in force with what is wrong with them, and the variables they may use."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        wording = Wording(language)
        found = [
            {"key": key, "template": text, "problem": wording.problem(text)}
            for key, text in _all(core, language).items()
        ]
        data = {"templates": found, "variables": KNOWN}
        show(data, as_json, lambda: _listed(found))


@templates.command("preview")
@click.argument("key", required=False)
@click.option("--text", help="This template instead of a setting's.")
@click.option("--call", "linkedid", help="A call of this PBX; without it one that is made up.")
@language_option
@json_option
def preview(key: str | None, text: str | None, linkedid: str | None, language: str, as_json: bool) -> None:
    """How a template comes out. KEY: a setting such as missed.task.title or leads.message, or extra.lead.COMMENTS."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        template = text if text is not None else _template(core, key or "", language)
        markup = not (key or "").endswith(_PLAIN)
        worded = Wording(language).preview(template, _values(core, linkedid), markup=markup)
        data = {"text": worded.text, "notices": list(worded.notices), "problem": Wording(language).problem(template)}
        show(data, as_json, lambda: "\n".join([worded.text, *(f"note: {notice}" for notice in worded.notices)]))


def _all(core: Core, language: str) -> dict[str, str]:
    settings = core.settings.current
    found = {key: settings[key] or default(key, language) for key in _KEYS}
    for kind in _EXTRA:
        found |= {f"extra.{kind}.{name}": template for name, template in settings[f"extra.{kind}"].items()}
    return found


def _template(core: Core, key: str, language: str) -> str:
    known = _all(core, language)
    if key not in known:
        raise NeedsOwner("no_such_template", f"there is no template {key!r}", f"Known: {', '.join(known)}.")
    return known[key]


def _values(core: Core, linkedid: str | None) -> Mapping[str, Any]:
    if linkedid is None:
        return SAMPLE
    settings = core.settings.current
    story = core.calls.story(settings["pbx.node"], linkedid)
    if story is None:
        raise NeedsOwner("no_such_call", f"there is no call {linkedid}", "`itgrix calls list` names them.")
    return _of_call(core, story.item.call, story.item.portal)


def _of_call(core: Core, call: CallRow, portal: PortalSide) -> Mapping[str, Any]:
    settings = core.settings.current
    base = portal_address(settings)
    people = Roster(SqlEmployeeStore(core.database).load()[0], settings["employees.overrides"])
    rule = Lines.of(settings["lines"]).rule(call.line, call.trunk)
    links = lambda kind, number: crm_link(base, kind, number)  # noqa: E731
    return variables(call, portal, people.employee, rule.name if rule else "", core.settings.zone(), links)


def _listed(found: list[dict[str, str]]) -> str:
    lines = [f"{item['key']}\n{_indented(item['template'])}{_problem(item)}" for item in found]
    words = [f"  {name}: {meant if isinstance(meant, str) else ', '.join(meant)}" for name, meant in KNOWN.items()]
    return "\n".join([*lines, "variables", *words])


def _problem(item: Mapping[str, str]) -> str:
    return f"\n  problem: {item['problem']}" if item["problem"] else ""


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
