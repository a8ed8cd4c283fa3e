# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who: extensions and mobiles of employees to portal users, read from the portal and kept through its faults."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from itgrix_module.app.orders import Options
from itgrix_module.app.people_ports import Employee, EmployeeStore, PeopleSource
from itgrix_module.domain.failures import Failure, Temporary
from itgrix_module.domain.numbers import digits, looks_subscriber

log = logging.getLogger("itgrix.employees")

UNKNOWN_PAUSE = 60.0  # seconds between refreshes that an unknown extension or a failure asks for
FIRST_PAUSE = 10.0  # the same while nobody is known at all
FIRST_PATIENCE = 120.0  # seconds that calls wait for the first answer about employees, while the portal takes calls
SHRUNKEN = 0.5  # an answer with less than this share of the employees known is not believed at once


@dataclass(frozen=True)
class DirectoryState:
    """What the panel and the doctor show. ``refreshed``: epoch seconds, UTC, 0 when never.

    ``shrunken``: the portal's last answer named only so many employees and is not believed; None when it is.
    """

    employees: tuple[Employee, ...] = ()
    refreshed: float = 0.0
    failure: Failure | None = None
    doubles: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    shrunken: int | None = None


@dataclass(frozen=True)
class DirectoryRules:
    """The administrator's part: ``overrides`` extension -> user, ``default_user`` 0 when nobody is named.

    ``spread``: how ``missed_users`` share missed calls (``off``, ``round_robin``, ``random``). ``profile_phones``:
    numbers in the portal's profiles count. ``normal``: the form in which an employee's number is looked up.
    """

    overrides: Mapping[str, int]
    default_user: int = 0
    spread: str = "off"
    missed_users: tuple[int, ...] = ()
    profile_phones: bool = True
    normal: Callable[[str], str] = str


def _first_place(way: str, count: int) -> int:  # noqa: ARG001
    return 0


class Directory:
    """Answers from memory; ``refresh`` asks the portal. Readers never wait for it."""

    def __init__(
        self,
        store: EmployeeStore,
        source: PeopleSource,
        rules: Callable[[], DirectoryRules],
        options: Callable[[], Options],
        clock: Callable[[], float],
        turn: Callable[[str, int], int] = _first_place,
    ) -> None:
        self._store, self._source, self._rules = store, source, rules
        self._options, self._clock, self._turn = options, clock, turn
        employees, at = store.load()
        self._state = DirectoryState(employees, at, doubles=_doubles(employees))
        self._index(employees)
        self._unknown: dict[str, float] = {}
        self._suspect: frozenset[Employee] | None = None
        self._portals = 0  # how often it became another one
        self._own_user = 0
        self._asked: float | None = None
        self._first_asked: float | None = None

    @property
    def state(self) -> DirectoryState:
        """What is known now."""
        overrides = self._rules().overrides
        unknown = sorted(party for party in list(self._unknown) if party not in overrides)
        return replace(self._state, unknown=tuple(unknown))

    def user(self, party: str) -> int | None:
        """Portal user of an extension or of an employee's mobile number."""
        rules = self._rules()
        override = rules.overrides.get(party)
        if override is not None:
            return override
        found = self._employee(rules.normal(party), rules)
        if found is None and party and not looks_subscriber(party):
            self._unknown.setdefault(party, self._clock())
        return found.user_id if found else None

    def employee(self, party: str) -> Employee | None:
        """Who has an extension or a mobile; None when nobody known has it."""
        rules = self._rules()
        override = rules.overrides.get(party)
        if override is None:
            return self._employee(rules.normal(party), rules)
        known = self.person(override)
        return Employee(party, override, known.name if known else "", known.phones if known else ())

    def owns(self, number: str) -> bool:
        """Does an employee's profile hold this subscriber number?"""
        return self._rules().profile_phones and looks_subscriber(number) and _key(number) in self._by_phone

    def person(self, user: int) -> Employee | None:
        """A portal user; None when he is not known."""
        return next((employee for employee in self._state.employees if employee.user_id == user), None)

    def _employee(self, party: str, rules: DirectoryRules) -> Employee | None:
        found = self._by_extension.get(party)
        if found is None and rules.profile_phones and looks_subscriber(party):
            found = self._by_phone.get(_key(party))
        return found

    def default_user(self, line: str) -> int:
        """Who takes the calls of nobody; 0 when there is no such user."""
        return next(iter(self.stand_ins(line)), 0)

    def missed_user(self, line: str) -> int:
        """Who takes a missed call of nobody: the line's own default user, whoever's turn it is, everybody's."""
        rules, rule = self._rules(), self._options().rule(line)
        own = rule.default_user if rule is not None else 0
        if own or rules.spread == "off" or not rules.missed_users:
            return own or self.default_user(line)
        try:
            place = self._turn(rules.spread, len(rules.missed_users))
        except Failure as failure:
            log.warning("whose turn it is cannot be read, the first one takes the call: %s", failure)
            place = 0
        return rules.missed_users[place % len(rules.missed_users)]

    def stand_ins(self, line: str) -> tuple[int, ...]:
        """The line's own default user, everybody's, the user whose authorisation we have: as far as there are any."""
        rule = self._options().rule(line)
        wanted = (rule.default_user if rule is not None else 0, self._rules().default_user, self._own_user)
        return tuple(dict.fromkeys(user for user in wanted if user))

    @property
    def was_read(self) -> bool:
        """Has the portal told its employees, in this life or before?"""
        return bool(self._state.refreshed)

    @property
    def is_ready(self) -> bool:
        """May calls be told already? Without the employees each would go to the default user."""
        if self._state.refreshed:
            return True
        if self._first_asked is None:
            return False
        is_waiting = self._state.failure is None or isinstance(self._state.failure, Temporary)
        return not is_waiting or self._clock() - self._first_asked > FIRST_PATIENCE

    def wants_refresh(self, every: float) -> bool:
        """Is it time (``every`` seconds), or has an extension appeared that nobody has?"""
        if self._asked is None:
            return True  # in this life: only the portal knows whose authorisation we use
        now = self._clock()
        pause = UNKNOWN_PAUSE if self._state.employees else FIRST_PAUSE
        if now - self._asked < min(pause, every):
            return False
        newly = any(seen > self._state.refreshed for seen in list(self._unknown.values()))
        return newly or self._state.failure is not None or now - self._state.refreshed >= every

    def ask_again(self, *, other_portal: bool = False) -> None:
        """The next ``wants_refresh`` says yes. ``other_portal``: what is known is of another one, its answer counts."""
        self._asked = None
        if other_portal:
            # The state first: whoever sees that nobody is the default user sees that nobody is known as well.
            self._portals += 1
            self._state = replace(self._state, employees=(), refreshed=0.0, doubles=())
            self._own_user, self._first_asked, self._suspect = 0, None, None
            self._index(())

    def refresh(self) -> Failure | None:
        """Read all employees from the portal. A failure or a strangely small answer keeps what is known.

        Returns what went wrong with the portal; raises Failure of the database.
        """
        now = self._clock()
        self._first_asked = now if self._first_asked is None else self._first_asked
        portal = self._portals
        try:
            found, own_user = tuple(self._source.employees()), self._source.own_user()
        except Failure as failure:
            return self._not_read(failure) if portal == self._portals else None
        if portal != self._portals:
            return None  # it is another portal meanwhile, whose own answer counts
        self._asked, self._own_user = self._clock(), own_user
        if not self._is_suspect(found):
            self._take(found)
        return None

    def _not_read(self, failure: Failure) -> Failure:
        self._asked = self._clock()
        before = self._state.failure
        if before is None or before.code != failure.code:
            log.info("employees could not be read, the %d known stay: %s", len(self._state.employees), failure)
        self._state = replace(self._state, failure=failure)
        return failure

    def _is_suspect(self, found: tuple[Employee, ...]) -> bool:
        """An answer without most of the employees must come twice, one without any of them is never believed."""
        seen = frozenset(found)
        before, self._suspect = self._suspect, None
        if len(found) >= len(self._state.employees) * SHRUNKEN or (found and before == seen):
            return False
        self._suspect = seen
        self._state = replace(self._state, failure=None, shrunken=len(found))
        return True

    def _index(self, employees: Iterable[Employee]) -> None:
        listed = tuple(employees)
        self._by_extension, self._by_phone = _by_extension(listed), _by_phone(listed)

    def _take(self, found: tuple[Employee, ...]) -> None:
        now = self._clock()
        if found != self._state.employees:
            log.info("employees: %d with an extension or a phone", len(found))
        self._index(found)
        self._unknown = {party: now for party in list(self._unknown) if party not in self._by_extension}
        self._state = DirectoryState(found, now, None, _doubles(found))
        self._store.save(found, now)


class Names:
    """Fulfils ``app.crm_records.Names``: who is who as the directory knows it now."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def employee(self, party: str) -> Employee | None:
        """By extension or mobile."""
        return self._directory.employee(party)

    def user(self, user_id: int) -> Employee | None:
        """By portal user."""
        return self._directory.person(user_id)


def _key(party: str) -> str:
    """Extensions as they are; subscriber numbers by their last ten digits, however they are written."""
    return digits(party)[-10:] if looks_subscriber(party) else party


def _doubles(employees: Iterable[Employee]) -> tuple[str, ...]:
    owners: dict[str, set[int]] = {}
    for employee in employees:
        if employee.extension:
            owners.setdefault(employee.extension, set()).add(employee.user_id)
    return tuple(sorted(extension for extension, users in owners.items() if len(users) > 1))


def _by_extension(employees: Iterable[Employee]) -> dict[str, Employee]:
    listed = tuple(employees)
    doubles = set(_doubles(listed))
    return {each.extension: each for each in listed if each.extension and each.extension not in doubles}


def _by_phone(employees: Iterable[Employee]) -> dict[str, Employee]:
    """A number that several employees give (the office's, as a rule) is nobody's."""
    owners: dict[str, dict[int, Employee]] = {}
    for employee in employees:
        for phone in filter(looks_subscriber, employee.phones):
            owners.setdefault(_key(phone), {})[employee.user_id] = employee
    return {phone: next(iter(users.values())) for phone, users in owners.items() if len(users) == 1}
