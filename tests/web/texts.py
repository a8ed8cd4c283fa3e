# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text that the panel can show, found in its sources: what the translations are compared with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, nodes

import web
from itgrix_module.bitrix24.errortable import ANSWERS
from itgrix_module.bitrix24.faulttable import FAULTS
from web.formatting import MONTHS
from web.i18n import key_of
from web.words import DIRECTIONS, OUTCOMES, PHASES

ROOT = Path(web.__file__).parent
TEMPLATES = ROOT / "templates"
_PLAIN, _PLURAL = {"_", "text", "mark"}, {"n_", "plural"}
_VISIBLE_ATTRIBUTES = re.compile(r'(?:title|alt|placeholder|aria-label|data-stale)="([^"{]*)"')


def keys_of_panel() -> dict[str, str]:
    """Key of the catalogue to the place where it is used."""
    found = {**_contexts()}
    for path in sorted(ROOT.rglob("*.py")):
        for key, line in _of_python(path):
            found.setdefault(key, f"{path.relative_to(ROOT.parent)}:{line}")
    for path in sorted(TEMPLATES.rglob("*.html")):
        for key, line in _of_template(path):
            found.setdefault(key, f"{path.relative_to(ROOT.parent)}:{line}")
    return found


def _contexts() -> dict[str, str]:
    """Words that are looked up by context when they are shown."""
    words = [*OUTCOMES.values(), *DIRECTIONS.values(), *PHASES.values()]
    found = {key_of(word.title, word.context): "web/words.py" for word in words}
    return found | {key_of(month, "of a date"): "web/formatting.py" for month in MONTHS}


def _shadowed() -> set[str]:
    """Marked words that only ever appear with a context."""
    return {key.partition("¦")[2] for key in _contexts()}


def _of_python(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        context = next(
            (k.value.value for k in node.keywords if k.arg == "context" and isinstance(k.value, ast.Constant)), ""
        )
        yield from _keys(node.func.id, texts, str(context), node.lineno)


def _of_template(path: Path) -> Iterator[tuple[str, int]]:
    for call in _parsed(path).find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name):
            continue
        texts = [arg.value for arg in call.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
        context = next(
            (k.value.value for k in call.kwargs if k.key == "context" and isinstance(k.value, nodes.Const)), ""
        )
        yield from _keys(call.node.name, texts, context, call.lineno)


def _keys(function: str, texts: list[str], context: str, line: int) -> Iterator[tuple[str, int]]:
    if function in _PLAIN and texts and texts[0] not in _shadowed():
        yield key_of(texts[0], context), line
    if function in _PLURAL and len(texts) > 1:
        yield key_of(texts[0], many=texts[1]), line


def _parsed(path: Path) -> nodes.Template:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    return environment.parse(path.read_text(encoding="utf-8"))


def bare_texts() -> list[str]:
    """Words in templates that stand outside ``_()``: they would be shown in English to everybody."""
    found = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        markup = "\0".join(
            part.data if isinstance(part, nodes.TemplateData) else "\1"
            for output in _parsed(path).find_all(nodes.Output)
            for part in output.nodes
        )
        visible = re.sub(r"<[^>]*>", " ", markup.replace("\0", "").replace("\1", "1"))
        words = re.findall(r"[A-Za-z]{2,}", visible + " ".join(_VISIBLE_ATTRIBUTES.findall(markup)))
        found += [f"{path.name}: {word}" for word in words if word != "Itgrix"]
    return found


def engine_texts() -> dict[str, str]:
    """Sentences that the engine writes for people, ``{0}`` where a value stands, to where they are written."""
    found = {text: "bitrix24 tables" for row in (*ANSWERS, *FAULTS) for text in (row.text, row.hint)}
    package = ROOT.parent / "itgrix_module"
    for name in _ENGINE:
        tree = ast.parse((package / name).read_text(encoding="utf-8"))
        found |= {_pattern(node): f"{name}:{node.lineno}" for node in _sentences(tree)}
    return {text: where for text, where in found.items() if " " in text.strip() and text not in _NOT_FOR_PEOPLE}


_ENGINE = (
    "surroundings.py",
    "feed.py",
    "unpacking.py",
    "update_hands.py",
    "updates.py",
    "app/update_words.py",
    "app/alert_trial.py",
    "mail.py",
    "archives.py",
    "path_faults.py",
    "app/backups.py",
    "app/erasure.py",
    "app/passwords.py",
    "app/users.py",
    "storage/users.py",
    "settings_operations.py",
    "doctor.py",
    "wizard.py",
    "wizard_records.py",
    "bitrix24/selftest.py",
    "asterisk/account_file.py",
    "place.py",
    "app/standing.py",
    "app/deliver.py",
    "media/faults.py",
    "domain/policy.py",
    "domain/ordered.py",
    "dialling.py",
    "app/errands_dial.py",
    "app/settling.py",
    "app/orders.py",
    "app/upload.py",
    "app/application.py",
    "app/happenings.py",
    "app/joining.py",
    "bitrix24/application.py",
    "event_ways.py",
    "app/aftermath.py",
    "app/errands_deal.py",
    "app/errands_fields.py",
    "app/errands_matter.py",
    "app/errands_owner.py",
    "app/errands_rounds.py",
    "app/errands_task.py",
    "app/hook_answers.py",
    "app/recording_rules.py",
    "app/attaching.py",
    "library.py",
    "routing.py",
    "app/route_people.py",
    "domain/routing.py",
    "domain/responsible.py",
    "vitals.py",
    "pbx_door.py",
    "portal_door.py",
    "asterisk/faults.py",
    "storage/faults.py",
    "storage/outbox_admin.py",
)
_NOT_FOR_PEOPLE = frozenset(
    {
        "fields {0} {0}",
        "fields {0}",
        "call %s: %s",
        "no such table",
        "fractions can be written in many ways",
        "a name stands twice",
        "no such column",
        "{0} {0}",
        "{0}: {0}",
        "{0} ({0})",
        "{0}. {0}",
    }
)
# Lines of the timeline whose words the story makes anew from their data.
_TOLD_ANEW = re.compile(r"\{0\}: accepted.*|, but \{0\}|attach: .*|.*%[sd.].*|SELECT .*")


def _sentences(tree: ast.AST) -> Iterator[ast.expr]:
    """Constant texts and f-strings, without docstrings and what stands inside of f-strings."""
    passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    passed |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)} - {
        id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
    }
    for node in ast.walk(tree):
        if id(node) in passed or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        if not _TOLD_ANEW.fullmatch(_pattern(node)):
            yield node


def _pattern(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{0}" for part in node.values)
    return ""
