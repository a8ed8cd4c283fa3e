# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing: number → client → employee who can take the call, always within the limit.

What is remembered answers at once. What is missing or old is asked beside the caller: of the portal, the database and
the PBX at the same time, each in threads of its own, so that none of them holds up the others. At the end of the limit
old answers count, and the late ones warm the memory for the next call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from itgrix_module.app.clients import Question
from itgrix_module.app.route_jobs import Job, Jobs
from itgrix_module.app.route_memory import (
    CALENDAR_FRESH,
    CALENDAR_STALE,
    STATUS_FRESH,
    STATUS_STALE,
    TALK_FRESH,
    TALK_STALE,
    RouteMemory,
)
from itgrix_module.app.route_ports import Asked, Customize, Routed, Sources
from itgrix_module.app.route_rules import RouteSettings
from itgrix_module.domain.failures import Failure, Permanent
from itgrix_module.domain.numbers import looks_subscriber
from itgrix_module.domain.responsible import Record
from itgrix_module.domain.routing import (
    DEAL,
    FAULT,
    LAST,
    NOT_TOLD,
    OVERLOAD,
    SLOW,
    Decision,
    Facts,
    RouteRules,
    Staff,
    Who,
    decide,
    wishes,
)

LIVE = 2  # priority of requests to the portal for which a person waits
AT_ONCE = 32  # callers that are thought about
FOR_SCRIPT = 0.4  # share of the limit that is left for a customization
_HURRY = frozenset(("budget", "method_held", "timeout", "read_timeout", "connect_timeout", "stopping"))


@dataclass
class _Look:
    """What is known at a moment, and the questions that are still open: key to how it is asked and where.

    ``began``: when the caller was first thought about, monotonic seconds.
    """

    facts: Facts
    began: float
    stale: bool = False
    open: dict[Hashable, tuple[Jobs, Callable[[], None]]] = field(default_factory=dict)


class Router:
    """Thread-safe. ``settings``: read for each caller. Close it at the end."""

    def __init__(self, memory: RouteMemory, sources: Sources, settings: Callable[[], RouteSettings]) -> None:
        self._memory, self._from, self._settings = memory, sources, settings
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._portal, self._pbx = Jobs("route-portal", 6, 60), Jobs("route-pbx", 4, 60)
        self._own, self._scripts = Jobs("route-calls", 4, 60), Jobs("route-script", 8, 20)

    def close(self) -> None:
        """Ask nothing more; answers come from the memory."""
        for jobs in (self._portal, self._pbx, self._own, self._scripts):
            jobs.close()

    @property
    def limit(self) -> float:
        """Seconds that an answer may take."""
        return self._settings().limit

    def route(self, asked: Asked) -> Routed:
        """Whom to connect a caller with; within the limit, whatever happens. Never raises a Failure."""
        began = time.monotonic()
        if not self._room.acquire(blocking=False):
            return Routed(asked, Decision("", OVERLOAD))
        try:
            routed = self._routed(asked, began)
        finally:
            self._room.release()
        if routed.decision.extension:
            self._from.devices.sent(routed.decision.extension)
        return replace(routed, seconds=time.monotonic() - began)

    def _routed(self, asked: Asked, began: float) -> Routed:
        settings = self._settings()
        seconds = asked.limit or settings.limit
        rules, customize = settings.rules(asked.destination), self._from.customize()
        until = began + seconds
        number = settings.number(asked.number)
        known = number if looks_subscriber(number) else ""
        look = self._gathered(known, rules, settings, until - (seconds * FOR_SCRIPT if customize else 0.0))
        decision = decide(look.facts, rules)
        records = look.facts.records or ()
        routed = Routed(asked, decision, number, look.stale, records=records, caller_name=rules.caller_name)
        return self._customized(routed, customize, until) if customize else routed

    # -- facts

    def _gathered(self, number: str, rules: RouteRules, settings: RouteSettings, until: float) -> _Look:
        """Ask what is missing, again as answers show what else is missing, until all is known or time is up."""
        change, jobs, began = threading.Event(), dict[Hashable, Job](), time.monotonic()
        while True:
            change.clear()
            answered = {key for key, job in jobs.items() if job.done}
            look = _Look(Facts(number), began)
            if number:
                self._look(look, number, rules, settings, jobs)
            for key, (lane, work) in look.open.items():
                if key not in jobs:
                    jobs[key] = lane.start(key, work)
                    jobs[key].tell(change.set)
            rest = until - time.monotonic()
            if rest <= 0 or answered >= look.open.keys():
                return look
            change.wait(rest)

    def _look(
        self, look: _Look, number: str, rules: RouteRules, settings: RouteSettings, jobs: Mapping[Hashable, Job]
    ) -> None:
        records = self._records(look, number, rules, settings)
        last = self._last(look, number, settings) if LAST in rules.choices else ""
        trouble = _trouble(jobs.get(("client", number)))
        is_open = self._is_open(look, rules, settings)
        look.facts = Facts(number, records, last, {}, is_open, trouble)
        look.facts = replace(look.facts, staff=self._staff(look, rules, settings))

    def _records(
        self, look: _Look, number: str, rules: RouteRules, settings: RouteSettings
    ) -> tuple[Record, ...] | None:
        with_deals = DEAL in rules.choices
        fresh = self._memory.fresh_client(number, with_deals)
        if fresh is not None:
            return fresh.records
        question = Question(number, settings.spellings(number), with_deals=with_deals)
        look.open["client", number] = (self._portal, lambda: self._ask_client(question))
        old = self._memory.clients.stale(number, settings.stale)
        if old is None or (with_deals and not old.with_deals):
            return None
        look.stale = True
        return old.records

    def _ask_client(self, question: Question) -> None:
        if self._memory.fresh_client(question.number, question.with_deals) is not None:
            return  # another caller's answer has come since
        clients = self._from.clients
        clients.forget(question.number)
        found = clients.find([question], LIVE)[question.number]
        if self._memory.fresh_client(question.number, question.with_deals) is None:
            self._memory.remember(question, found)  # a portal that does not let us search knows nobody

    def _last(self, look: _Look, number: str, settings: RouteSettings) -> Who | None:
        talks = self._memory.talks
        fresh = talks.fresh(number, TALK_FRESH)
        if fresh is not None:
            return fresh
        since = self._from.now() - settings.last_days * 86400.0
        look.open["last", number] = (self._own, lambda: talks.put(number, self._ask_last(number, since)))
        return talks.stale(number, TALK_STALE)

    def _ask_last(self, number: str, since: float) -> Who:
        party = self._from.talks.last_talker(number, since)
        found = self._from.people.employee(party) if party else None
        if found is not None and found.user_id:
            return found.user_id
        return "" if looks_subscriber(party) else party

    def _is_open(self, look: _Look, rules: RouteRules, settings: RouteSettings) -> bool | None:
        now = self._from.now()
        if rules.hours == "own":
            return settings.hours.is_open(now)
        if rules.hours != "portal_calendar":
            return None
        shelf = self._memory.calendar
        calendar = shelf.fresh("", CALENDAR_FRESH)
        if calendar is None:
            look.open["calendar"] = (self._portal, lambda: shelf.put("", self._from.worktime.calendar()))
            calendar = shelf.stale("", CALENDAR_STALE)
        return calendar.hours(settings.hours).is_open(now) if calendar is not None else None

    def _staff(self, look: _Look, rules: RouteRules, settings: RouteSettings) -> dict[Who, Staff]:
        """Everybody who may get the call, with his phone and his day."""
        wanted = [wish.who for wish in wishes(look.facts, rules) if not wish.why]
        staff = {who: self._known(who, settings) for who in wanted}
        users = [who for who in wanted if isinstance(who, int) and staff[who].extension]
        days = self._days(look, users) if rules.hours == "timeman" else {}
        return {who: replace(one, device=self._device(look, one), work=days.get(who, "")) for who, one in staff.items()}

    def _known(self, who: Who, settings: RouteSettings) -> Staff:
        if isinstance(who, str):
            return Staff(who if settings.dialable(who) else "")
        extension = self._from.people.extension(who)
        if extension is None:
            return Staff(active=False)
        return Staff(extension if settings.dialable(extension) else "", self._from.people.name(who))

    def _device(self, look: _Look, staff: Staff) -> str:
        extension, devices = staff.extension, self._from.devices
        if not extension:
            return NOT_TOLD
        state = devices.state(extension, look.began)
        if state is None:
            look.open["device", extension] = (self._pbx, lambda: devices.ask(extension))
        return state or NOT_TOLD

    def _days(self, look: _Look, users: Sequence[int]) -> dict[Who, str]:
        statuses = self._memory.statuses
        missing = tuple(user for user in users if statuses.fresh(user, STATUS_FRESH) is None)
        if missing:
            look.open["days", missing] = (self._portal, lambda: self._ask_days(missing))
        return {user: statuses.stale(user, STATUS_STALE) or "" for user in users}

    def _ask_days(self, users: Sequence[int]) -> None:
        try:
            found = self._from.worktime.statuses(users)
        except Permanent:
            for user in users:
                self._memory.statuses.put(user, "")  # it will not tell the next caller either
            raise
        for user in users:
            self._memory.statuses.put(user, found.get(user, ""))

    # -- the customization

    def _customized(self, routed: Routed, customize: Customize, until: float) -> Routed:
        """A script that is not ready in time has not spoken."""
        done, answers = threading.Event(), list[tuple[Decision, str]]()
        job = self._scripts.start(object(), lambda: answers.append(customize(routed)))
        job.tell(done.set)
        done.wait(max(0.0, until - time.monotonic()))
        if not answers:
            return replace(routed, told="customization customize_autodistribution: no answer in time")
        decision, told = answers[0]
        return replace(routed, decision=decision, told=told)


def _trouble(job: Job | None) -> str:
    """Why the portal has not said who the caller is."""
    if job is None or not job.done or job.failure is None:
        return SLOW
    return FAULT if isinstance(job.failure, Failure) and job.failure.code not in _HURRY else SLOW
