# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of changes speaks: whatever is noted has words, and its details are told as people say them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

import itgrix_module
import web
from itgrix_module.storage.audit import AuditEntry
from web.pages.audit.views import action_title, details
from web.pages.audit.words import ACTIONS, AREAS

SOURCES = (Path(web.__file__).parent, Path(itgrix_module.__file__).parent / "commands")


def noted() -> Iterator[tuple[str, str]]:
    """Every action that is written into the journal, and where."""
    for folder in SOURCES:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _is_note(node.func):
                    yield from ((word, str(path)) for each in node.args for word in _words(each))


def _is_note(function: ast.expr) -> bool:
    named = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return named in ("note", "_noted")


def _words(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from (word for each in (node.body, node.orelse) for word in _words(each))


def test_every_action_has_words() -> None:
    found = dict(noted())
    assert {"deliveries.pause", "deliveries.drop", "settings.save", "users.add"} <= set(found)
    assert not {word: place for word, place in found.items() if word not in ACTIONS}
    assert {word.partition(".")[0] for word in ACTIONS} <= set(AREAS)


def test_details_are_told_in_words(app: Flask) -> None:
    data = {
        "changes": {"calls.create_outgoing": "выкл. → вкл."},
        "dry": False,
        "role": "operate",
        "step": "pbx",
        "since": 1_795_200_000.0,
        "calls": ["1.1", "1.2"],
        "portal": "",
        "unheard_of": [True],
    }
    entry = AuditEntry(1, 1_795_260_000.0, "anna", "settings.save", "", "", data)
    with app.test_request_context(headers={"Accept-Language": "ru"}):
        assert action_title("deliveries.drop") == "Запросы отброшены"
        assert action_title("of.a.later.version") == "of.a.later.version"
        assert details(entry) == [
            ("Изменено", "calls.create_outgoing: выкл. → вкл."),
            ("Только показ", "нет"),
            ("Роль", "Оператор"),
            ("Шаг", "АТС"),
            ("С", "20 ноября, 21:40"),
            ("Звонки", "1.1, 1.2"),
            ("unheard_of", "да"),
        ]
