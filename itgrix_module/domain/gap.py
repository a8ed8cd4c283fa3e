# SPDX-License-Identifier: GPL-3.0-or-later
"""What must have happened while nobody listened: the difference between what was known and what the PBX shows now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from itgrix_module.domain.call import Leg, Ring
from itgrix_module.domain.facts import ChannelsSeen, Fact, LegEnded, LegNumbered, LegParted

_SOON = 5.0  # seconds; what happened in a long gap is taken to have happened soon after it could


def differences(seen: ChannelsSeen, known: Mapping[str, Leg], heard: float) -> Iterator[Fact]:
    """Facts of the gap, in an order that makes sense. Who is gone left when the line did; who is new comes now.

    ``known``: legs before the gap; ``heard``: time of the newest fact before it, which the gap cannot precede.
    """
    alive = {fact.leg for fact in seen.added}
    lost_at = max(seen.lost_at, heard)
    born = {fact.leg: fact.at for fact in seen.added}

    def guess(leg: str) -> float:
        """When it answered, or came to where it is."""
        earliest = min(max(lost_at, born.get(leg, lost_at)), seen.at)
        return earliest + min((seen.at - earliest) / 2, _SOON)

    for fact in seen.added:
        if fact.leg not in known or (fact.calling and not known[fact.leg].calling):
            yield fact if fact.leg == fact.call else replace(fact, at=max(fact.at, heard))
        yield LegNumbered(seen.at, fact.leg, fact.number, fact.name)
    answers = {fact.leg: fact for fact in seen.answered}
    for dialled in seen.dialled:
        before = known.get(dialled.leg)
        if before is None or _waits(before):
            yield dialled
        if dialled.leg in answers and (before is None or before.ring is not Ring.ANSWERED):
            yield replace(answers[dialled.leg], at=guess(dialled.leg))
    bridges = {fact.leg: fact.bridge for fact in seen.joined}
    for leg in sorted(known.keys() & alive):
        if known[leg].bridge and known[leg].bridge != bridges.get(leg):
            yield LegParted(lost_at, leg, known[leg].bridge)
    for leg in sorted(known.keys() - alive):
        yield LegEnded(max(min(seen.ended.get(leg, lost_at), seen.at), lost_at), leg)
    for joined in sorted(seen.joined, key=lambda fact: guess(fact.leg)):
        if joined.leg not in known or known[joined.leg].bridge != joined.bridge:
            yield replace(joined, at=guess(joined.leg))


def _waits(leg: Leg) -> bool:
    """Made to be dialled; nobody has heard that it was."""
    return leg.ring is Ring.NONE and not leg.calling
