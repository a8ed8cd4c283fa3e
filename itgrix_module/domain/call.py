# SPDX-License-Identifier: GPL-3.0-or-later
"""A call and its legs as values: what is known at one moment, never changed in place.

A call is everything under one Linkedid, or under several that a transfer made one. Times are epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from itgrix_module.domain.facts import Side


class Phase(StrEnum):
    """How far a call has come."""

    ARRIVING = "arriving"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class Direction(StrEnum):
    """Which way a call goes, seen from the company."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    MISSED = "missed"
    BUSY = "busy"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    FAILED = "failed"
    NO_ANSWER = "no_answer"


class Ring(StrEnum):
    """Where a leg that the PBX rang stands."""

    NONE = ""
    RINGING = "ringing"
    ANSWERED = "answered"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Leg:
    """One party's channel in a call.

    ``rang_at``: when the PBX began to ring it; ``answered``: when it picked up. ``dialled``: what its party dialled,
    or what a Local pair was made for. ``mobile``: an outside leg that is an employee's mobile. ``gave_away``: its
    party has handed the call over.
    """

    id: str
    side: Side
    party: str
    channel: str
    added: float
    calling: bool = False
    pair: str = ""
    number: str = ""
    dialled_by: str = ""
    ring: Ring = Ring.NONE
    rang_at: float | None = None
    answered: float | None = None
    bridge: str = ""
    parked: bool = False
    met_client: bool = False
    dialled: str = ""
    mobile: bool = False
    gave_away: bool = False

    @property
    def employee(self) -> bool:
        """A phone or a mobile of an employee."""
        return self.side is Side.EMPLOYEE or self.mobile

    @property
    def who(self) -> str:
        """Extension of an employee, number of an outside party."""
        return self.party if self.side is Side.EMPLOYEE else self.number


@dataclass(frozen=True, slots=True)
class Talk:
    """A party was connected with the client. ``employee``: False for an outside party the client was sent to."""

    leg: str
    party: str
    employee: bool
    start: float
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, open while ``end`` is None."""

    start: float
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Who gave the call to whom; extensions or outside numbers.

    ``told``: the PBX said so; False when it only follows from who talked with whom.
    """

    kind: str
    by: str
    to: str
    at: float
    told: bool = True


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that the PBX writes, on which leg and since when. ``end``: when it was stopped or its leg ended."""

    leg: str
    path: str
    start: float
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Dial:
    """The last attempt to reach the client through a trunk."""

    leg: str
    number: str
    trunk: str
    status: str = ""
    cause: int = 0


@dataclass(frozen=True, slots=True)
class Rung:
    """A phone rang. ``asked``: when the PBX decided to ring it (a queue asks in order, the phones ring in any).

    ``place``: order among those asked in the same moment.
    """

    party: str
    asked: float
    place: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """The state of one call.

    ``id``: Linkedid of its oldest channel. ``root``: leg that began it. ``client``: leg of the outside party, empty
    for an internal call. ``rings``: everybody whose phone rang. ``changed``: time of the newest fact. ``near``: legs
    that shared a bridge with the client (a recording on them is a recording of the client); ``diallers``: legs that
    dialled the client. ``consults``: the client waited in the bridge while his employee asked somebody else.
    ``parks``: he was parked, until he talked again. ``taken_from``: the employee whom he left in a bridge, as long as
    nobody said why. ``merged``: Linkedids that became part of this call. ``vote``: the caller's rating, 1 to 5.
    ``order``: ``click`` or ``callback`` when somebody in the portal ordered it, for ``employee`` (empty: whoever of a
    group answers), ``quiet`` and ``order_line`` as in ``CallOrdered``; ``failure``: why the PBX did not do it;
    ``refusal``, ``refusal_cause``: how the ringing of the last employee's phone ended (DialStatus, Q.850).
    """

    id: str
    root: str
    started: float
    calling: bool = False
    originated: bool = False
    root_side: Side = Side.SERVICE
    root_party: str = ""
    did: str = ""
    trunk: str = ""
    number: str = ""
    name: str = ""
    client: str = ""
    legs: Mapping[str, Leg] = field(default_factory=dict)
    rings: tuple[Rung, ...] = ()
    talks: tuple[Talk, ...] = ()
    consults: tuple[Span, ...] = ()
    parks: tuple[Span, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    recordings: tuple[Recording, ...] = ()
    near: frozenset[str] = frozenset()
    diallers: frozenset[str] = frozenset()
    dials: tuple[Dial, ...] = ()
    picked_up: float | None = None
    queue: str = ""
    taken_from: str = ""
    merged: tuple[str, ...] = ()
    changed: float = 0.0
    ended: float | None = None
    cause: int = 0
    vote: int | None = None
    order: str = ""
    employee: str = ""
    quiet: bool = False
    order_line: str = ""
    failure: str = ""
    refusal: str = ""
    refusal_cause: int = 0

    @property
    def rang(self) -> tuple[str, ...]:
        """Everybody whose phone rang, in the order in which the PBX asked for them."""
        return tuple(ring.party for ring in sorted(self.rings, key=lambda ring: (ring.asked, ring.place)))

    @property
    def direction(self) -> Direction:
        """Decided by the leg that began the call; a second trunk leg is only a way to a mobile."""
        if self.order:
            return Direction.OUTGOING
        if self.root_side is Side.OUTSIDE and self.calling:
            return Direction.INCOMING
        if self.client or self.dials:
            return Direction.OUTGOING
        if self.number and (self.originated or not self.rings):
            return Direction.OUTGOING  # a number outside was dialled, and not (yet) answered inside
        if self.root_side in (Side.EMPLOYEE, Side.LOCAL):
            return Direction.INTERNAL
        return Direction.UNKNOWN

    @property
    def phase(self) -> Phase:
        """ARRIVING until a phone rings, RINGING until a human answers, then TALKING until the end."""
        if self.ended is not None:
            return Phase.ENDED
        if any(talk.employee for talk in self.talks):
            return Phase.TALKING
        return Phase.RINGING if self.rang or self.dials else Phase.ARRIVING

    @property
    def line(self) -> str:
        """The DID that the client dialled, else the trunk; empty for an internal call."""
        if self.direction is Direction.INCOMING:
            return self.did or self.trunk
        return self.trunk

    @property
    def has_client(self) -> bool:
        """An outside party takes part or was meant to."""
        return self.direction in (Direction.INCOMING, Direction.OUTGOING)

    @property
    def is_awaited(self) -> bool:
        """It was ordered, and the PBX has not made a channel for it yet."""
        return bool(self.order) and not self.legs and self.ended is None

    def live_legs(self) -> list[Leg]:
        """Legs whose channel still exists."""
        return list(self.legs.values())

    def with_leg(self, leg: Leg) -> Call:
        """The call with a leg added or replaced."""
        return replace(self, legs={**self.legs, leg.id: leg})

    def without_leg(self, leg: str) -> Call:
        """The call without a leg."""
        return replace(self, legs={key: value for key, value in self.legs.items() if key != leg})
