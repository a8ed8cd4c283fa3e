# SPDX-License-Identifier: GPL-3.0-or-later
"""What must have happened while nobody listened: the difference between what was known and what the PBX shows now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from itgrix_module.domain.call import Leg, Ring
from itgrix_module.domain.facts import ChannelsSeen, Fact, LegEnded, LegParted


def differences(seen: ChannelsSeen, known: Mapping[str, Leg], heard: float) -> Iterator[Fact]:
    """Facts of the gap, in an order that makes sense. Who is gone left when the line did; who is new comes now.

    ``known``: legs before the gap; ``heard``: time of the newest fact before it, which the gap cannot precede.
    """
    alive = {fact.leg for fact in seen.added}
    lost_at = max(seen.lost_at, heard)
    yield from (fact for fact in seen.added if fact.leg not in known)
    yield from (fact for fact in seen.dialled if fact.leg not in known)
    for answer in seen.answered:
        before = known.get(answer.leg)
        if before is None or before.ring is Ring.RINGING:
            yield answer
    yield from _moves(seen, {leg: known[leg] for leg in known if leg in alive}, lost_at)
    for leg in sorted(known.keys() - alive):
        yield LegEnded(max(min(seen.ended.get(leg, lost_at), seen.at), lost_at), leg)


def _moves(seen: ChannelsSeen, known: Mapping[str, Leg], lost_at: float) -> Iterator[Fact]:
    """Who left his bridge, then who is in another one."""
    joined = {fact.leg: fact for fact in seen.joined}
    for leg, before in sorted(known.items()):
        bridge, now = before.bridge, joined.get(leg)
        if bridge and (now is None or now.bridge != bridge):
            yield LegParted(lost_at, leg, bridge)
    for leg, now in joined.items():
        if leg not in known or known[leg].bridge != now.bridge:
            yield now
