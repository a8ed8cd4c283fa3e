# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing: whom a caller is connected with, and why not. Pure; whoever gathers the facts decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from itgrix_module.domain.responsible import KINDS, Deal, Record, responsible_of

RESPONSIBLE, DEAL, LAST = "responsible", "deal", "last"
CHOICES = (RESPONSIBLE, DEAL, LAST)
HOURS = ("none", "own", "portal_calendar", "timeman")

# Why there is an extension: one of CHOICES, or CUSTOMIZED. Why there is none:
CUSTOMIZED = "customized"
NO_NUMBER, UNKNOWN, CLOSED, OVERLOAD, CANCELLED = "no_number", "unknown", "closed", "overload", "cancelled"
NOBODY, NO_DEAL, NO_TALK, SLOW, FAULT = "nobody", "no_deal", "no_talk", "slow", "fault"
ABSENT, NO_EXTENSION, NOT_WORKING = "absent", "no_extension", "not_working"
BUSY, OFFLINE, NO_STATE = "busy", "offline", "no_state"

FREE = "NOT_INUSE"
NOT_TOLD = "UNKNOWN"
_TALKING = frozenset(("INUSE", "RINGING", "RINGINUSE", "ONHOLD"))
_OFFLINE = frozenset(("UNAVAILABLE", "INVALID"))
# A portal that does not keep anybody's time must not make everybody absent.
_UNTRACKED = frozenset(("", "UNAVAILABLE", "NOT_INSTALLED"))
_ABOUT_PERSON = frozenset((ABSENT, NO_EXTENSION, NOT_WORKING, BUSY, OFFLINE, NO_STATE))
_TROUBLE = frozenset((SLOW, FAULT))

Who = int | str  # a portal user, or the extension of somebody whom the portal does not know


@dataclass(frozen=True)
class RouteRules:
    """``working``: states of the portal's time tracking in which an employee is at work, for ``hours`` timeman.

    ``call_waiting``: who talks already may get another call. ``unknown_is_free``: so is a phone of unknown state.
    """

    choices: tuple[str, ...] = (RESPONSIBLE,)
    hours: str = "none"
    working: frozenset[str] = frozenset(("OPENED",))
    call_waiting: bool = False
    unknown_is_free: bool = True
    caller_name: bool = True


@dataclass(frozen=True)
class Staff:
    """An employee. ``device``: state of his phones, in Asterisk's words; ``work``: his day in the portal, empty when
    nobody has said. ``active``: works here still.
    """

    extension: str = ""
    name: str = ""
    device: str = NOT_TOLD
    work: str = ""
    active: bool = True


@dataclass(frozen=True)
class Facts:
    """What is known in time. ``number``: of the caller, empty when he hides it.

    ``records``: in the CRM with the number, None when the portal has not said, ``trouble`` being why. ``last``: who of
    us talked with him last, empty for nobody, None when it is not known. ``is_open``: None when hours do not matter
    or are not known.
    """

    number: str
    records: tuple[Record, ...] | None = ()
    last: Who | None = ""
    staff: Mapping[Who, Staff] = field(default_factory=dict)
    is_open: bool | None = None
    trouble: str = SLOW


class Wish(NamedTuple):
    """Somebody to connect the caller with. ``why``: the reason where there is nobody."""

    choice: str
    who: Who = ""
    why: str = ""


@dataclass(frozen=True)
class Tried:
    """Who did not get the call and why."""

    choice: str
    extension: str
    reason: str


@dataclass(frozen=True)
class Decision:
    """``extension``: empty for the usual way. ``reason``: see above. ``name``: the client's, as far as it is known."""

    extension: str
    reason: str
    name: str = ""
    tried: tuple[Tried, ...] = ()


def decide(facts: Facts, rules: RouteRules) -> Decision:
    """The first wish whose employee can take the call now."""
    name = client_name(facts.records or ())
    if not facts.number:
        return Decision("", NO_NUMBER)
    if facts.is_open is False:
        return Decision("", CLOSED, name)
    tried: list[Tried] = []
    for wish in wishes(facts, rules):
        staff = facts.staff.get(wish.who, Staff(active=False))
        reason = wish.why or refusal(staff, rules)
        if not reason:
            return Decision(staff.extension, wish.choice, name, tuple(tried))
        tried.append(Tried(wish.choice, "" if wish.why else staff.extension, reason))
    return Decision("", _most_telling(tried), name, tuple(tried))


def wishes(facts: Facts, rules: RouteRules) -> Iterator[Wish]:
    """In the administrator's order; nobody twice."""
    seen: set[Who] = set()
    for choice in rules.choices:
        wish = _WAYS[choice](facts)
        if wish.why or wish.who not in seen:
            yield wish
        seen.add(wish.who)


def refusal(staff: Staff, rules: RouteRules) -> str:
    """Why an employee cannot take a call now; empty when he can."""
    if not staff.active:
        return ABSENT
    if not staff.extension:
        return NO_EXTENSION
    if rules.hours == "timeman" and staff.work not in rules.working | _UNTRACKED:
        return NOT_WORKING
    if staff.device in _OFFLINE:
        return OFFLINE
    if staff.device == "BUSY" or (staff.device in _TALKING and not rules.call_waiting):
        return BUSY
    known = staff.device == FREE or staff.device in _TALKING
    return "" if known or rules.unknown_is_free else NO_STATE


def client_name(records: Sequence[Record]) -> str:
    """Of the first record that has one: contacts, companies, leads."""
    return next((record.name for record in _in_order(records) if record.name), "")


def _by_record(facts: Facts) -> Wish:
    if not facts.records:
        return Wish(RESPONSIBLE, why=_without_records(facts))
    user = responsible_of(facts.records)
    return Wish(RESPONSIBLE, user) if user else Wish(RESPONSIBLE, why=NOBODY)


def _by_deal(facts: Facts) -> Wish:
    if not facts.records:
        return Wish(DEAL, why=_without_records(facts))
    deals = [deal for record in facts.records for deal in record.deals if deal.responsible]
    newest = max(deals, key=_age, default=None)
    return Wish(DEAL, newest.responsible) if newest and newest.responsible else Wish(DEAL, why=NO_DEAL)


def _by_talk(facts: Facts) -> Wish:
    if facts.last:
        return Wish(LAST, facts.last)
    return Wish(LAST, why=SLOW if facts.last is None else NO_TALK)


_WAYS: Mapping[str, Callable[[Facts], Wish]] = {RESPONSIBLE: _by_record, DEAL: _by_deal, LAST: _by_talk}


def _without_records(facts: Facts) -> str:
    return facts.trouble if facts.records is None else UNKNOWN


def _age(deal: Deal) -> tuple[float, int]:
    return deal.created, int(deal.id) if deal.id.isdecimal() else 0


def _in_order(records: Sequence[Record]) -> list[Record]:
    places = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(records, key=lambda record: (places.get(record.kind, len(KINDS)), record.is_closed))


def _most_telling(tried: Sequence[Tried]) -> str:
    """What an administrator asks first: why not this employee? Then what was wrong; then why there is nobody."""
    for kinds in (_ABOUT_PERSON, _TROUBLE):
        for each in tried:
            if each.reason in kinds:
                return each.reason
    return tried[0].reason if tried else NOBODY
