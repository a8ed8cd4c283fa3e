# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides inside of the panel: all that are shipped, in both languages, and beside the pages they are about."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import web.guides
from tests.web.markup import problems, words
from web.guides import FOLDER, OF_PAGES, ORDER, guides
from web.guides.markdown import page

NAMES = {language: sorted(path.stem for path in (FOLDER / language).glob("*.md")) for language in ("en", "ru")}
CODE = '<pre tabindex="0"><code>'
OUTSIDE = 'rel="noopener noreferrer" target="_blank"'


def shown(text: str) -> str:
    return str(page(text, lambda name: f"/help/{name}" if name == "portal" else ""))


def test_every_guide_is_shipped_in_both_languages_and_has_its_place() -> None:
    assert NAMES["en"] == NAMES["ru"] == sorted(ORDER)
    assert set(OF_PAGES.values()) <= set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_guide_is_a_sound_page_without_leftover_signs(reader: FlaskClient, name: str) -> None:
    answer = reader.get(f"/help/{name}")
    assert answer.status_code == 200
    assert not problems(answer.text)
    assert len(answer.data) < 100_000
    text = answer.text.partition('<article class="card guide-text">')[2].partition("</article>")[0]
    bare = re.sub(r"<pre.*?</pre>|<code>.*?</code>|<[^>]+>", "", text, flags=re.DOTALL)
    assert not re.findall(r"\*\*|\]\(|```|^#+ |^\|", bare, re.MULTILINE)


def test_list_of_guides_speaks_the_language_of_the_reader(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("itgrix_lang", "ru")
    page_ = client.get("/help/").text
    assert not problems(page_)
    for guide in guides("ru"):
        assert guide.title in words(page_)


def test_page_leads_to_its_guide(russian: FlaskClient) -> None:
    assert "Руководство: Наблюдение" in words(russian.get("/").text)
    assert "Руководство:" not in words(russian.get("/calls/").text)


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2fREADME", "README", "%00"])
def test_nothing_but_guides_is_shown(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/help/{name}").status_code == 404


def test_without_documents_the_page_says_where_they_are(
    make_panel: Callable[..., Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.guides, "FOLDER", tmp_path)
    guides.cache_clear()
    try:
        assert "No guides are here" in words(make_panel().test_client().get("/help/").text)
    finally:
        guides.cache_clear()


def test_support_that_is_named_stands_on_the_page(make_panel: Callable[..., Flask]) -> None:
    client = make_panel(support=lambda: "help@example.com <b>").test_client()
    assert "help@example.com &lt;b&gt;" in client.get("/help/").text


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("# A *b* <i>", "<h1>A <em>b</em> &lt;i&gt;</h1>"),
        ("[p](portal.md#x) [q](../q.json)", '<p><a href="/help/portal">p</a> q</p>'),
        ("[x](javascript:alert)", "<p>x</p>"),
        ("![picture](../images/a.png)", ""),
        ("<!-- hidden -->\n\ntext", "<p>text</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("```\n<script>", f"{CODE}&lt;script&gt;\n</code></pre>"),
        (
            "<https://example.com/?a&b>",
            f'<p><a href="https://example.com/?a&amp;b" {OUTSIDE}>https://example.com/?a&amp;b</a></p>',
        ),
    ],
)
def test_markdown_becomes_markup_and_nothing_else_does(text: str, markup: str) -> None:
    assert shown(text).strip() == markup


def test_table_can_be_scrolled_and_keeps_bars_that_are_escaped() -> None:
    found = shown("| a | b |\n|---|---|\n| x \\| y | z |")
    assert found.startswith('<div class="scroll" tabindex="0"><table>')
    assert '<th scope="col">b</th>' in found
    assert "<td>x | y</td>" in found
