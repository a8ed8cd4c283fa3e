# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls and legs are to each other: whose conversations count, which of two calls stays."""

from __future__ import annotations

from collections.abc import Iterable

from itgrix_module.domain.call import Call, Leg
from itgrix_module.domain.facts import Side
from itgrix_module.domain.talking import Connection


def anchor_of(call: Call) -> str:
    """The leg whose conversations are the call's: the client's, or the caller's inside the company."""
    return call.client or (call.root if not call.has_client else "")


def is_party(call: Call, leg: Leg) -> bool:
    """Whether the anchor talks with somebody when it hears this leg."""
    return leg.employee or (leg.side is Side.OUTSIDE and call.has_client)


def awaits(call: Call, party: str, heard: Iterable[Leg]) -> bool:
    """Did this employee hand over the anchor, who is alone now? ``heard``: whom that hears.

    Half of a Local pair that leads to nobody any more may still be with him.
    """
    anchor = anchor_of(call)
    if any(is_party(call, leg) for leg in heard if leg.id != anchor):
        return False
    return any(_has_left(leg) and leg.party == party for leg in call.legs.values() if leg.id != anchor)


def party_of(leg: Leg) -> Connection:
    """Who is on the leg, as ``talking`` counts him."""
    return leg.id, leg.who, leg.employee


def has_own_client(call: Call) -> bool:
    """A call that was ordered has one before anybody dials him."""
    return bool(call.client or call.order)


def kept_and_gone(one: Call, other: Call) -> tuple[Call, Call]:
    """Which call stays when two become one: the one with an outside party, else the older."""
    if has_own_client(one) != has_own_client(other):
        return (one, other) if has_own_client(one) else (other, one)
    return (one, other) if one.started <= other.started else (other, one)


def _has_left(leg: Leg) -> bool:
    """He handed the client over, or (when nobody heard of that) is no longer where he met him."""
    return leg.gave_away or (leg.met_client and not leg.bridge)
