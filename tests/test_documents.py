# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents: links lead somewhere, and what there is in one language there is in the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = [link.partition("#")[0] for link in _LINK.findall(document.read_text(encoding="utf-8"))]
    inside = [link for link in links if link and "://" not in link and not link.startswith("mailto:")]
    assert [link for link in inside if not (document.parent / link).exists()] == []


def test_both_languages_have_the_same_documents() -> None:
    names = {language: {path.name for path in (ROOT / "docs" / language).glob("*.md")} for language in ("en", "ru")}
    assert names["en"] == names["ru"]


def test_every_document_for_administrators_can_be_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    guides = [path.relative_to(ROOT) for language in ("en", "ru") for path in (ROOT / "docs" / language).glob("*.md")]
    assert [str(guide) for guide in guides if f"({guide})" not in readme] == []
