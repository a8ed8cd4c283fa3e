# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is connected with the client, who waits where: bridges, consultations, the car park."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from itgrix_module.domain.call import Call, Span, Talk, Transfer
from itgrix_module.domain.dialling import mate_of
from itgrix_module.domain.facts import LegJoined, LegParted, Room

Connection = tuple[str, str, bool]  # leg, party, is he an employee
PARKING = 2.0  # seconds within which a transfer and the car park are one event, in either order


def leg_joined(call: Call, fact: LegJoined) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None:
        return call
    parked = fact.room is Room.PARK
    call = call.with_leg(replace(leg, bridge=fact.bridge if fact.room is Room.TALK else "", parked=parked))
    if not parked or not _stands_for_client(call, fact.leg):
        return call
    transfers = call.transfers
    if transfers and _leads_nowhere_yet(call, transfers[-1]) and fact.at - transfers[-1].at < PARKING:
        transfers = transfers[:-1]  # he was sent to the car park, not to somebody
    return park_if_left(replace(call, transfers=transfers, taken_from=""), fact.at)


def _leads_nowhere_yet(call: Call, transfer: Transfer) -> bool:
    return transfer.kind == "blind" and transfer.told and all(talk.start <= transfer.at for talk in call.talks)


def park_if_left(call: Call, at: float) -> Call:
    """Parked time begins when the one who parks has heard the place and is gone; until then he is busy with it."""
    if not is_parked(call) or (call.parks and call.parks[-1].end is None):
        return call
    if any(leg.met_client and leg.bridge for leg in call.legs.values()):
        return call
    return replace(call, parks=(*call.parks, Span(at)))


def is_parked(call: Call) -> bool:
    """The client is in the car park, himself or by the far half of the Local pair that leads to him (a queue's)."""
    return any(leg.parked and _stands_for_client(call, leg.id) for leg in call.legs.values())


def _stands_for_client(call: Call, leg_id: str) -> bool:
    seen: set[str] = set()
    edge = [leg_id]
    while edge:
        leg = call.legs.get(edge.pop())
        if leg is None or leg.id in seen:
            continue
        if leg.id == call.client:
            return True
        seen.add(leg.id)
        mate = mate_of(call.legs.values(), leg)
        if mate is not None and mate.bridge:
            seen.add(mate.id)
            edge += [other.id for other in call.legs.values() if other.bridge == mate.bridge and other.id != mate.id]
    return False


def leg_parted(call: Call, fact: LegParted) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None:
        return call
    if leg.parked:
        return call.with_leg(replace(leg, parked=False))
    if leg.bridge != fact.bridge:
        return call
    if fact.leg == call.client:
        call = replace(call, taken_from=_left_behind(call))
    return park_if_left(call.with_leg(replace(leg, bridge="")), fact.at)


def _left_behind(call: Call) -> str:
    """The employee from whose bridge the client is being taken, if he did not send him away himself."""
    for talk in call.talks:
        leg = call.legs.get(talk.leg)
        if talk.end is None and leg is not None and leg.employee and leg.bridge and not leg.gave_away:
            return talk.party
    return ""


def close(spans: tuple[Span, ...], at: float) -> tuple[Span, ...]:
    """End the last span, if it is open."""
    if not spans or spans[-1].end is not None:
        return spans
    return (*spans[:-1], replace(spans[-1], end=max(at, spans[-1].start)))


def connected(call: Call, at: float, parties: frozenset[Connection], alone_in_bridge: bool) -> Call:
    """The client (or, inside the company, the caller) is now connected with exactly these parties.

    ``alone_in_bridge``: he waits in a bridge where nobody else is, as during an attended transfer by feature code.
    """
    open_now = {talk.leg for talk in call.talks if talk.end is None}
    wanted = {leg for leg, _, _ in parties}
    new = sorted(party for party in parties if party[0] not in open_now)
    talks = call.talks
    if open_now - wanted:
        talks = tuple(_ended(talk, at) if talk.leg not in wanted else talk for talk in talks)
    talks += tuple(Talk(leg, party, employee, at) for leg, party, employee in new)
    consults = _consults(call, talks, at, alone_in_bridge and not parties)
    if talks != call.talks or consults != call.consults:
        call = replace(call, talks=talks, consults=consults)
    return _found(call, new, at) if new else call


def _ended(talk: Talk, at: float) -> Talk:
    return talk if talk.end is not None else replace(talk, end=max(at, talk.start))


def _consults(call: Call, talks: tuple[Talk, ...], at: float, alone: bool) -> tuple[Span, ...]:
    if not (alone and any(_comes_back(call, talk) for talk in talks)):
        return close(call.consults, at)
    if call.consults and call.consults[-1].end is None:
        return call.consults
    return (*call.consults, Span(at))


def _comes_back(call: Call, talk: Talk) -> bool:
    leg = call.legs.get(talk.leg)
    return talk.employee and leg is not None and not leg.gave_away


def _found(call: Call, new: list[Connection], at: float) -> Call:
    """The client has come to somebody: he is parked no longer, and known to have been taken from somebody else."""
    call = _meet(call, (leg for leg, _, _ in new))
    transfers = call.transfers
    employees = [party for _, party, employee in new if employee]
    others = [party for leg, party, _ in new if leg in call.legs]  # not the client of another call
    to = next(iter(employees + others), "")
    if call.taken_from and to and to != call.taken_from:
        transfers = (*transfers, Transfer("blind", call.taken_from, to, at, told=False))
    return replace(call, parks=close(call.parks, at), transfers=transfers, taken_from="")


def _meet(call: Call, legs: Iterable[str]) -> Call:
    for key in legs:
        leg = call.legs.get(key)
        if leg is not None and not leg.met_client:
            call = call.with_leg(replace(leg, met_client=True))
    return call


def near(call: Call, legs: frozenset[str]) -> Call:
    """These legs share a bridge with the client."""
    return call if legs <= call.near else replace(call, near=call.near | legs)
