# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule of the administrator a line (the DID, or the trunk behind it) falls under.

The line is asked first and the trunk second, each of them in this order; the first answer counts:

1. exact spelling;
2. the same number in another spelling, or its last digits (four or more): +7 495 123-45-67, 84951234567 and 4951234567
   are one line. The rule that shares most digits wins. When two rules for different numbers share equally many (the
   line is ``2723033``, the rules end with it in two cities) neither counts: a guess would credit the wrong source;
3. patterns: ``X`` is any digit, ``*`` anything; the pattern with most fixed characters wins, then the upper one;
4. regular expressions between slashes, from top to bottom.

A bare ``*`` is for what no other rule fits, by its line or its trunk.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from itgrix_module.app.e164 import number_digits, prepared
from itgrix_module.app.expressions import BadExpression, Expression, RunsAway

log = logging.getLogger("itgrix.lines")

RECORDINGS = ("", "upload", "link", "off")
MOST_RULES = 1000
_LONGEST = 200  # characters of a text
_SUBSCRIBER = 7  # digits: a longer number may have a prefix
_ENOUGH = 4  # digits that make two spellings one number
_REMEMBERED = 4096  # lines
_MOST_STARS = 2  # in one pattern: more of them would be slow on hostile lines
_WILD = str.maketrans({"x": "X", "х": "X", "Х": "X"})  # people type the Cyrillic letter
_NUMBER_PATTERN = re.compile(r"[0-9X*+\s().-]*[0-9X][0-9X*+\s().-]*")
_KINDS: Mapping[str, tuple[type[Any], str]] = {
    "match": (str, "text"),
    "name": (str, "text"),
    "line": (str, "text"),
    "source": (str, "text"),
    "category": (int, "a whole number"),
    "default_user": (int, "a whole number"),
    "recordings": (str, "text"),
    "ignore": (bool, "yes or no"),
}


@dataclass(frozen=True)
class LineRule:
    """``match``: see above. ``name``: what people call the line, here and in the portal. ``line``: number of the
    portal's external line. ``source``: lead source (STATUS_ID). ``category``: funnel of deals, 0: the portal's choice.
    ``default_user``: portal user, 0: as everywhere. ``recordings``: upload, link, off, or empty for as everywhere.
    ``ignore``: the portal does not see calls on this line.
    """

    match: str
    name: str = ""
    line: str = ""
    source: str = ""
    category: int = 0
    default_user: int = 0
    recordings: str = ""
    ignore: bool = False

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> LineRule:
        """From an entry of the setting ``lines``; fields of other versions are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in item.items() if key in known})


class Lines:
    """Immutable, thread-safe; answers are remembered. Bad patterns fit nothing; nothing here raises."""

    def __init__(self, rules: Iterable[LineRule] = ()) -> None:
        self.rules = tuple(rules)
        self._exact = {rule.match.strip(): rule for rule in reversed(self.rules)}
        cores = ((_core(number_digits(rule.match)), rule) for rule in self.rules)
        self._numbers = [(core, rule) for core, rule in cores if len(core) >= _ENOUGH]
        self._patterns = sorted(_patterns(self.rules), key=lambda item: (-item[0].fixed, item[0].is_open))
        self._expressions = list(_expressions(self.rules))
        self._found = lru_cache(_REMEMBERED)(self._find)

    @classmethod
    def of(cls, items: Iterable[Mapping[str, Any]]) -> Lines:
        """From the setting ``lines``."""
        return cls(LineRule.of(item) for item in items)

    def rule(self, line: str, trunk: str = "") -> LineRule | None:
        """The rule for a call on ``line`` (DID or trunk), with the ``trunk`` it came through if that is known."""
        return self._found(prepared(line), prepared(trunk))

    def _find(self, line: str, trunk: str) -> LineRule | None:
        named = [text for text in dict.fromkeys((line, trunk)) if text]
        found = next((rule for text in named if (rule := self._by_name(text)) is not None), None)
        return found if found is not None else self._exact.get("*")

    def _by_name(self, text: str) -> LineRule | None:
        if text in self._exact and text != "*":
            return self._exact[text]
        return self._by_number(text) or self._by_pattern(text) or self._by_expression(text)

    def _by_number(self, text: str) -> LineRule | None:
        core = _core(number_digits(text))
        if len(core) < _ENOUGH:
            return None
        same = next((rule for other, rule in self._numbers if other == core), None)
        return same or _nearest(core, [(other, rule) for other, rule in self._numbers if _fits(core, other)])

    def _by_pattern(self, text: str) -> LineRule | None:
        spellings = _spellings(text)
        return next((rule for pattern, rule in self._patterns if pattern.fits(spellings)), None)

    def _by_expression(self, text: str) -> LineRule | None:
        for expression, rule in self._expressions:
            try:
                if expression.found_in(text):
                    return rule
            except RunsAway:
                log.warning("the pattern /%s/ of a line takes too long on %r and is skipped", expression.text, text)
        return None


def unmapped(seen: Iterable[tuple[str, str]], rules: Lines | Iterable[LineRule]) -> list[tuple[str, str]]:
    """Of lines seen in traffic, as (line, trunk), those that no rule fits, each once, in their order.

    The rule for everything else (``*``) does not count: its lines still want one of their own.
    """
    every = rules.rules if isinstance(rules, Lines) else tuple(rules)
    lines = Lines(rule for rule in every if rule.match.strip() != "*")
    return [item for item in dict.fromkeys(seen) if any(item) and lines.rule(*item) is None]


def _core(digits: str) -> str:
    """Digits without leading zeros, and without the country code or trunk prefix of the world of 7 and 8."""
    plain = digits.lstrip("0") if len(digits) > _SUBSCRIBER else digits
    return plain[1:] if len(plain) == 11 and plain[0] in "78" else plain


def _nearest(core: str, fitting: Sequence[tuple[str, LineRule]]) -> LineRule | None:
    """The rule that shares most digits; None where different numbers do so."""
    most = max((min(len(core), len(other)) for other, _ in fitting), default=0)
    best = [(other, rule) for other, rule in fitting if min(len(core), len(other)) == most]
    longest = max((other for other, _ in best), key=len, default="")
    if not best or not all(longest.endswith(other) for other, _ in best):
        return None
    return min(best, key=lambda item: len(item[0]))[1]


def _fits(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


def _spellings(text: str) -> tuple[str, ...]:
    """A line as patterns may have been written for it."""
    digits = number_digits(text)
    if not digits:
        return (text,)
    core = _core(digits)
    national = ("7" + core, "8" + core, core) if len(core) == 10 and len(digits) > 10 else (core,)
    return tuple(dict.fromkeys((text, digits, *national)))


class _Pattern:
    def __init__(self, text: str) -> None:
        wild = text.translate(_WILD)
        self.is_number = bool(_NUMBER_PATTERN.fullmatch(wild))
        plain = re.sub(r"[^0-9X*]", "", wild) if self.is_number else text
        self.is_open = "*" in plain
        self.fixed = sum(char not in "X*" if self.is_number else char != "*" for char in plain)
        self._forms = [self._compiled(form) for form in {plain, plain if self.is_open else _core_of_pattern(plain)}]

    def _compiled(self, form: str) -> re.Pattern[str]:
        # One star after another would only make the expression slow.
        parts = re.split(r"(\*+|X)" if self.is_number else r"(\*+)", form)
        signs = {"X": "[0-9]"} if self.is_number else {}
        return re.compile("".join(".*" if part.startswith("*") else signs.get(part, re.escape(part)) for part in parts))

    def fits(self, spellings: Sequence[str]) -> bool:
        return any(form.fullmatch(text) for form in self._forms for text in spellings)


def _core_of_pattern(plain: str) -> str:
    return plain[1:] if len(plain) == 11 and plain[0] in "78" else plain


def _is_expression(match: str) -> bool:
    return len(match) > 1 and match.startswith("/") and match.endswith("/")


def _is_pattern(match: str) -> bool:
    wild = match.translate(_WILD)
    return not _is_expression(match) and ("*" in match or ("X" in wild and bool(_NUMBER_PATTERN.fullmatch(wild))))


def _patterns(rules: Iterable[LineRule]) -> Iterable[tuple[_Pattern, LineRule]]:
    for rule in rules:
        match = rule.match.strip()
        if _is_pattern(match) and match != "*" and match.count("*") <= _MOST_STARS:
            yield _Pattern(match), rule


def _expressions(rules: Iterable[LineRule]) -> Iterable[tuple[Expression, LineRule]]:
    for rule in rules:
        if not _is_expression(rule.match.strip()):
            continue
        try:
            yield Expression(rule.match.strip()[1:-1]), rule
        except BadExpression as error:
            log.error("the line pattern %r is skipped: %s", rule.match, error)


def problem_of_lines(value: Sequence[Any]) -> str:
    """What is wrong with the setting ``lines``; empty when nothing is."""
    if len(value) > MOST_RULES:
        return f"must be at most {MOST_RULES} entries"
    first: dict[str, int] = {}
    names: dict[str, tuple[str, int]] = {}
    for number, item in enumerate(value, 1):
        problem = _problem(item)
        if problem:
            return f"entry {number}{problem}"
        same = first.setdefault(item["match"].strip(), number)
        if same != number:
            return f"entry {number} has the match of entry {same}"
        line, name = item.get("line", ""), item.get("name", "")
        known, other = names.setdefault(line, (name, number)) if line and name else (name, number)
        if known != name:
            return f"entry {number} names the line {line} {name!r}, entry {other} names it {known!r}"
    return ""


def _problem(item: Any) -> str:
    if not isinstance(item, dict) or not isinstance(item.get("match"), str) or not item["match"].strip():
        return " needs a match"
    for key, given in item.items():
        problem = _problem_of_field(key, given)
        if problem:
            return problem
    return _problem_of_match(item["match"].strip())


def _problem_of_field(key: str, given: Any) -> str:
    if key not in _KINDS:
        return f" has an unknown field {key!r}"
    kind, words = _KINDS[key]
    if type(given) is not kind:
        return f": {key} must be {words}"
    if isinstance(given, str) and (len(given) > _LONGEST or prepared(given) != given.strip()):
        return f": {key} must be one line of up to {_LONGEST} characters"
    if kind is int and not 0 <= given < 2**31:
        return f": {key} must be from 0 to {2**31 - 1}"
    if key == "recordings" and given not in RECORDINGS:
        return ": recordings must be upload, link, off or empty"
    return ""


def _problem_of_match(match: str) -> str:
    if _is_expression(match):
        try:
            expression = Expression(match[1:-1])
        except BadExpression as error:
            return f": {error}"
        return ": the expression takes too long on some lines: make it simpler" if expression.runs_away() else ""
    if match.count("*") > _MOST_STARS:
        return f": a pattern has at most {_MOST_STARS} stars"
    return ""
