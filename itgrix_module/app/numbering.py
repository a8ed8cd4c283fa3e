# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as the CRM and the PBX want them: the administrator's replacements in order, and E.164 by his country."""

from __future__ import annotations

import logging
import re
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import phonenumbers

from itgrix_module.app.expressions import LONGEST_TEXT, BadExpression, Expression, RunsAway

log = logging.getLogger("itgrix.numbers")

Kind = Literal["client", "user", "dial"]
KINDS: tuple[Kind, ...] = ("client", "user", "dial")
MOST_RULES = 100
_BUDGET = 0.1  # seconds of computing for all rules on one number
_REMEMBERED = 8192  # numbers
_SHORTEST, _LONGEST = 7, 20  # digits: below are extensions and services, above is no number
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SEPARATORS = r"\s().\-\u2010-\u2015\u2212"
_WRITTEN = re.compile(
    rf"\(?(?P<plus>\+?)(?P<main>[0-9{_SEPARATORS}]*?)(?:\s*(?:,+|;ext=|ext\.?|доб\.?|x|#)[\s:.]*(?P<ext>[0-9]{{1,7}}))?",
    re.IGNORECASE,
)

COMPLETE = "complete number"
NO_COUNTRY = "stays as it is: no country is set"
NO_NUMBER = "stays as it is: no telephone number"
SHORT = "stays as it is: a short number"
INCOMPLETE = "stays as it is: no complete number of this country or with a country code"
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


def prepared(raw: str | None) -> str:
    """One line without invisible characters, digits of any script as 0-9, at most ``LONGEST_TEXT`` characters."""
    kept = (_plain(char) for char in (raw or "")[: 2 * LONGEST_TEXT])
    return "".join(kept).strip()[:LONGEST_TEXT]


def _plain(char: str) -> str:
    if char.isascii():
        return char if char.isprintable() else ""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char == "＋":
        return "+"
    return "" if unicodedata.category(char) in _INVISIBLE else char


def number_digits(text: str) -> str:
    """The digits of a text that is written as a telephone number, without its extension; else nothing."""
    found = _WRITTEN.fullmatch(prepared(text))
    return _digits(found) if found else ""


def _digits(found: re.Match[str]) -> str:
    main = found["main"].replace("(0)", "") if found["plus"] else found["main"]  # +49 (0)30 123456
    return re.sub("[^0-9]", "", main)


def e164(text: str, country: str) -> tuple[str, str]:
    """A prepared number as ``+`` and digits where it is complete, else as it is; and why. Never raises."""
    if not country:
        return text, NO_COUNTRY
    found = _WRITTEN.fullmatch(text)
    digits = _digits(found) if found else ""
    if not found or not digits:
        return text, NO_NUMBER
    if len(digits) > _LONGEST or (len(digits) < _SHORTEST and not found["plus"]):
        return text, SHORT if len(digits) < _SHORTEST else NO_NUMBER
    complete = _complete(digits, country, international=bool(found["plus"]))
    return (complete, COMPLETE) if complete else (text, INCOMPLETE)


def _complete(digits: str, country: str, *, international: bool) -> str:
    """What is a number of the country counts as that, before what could be one of another country without its plus."""
    if international and (explicit := _international(digits)):
        return explicit
    national = _parsed(digits, country)
    foreign = None if international else _parsed("+" + digits, None)
    for number in (national, foreign):
        if number is not None and phonenumbers.is_valid_number(number):
            return _written(number)
    if digits.startswith("00"):
        return _international(digits[2:])
    return _international(_written(national)[1:]) if national is not None and _is_possible(national) else ""


def _international(digits: str) -> str:
    number = _parsed("+" + digits, None)
    if number is None or not _is_possible(number):
        return ""
    # Of numbers that it does not know the library takes zeros away.
    return _written(number) if phonenumbers.is_valid_number(number) else "+" + digits


def _parsed(digits: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None


def _is_possible(number: phonenumbers.PhoneNumber) -> bool:
    """Without those that lack their area code."""
    return phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE


def _written(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


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
        self._country = country if country in phonenumbers.SUPPORTED_REGIONS else ""
        self._rules: dict[Kind, tuple[_Replacement, ...]] = {
            "client": tuple(map(_Replacement, client_rules)),
            "user": tuple(map(_Replacement, user_rules)),
            "dial": tuple(map(_Replacement, dial_rules)),
        }
        self._normal = lru_cache(_REMEMBERED)(lambda kind, text: self._stages(kind, text)[-1].after)
        self._searched = lru_cache(_REMEMBERED)(self._spellings)

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
        digits = number_digits(number)
        parsed = _parsed("+" + digits, None) if number.startswith("+") else None
        if parsed is None:
            return ()
        written = phonenumbers.format_out_of_country_calling_number(parsed, self._country) if self._country else ""
        keys = "".join(filter(str.isdecimal, written))  # 8~10 44 …: the tilde stands for a tone
        return tuple(dict.fromkeys(filter(None, (keys, digits))))

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

    def _spellings(self, text: str) -> tuple[str, ...]:
        normal = e164(text, self._country)[0]
        digits = number_digits(normal)
        number = _parsed("+" + digits, None) if normal.startswith("+") else None
        if number is None:
            return tuple(dict.fromkeys(filter(None, (text, digits)))) if re.search("[0-9]", text) else ()
        return tuple(dict.fromkeys(("+" + digits, digits, *self._national(number), text)))

    def _national(self, number: phonenumbers.PhoneNumber) -> tuple[str, ...]:
        if number.country_code != phonenumbers.country_code_for_region(self._country):
            return ()
        plain = phonenumbers.national_significant_number(number)
        return (f"{phonenumbers.ndd_prefix_for_region(self._country, True) or ''}{plain}", plain)


def _dialled(text: str, country: str) -> Stage:
    after, note = e164(text, country)
    digits = number_digits(text)
    if note == COMPLETE or not digits:
        return Stage("E.164", text, after, note if digits else NO_NUMBER)
    return Stage("E.164", text, ("+" if "+" in text else "") + digits, SEPARATORS)


def problem_of_country(value: str) -> str:
    """What is wrong with ``numbers.country``; empty when nothing is."""
    return "" if not value or value in phonenumbers.SUPPORTED_REGIONS else "is no country with telephone numbers"


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
    if any(unicodedata.category(char) in _INVISIBLE for text in item.values() for char in text):
        return "has characters that cannot be seen"
    try:
        expression = Expression(item["match"])
        expression.template(item["replace"])
    except BadExpression as error:
        return str(error)
    return "takes too long on some numbers: make it simpler" if expression.runs_away() else ""
