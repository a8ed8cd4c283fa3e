# SPDX-License-Identifier: GPL-3.0-or-later
"""Russian and English texts.

The English text in the source is the key: ``_("Waiting for {n} s", n=3)``. Translations lie beside this file in
``translations/<language>/*.json``, one object per area of the panel, English to the other language:

- ``"Calls": "Звонки"`` for plain texts, ``{names}`` in both are filled in;
- ``"of a call¦Answered": "Отвечен"`` where one word has several meanings, by ``_("Answered", context="of a call")``;
- ``"{n} call¦¦{n} calls": ["{n} звонок", "{n} звонка", "{n} звонков"]`` for what is counted, by ``n_(one, many, n)``.

``engine.json`` and ``engine-*.json`` hold what the engine writes into the database and the log in English (reasons of
steps, failures and hints). Those texts arrive with their values filled in, so ``said`` finds their pattern first. A
new language is a folder here, a line in LANGUAGES and a line in ``_FORMS``. A test finds every text that lacks a
translation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

LANGUAGES = {"ru": "Русский", "en": "English"}
SOURCE = "en"
FOLDER = Path(__file__).parent / "translations"
ENGINE = "engine"

_PLACE = re.compile(r"\{(\w+)\}")
_METHOD = re.compile(r"([A-Za-z][\w.]*): (.+)", re.DOTALL)  # which request it was about, before what was wrong
_ASIDE = re.compile(r"(.+?) (\(.*\))", re.DOTALL)  # what a vendor said, behind our own words
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def key_of(text: str, context: str = "", many: str = "") -> str:
    """How a text is looked up."""
    key = f"{context}¦{text}" if context else text
    return f"{key}¦¦{many}" if many else key


def mark(text: str) -> str:
    """Marks a text for translation where it is written, to be translated where it is shown."""
    return text


class Catalogue:
    """The texts of one language."""

    def __init__(self, language: str, texts: Mapping[str, str | list[str]], engine: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts
        self._engine = engine
        self.said = lru_cache(maxsize=4096)(self._said)

    def text(self, text: str, /, context: str = "", **values: Any) -> str:
        """The translation with its values filled in; the English text where there is none."""
        found = self._texts.get(key_of(text, context), text)
        chosen = found if isinstance(found, str) else found[-1]
        return chosen.format(**values) if values else chosen

    def plural(self, one: str, many: str, n: int, /, **values: Any) -> str:
        """The form that goes with ``n``, which the text may use as ``{n}``."""
        forms = self._texts.get(key_of(one, many=many))
        if not isinstance(forms, list):
            forms = [one, many]
            return forms[n != 1].format(n=n, **values)
        return forms[_FORMS[self.language](n)].format(n=n, **values)

    def _said(self, text: str) -> str:
        """A text of the engine, sentence by sentence; what nobody has translated stays English."""
        whole = self._sentence(text)
        if whole is not None:
            return whole
        named = _METHOD.fullmatch(text)
        if named and (rest := self._said(named[2])) != named[2]:
            return f"{named[1]}: {rest}"
        aside = _ASIDE.fullmatch(text)
        if aside and (head := self._sentence(aside[1])) is not None:
            return f"{head} {aside[2]}"
        ends = [match.span() for match in _SENTENCE_END.finditer(text)]
        for start, end in reversed(ends):
            head = self._sentence(text[:start])
            if head is not None:
                return f"{head} {self._said(text[end:])}"
        return text

    def _sentence(self, text: str) -> str | None:
        exact = self._engine.get(text)
        if exact is not None:
            return exact
        for pattern, translation in self._patterns:
            match = pattern.fullmatch(text)
            if match:
                return translation.format(**{name: self._value(value) for name, value in match.groupdict().items()})
        return None

    def _value(self, text: str) -> str:
        """A value may be a sentence of its own: the reason inside of a finding."""
        return self._said(text)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Texts with values, those with the most fixed letters first: the narrowest that fits is meant."""
        held = [(key, value) for key, value in self._engine.items() if _PLACE.search(key)]
        held.sort(key=lambda item: -len(_PLACE.sub("", item[0])))
        return [(_pattern(key), value) for key, value in held]


def _pattern(key: str) -> re.Pattern[str]:
    seen: set[str] = set()

    def place(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>.*?)"

    parts = _PLACE.split(key)  # text, name, text, name, text
    made = [re.escape(part) if index % 2 == 0 else place(_found(part)) for index, part in enumerate(parts)]
    return re.compile("".join(made), re.DOTALL)


def _found(name: str) -> re.Match[str]:
    found = _PLACE.match(f"{{{name}}}")
    assert found is not None
    return found


def _russian(n: int) -> int:
    """1 звонок, 2 звонка, 5 звонков."""
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2


_FORMS: dict[str, Callable[[int], int]] = {"ru": _russian, "en": lambda n: int(n != 1)}


@cache
def catalogue(language: str) -> Catalogue:
    """The texts of a language, read once."""
    texts: dict[str, str | list[str]] = {}
    engine: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        (engine if is_of_engine(path) else texts).update(found)
    return Catalogue(language, texts, engine)


def is_of_engine(file: Path) -> bool:
    """Does a file of translations hold what the engine says?"""
    return file.stem == ENGINE or file.stem.startswith(f"{ENGINE}-")
