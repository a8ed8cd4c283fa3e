# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides that are shipped with the product, in the reader's language: which there are, and one as a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from web.guides.markdown import page
from web.i18n import SOURCE

FOLDER = Path(__file__).parent.parent.parent / "docs"
# In the order in which somebody needs them; others follow by name.
ORDER = (
    "install", "portal", "numbers-and-lines", "click-to-call", "recordings", "smart-routing", "customizations",
    "templates", "reconcile", "operations", "monitoring", "updates", "nodes",
)  # fmt: skip
# Which guide is about a group of pages.
OF_PAGES = {
    "wizard": "install",
    "portal": "portal",
    "lines": "numbers-and-lines",
    "employees": "numbers-and-lines",
    "numbers": "numbers-and-lines",
    "dialling": "click-to-call",
    "recordings_settings": "recordings",
    "recordings": "recordings",
    "routing": "smart-routing",
    "customizations": "customizations",
    "missed": "templates",
    "rules": "templates",
    "reprocess": "reconcile",
    "backups": "operations",
    "access": "operations",
    "audit": "operations",
    "log": "operations",
    "updates": "updates",
    "status": "monitoring",
    "alerts": "monitoring",
}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,60}")


@dataclass(frozen=True)
class Guide:
    """``about``: its first sentence."""

    name: str
    title: str
    about: str


@lru_cache(maxsize=8)
def guides(language: str) -> tuple[Guide, ...]:
    """Those that there are; none where the product was installed without them."""
    names = sorted((path.stem for path in _folder(language).glob("*.md")), key=_place)
    return tuple(_guide(name, text) for name in names if (text := _read(language, name)))


def guide_of(language: str, *pages: str | None) -> Guide | None:
    """The one about the first of these pages that has one."""
    wanted = next((OF_PAGES[page] for page in pages if page in OF_PAGES), "")
    return next((each for each in guides(language) if each.name == wanted), None)


def shown(language: str, name: str, address: Callable[[str], str]) -> Markup | None:
    """A guide as markup, None when there is none of that name. ``address``: of another guide."""
    known = {each.name for each in guides(language)}
    if name not in known:
        return None
    return page(_read(language, name), lambda target: address(target) if target in known else "")


def _folder(language: str) -> Path:
    own = FOLDER / language
    return own if own.is_dir() else FOLDER / SOURCE


def _place(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def _read(language: str, name: str) -> str:
    file = _folder(language) / f"{name}.md"
    return file.read_text(encoding="utf-8") if _NAME.fullmatch(name) and file.is_file() else ""


def _guide(name: str, text: str) -> Guide:
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    rest = (text[title.end() :] if title else text).partition("\n## ")[0].partition("```")[0]
    first = next((part for part in rest.split("\n\n") if re.match(r"\n*[^\W\d_]", part)), "")  # not indented: no code
    sentence = re.split(r"(?<=[.!?:])\s", " ".join(first.split()), maxsplit=1)[0]
    return Guide(name, title[1].strip() if title else name, re.sub(r"[*`]|\[|\]\([^)]*\)", "", sentence).rstrip(":"))
