# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix templates``."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from itgrix_module.app.ports import CallRow
from itgrix_module.commands.templates import templates
from itgrix_module.core import open_core
from itgrix_module.place import Place
from itgrix_module.storage.calls import SqlCallStore
from tests.service.house import place_of


def run(place: Place, *arguments: str) -> Result:
    environment = {"ITGRIX_HOME": str(place.home), "ITGRIX_DATABASE_URL": place.database_url}
    return CliRunner().invoke(templates, arguments, env=environment)


def prepared(folder: Path) -> Place:
    place = place_of(folder)
    lines = [{"match": "74950000001", "name": "Office"}]
    with open_core(place) as core:
        core.settings.save({"lines": lines, "pbx.node": "pbx", "extra.lead": {"COMMENTS": "{{ number }}"}})
        with SqlCallStore(core.database).work() as work:
            work.save_call(
                CallRow(
                    "pbx", "1.1", "incoming", "ended", "8916", "+7916", line="74950000001", started=1.7e9, wait=65.0
                )
            )
    return place


def test_template_of_a_setting_and_of_the_command_line_for_a_call(tmp_path: Path) -> None:
    place = prepared(tmp_path)
    assert run(place, "preview", "missed.task.title", "--call", "1.1").stdout == "Перезвонить: +7916\n"
    shown = run(place, "preview", "--text", "{{ line_name }} {{ wait|duration }} {{ foo }}", "--call", "1.1")
    assert shown.stdout == "Office 1:05 \nnote: foo is not known\n"
    english = run(place, "preview", "missed.task.title", "--language", "en", "--json")
    assert json.loads(english.stdout)["text"] == "Call back: Client"


def test_list_names_all_templates_and_what_they_may_hold(tmp_path: Path) -> None:
    found = json.loads(run(prepared(tmp_path), "list", "--json").stdout)
    assert {"missed.task.title", "leads.message", "extra.lead.COMMENTS"} <= {item["key"] for item in found["templates"]}
    assert not [item for item in found["templates"] if item["problem"]]
    assert "number" in found["variables"]


def test_unknown_names_and_bad_templates_end_with_a_message(tmp_path: Path) -> None:
    place = prepared(tmp_path)
    for arguments in (
        ("preview", "nope"),
        ("preview", "leads.message", "--call", "9.9"),
        ("preview", "--text", "{% if"),
    ):
        result = run(place, *arguments)
        assert result.exit_code == 1, arguments
        assert "error:" in result.stderr
