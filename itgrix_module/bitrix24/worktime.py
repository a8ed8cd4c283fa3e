# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is at work: the portal's time tracking, and its calendar (contract §8.6, §11).

A search for a client says the state of the responsible's day along with him, which saves a request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from itgrix_module.app.clients import Question
from itgrix_module.app.rest_ports import Answer, Command, Rest
from itgrix_module.app.route_memory import Calendar
from itgrix_module.bitrix24 import telephony
from itgrix_module.bitrix24.limits import LIVE
from itgrix_module.bitrix24.search import BitrixSearch
from itgrix_module.bitrix24.shapes import mapping, maps, text, whole
from itgrix_module.domain.failures import Failure, Permanent
from itgrix_module.domain.hours import Days, Range, YearDay
from itgrix_module.domain.responsible import Record

STATUS = "timeman.status"
CALENDAR = "calendar.settings.get"
NO_SCOPE = "insufficient_scope"
TRACKED = frozenset(("OPENED", "PAUSED", "CLOSED", "EXPIRED"))
_MOST = 50  # commands in one batch
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_TIME = re.compile(r"(\d{1,2})(?:[.:](\d{1,2}))?")
_YEAR_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})")
_LEAP = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

OnStatus = Callable[[int, str], None]  # portal user, state of his day


class BitrixWorktime:
    """Fulfils ``app.route_memory.Worktime``. ``rest``: called for each request; a person waits for its answer."""

    def __init__(self, rest: Callable[[], Rest]) -> None:
        self._rest = rest

    def statuses(self, users: Sequence[int]) -> Mapping[int, str]:
        """See the port."""
        found: dict[int, str] = {}
        for first in range(0, len(users), _MOST):
            part = users[first : first + _MOST]
            found |= {user: _tracked(state) for user, state in self._asked(part)}
        return {user: state for user, state in found.items() if state}

    def calendar(self) -> Calendar:
        """See the port."""
        return read_calendar(mapping(self._rest().call(CALENDAR, {}, priority=LIVE)))

    def _asked(self, users: Sequence[int]) -> list[tuple[int, Any]]:
        if len(users) == 1:
            return [(users[0], self._single(users[0]))]
        commands = [Command(f"u{user}", STATUS, {"USER_ID": user}) for user in users]
        answers = self._rest().batch(commands, priority=LIVE)
        return [(user, _result(answer)) for user, answer in zip(users, answers, strict=True)]

    def _single(self, user: int) -> Any:
        try:
            return self._rest().call(STATUS, {"USER_ID": user}, priority=LIVE)
        except Permanent as failure:
            return _without(failure)


class OverheardSearch:
    """Fulfils ``app.clients.ClientSource``; tells the state of the day of each responsible that comes by."""

    def __init__(self, rest: Callable[[], Rest], on_status: OnStatus) -> None:
        self._rest, self._on_status = rest, on_status

    def search(self, questions: Sequence[Question], priority: int) -> list[tuple[Record, ...]]:
        """See the port."""
        return BitrixSearch(_Overheard(self._rest(), self._on_status)).search(questions, priority)


class _Overheard:
    """A portal whose answers to searches are listened to."""

    def __init__(self, rest: Rest, on_status: OnStatus) -> None:
        self._rest, self._on_status = rest, on_status

    def call(self, method: str, params: Mapping[str, Any] | None = None, *, priority: int = LIVE) -> Any:
        result = self._rest.call(method, params, priority=priority)
        self._listen(method, result)
        return result

    def batch(self, commands: Sequence[Command], *, priority: int = LIVE) -> list[Answer]:
        answers = self._rest.batch(commands, priority=priority)
        for command, answer in zip(commands, answers, strict=True):
            self._listen(command.method, answer.result)
        return answers

    def _listen(self, method: str, result: Any) -> None:
        if method != telephony.SEARCH:
            return
        for row in maps(result):
            person = mapping(row.get("ASSIGNED_BY"))
            user, state = whole(person.get("ID")), text(person.get("TIMEMAN_STATUS")).upper()
            if user and state:
                self._on_status(user, state if state in TRACKED else "")


def read_calendar(found: Mapping[str, Any]) -> Calendar:
    """Working days from ``calendar.settings.get``: hours, days off of each week and of each year, working days."""
    start, end = _minute(found.get("work_time_start"), 9 * 60), _minute(found.get("work_time_end"), 18 * 60)
    hours: tuple[Range, ...] = ((start, end if end > start else end + 24 * 60),)
    off = {text(day).upper() for day in _listed(found.get("week_holidays"))}
    week = tuple(() if day in off else hours for day in _DAYS)
    if not any(week):
        week = (hours,) * 7  # a week without a working day is an empty form, not a rule
    return Calendar(
        week, Days(yearly=_year(found.get("year_holidays"))), Days(yearly=_year(found.get("year_workdays")))
    )


def _result(answer: Answer) -> Any:
    if isinstance(answer.failure, Permanent):
        return _without(answer.failure)
    if isinstance(answer.failure, Failure):
        raise answer.failure
    return answer.result


def _without(failure: Permanent) -> None:
    """Somebody is no user, or not one whose time we may see; only a right that lacks altogether is a fault."""
    if failure.code == NO_SCOPE:
        raise failure


def _tracked(result: Any) -> str:
    state = text(mapping(result).get("STATUS")).upper()
    return state if state in TRACKED else ""


def _listed(value: Any) -> list[Any]:
    return list(mapping(value).values())


def _minute(value: Any, otherwise: int) -> int:
    """``9``, ``9.30`` and ``09:30``; what cannot be read is the portal's own default."""
    found = _TIME.fullmatch(text(value).strip())
    if not found:
        return otherwise
    minute = int(found[1]) * 60 + int((found[2] or "0").ljust(2, "0"))
    return minute if minute <= 24 * 60 else otherwise


def _year(value: Any) -> tuple[tuple[YearDay, YearDay], ...]:
    """``1.01,23.02``: day and month of each year."""
    found = (_YEAR_DAY.fullmatch(part.strip()) for part in text(value).split(","))
    days = [(int(each[2]), int(each[1])) for each in found if each]
    return tuple((day, day) for day in days if 1 <= day[0] <= 12 and 1 <= day[1] <= _LEAP[day[0] - 1])
