# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as the CRM and the PBX want them: the administrator's replacements in order, and E.164 by his country."""

from __future__ import annotations

import logging
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from itgrix_module.app.e164 import (
    COMPLETE,
    INVISIBLE,
    NO_NUMBER,
    by_hand,
    e164,
    number_digits,
    prepared,
    problem_of_country,
    spellings,
)
from itgrix_module.app.expressions import LONGEST_TEXT, BadExpression, Expression, RunsAway

log = logging.getLogger("itgrix.numbers")

Kind = Literal["client", "user", "dial"]
KINDS: tuple[Kind, ...] = ("client", "user", "dial")
MOST_RULES = 100
_BUDGET = 0.2  # seconds of computing for all rules on one number
_REMEMBERED = 8192  # numbers

SEPARATORS = "only without separators"
NO_MATCH = "does not match"
TOO_SLOW = "takes too long: the rule is skipped"
TOO_LONG = "the result is too long: the rule is skipped"
UNUSABLE = "is no usable rule: it is skipped"


@dataclass(frozen=True)
class Rule:
    """``match``: regular expression, found anywhere in the number. ``replace``: what stands there instead (``$1``)."""

    match: str
    replace: str


@dataclass(frozen=True)
class Stage:
    """``rule``: ``match → replace``, or ``E.164``. ``note``: why nothing changed, or one of the sentences above."""

    rule: str
    before: str
    after: str
    note: str = ""


class _Replacement:
    """A rule made ready; one that cannot be used stays in the list, so that the panel can say so."""

    def __init__(self, rule: Rule) -> None:
        self.text = f"{rule.match} → {rule.replace}"
        self._slow = False
        try:
            self._expression: Expression | None = Expression(rule.match)
            self._template = self._expression.template(rule.replace)
        except BadExpression as error:
            log.error("the rule %r for numbers is skipped: %s", self.text, error)
            self._expression = None

    def stage(self, before: str) -> Stage:
        if self._expression is None:
            return Stage(self.text, before, before, UNUSABLE)
        try:
            after = prepared(self._expression.replaced(before, self._template))
        except RunsAway:
            return self.too_slow(before)
        if len(after) >= LONGEST_TEXT:
            return Stage(self.text, before, before, TOO_LONG)
        return Stage(self.text, before, after, "" if after != before else NO_MATCH)

    def too_slow(self, before: str) -> Stage:
        if not self._slow:
            log.warning("the rule %r for numbers takes too long and is skipped where it does", self.text)
        self._slow = True
        return Stage(self.text, before, before, TOO_SLOW)


class Numbering:
    """Immutable, thread-safe; answers are remembered. Nothing here raises, whatever the number is.

    ``country``: two capital letters; empty: no E.164.
    """

    def __init__(
        self,
        client_rules: Iterable[Rule] = (),
        user_rules: Iterable[Rule] = (),
        dial_rules: Iterable[Rule] = (),
        country: str = "",
    ) -> None:
        self._country = "" if problem_of_country(country) else country
        self._rules: dict[Kind, tuple[_Replacement, ...]] = {
            "client": tuple(map(_Replacement, client_rules)),
            "user": tuple(map(_Replacement, user_rules)),
            "dial": tuple(map(_Replacement, dial_rules)),
        }
        self._normal = lru_cache(_REMEMBERED)(lambda kind, text: self._stages(kind, text)[-1].after)
        self._searched = lru_cache(_REMEMBERED)(lambda text: spellings(text, self._country))

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Numbering:
        """From settings ``numbers.*``."""
        client, user, dial = ([Rule(**item) for item in settings[f"numbers.{kind}_rules"]] for kind in KINDS)
        return cls(client, user, dial, settings["numbers.country"])

    def client(self, raw: str) -> str:
        """Number of a client: rules, then E.164."""
        return self._normal("client", prepared(raw))

    def user(self, raw: str) -> str:
        """Number of an employee: rules, then E.164; extensions stay."""
        return self._normal("user", prepared(raw))

    def dial(self, raw: str) -> str:
        """Number to dial: E.164 first, then rules, so that one rule (8 for +7) does for every spelling.

        Without rules it stays as the CRM has it, but for separators.
        """
        return self._normal("dial", prepared(raw))

    def by_hand(self, number: str) -> tuple[str, ...]:
        """How a complete number (``+7…``) is dialled on a phone of the country, and its bare digits; none of others."""
        return by_hand(number, self._country)

    def explain(self, kind: Kind, raw: str) -> list[Stage]:
        """Every stage in order; ``after`` of the last is the answer."""
        return self._stages(kind, prepared(raw))

    def variants(self, number: str) -> tuple[str, ...]:
        """How the number may be written in old CRM data: complete, without plus, with 8, national, as given.

        At most 20 (``crm.duplicate.findbycomm``), all different; none when there is no digit in it. National spellings
        only for numbers of the country: without their code those of others mean somebody else.
        """
        return self._searched(prepared(number))

    def _stages(self, kind: Kind, text: str) -> list[Stage]:
        if kind != "dial":
            stages = self._replaced(kind, text)
            return [*stages, self._standard(stages[-1].after if stages else text)]
        first = _dialled(text, self._country if self._rules[kind] else "")
        return [first, *self._replaced(kind, first.after)]

    def _standard(self, text: str) -> Stage:
        after, note = e164(text, self._country)
        return Stage("E.164", text, after, note)

    def _replaced(self, kind: Kind, text: str) -> list[Stage]:
        stages: list[Stage] = []
        end = time.thread_time() + _BUDGET
        for rule in self._rules[kind]:
            stages.append(rule.stage(text) if time.thread_time() < end else rule.too_slow(text))
            text = stages[-1].after
        return stages


def _dialled(text: str, country: str) -> Stage:
    after, note = e164(text, country)
    digits = number_digits(text)
    if note == COMPLETE or not digits:
        return Stage("E.164", text, after, note if digits else NO_NUMBER)
    return Stage("E.164", text, ("+" if "+" in text else "") + digits, SEPARATORS)


def problem_of_rules(value: Sequence[Any]) -> str:
    """What is wrong with a list of ``{match, replace}``; empty when nothing is."""
    if len(value) > MOST_RULES:
        return f"must be at most {MOST_RULES} rules"
    for number, item in enumerate(value, 1):
        problem = _problem(item)
        if problem:
            return f"rule {number}: {problem}"
    return ""


def _problem(item: Any) -> str:
    good = isinstance(item, dict) and set(item) == {"match", "replace"}
    if not good or not all(isinstance(text, str) for text in item.values()) or not item["match"]:
        return "needs a match and a replace"
    if any(unicodedata.category(char) in INVISIBLE for text in item.values() for char in text):
        return "has characters that cannot be seen"
    try:
        expression = Expression(item["match"])
        expression.template(item["replace"])
    except BadExpression as error:
        return str(error)
    return "takes too long on some numbers: make it simpler" if expression.runs_away() else ""
