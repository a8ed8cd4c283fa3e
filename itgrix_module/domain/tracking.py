# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a call as a fold: (call, fact) -> call. One small function per kind of fact, chosen from a table.

What depends on other calls (who shares a bridge with whom, which calls become one) is decided by ``board``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from itgrix_module.domain.call import (
    Call,
    Dial,
    Direction,
    Leg,
    Recording,
    Ring,
    Rung,
    Span,
    Talk,
    Transfer,
)
from itgrix_module.domain.facts import (
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
    LegTransferred,
    RecordingNamed,
    Room,
    Side,
)
from itgrix_module.domain.numbers import is_dialled_number, looks_subscriber, same_number

Connection = tuple[str, str, bool]  # leg, party, is he an employee


def apply(call: Call, fact: Fact) -> Call:
    """The call after a fact about one of its legs."""
    return replace(_TABLE[type(fact)](call, fact), changed=max(call.changed, fact.at))


def _leg_added(call: Call, fact: LegAdded) -> Call:
    if fact.leg in call.legs:
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
    )
    call = call.with_leg(leg)
    return _begin(call, fact) if fact.leg == call.root else call


def _begin(call: Call, fact: LegAdded) -> Call:
    call = replace(call, root_side=fact.side, root_party=fact.party, calling=fact.calling)
    if fact.side is not Side.OUTSIDE or not fact.calling:
        return call
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


def _leg_dialled(call: Call, fact: LegDialled) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None:
        return call
    if fact.leg == call.root and not fact.by:
        call = replace(call, originated=True)
    call = call.with_leg(
        replace(
            leg,
            ring=Ring.RINGING,
            rang_at=fact.at,
            dialled_by=fact.by,
            number=fact.number or leg.number,
            calling=False,
        )
    )
    if leg.side is Side.EMPLOYEE:
        return _rang(call, leg.party, _outermost(call, leg.id))
    if leg.side is not Side.OUTSIDE:
        return call
    if call.direction is Direction.INCOMING:
        return _mobile_dialled(call, leg, fact.number)
    return _client_dialled(call, leg, fact.number)


def _rang(call: Call, party: str, outermost: Leg) -> Call:
    if any(ring.party == party for ring in call.rings):
        return call
    place = list(call.legs).index(outermost.id)
    return replace(call, rings=(*call.rings, Rung(party, outermost.added, place)))


def _outermost(call: Call, leg_id: str) -> Leg:
    """The first leg that was made to reach this phone: its birth is when the PBX decided to ring it."""
    leg, seen = call.legs[leg_id], {leg_id}
    outermost = leg
    while leg.dialled_by and leg.dialled_by not in seen:
        seen.add(leg.dialled_by)
        dialler = call.legs.get(leg.dialled_by)
        mate = mate_of(call.legs.values(), dialler) if dialler is not None else None
        if mate is None or not mate.dialled_by:
            return outermost
        leg = outermost = mate
    return outermost


def _mobile_dialled(call: Call, leg: Leg, number: str) -> Call:
    """An outside leg within an incoming call is an employee's mobile, unless somebody gave the call away to it."""
    if not number or not is_mobile(call, call.legs[leg.id]):
        return call
    return _rang(call, number, _outermost(call, leg.id))


def _client_dialled(call: Call, leg: Leg, number: str) -> Call:
    if call.client and any(talk.employee for talk in call.talks):
        return call  # the client is there already, this is somebody he is sent to
    if not call.client:
        call = replace(call, talks=(), consults=())  # what was said before was said inside the company
    return replace(
        call,
        client=leg.id,
        number=number or leg.number or call.number,
        trunk=leg.party,
        dials=(*call.dials, Dial(leg.id, number, leg.party)),
        diallers=call.diallers | {call.legs[leg.id].dialled_by},
    )


def is_mobile(call: Call, leg: Leg) -> bool:
    """Was the outside leg of an incoming call dialled for the client (follow-me), not by an employee's hand?"""
    if any(same_number(transfer.to, leg.number) for transfer in call.transfers):
        return False
    seen: set[str] = set()
    source = leg.dialled_by
    while source and source not in seen:
        seen.add(source)
        dialler = call.legs.get(source)
        if dialler is None or source == call.client:
            return True
        if dialler.side is Side.EMPLOYEE:
            return False
        mate = mate_of(call.legs.values(), dialler)
        if mate is None:
            return True
        source = mate.dialled_by
        if not source:
            return False  # a pair that nobody dialled: an employee's attended transfer
    return True


def mate_of(legs: Iterable[Leg], leg: Leg) -> Leg | None:
    """The other half of a Local pair."""
    if not leg.pair:
        return None
    return next((other for other in legs if other.pair == leg.pair and other.id != leg.id), None)


def _dial_ended(call: Call, fact: DialEnded) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None:
        return call
    answered = fact.status == "ANSWER"
    if not answered and leg.ring is Ring.ANSWERED:
        return call  # queues end the same ringing twice
    call = call.with_leg(
        replace(leg, ring=Ring.ANSWERED if answered else Ring.LOST, answered=fact.at if answered else None)
    )
    call = replace(call, dials=tuple(_dial_with_status(dial, fact) for dial in call.dials))
    if not answered:
        return call
    if leg.side is Side.EMPLOYEE and call.picked_up is None:
        call = replace(call, picked_up=fact.at)
    return _others_lose(call, call.legs[fact.leg], fact.by)


def _dial_with_status(dial: Dial, fact: DialEnded) -> Dial:
    if dial.leg != fact.leg or dial.status == "ANSWER":
        return dial
    return replace(dial, status=fact.status)


def _others_lose(call: Call, winner: Leg, by: str) -> Call:
    """Who rang for the same dialler has lost when one answers; the PBX says so only milliseconds later."""
    if not by:
        return call
    for leg in tuple(call.legs.values()):
        if leg.dialled_by == by and leg.id != winner.id and leg.ring is Ring.RINGING:
            call = call.with_leg(replace(leg, ring=Ring.LOST))
            mate = mate_of(call.legs.values(), leg)
            if mate is not None:
                call = _others_lose(call, winner, mate.id)
    return call


def _leg_joined(call: Call, fact: LegJoined) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None:
        return call
    parked = fact.room is Room.PARK
    call = call.with_leg(replace(leg, bridge=fact.bridge if fact.room is Room.TALK else "", parked=parked))
    if not parked or fact.leg != call.client:
        return call
    transfers = call.transfers
    if transfers and transfers[-1].kind == "blind" and fact.at - transfers[-1].at < 2:
        transfers = transfers[:-1]  # he was sent to the car park, not to somebody
    return _park_if_left(replace(call, transfers=transfers), fact.at)


def _park_if_left(call: Call, at: float) -> Call:
    """Parked time begins when the one who parks has heard the place and is gone; until then he is busy with it."""
    client = call.legs.get(call.client)
    if client is None or not client.parked or (call.parks and call.parks[-1].end is None):
        return call
    if any(leg.met_client and leg.bridge for leg in call.legs.values()):
        return call
    return replace(call, parks=(*call.parks, Span(at)))


def _leg_parted(call: Call, fact: LegParted) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None:
        return call
    if leg.parked:
        call = replace(call, parks=_close(call.parks, fact.at))
        return call.with_leg(replace(leg, parked=False))
    if leg.bridge != fact.bridge:
        return call
    return _park_if_left(call.with_leg(replace(leg, bridge="")), fact.at)


def _close(spans: tuple[Span, ...], at: float) -> tuple[Span, ...]:
    if not spans or spans[-1].end is not None:
        return spans
    return (*spans[:-1], replace(spans[-1], end=at))


def _leg_transferred(call: Call, fact: LegTransferred) -> Call:
    leg = call.legs.get(fact.leg) or call.legs.get(fact.second)
    by = leg.party if leg is not None and leg.side is Side.EMPLOYEE else _last_party(call)
    kind = "attended" if fact.attended else "blind"
    if not fact.to or fact.to == by:
        return call
    return replace(call, transfers=(*call.transfers, Transfer(kind, by, fact.to, fact.at)))


def _last_party(call: Call) -> str:
    return call.talks[-1].party if call.talks else call.root_party


def _leg_held(call: Call, _: LegHeld) -> Call:
    return call


def _leg_queued(call: Call, fact: LegQueued) -> Call:
    return replace(call, queue=fact.queue)


def _recording_named(call: Call, fact: RecordingNamed) -> Call:
    if not fact.path:
        return replace(call, recordings=tuple(_stopped(item, fact.leg, fact.at) for item in call.recordings))
    if any(item.path == fact.path for item in call.recordings):
        return call
    if "/" not in fact.path and any(item.leg == fact.leg for item in call.recordings):
        return call  # the call record repeats the bare name of a file whose path is known
    return replace(call, recordings=(*call.recordings, Recording(fact.leg, fact.path, fact.at)))


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
        call.without_leg(fact.leg),
        dials=dials,
        recordings=tuple(_stopped(item, fact.leg, fact.at) for item in call.recordings),
        parks=_close(call.parks, fact.at) if leg.parked else call.parks,
    )
    if call.ended is None and _is_over(call):
        return replace(call, ended=fact.at, cause=fact.cause)
    return _park_if_left(call, fact.at)


def _is_over(call: Call) -> bool:
    """The client is gone, or, where he never spoke with anybody on an outgoing call, everybody is."""
    if not call.legs:
        return True
    if not call.client or call.client in call.legs:
        return False
    return call.direction is Direction.INCOMING or any(talk.employee for talk in call.talks)


def connected(call: Call, at: float, parties: frozenset[Connection], alone_in_bridge: bool) -> Call:
    """The client (or, inside the company, the caller) is now connected with exactly these parties.

    ``alone_in_bridge``: he waits in a bridge where nobody else is, as during an attended transfer by feature code.
    """
    open_now = {talk.leg for talk in call.talks if talk.end is None}
    wanted = {leg for leg, _, _ in parties}
    talks = call.talks
    if open_now - wanted:
        talks = tuple(replace(talk, end=at) if talk.end is None and talk.leg not in wanted else talk for talk in talks)
    new = sorted(party for party in parties if party[0] not in open_now)
    talks += tuple(Talk(leg, party, employee, at) for leg, party, employee in new)
    if new:
        call = _meet(call, (leg for leg, _, _ in new))
    consults = call.consults
    waiting = alone_in_bridge and not parties and any(_is_alive(call, talk) for talk in talks)
    if waiting and (not consults or consults[-1].end is not None):
        consults = (*consults, Span(at))
    elif not waiting:
        consults = _close(consults, at)
    if talks == call.talks and consults == call.consults:
        return call
    return replace(call, talks=talks, consults=consults)


def _meet(call: Call, legs: Iterable[str]) -> Call:
    for key in legs:
        leg = call.legs.get(key)
        if leg is not None and not leg.met_client:
            call = call.with_leg(replace(leg, met_client=True))
    return call


def _is_alive(call: Call, talk: Talk) -> bool:
    return talk.employee and talk.leg in call.legs


def near(call: Call, legs: frozenset[str]) -> Call:
    """These legs share a bridge with the client."""
    return call if legs <= call.near else replace(call, near=call.near | legs)


def merged(kept: Call, other: Call) -> Call:
    """Two calls have become one: the other had no outside party of its own."""
    known = set(kept.rang)
    rings = kept.rings + tuple(ring for ring in other.rings if ring.party not in known)
    return replace(
        kept,
        legs={**kept.legs, **other.legs},
        rings=rings,
        recordings=kept.recordings + other.recordings,
        transfers=tuple(sorted({*kept.transfers, *other.transfers}, key=lambda transfer: transfer.at)),
        merged=(*kept.merged, other.id, *other.merged),
    )


_TABLE: dict[type[Any], Callable[[Call, Any], Call]] = {
    LegAdded: _leg_added,
    LegNumbered: _leg_numbered,
    LegDialled: _leg_dialled,
    DialEnded: _dial_ended,
    LegJoined: _leg_joined,
    LegParted: _leg_parted,
    LegTransferred: _leg_transferred,
    LegHeld: _leg_held,
    LegQueued: _leg_queued,
    RecordingNamed: _recording_named,
    LegEnded: _leg_ended,
}

__all__ = ["apply", "connected", "is_mobile", "mate_of", "merged", "near"]
