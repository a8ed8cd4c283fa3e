# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answers for a call, and which CRM record it belongs to. Pure; every choice comes with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

CONTACT, COMPANY, LEAD = "CONTACT", "COMPANY", "LEAD"
KINDS = (CONTACT, COMPANY, LEAD)
MISSED_POLICIES = ("client", "last_rung", "default")


@dataclass(frozen=True)
class Deal:
    """An open deal of a contact or company. ``category``: its funnel, ``stage``: where it is there."""

    id: str
    name: str = ""
    responsible: int | None = None
    created: float = 0.0
    category: int = 0
    stage: str = ""


@dataclass(frozen=True)
class Record:
    """A CRM record with the client's number. ``created``: epoch seconds, 0 when not asked for.

    ``status``: of a lead, by the portal's code; ``outcome``: S when it was converted, F when it was thrown away.
    ``deals``: open ones of a contact or company, as far as somebody asked.
    """

    kind: str
    id: str
    name: str = ""
    responsible: int | None = None
    created: float = 0.0
    status: str = ""
    outcome: str = ""
    deals: tuple[Deal, ...] = ()

    @property
    def is_closed(self) -> bool:
        """A lead that was converted or thrown away."""
        return self.outcome in ("S", "F")


@dataclass(frozen=True)
class Choice:
    """A portal user and why it is he."""

    user: int
    why: str


def chosen_record(records: Sequence[Record], policy: str, employees: Sequence[int]) -> Record | None:
    """The record that gets the call; None leaves the choice to the portal. ``employees``: who rings or dials."""
    if len(records) < 2:
        return None
    if policy == "talker":
        own = (record for user in employees for record in _by_kind(records) if record.responsible == user)
        return next(own, None)
    if policy == "kind":
        return _by_kind(records)[0]
    if policy == "newest":
        return max(records, key=lambda record: (not record.is_closed, record.created))
    return None


def _by_kind(records: Iterable[Record]) -> list[Record]:
    """Contacts, companies, leads; within a kind live ones first, else in the portal's order."""
    places = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(records, key=lambda record: (places.get(record.kind, len(KINDS)), record.is_closed))


def responsible_of(records: Sequence[Record], record: Record | None = None) -> int | None:
    """The client's responsible: of the record that gets the call, else of the first one that has somebody."""
    if record is not None and record.responsible:
        return record.responsible
    return next((found.responsible for found in _by_kind(records) if found.responsible), None)


def first_responsible(
    policy: str, ringing: Sequence[int], client: int | None, default: Callable[[], int]
) -> Choice | None:
    """For whom an incoming call is registered. None when there is nobody at all."""
    by_policy = {
        "ringing": (_ringing(ringing), _default(default)),
        "client": (_client(client), _ringing(ringing), _default(default)),
        "default": (_default(default), _ringing(ringing)),
    }
    return _first(by_policy.get(policy, by_policy["ringing"]))


def missed_responsible(
    policy: str, client: int | None, last_rung: int | None, default: Callable[[], int]
) -> Choice | None:
    """Who answers for a missed call: the order starts at the policy. None when there is nobody at all."""
    chain: dict[str, Callable[[], Choice | None]] = {
        "client": _client(client),
        "last_rung": _last_rung(last_rung),
        "default": _default(default),
    }
    start = MISSED_POLICIES.index(policy) if policy in MISSED_POLICIES else 0
    return _first([chain[name] for name in MISSED_POLICIES[start:]])


def _first(ways: Iterable[Callable[[], Choice | None]]) -> Choice | None:
    """Ways are tried in turn, so that nobody's turn is used up for a call that has somebody already."""
    found = (way() for way in ways)
    return next((choice for choice in found if choice is not None), None)


def _client(user: int | None) -> Callable[[], Choice | None]:
    return lambda: Choice(user, "the client's responsible") if user else None


def _last_rung(user: int | None) -> Callable[[], Choice | None]:
    return lambda: Choice(user, "whose phone rang last") if user else None


def _ringing(users: Sequence[int]) -> Callable[[], Choice | None]:
    return lambda: Choice(users[0], "whose phone rang first") if users else None


def _default(user: Callable[[], int]) -> Callable[[], Choice | None]:
    def way() -> Choice | None:
        found = user()
        return Choice(found, "the default user") if found else None

    return way
