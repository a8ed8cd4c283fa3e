# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text that the panel can show, found in its sources: what the translations are compared with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, nodes

import web
from web.i18n import key_of

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
    from web.formatting import MONTHS
    from web.words import DIRECTIONS, OUTCOMES, PHASES

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
        context = next((k.value.value for k in node.keywords if k.arg == "context" and isinstance(k.value, ast.Constant)), "")
        yield from _keys(node.func.id, texts, str(context), node.lineno)


def _of_template(path: Path) -> Iterator[tuple[str, int]]:
    for call in _parsed(path).find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name):
            continue
        texts = [arg.value for arg in call.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
        context = next((k.value.value for k in call.kwargs if k.key == "context" and isinstance(k.value, nodes.Const)), "")
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
        words = re.findall(r"[A-Za-z]{2,}", visible) + _VISIBLE_ATTRIBUTES.findall(markup)
        found += [f"{path.name}: {word}" for word in words if word.strip() and word != "Itgrix"]
    return found


def engine_texts() -> dict[str, str]:
    """Sentences that the engine writes for people, with ``{0}`` where values stand, to where they are written."""
    package = ROOT.parent / "itgrix_module"
    found: dict[str, str] = {}
    for name, calls in _ENGINE.items():
        path = package / name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in calls:
                for argument in _spoken(node, calls[_name(node.func)]):
                    found[argument] = f"{name}:{node.lineno}"
    return found


# file -> call -> places of the arguments that people read
_ENGINE: dict[str, dict[str, tuple[int | str, ...]]] = {
    "domain/policy.py": {name: (1,) for name in ("Register", "Show", "Hide", "Finish", "Attach", "Note")},
    "app/settling.py": {"Settlement": ("text",)},
    "app/upload.py": {name: (1, 2) for name in ("Permanent", "Temporary", "NeedsOwner")},
}


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""


def _spoken(call: ast.Call, places: tuple[int | str, ...]) -> Iterator[str]:
    for place in places:
        if isinstance(place, int):
            arguments = call.args[place : place + 1]
        else:
            arguments = [keyword.value for keyword in call.keywords if keyword.arg == place]
        for argument in arguments:
            text = _pattern(argument)
            if text.strip("{}0123456789 "):
                yield text


def _pattern(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{0}" for part in node.values)
    return ""
