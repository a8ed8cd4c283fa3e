# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions that an administrator typed: compiled without surprises, run within a time limit.

The syntax is what Go, JavaScript and Python share, so that expressions written for the product that ours replaces
stay good. Recursion, fuzzy matching and the like are refused: they can take all memory before any time limit counts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import regex  # type: ignore[import-untyped,unused-ignore]

LIMIT = 0.05  # seconds of one expression on one text
LONGEST = 500  # characters of an expression or a replacement
LONGEST_TEXT = 250  # characters of a text that is tried
_LARGEST = 5000  # characters, repetitions written out: the compiled form stays under a few megabytes
_PROBE_LIMIT = 0.02  # seconds of one probe
_PROBE_BUDGET = 0.1  # seconds of computing for all probes of one expression

_TOKEN = re.compile(
    r"""(?P<escape>\\(?:[pPN]\{[^}]*\}|.)) | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\]) | (?P<flags>\(\?[ims]+\))
    | (?P<bad>\((?:\*|\?(?![:=!>]|<[=!]|P?<[A-Za-z_]\w*>|[ims]+:)).?) | (?P<open>\((?:\?(?:[ims]*:|P?<\w+>|<?[=!]|>))?)
    | (?P<close>\)) | \{(?P<least>\d*)(?P<comma>,(?P<most>\d*))?\} | (?P<brace>\{) | (?P<other>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_TEMPLATE = re.compile(
    r"""\$\{(?P<braced>\w+)\} | \$(?P<dollar>\d+|[A-Za-z_]\w*) | \\g<(?P<named>\w+)> | \\(?P<slash>\d{1,2})
    | \\(?P<literal>[^\w]) | (?P<bad>\\) | (?P<plain>\$\$?|[^\\$]+)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)


class BadExpression(ValueError):
    """What is wrong, in words."""


class RunsAway(Exception):
    """The expression did not end within its time; what it was tried on is unknown."""


class Expression:
    """One expression; texts longer than ``LONGEST_TEXT`` are for the caller to refuse."""

    def __init__(self, text: str) -> None:
        """Raises BadExpression."""
        if not text or len(text) > LONGEST:
            raise BadExpression(f"an expression has 1 to {LONGEST} characters")
        if _written_out(text) > _LARGEST:
            raise BadExpression("it repeats too much")
        try:
            self._pattern: Any = regex.compile(text)
        except RecursionError:
            raise BadExpression("it is nested too deeply") from None
        except Exception as error:  # the library raises several kinds, some of them by mistake
            raise BadExpression(f"it is not a regular expression: {error}") from None
        self.text = text

    def found_in(self, text: str, limit: float = LIMIT) -> bool:
        """Does it match anywhere in the text? Raises RunsAway."""
        try:
            return self._pattern.search(text, timeout=limit) is not None
        except TimeoutError:
            raise RunsAway from None

    def template(self, text: str) -> tuple[str | int, ...]:
        """What stands in place of a match: texts and numbers of groups. Raises BadExpression.

        ``$1``, ``${1}``, ``$name``, ``\\1`` and ``\\g<name>`` are groups, ``$0`` the whole match, ``$$`` a dollar.
        """
        if len(text) > LONGEST:
            raise BadExpression(f"a replacement has up to {LONGEST} characters")
        return tuple(self._part(found) for found in _TEMPLATE.finditer(text))

    def _part(self, found: re.Match[str]) -> str | int:
        if found["bad"]:
            raise BadExpression("the replacement has a \\ that means nothing; write \\\\ for the character")
        literal = found["literal"] or found["plain"]
        if literal:
            return "$" if literal == "$$" else literal
        name: str = found["braced"] or found["dollar"] or found["named"] or found["slash"]
        number = int(name) if name.isdecimal() else self._pattern.groupindex.get(name, -1)
        if not 0 <= number <= self._pattern.groups:
            hint = f"; for a group with digits after it write ${{{name[0]}}}{name[1:]}" if name[1:].isdecimal() else ""
            raise BadExpression(f"the replacement asks for group {name}, which the expression does not have{hint}")
        return number

    def replaced(self, text: str, template: tuple[str | int, ...], limit: float = LIMIT) -> str:
        """All matches replaced, as Go does it: an empty match right behind another one does not count.

        Raises RunsAway.
        """
        last = -1

        def put(match: Any) -> str:
            nonlocal last
            if match.end() == match.start() == last:
                return ""
            last = match.end()
            return "".join(part if isinstance(part, str) else match[part] or "" for part in template)

        try:
            return str(self._pattern.sub(put, text, timeout=limit))
        except TimeoutError:
            raise RunsAway from None

    def runs_away(self) -> bool:
        """Does it take too long on texts of the kind that make careless expressions slow?"""
        # Time of this thread, so that a busy machine does not make an expression a bad one.
        end = time.thread_time() + _PROBE_BUDGET
        try:
            for probe in _probes(self.text):
                self.replaced(probe, (), _PROBE_LIMIT)
                if time.thread_time() > end:
                    return True
        except RunsAway:
            return True
        return False


def _probes(expression: str) -> Iterator[str]:
    letters = dict.fromkeys(char for char in expression if char.isalnum())
    for unit in ("1", "12", "8916", "0123456789", "+7 (916) ", " ", "-", "a", *list(letters)[:20]):
        for tail in ("", "!", "1x", "xx"):
            yield (unit * LONGEST_TEXT)[: LONGEST_TEXT - len(tail)] + tail


def _written_out(expression: str) -> int:
    """Length with all repetitions written out. Raises BadExpression for syntax that is not for everybody."""
    sizes, last = [0], 0
    for token in _TOKEN.finditer(expression):
        _check(token)
        if token["open"]:
            sizes.append(0)
            last = 0
        elif token["close"]:
            last = sizes.pop() if len(sizes) > 1 else 0
            sizes[-1] += last
        elif token["least"] is not None:
            times = max(int(text) for text in ("1", token["least"], token["most"]) if text)
            sizes[-1] += last * (times - 1)
        elif not token["flags"]:
            last = 1
            sizes[-1] += 1
    return sum(sizes)


def _check(token: re.Match[str]) -> None:
    bad = token["bad"] or (token["escape"] if token["escape"] in ("\\L", "\\K", "\\X") else None)
    if bad:
        raise BadExpression(f"{bad} is not supported")
    if token["brace"]:
        raise BadExpression("{ must begin a repetition such as {10}; write \\{ for the character")
