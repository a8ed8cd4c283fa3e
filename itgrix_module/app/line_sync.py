# SPDX-License-Identifier: GPL-3.0-or-later
"""External lines of the portal, kept as the administrator named them here.

Lines that the settings name are made and renamed; a line that we have made is removed when no setting names it any
more. Lines that somebody else made are left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from itgrix_module.app.lines import LineRule
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent

log = logging.getLogger("itgrix.lines")

WEBHOOK_CANNOT = "WRONG_AUTH_TYPE"


class LinePortal(Protocol):
    """The portal's external lines. Every method raises Failure."""

    def external_lines(self) -> Mapping[str, str]:
        """Number to name of the lines of our application."""

    def add_line(self, number: str, name: str, create: bool) -> None: ...

    def rename_line(self, number: str, name: str, create: bool) -> None: ...

    def remove_line(self, number: str) -> None: ...


class LineStore(Protocol):
    """The lines that we have made."""

    def made(self) -> Mapping[str, str]: ...

    def remember(self, number: str, name: str) -> None: ...

    def forget(self, number: str) -> None: ...


@dataclass(frozen=True)
class LineState:
    """What the last look came to. ``failures``: number of a line (empty: all of them) to what went wrong."""

    at: float = 0.0
    there: Mapping[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    failures: Mapping[str, Failure] = field(default_factory=dict)


class LineSync:
    """One thread's work. ``rules``: the lines of the settings; ``create``: clients from outgoing calls."""

    def __init__(
        self,
        portal: LinePortal,
        store: LineStore,
        rules: Callable[[], Iterable[LineRule]],
        create: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._portal, self._store, self._rules, self._create, self._clock = portal, store, rules, create, clock
        self._state = LineState()

    @property
    def state(self) -> LineState:
        """What the last look came to."""
        return self._state

    def sync(self) -> LineState:
        """Bring the portal's lines to what the settings say. Raises Failure of the database only."""
        wanted = {rule.line: rule for rule in self._rules() if rule.line and not rule.ignore}
        made = self._store.made()
        if not wanted and not made:
            self._state = LineState(self._clock())
            return self._state
        try:
            there = self._portal.external_lines()
        except Failure as failure:
            self._state = self._failed({"": failure})
            return self._state
        done: list[str] = []
        failures: dict[str, Failure] = {}
        for number, rule in wanted.items():
            self._bring(number, rule, there.get(number), done, failures)
        for number in made.keys() - wanted.keys():
            self._take_away(number, number in there, done, failures)
        for text in done:
            log.info("%s", text)
        self._state = self._failed(failures, there, done)
        return self._state

    def _failed(
        self, failures: Mapping[str, Failure], there: Mapping[str, str] | None = None, done: Iterable[str] = ()
    ) -> LineState:
        for number, failure in failures.items():
            known = self._state.failures.get(number)
            if known is None or known.code != failure.code:
                log.warning("external line %s: %s", number or "of the portal", failure)
        return LineState(self._clock(), there or self._state.there, tuple(done), failures)

    def _bring(
        self, number: str, rule: LineRule, now: str | None, done: list[str], failures: dict[str, Failure]
    ) -> None:
        try:
            if now is None:
                name = rule.name or rule.match
                self._portal.add_line(number, name, self._create())
                self._store.remember(number, name)
                done.append(f"external line {number} was made in the portal as {name}")
            elif rule.name and rule.name != now:
                self._portal.rename_line(number, rule.name, self._create())
                done.append(f"external line {number} was renamed in the portal from {now} to {rule.name}")
        except Failure as failure:
            failures[number] = failure

    def _take_away(self, number: str, is_there: bool, done: list[str], failures: dict[str, Failure]) -> None:
        try:
            if is_there:
                self._portal.remove_line(number)
                done.append(f"external line {number} was removed from the portal")
            self._store.forget(number)
        except Failure as failure:
            failures[number] = failure


def explained(failure: Failure) -> Failure:
    """A webhook cannot make lines: what to do then."""
    if failure.code != WEBHOOK_CANNOT or isinstance(failure, NeedsOwner):
        return failure
    return Permanent(
        failure.code,
        "The portal lets only its application make external lines, not a webhook.",
        "Make the line by hand in the portal's telephony settings, or connect the portal as a local application.",
    )
