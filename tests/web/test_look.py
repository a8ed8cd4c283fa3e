# SPDX-License-Identifier: GPL-3.0-or-later
"""The static files: contrast, icons, weight; what a browser is not needed to check."""

from __future__ import annotations

import ast
import re
from xml.etree import ElementTree

import pytest

from tests.web.texts import ROOT, TEMPLATES

STATIC = ROOT / "static"
CSS = (STATIC / "panel.css").read_text()
COLOURS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", CSS))
ENOUGH = 4.5  # WCAG 2.2 AA for text of usual size
TONES = ("ok", "warning", "error", "live")
TEXTS = [
    *[(text, ground) for text in ("ink", "muted", "link") for ground in ("paper", "page")],
    *[(text, f"{tone}-soft") for text in ("ink", "link") for tone in TONES],
    *[(tone, ground) for tone in TONES for ground in ("paper", f"{tone}-soft")],
    ("faint", "paper"),
    ("accent-deep", "accent-soft"),
    ("paper", "accent"),
]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read_on_its_ground(text: str, ground: str) -> None:
    light, dark = sorted((luminance(COLOURS[text]), luminance(COLOURS[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= ENOUGH


RENDERER = "guides/markdown.py"  # its library escapes, and hands over the whole page (tests/web/test_guides.py)


def icons() -> ElementTree.Element:
    return ElementTree.fromstring((STATIC / "icons.svg").read_text())


def test_icons_are_symbols_of_svg_with_names_of_their_own() -> None:
    names = [symbol.get("id") for symbol in icons()]
    assert {symbol.tag for symbol in icons()} == {"{http://www.w3.org/2000/svg}symbol"}
    assert len(names) == len(set(names)) > 30


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = {symbol.get("id") for symbol in icons()}
    sources = [path.read_text() for path in (*TEMPLATES.rglob("*.html"), *ROOT.rglob("*.py"))]
    named = {name for source in sources for name in re.findall(r'icon\("([\w-]+)"', source)}
    named |= set(re.findall(r'Word\("([\w-]+)"', (ROOT / "words.py").read_text()))
    named |= set(re.findall(r'(?:return|:) \(?"([a-z]+)", (?:text|mark)\(', (ROOT / "story" / "facts.py").read_text()))
    assert named
    assert not named - drawn


def test_files_are_small_and_load_nothing() -> None:
    files = [path for path in STATIC.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 100_000
    for path in files:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.findall(r"https?://|@import|url\(|eval\(|document\.write", text), path.name


def test_no_template_bypasses_the_escaping() -> None:
    for path in TEMPLATES.rglob("*.html"):
        assert "|safe" not in path.read_text().replace(" ", ""), path.name
    for path in ROOT.rglob("*.py"):
        found = unsafe_markup(ast.parse(path.read_text()))
        assert len(found) == (path.relative_to(ROOT).as_posix() == RENDERER), (path.name, found)


def unsafe_markup(tree: ast.AST) -> list[int]:
    """Lines where something else than a literal is taken for markup; what ``format`` fills in is escaped."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Markup"]
    return [call.lineno for call in made if not all(isinstance(item, ast.Constant) for item in call.args)]


def test_markup_of_a_value_is_found() -> None:
    assert unsafe_markup(ast.parse("x = Markup(name)")) == [1]
    assert unsafe_markup(ast.parse("x = Markup(f'<b>{name}</b>')")) == [1]
    assert unsafe_markup(ast.parse("x = Markup('<b>{n}</b>').format(n=name)")) == []


def test_motion_is_only_for_those_who_want_it() -> None:
    assert "animation" not in CSS.partition("@media (prefers-reduced-motion: no-preference)")[0]
