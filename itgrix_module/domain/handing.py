# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfers: who handed the client over to whom."""

from __future__ import annotations

from dataclasses import replace

from itgrix_module.domain.call import Call, Transfer
from itgrix_module.domain.facts import LegTransferred, Side
from itgrix_module.domain.talking import PARKING, close, is_parked

_ONE_EVENT = 2.0  # seconds in which bridges may tell of a transfer before the PBX does


def leg_transferred(call: Call, fact: LegTransferred) -> Call:
    by = _giver(call, fact)
    givers = (fact.leg, fact.second, *_behind(call, fact, by))
    call = replace(_marked(call, givers), taken_from="", consults=close(call.consults, fact.at))
    if not fact.to or fact.to == by or (not fact.attended and _is_parked(call, fact.at)):
        return call
    told = Transfer("attended" if fact.attended else "blind", by, fact.to, fact.at)
    known = tuple(item for item in call.transfers if not _is_guess_of(item, by, fact.at))
    if known and _is_same(known[-1], told):
        return call  # the PBX says it twice
    return replace(call, transfers=(*known, told))


def _giver(call: Call, fact: LegTransferred) -> str:
    for key in (fact.leg, fact.second):
        leg = call.legs.get(key)
        if leg is not None and leg.employee:
            return leg.who
    # Half of a Local pair: he who talked through it (on his mobile), who may have hung up already.
    others = (talk.party for talk in reversed(call.talks) if talk.party != fact.to)
    return next(others, call.root_party)


def _behind(call: Call, fact: LegTransferred, by: str) -> tuple[str, ...]:
    """The legs of him who gives the client away through half of a Local pair."""
    giver = call.legs.get(fact.leg)
    if giver is None or giver.side is not Side.LOCAL:
        return ()
    return tuple(leg.id for leg in call.legs.values() if leg.employee and leg.met_client and leg.who == by)


def _marked(call: Call, legs: tuple[str, ...]) -> Call:
    for key in legs:
        leg = call.legs.get(key)
        if leg is not None and not leg.gave_away:
            call = call.with_leg(replace(leg, gave_away=True))
    return call


def _is_parked(call: Call, at: float) -> bool:
    """The transfer that is told just now was into the car park. Earlier stays there are over."""
    if not is_parked(call):
        return False
    last = call.parks[-1] if call.parks else None
    return last is None or last.end is not None or at - last.start < PARKING


def _is_same(one: Transfer, other: Transfer) -> bool:
    return (one.kind, one.by, one.to) == (other.kind, other.by, other.to) and other.at - one.at < _ONE_EVENT


def _is_guess_of(transfer: Transfer, by: str, at: float) -> bool:
    return not transfer.told and transfer.by == by and at - transfer.at < _ONE_EVENT
