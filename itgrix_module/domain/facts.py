# SPDX-License-Identifier: GPL-3.0-or-later
"""What telephony told us: the narrow waist between the PBX's forty events and the life of a call.

A leg is known by the PBX's unique id of its channel, never by the channel's name (names repeat after a restart).
All times are epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Side(StrEnum):
    """On whose side of the PBX a leg is."""

    EMPLOYEE = "employee"
    OUTSIDE = "outside"
    LOCAL = "local"  # one half of a pair inside the PBX: no party, only a link
    SERVICE = "service"  # announcers, recorders and the like


class Room(StrEnum):
    """What kind of bridge legs meet in."""

    TALK = "talk"
    PARK = "park"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Fact:
    """``at``: when it happened; ``leg``: unique id of the leg that it is about."""

    at: float
    leg: str


@dataclass(frozen=True, slots=True)
class LegAdded(Fact):
    """A channel appeared.

    ``call``: Linkedid. ``party``: extension of an employee, name of the trunk of an outside leg. ``number``,
    ``name``: caller id as the channel shows it. ``dialled``: what the caller dialled (a DID on a trunk), or what a
    Local pair was made for. ``calling``: the party called in; False for a leg that the PBX makes. ``pair``: for one
    half of a Local pair, the name both halves share.
    """

    call: str
    channel: str
    side: Side
    party: str
    number: str = ""
    name: str = ""
    dialled: str = ""
    calling: bool = False
    pair: str = ""


@dataclass(frozen=True, slots=True)
class LegNumbered(Fact):
    """The caller id of a leg was set or changed."""

    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class LegDialled(Fact):
    """The PBX starts to ring a leg. ``by``: the leg that dials, empty when nobody did (an Originate).

    ``number``: what was dialled through a trunk, else empty. ``own``: by the administrator's list it is an employee's
    mobile.
    """

    by: str
    number: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class DialEnded(Fact):
    """The ringing of a leg is over.

    ``status``: ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL. ``forward``: where a phone sent the call.
    """

    by: str
    status: str
    forward: str = ""


@dataclass(frozen=True, slots=True)
class LegJoined(Fact):
    """A leg entered a bridge."""

    bridge: str
    room: Room = Room.TALK


@dataclass(frozen=True, slots=True)
class LegParted(Fact):
    """A leg left a bridge."""

    bridge: str


@dataclass(frozen=True, slots=True)
class LegTransferred(Fact):
    """An employee's leg gave the call away. ``leg``: the leg of the one who transfers; ``second``: his other leg.

    ``to``: what he dialled (blind); ``target``: the leg that takes over (attended); ``client``: the leg that is given
    away. Of an attended transfer either may be missing; ``bridge``: where they all are, or empty while it rings.
    ``takes_place``: the client goes on where ``second`` was, without the PBX saying so: in a conference.
    """

    attended: bool
    to: str = ""
    target: str = ""
    second: str = ""
    client: str = ""
    bridge: str = ""
    takes_place: bool = False


@dataclass(frozen=True, slots=True)
class LegHeld(Fact):
    """A party put the other on hold or took it back."""

    on: bool


@dataclass(frozen=True, slots=True)
class LegQueued(Fact):
    """A caller entered a queue."""

    queue: str


@dataclass(frozen=True, slots=True)
class RecordingNamed(Fact):
    """A recording runs on a leg. ``path``: as the PBX names it; empty: it was stopped before the end of the leg."""

    path: str


@dataclass(frozen=True, slots=True)
class LegRated(Fact):
    """The caller has rated the call. ``vote``: 1 to 5."""

    vote: int


@dataclass(frozen=True, slots=True)
class LegEnded(Fact):
    """The channel is gone. ``cause``: Q.850 cause of the hang-up, 0 when unknown."""

    cause: int = 0


@dataclass(frozen=True, slots=True)
class CallOrdered(Fact):
    """Somebody in the portal ordered a call. ``leg``: the unique id that its first channel will have.

    ``order``: ``click`` or ``callback``. ``number``: of the client. ``employee``: whose phone rings first, empty for
    whoever a group or a queue reaches. ``quiet``: the portal need not hear of it as long as nobody dials the client.
    ``line``: the portal's external line that it is for.
    """

    order: str
    number: str
    employee: str = ""
    quiet: bool = False
    line: str = ""


@dataclass(frozen=True, slots=True)
class OrderFailed(Fact):
    """The PBX could not do what was ordered, or was never asked. ``code``: see ``domain.ordered``.

    ``text``: more about it, for the timeline. ``unless_heard``: it only seems so, and counts for nothing when the PBX
    has made a channel for it.
    """

    code: str
    text: str = ""
    unless_heard: bool = False


@dataclass(frozen=True, slots=True)
class ChannelsSeen:
    """All that lives on the PBX at one moment, told after a gap in the facts.

    ``added``: every live leg as if it were new, with the time of its creation, oldest first; ``dialled``: those that
    the PBX rings or rang; ``answered``: of these, who has answered; ``joined``: who is in which bridge.
    ``lost_at``: when the last fact before the gap was heard; ``ended``: legs whose end is known from elsewhere.
    """

    at: float
    lost_at: float
    added: tuple[LegAdded, ...] = ()
    dialled: tuple[LegDialled, ...] = ()
    answered: tuple[DialEnded, ...] = ()
    joined: tuple[LegJoined, ...] = ()
    ended: Mapping[str, float] = field(default_factory=dict)


AnyFact = Fact | ChannelsSeen
