# SPDX-License-Identifier: GPL-3.0-or-later
"""Which events a session hears: rights of its account, its event mask, its filters (legacy syntax)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from itgrix_module.sandbox.pbx.config import CLASSES
from itgrix_module.sandbox.pbx.exchange import Event


class BadFilter(ValueError):
    """The expression does not compile."""


class Hearing:
    """``rights``: classes that the account may read. Asterisk matches POSIX expressions against the whole event."""

    def __init__(self, rights: Iterable[str], filters: Iterable[str] = ()) -> None:
        self._rights = _classes(rights)
        self._mask = frozenset[str]()
        self._white: list[re.Pattern[bytes]] = []
        self._black: list[re.Pattern[bytes]] = []
        for line in filters:
            self.add(line)

    def mask(self, text: str) -> bool | None:
        """``on``, ``off`` or a list of classes. True when events are on now, None for a mask that means nothing."""
        wanted = text.strip().casefold()
        if wanted in ("off", "no", "false", "0"):
            self._mask = frozenset()
            return False
        if wanted in ("on", "yes", "true", "all", "-1", ""):
            self._mask = self._rights
            return True
        named = {part.strip() for part in wanted.split(",")} & set(CLASSES)
        if not named:
            return None
        self._mask = self._rights & named
        return True

    def add(self, line: str) -> None:
        """A filter line; ``!`` in front excludes. Raises BadFilter."""
        expression = line.strip()
        target = self._black if expression.startswith("!") else self._white
        try:
            target.append(re.compile(expression.removeprefix("!").encode(), re.DOTALL))
        except re.error as error:
            raise BadFilter(str(error)) from error

    def hears(self, right: str) -> bool:
        """Events of this class are wanted."""
        return right in self._mask

    def passes(self, event: Event) -> bool:
        if not event.name:
            return bool(self._mask)
        if event.right not in self._mask:
            return False
        if self._white and not any(pattern.search(event.text) for pattern in self._white):
            return False
        return not any(pattern.search(event.text) for pattern in self._black)


def _classes(rights: Iterable[str]) -> frozenset[str]:
    named = frozenset(rights)
    return frozenset(CLASSES) if "all" in named else named
