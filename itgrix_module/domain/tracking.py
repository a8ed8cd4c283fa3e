# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a call as a fold: (call, fact) -> call. One small function per kind of fact, chosen from a table.

What depends on other calls (who shares a bridge with whom, which calls become one) is decided by ``board``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from itgrix_module.domain.call import Call, Direction, Leg, Recording, Ring
from itgrix_module.domain.dialling import dial_ended, leg_dialled
from itgrix_module.domain.facts import (
    CallOrdered,
    DialEnded,
    Fact,
    LegAdded,
    LegDialled,
    LegEnded,
    LegHeld,
    LegJoined,
    LegNumbered,
    LegParted,
    LegQueued,
    LegRated,
    LegTransferred,
    OrderFailed,
    RecordingNamed,
    Side,
)
from itgrix_module.domain.handing import leg_transferred
from itgrix_module.domain.numbers import is_dialled_number, is_subscriber, looks_subscriber
from itgrix_module.domain.ordered import leg_refused, order_failed, ordered
from itgrix_module.domain.talking import close, leg_joined, leg_parted, park_if_left


def apply(call: Call, fact: Fact) -> Call:
    """The call after a fact about one of its legs."""
    return replace(_TABLE[type(fact)](call, fact), changed=max(call.changed, fact.at))


def _leg_added(call: Call, fact: LegAdded) -> Call:
    known = call.legs.get(fact.leg)
    if known is not None and not (fact.calling and _may_call(known)):
        return call  # a snapshot had told of it already
    leg = Leg(
        id=fact.leg,
        side=fact.side,
        party=fact.party,
        channel=fact.channel,
        added=fact.at,
        calling=fact.calling,
        pair=fact.pair,
        number=fact.number,
        dialled=fact.dialled,
    )
    call = call.with_leg(leg)
    # The call bears the name of the leg that began it, also when that was heard of later than others.
    return _begin(call, fact) if fact.leg in (call.root, call.id) else call


def _may_call(leg: Leg) -> bool:
    """Nobody has dialled it, nor has it done anything."""
    return not (leg.calling or leg.dialled_by or leg.bridge) and leg.ring is Ring.NONE


def _begin(call: Call, fact: LegAdded) -> Call:
    call = replace(call, root=fact.leg, root_side=fact.side, root_party=fact.party, calling=fact.calling)
    if not fact.calling:
        return call
    if fact.side is not Side.OUTSIDE:
        return replace(call, number=fact.dialled) if is_subscriber(fact.dialled) and not call.order else call
    did = fact.dialled if is_dialled_number(fact.dialled) else ""
    return replace(
        call,
        client=fact.leg,
        trunk=fact.party,
        did=did,
        number=fact.number,
        name=_client_name(fact.name, fact.number),
    )


def _client_name(name: str, number: str) -> str:
    return "" if name == number or name.startswith("CID:") else name


def _leg_numbered(call: Call, fact: LegNumbered) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None:
        return call
    if fact.leg == call.client and call.direction is Direction.INCOMING:
        name = call.name or _client_name(fact.name, fact.number)
        return replace(call, number=call.number or fact.number, name=name)
    if fact.leg == call.root and not leg.calling and not call.number and looks_subscriber(fact.number):
        # A leg that the PBX made by itself shows the number it was made for: click-to-call.
        return replace(call, number=fact.number)
    return call


def _leg_held(call: Call, _: LegHeld) -> Call:
    return call


def _leg_rated(call: Call, fact: LegRated) -> Call:
    return replace(call, vote=fact.vote)


def _leg_queued(call: Call, fact: LegQueued) -> Call:
    return replace(call, queue=fact.queue)


def _recording_named(call: Call, fact: RecordingNamed) -> Call:
    if not fact.path:
        return replace(call, recordings=tuple(_stopped(item, fact.leg, fact.at) for item in call.recordings))
    if any(item.path == fact.path for item in call.recordings):
        return call
    if "/" not in fact.path and any(item.leg == fact.leg for item in call.recordings):
        return call  # the call record repeats the bare name of a file whose path is known
    if any(_is_name_of(item, fact) for item in call.recordings):
        known = (replace(item, path=fact.path) if _is_name_of(item, fact) else item for item in call.recordings)
        return replace(call, recordings=tuple(known))
    return replace(call, recordings=(*call.recordings, Recording(fact.leg, fact.path, fact.at)))


def _is_name_of(recording: Recording, fact: RecordingNamed) -> bool:
    """Is it the bare name of the file whose path the PBX tells only now?"""
    return recording.leg == fact.leg and "/" not in recording.path and fact.path.endswith(f"/{recording.path}")


def _stopped(recording: Recording, leg: str, at: float) -> Recording:
    if recording.leg != leg or recording.end is not None:
        return recording
    return replace(recording, end=at)


def _leg_ended(call: Call, fact: LegEnded) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None:
        return call
    dials = tuple(replace(dial, cause=fact.cause) if dial.leg == fact.leg else dial for dial in call.dials)
    call = replace(
        leg_refused(_never_dialled(call, leg), leg, fact.cause).without_leg(fact.leg),
        dials=dials,
        recordings=tuple(_stopped(item, fact.leg, fact.at) for item in call.recordings),
        parks=close(call.parks, fact.at) if leg.parked else call.parks,
    )
    if call.ended is None and _is_over(call):
        return replace(call, ended=max(fact.at, call.started), cause=fact.cause)
    return park_if_left(call, fact.at)


def _never_dialled(call: Call, leg: Leg) -> Call:
    """A call-back by the PBX that ends before a trunk was dialled: whom it was for, only its first channel says."""
    made_for_client = leg.id == call.root and leg.side is Side.LOCAL and is_subscriber(leg.dialled)
    if not made_for_client or call.number or call.rings or call.dials:
        return call
    return replace(call, number=leg.dialled)


def _is_over(call: Call) -> bool:
    """The client is gone, or, where he never spoke with anybody on an outgoing call, everybody is."""
    if not call.legs:
        return True
    if call.order and not call.client:
        return False  # whoever was to be rung says by his last channel why he was not reached
    if not call.client or call.client in call.legs:
        return _is_abandoned(call)
    return call.direction is Direction.INCOMING or any(talk.employee for talk in call.talks)


def _is_abandoned(call: Call) -> bool:
    """Who called is gone, and nobody whom the PBX rang for him has answered. An outside leg still has to say why."""
    if any(dial.leg in call.legs for dial in call.dials):
        return False
    unanswered = all(leg.ring is Ring.LOST for leg in call.legs.values())
    return unanswered and call.root not in call.legs and not call.talks


def merged(kept: Call, other: Call) -> Call:
    """Two calls have become one: the other had no outside party of its own."""
    known = set(kept.rang)
    rings = kept.rings + tuple(ring for ring in other.rings if ring.party not in known)
    return replace(
        kept,
        legs={**kept.legs, **other.legs},
        rings=rings,
        recordings=kept.recordings + other.recordings,
        transfers=tuple(sorted(dict.fromkeys(kept.transfers + other.transfers), key=lambda transfer: transfer.at)),
        merged=(*kept.merged, other.id, *other.merged),
    )


def moved(source: Call, target: Call, legs: frozenset[str]) -> tuple[Call, Call]:
    """Legs that turn out to belong to another call: source and target after the move."""
    taken = {key: leg for key, leg in source.legs.items() if key in legs}
    rest = {key: leg for key, leg in source.legs.items() if key not in legs}
    return replace(source, legs=rest), replace(target, legs={**target.legs, **taken})


_TABLE: dict[type[Any], Callable[[Call, Any], Call]] = {
    CallOrdered: ordered,
    OrderFailed: order_failed,
    LegAdded: _leg_added,
    LegNumbered: _leg_numbered,
    LegDialled: leg_dialled,
    DialEnded: dial_ended,
    LegJoined: leg_joined,
    LegParted: leg_parted,
    LegTransferred: leg_transferred,
    LegHeld: _leg_held,
    LegQueued: _leg_queued,
    LegRated: _leg_rated,
    RecordingNamed: _recording_named,
    LegEnded: _leg_ended,
}

__all__ = ["apply", "merged", "moved"]
