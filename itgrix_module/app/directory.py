# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who: extensions and mobiles of employees to portal users, read from the portal and kept through its faults."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from itgrix_module.app.orders import Options
from itgrix_module.app.ports import Employee, EmployeeStore, PeopleSource
from itgrix_module.domain.failures import Failure
from itgrix_module.domain.numbers import digits, looks_subscriber

log = logging.getLogger("itgrix.employees")

UNKNOWN_PAUSE = 60.0  # seconds between refreshes that an unknown extension asks for
SHRUNKEN = 0.5  # an answer with less than this share of the employees known is not believed at once


@dataclass(frozen=True)
class DirectoryState:
    """What the panel and the doctor show. ``refreshed``: epoch seconds, UTC, 0 when never."""

    employees: tuple[Employee, ...] = ()
    refreshed: float = 0.0
    failure: Failure | None = None
    doubles: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class DirectoryRules:
    """The administrator's part: ``overrides`` extension -> user, ``default_user`` 0 when nobody is named."""

    overrides: Mapping[str, int]
    default_user: int = 0


class Directory:
    """Answers from memory; ``refresh`` asks the portal. Readers never wait for it."""

    def __init__(
        self,
        store: EmployeeStore,
        source: PeopleSource,
        rules: Callable[[], DirectoryRules],
        options: Callable[[], Options],
        clock: Callable[[], float],
    ) -> None:
        self._store, self._source, self._rules = store, source, rules
        self._options, self._clock = options, clock
        employees, at = store.load()
        self._state = DirectoryState(employees, at, doubles=_doubles(employees))
        self._by_party = _by_party(employees)
        self._unknown: dict[str, float] = {}
        self._suspect: int | None = None
        self._own_user = 0
        self._wanted_at = 0.0

    @property
    def state(self) -> DirectoryState:
        """What is known now."""
        state = self._state
        return DirectoryState(
            state.employees, state.refreshed, state.failure, state.doubles, tuple(sorted(self._unknown))
        )

    def user(self, party: str) -> int | None:
        """Portal user of an extension or of an employee's mobile number."""
        override = self._rules().overrides.get(party)
        if override is not None:
            return override
        found = self._by_party.get(_key(party))
        if found is None and party and not looks_subscriber(party):
            self._unknown.setdefault(party, self._clock())
        return found

    def default_user(self, line: str) -> int:
        """The line's own, else everybody's, else the user whose authorisation we have."""
        rule = self._options().rule(line)
        if rule is not None and rule.default_user:
            return rule.default_user
        return self._rules().default_user or self._own_user

    @property
    def is_ready(self) -> bool:
        """Has the portal been asked at least once, now or in an earlier life?"""
        return bool(self._wanted_at or self._state.refreshed)

    def wants_refresh(self, every: float) -> bool:
        """Is it time (``every`` seconds), or has an extension appeared that nobody has?"""
        now = self._clock()
        if now - self._wanted_at < min(UNKNOWN_PAUSE, every):
            return False
        newly = any(seen > self._state.refreshed for seen in self._unknown.values())
        return newly or now - self._state.refreshed >= every

    def refresh(self) -> None:
        """Read all employees from the portal. A failure or a strangely small answer keeps what is known."""
        try:
            found = tuple(self._source.employees())
            self._own_user = self._source.own_user()
        except Failure as failure:
            log.warning("employees could not be read, the %d known stay: %s", len(self._state.employees), failure)
            self._state = DirectoryState(self._state.employees, self._state.refreshed, failure, self._state.doubles)
            return
        finally:
            self._wanted_at = self._clock()
        if not self._is_suspect(found):
            self._take(found)

    def _is_suspect(self, found: tuple[Employee, ...]) -> bool:
        known = len(self._state.employees)
        if len(found) >= known * SHRUNKEN or self._suspect == len(found):
            self._suspect = None
            return False
        self._suspect = len(found)
        log.warning("the portal named only %d of %d employees; kept until it says so again", len(found), known)
        return True

    def _take(self, found: tuple[Employee, ...]) -> None:
        now = self._clock()
        doubles = _doubles(found)
        for extension in set(doubles) - set(self._state.doubles):
            log.warning(
                "extension %s belongs to more than one portal user: its calls go to the default user", extension
            )
        if found != self._state.employees:
            log.info("employees: %d with an extension or a phone", len(found))
        self._by_party = _by_party(found)
        self._unknown = {party: now for party in self._unknown if _key(party) not in self._by_party}
        self._state = DirectoryState(found, now, None, doubles)
        self._store.save(found, now)


def _key(party: str) -> str:
    """Extensions as they are; subscriber numbers by their last ten digits, however they are written."""
    return digits(party)[-10:] if looks_subscriber(party) else party


def _doubles(employees: Iterable[Employee]) -> tuple[str, ...]:
    owners: dict[str, set[int]] = {}
    for employee in employees:
        if employee.extension:
            owners.setdefault(employee.extension, set()).add(employee.user_id)
    return tuple(sorted(extension for extension, users in owners.items() if len(users) > 1))


def _by_party(employees: Iterable[Employee]) -> dict[str, int]:
    listed = tuple(employees)
    doubles = set(_doubles(listed))
    found: dict[str, int] = {}
    for employee in listed:
        for phone in employee.phones:
            if looks_subscriber(phone):
                found.setdefault(_key(phone), employee.user_id)
    for employee in listed:
        if employee.extension and employee.extension not in doubles:
            found[employee.extension] = employee.user_id
    return found
