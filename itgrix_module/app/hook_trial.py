# SPDX-License-Identifier: GPL-3.0-or-later
"""Customizations as the panel and the commands see them: their state, and a trial on a past call that sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from itgrix_module.app.call_full import Known
from itgrix_module.app.hook_answers import Decision, decided
from itgrix_module.app.hook_samples import of_call
from itgrix_module.app.hooking import Said
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.ports import CallRow, PortalSide
from itgrix_module.domain.numbers import digits, looks_subscriber

_SLOW = "process_record_file_path"


@dataclass(frozen=True)
class HookRules:
    """The administrator's switches. ``seconds``: limit of a run; ``record_seconds``: of the one for recordings."""

    enabled: bool = False
    active: frozenset[str] = frozenset()
    seconds: float = 2.0
    record_seconds: float = 10.0

    def is_on(self, name: str) -> bool:
        """Switched on, and customizations as a whole too."""
        return self.enabled and name in self.active

    def limit(self, name: str) -> float:
        """Seconds that a run may take."""
        return self.record_seconds if name == _SLOW else self.seconds


@dataclass(frozen=True)
class HookState:
    """One line of the panel's list. Times in epoch seconds, UTC, None when never.

    ``file``: names of its files, empty when there is none. ``problem``: why it cannot run as it is now, empty when it
    can. ``fails``: its last run failed. ``left_out_until``: it was too slow and calls do without it until then.
    """

    name: str
    file: str = ""
    on: bool = False
    problem: str = ""
    fails: bool = False
    last_run: float | None = None
    last_seconds: float | None = None
    last_failure: str = ""
    last_failure_at: float | None = None
    left_out_until: float | None = None


@dataclass(frozen=True)
class Attempt:
    """One run. ``seconds``: how long it took; ``errors``: what the script wrote on standard error, one line."""

    name: str
    file: str
    said: Said
    seconds: float
    errors: str = ""


class Bench(Protocol):
    """Where a customization can be tried."""

    def attempt(self, name: str, params: Mapping[str, Any]) -> Attempt:
        """Run it once, switched on or not. Never raises."""


@dataclass(frozen=True)
class Trial:
    """What came of a trial. ``given``: its whole input; ``decision``: what the call would go on with."""

    given: Mapping[str, Any]
    attempt: Attempt
    decision: Decision


def tried(bench: Bench, name: str, row: CallRow, portal: PortalSide, known: Known, paths: Iterable[str] = ()) -> Trial:
    """Run a customization on a past call as if it were going on. ``paths``: files of its recording."""
    given, default = of_call(name, row, portal, known, tuple(paths))
    attempt = bench.attempt(name, given)
    return Trial(given, attempt, decided(name, attempt.said, default))


class Roster:
    """Fulfils ``app.crm_records.Names`` from the employees as last read. ``overrides``: extension to portal user."""

    def __init__(self, employees: Iterable[Employee], overrides: Mapping[str, int] | None = None) -> None:
        self._by_user: dict[int, Employee] = {}
        self._by_party: dict[str, Employee] = {}
        for employee in employees:
            self._by_user.setdefault(employee.user_id, employee)
            for party in (employee.extension, *employee.phones):
                if party:
                    self._by_party.setdefault(_key(party), employee)
        for extension, user in (overrides or {}).items():
            known = self._by_user.get(user)
            self._by_party[_key(extension)] = Employee(
                extension, user, known.name if known else "", known.phones if known else ()
            )

    def employee(self, party: str) -> Employee | None:
        """By extension, or by the last ten digits of a mobile."""
        return self._by_party.get(_key(party))

    def user(self, user_id: int) -> Employee | None:
        """By portal user."""
        return self._by_user.get(user_id)


def _key(party: str) -> str:
    return digits(party)[-10:] if looks_subscriber(party) else party
