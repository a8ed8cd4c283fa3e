# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is dialled for whom: phones that ring, mobiles behind Local pairs, trunks that lead to the client."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from itgrix_module.domain.call import Call, Dial, Leg, Ring, Rung
from itgrix_module.domain.facts import DialEnded, LegDialled, Side
from itgrix_module.domain.numbers import digits, is_dialled_number, is_internal, looks_subscriber, same_number

_LONGEST_EXTENSION_THAT_IS_NO_TOWN = 4  # digits; numbers of five and six may be a town's


@dataclass(frozen=True, slots=True)
class Way:
    """How the PBX came to dial a leg. ``top``: the leg at the beginning, None when it is gone already.

    ``paired``: it leads through Local pairs. ``by_nobody``: ``top`` is half of a pair that nobody dialled: made by
    an attended transfer with a feature code, or by an Originate.
    """

    top: Leg | None
    paired: bool = False
    by_nobody: bool = False


def leg_dialled(call: Call, fact: LegDialled) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None or leg.ring is Ring.ANSWERED:
        return call  # a snapshot had told more already
    if fact.leg == call.root and not fact.by:
        call = replace(call, originated=True)
    leg = replace(
        leg,
        ring=Ring.RINGING,
        rang_at=fact.at,
        dialled_by=fact.by,
        number=fact.number or leg.number,
        calling=False,
    )
    call = call.with_leg(leg)
    if leg.side is Side.EMPLOYEE:
        return _rang(call, leg.party, _outermost(call, leg.id))
    return _outside_dialled(call, leg, fact) if leg.side is Side.OUTSIDE else call


def _outside_dialled(call: Call, leg: Leg, fact: LegDialled) -> Call:
    number = fact.number
    if fact.own or (call.order and leg.id == call.root) or _is_mobile(call, leg, number):
        call = call.with_leg(replace(leg, mobile=True))
        return _rang(call, number, _outermost(call, leg.id)) if number else call
    return _client_dialled(call, leg, number) if _lacks_client(call) else call


def _lacks_client(call: Call) -> bool:
    """Nobody outside has called in, and nobody of those who were dialled talks yet."""
    if call.root_side is Side.OUTSIDE and call.calling:
        return False
    client = call.legs.get(call.client)
    if client is not None and client.ring is Ring.ANSWERED:
        return False
    return not call.client or not any(talk.employee for talk in call.talks)


def _client_dialled(call: Call, leg: Leg, number: str) -> Call:
    if not call.client:
        call = replace(call, talks=(), consults=())  # what was said before was said inside the company
    dials = tuple(dial for dial in call.dials if dial.leg != leg.id)
    return replace(
        call,
        client=leg.id,
        number=call.number if call.order else number or leg.number or call.number,
        trunk=leg.party,
        dials=(*dials, Dial(leg.id, number, leg.party)),
        diallers=call.diallers | {leg.dialled_by},
    )


def _is_mobile(call: Call, leg: Leg, number: str) -> bool:
    """Was the outside leg dialled to reach an employee (follow-me, forward), not by an employee's hand?"""
    if any(same_number(transfer.to, number or leg.number) for transfer in call.transfers[-1:]):
        return False
    way = _way_to(call, leg)
    if way.top is None or way.top.id == call.client:
        return bool(call.client) and (way.paired or _is_on_his_way(call))
    if way.by_nobody:
        return _is_behind_pair_of_nobody(call, way.top, number)
    if way.top.side is Side.EMPLOYEE:
        wanted = _wanted(call, way.top)
        return is_internal(wanted) and (way.paired or _is_forward(wanted, number))
    return bool(call.client)


def _is_behind_pair_of_nobody(call: Call, top: Leg, number: str) -> bool:
    root = call.legs.get(call.root)
    if root is not None and root.pair == top.pair:
        return call.originated and _is_on_the_employees_side(call, root, top)
    # By a feature code somebody asks an extension that forwards outside, or a number outside.
    return is_internal(top.dialled) and _is_forward(top.dialled, number)


def _is_forward(wanted: str, number: str) -> bool:
    """Has an extension's number become another one? A town's short numbers are only completed by the PBX."""
    if len(digits(wanted)) > _LONGEST_EXTENSION_THAT_IS_NO_TOWN:
        return not digits(number).endswith(digits(wanted))
    return wanted.isdigit() and digits(number) != wanted and looks_subscriber(number)


def _is_on_his_way(call: Call) -> bool:
    """Does the dialplan lead the client, or was he sent on to an extension? Else somebody dialled a number for him."""
    last = max((talk for talk in call.talks if talk.employee), key=lambda talk: talk.start, default=None)
    if last is None:
        return True
    sent = call.transfers[-1] if call.transfers else None
    return sent is not None and is_internal(sent.to) and sent.at >= last.start and sent.to != last.party


def _is_on_the_employees_side(call: Call, root: Leg, top: Leg) -> bool:
    """Of an Originate through a Local pair: click-to-call dials the employee behind it, call-back the client."""
    if call.order:
        return top.id == root.id  # the employee always comes first
    if not is_dialled_number(root.dialled):
        return False
    return (top.id == root.id) == is_internal(root.dialled)


def _wanted(call: Call, top: Leg) -> str:
    """Whom an employee dialled, or to whom he was sent."""
    if top.id == call.root:
        return top.dialled
    return call.transfers[-1].to if call.transfers else ""


def _way_to(call: Call, leg: Leg) -> Way:
    seen: set[str] = set()
    source, paired = leg.dialled_by, False
    while source not in seen:
        seen.add(source)
        dialler = call.legs.get(source)
        mate = mate_of(call.legs.values(), dialler) if dialler is not None else None
        if dialler is None or mate is None:
            return Way(dialler, paired)
        if not mate.dialled_by:
            return Way(mate, True, by_nobody=True)
        source, paired = mate.dialled_by, True
    return Way(None, paired)


def mate_of(legs: Iterable[Leg], leg: Leg) -> Leg | None:
    """The other half of a Local pair."""
    if not leg.pair:
        return None
    return next((other for other in legs if other.pair == leg.pair and other.id != leg.id), None)


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
        if mate is None or not mate.dialled_by or mate.ring is Ring.ANSWERED:
            return outermost
        leg = outermost = mate
    return outermost


def dial_ended(call: Call, fact: DialEnded) -> Call:
    leg = call.legs.get(fact.leg)
    if leg is None:
        return replace(call, dials=tuple(_dial_with_status(dial, fact) for dial in call.dials))
    answered = fact.status == "ANSWER"
    if not answered and leg.ring is Ring.ANSWERED:
        return call  # queues end the same ringing twice
    leg = replace(leg, ring=Ring.ANSWERED if answered else Ring.LOST, answered=fact.at if answered else None)
    if call.order and not answered and (leg.employee or (leg.id == call.root and not call.refusal)):
        call = replace(call, refusal=fact.status)
    call = replace(call.with_leg(leg), dials=tuple(_dial_with_status(dial, fact) for dial in call.dials))
    if not answered:
        return call
    if leg.employee and call.picked_up is None:
        call = replace(call, picked_up=fact.at)
    return _others_lose(_client_answered(call, leg), leg, fact.by)


def _dial_with_status(dial: Dial, fact: DialEnded) -> Dial:
    if dial.leg != fact.leg or dial.status == "ANSWER":
        return dial
    return replace(dial, status=fact.status)


def _client_answered(call: Call, leg: Leg) -> Call:
    """Of several outside numbers that rang at once the one that answers is the client."""
    dial = next((dial for dial in call.dials if dial.leg == leg.id), None)
    if dial is None or call.client == leg.id or not _lacks_client(call):
        return call
    number = call.number if call.order else dial.number or leg.number
    return replace(call, client=leg.id, number=number, trunk=dial.trunk)


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
