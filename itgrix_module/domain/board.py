# SPDX-License-Identifier: GPL-3.0-or-later
"""All calls of one PBX at once: which leg belongs to which call, who shares a bridge, which calls become one.

A call is recognised by bridge membership and Local pairs, not by Linkedid alone: an attended transfer joins two
Linkedids, and two clients in one conference stay two calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from itgrix_module.domain import tracking
from itgrix_module.domain.call import Call, Direction, Leg, Ring
from itgrix_module.domain.facts import (
    AnyFact,
    ChannelsSeen,
    Fact,
    LegAdded,
    LegEnded,
    LegJoined,
    LegParted,
    LegTransferred,
    Side,
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a fact did to one call. ``before`` is None for a new call, ``after`` None for one that was merged."""

    before: Call | None
    after: Call | None
    merged_into: str = ""


class Board:
    """Applies facts to the calls they concern. Not thread-safe: one writer per PBX."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        self._calls: dict[str, Call] = {}
        self._call_of_leg: dict[str, str] = {}
        self._call_of_linkedid: dict[str, str] = {}
        self._linkedids_of_call: dict[str, set[str]] = {}
        self._bridges: dict[str, set[str]] = {}
        self._bridge_of_leg: dict[str, str] = {}
        self._pairs: dict[str, set[str]] = {}
        self._pair_of_leg: dict[str, str] = {}
        for call in calls:
            self._restore(call)

    @property
    def calls(self) -> Iterator[Call]:
        """Calls that have a live leg."""
        return iter(self._calls.values())

    @property
    def legs(self) -> dict[str, float]:
        """Every live leg and when it began."""
        return {leg: self._leg(leg).added for leg in self._call_of_leg}

    def apply(self, fact: AnyFact) -> list[Change]:
        """Fold a fact in and tell which calls it changed."""
        if isinstance(fact, ChannelsSeen):
            return self._compare(fact)
        before: dict[str, Call | None] = {}
        merges: dict[str, str] = {}
        self._apply_one(fact, before, merges)
        return self._changes(before, merges)

    def _changes(self, before: dict[str, Call | None], merges: dict[str, str]) -> list[Change]:
        changes = []
        for key, old in before.items():
            new = self._calls.get(key)
            if key in merges:
                changes.append(Change(old, None, merges[key]))
            elif new is not None and new is not old:
                changes.append(Change(old, new))
        for key in before:
            self._forget_if_over(key)
        return changes

    def _apply_one(self, fact: Fact, before: dict[str, Call | None], merges: dict[str, str]) -> None:
        if isinstance(fact, LegAdded):
            self._place(fact, before)
        key = self._call_of_leg.get(fact.leg)
        if key is None:
            return
        if isinstance(fact, LegTransferred):
            fact = self._with_target(fact)
            key = self._call_of_transfer(fact, key, before, merges)
        if not isinstance(fact, LegJoined | LegParted | LegEnded):
            self._set(key, tracking.apply(self._calls[key], fact), before)
            return
        touched = self._reached_calls(fact.leg)
        self._set(key, tracking.apply(self._calls[key], fact), before)
        self._move(fact)
        self._settle(fact.at, touched | self._reached_calls(fact.leg) | {key}, before, merges)

    # -- where a leg belongs

    def _place(self, fact: LegAdded, before: dict[str, Call | None]) -> None:
        if fact.leg in self._call_of_leg or fact.side is Side.SERVICE:
            return
        key = self._call_of_linkedid.get(fact.call, fact.call)
        known = self._calls.get(key)
        if known is not None and known.ended is not None:
            # The leg outlives the call it came from: what happens on it now is another call.
            key, known = fact.leg, self._calls.get(fact.leg)
        if known is None:
            root = fact.leg
            self._set(key, Call(id=key, root=root, started=fact.at), before)
            self._own(fact.call, key)
        self._call_of_leg[fact.leg] = key
        self._pair(fact.leg, fact.pair)

    def _own(self, linkedid: str, key: str) -> None:
        self._linkedids_of_call.get(self._call_of_linkedid.get(linkedid, ""), set()).discard(linkedid)
        self._call_of_linkedid[linkedid] = key
        self._linkedids_of_call.setdefault(key, set()).add(linkedid)

    def _pair(self, leg: str, pair: str) -> None:
        if pair:
            self._pair_of_leg[leg] = pair
            self._pairs.setdefault(pair, set()).add(leg)

    def _set(self, key: str, call: Call, before: dict[str, Call | None]) -> None:
        before.setdefault(key, self._calls.get(key))
        self._calls[key] = call

    def _move(self, fact: Fact) -> None:
        if isinstance(fact, LegJoined):
            self._leave(fact.leg, self._bridge_of_leg.get(fact.leg, ""))
            self._enter(fact.leg, self._leg(fact.leg).bridge)
        elif isinstance(fact, LegParted):
            self._leave(fact.leg, fact.bridge)
        elif isinstance(fact, LegEnded):
            self._leave(fact.leg, self._bridge_of_leg.get(fact.leg, ""))
            self._call_of_leg.pop(fact.leg, None)
            _discard(self._pairs, self._pair_of_leg.pop(fact.leg, ""), fact.leg)

    def _enter(self, leg: str, bridge: str) -> None:
        if bridge:
            self._bridge_of_leg[leg] = bridge
            self._bridges.setdefault(bridge, set()).add(leg)

    def _leave(self, leg: str, bridge: str) -> None:
        if self._bridge_of_leg.get(leg) == bridge:
            del self._bridge_of_leg[leg]
        _discard(self._bridges, bridge, leg)

    # -- who hears whom

    def _leg(self, leg: str) -> Leg:
        return self._calls[self._call_of_leg[leg]].legs[leg]

    def _neighbours(self, leg: str) -> set[str]:
        bridge = self._leg(leg).bridge
        return self._bridges.get(bridge, set()) - {leg} if bridge else set()

    def _reach(self, leg: str) -> set[str]:
        """Every leg that hears this one, through bridges and Local pairs."""
        if leg not in self._call_of_leg:
            return set()
        seen, edge = {leg}, [leg]
        while edge:
            current = edge.pop()
            around = set(self._neighbours(current))
            pair = self._leg(current).pair
            if pair and (current == leg or around):
                around |= self._pairs.get(pair, set())
            for other in around - seen:
                seen.add(other)
                edge.append(other)
        return seen

    def _reached_calls(self, leg: str) -> set[str]:
        return {self._call_of_leg[other] for other in self._reach(leg)}

    def _settle(self, at: float, touched: set[str], before: dict[str, Call | None], merges: dict[str, str]) -> None:
        for key in sorted(touched):
            if key in self._calls and key not in merges:
                self._merge_reached(key, before, merges)
        for key in sorted(touched | set(merges.values())):
            if key in self._calls and key not in merges:
                self._connect(key, at, before)

    def _connect(self, key: str, at: float, before: dict[str, Call | None]) -> None:
        call = self._calls[key]
        anchor = _anchor(call)
        if not anchor or anchor not in call.legs:
            self._set(key, tracking.connected(call, at, frozenset(), False), before)
            return
        heard = self._reach(anchor) - {anchor}
        parties = frozenset(self._party(call, self._leg(other)) for other in heard if self._is_party(call, other))
        alone = bool(call.legs[anchor].bridge) and not parties
        call = tracking.connected(call, at, parties, alone)
        call = tracking.near(call, frozenset(self._neighbours(anchor)))
        if call is not self._calls[key]:
            self._set(key, call, before)

    def _is_party(self, call: Call, leg: str) -> bool:
        other = self._leg(leg)
        return other.side is Side.EMPLOYEE or (other.side is Side.OUTSIDE and call.has_client)

    def _party(self, call: Call, leg: Leg) -> tuple[str, str, bool]:
        if leg.side is Side.EMPLOYEE:
            return leg.id, leg.party, True
        if leg.id in call.legs and call.direction is Direction.INCOMING:
            return leg.id, leg.number, tracking.is_mobile(call, leg)
        return leg.id, leg.number, False

    # -- calls that become one

    def _merge_reached(self, key: str, before: dict[str, Call | None], merges: dict[str, str]) -> None:
        call = self._calls[key]
        anchor = _anchor(call)
        start = anchor if anchor in self._call_of_leg else next(iter(call.legs), "")
        for other_key in self._reached_calls(start) - {key} if start else ():
            other = self._calls[other_key]
            if call.has_client and other.has_client:
                continue
            kept, gone = _order(call, other)
            self._merge(kept, gone, before, merges)
            if kept.id != key:
                return
            call = self._calls[key]

    def _merge(self, kept: Call, gone: Call, before: dict[str, Call | None], merges: dict[str, str]) -> None:
        self._set(kept.id, tracking.merged(kept, gone), before)
        before.setdefault(gone.id, gone)
        del self._calls[gone.id]
        merges[gone.id] = kept.id
        for leg in gone.legs:
            self._call_of_leg[leg] = kept.id
        for linkedid in tuple(self._linkedids_of_call.pop(gone.id, ())):
            self._own(linkedid, kept.id)

    def _with_target(self, fact: LegTransferred) -> LegTransferred:
        """An attended transfer names a leg, or, while that still rings, none; say which party it is."""
        if not fact.attended or fact.to:
            return fact
        mine = {fact.leg, fact.second}
        heard = [fact.target, *sorted(self._reach(fact.target) - mine)] if fact.target else []
        for leg in [*heard, *self._rung_by(fact.second)]:
            found = self._leg(leg) if leg in self._call_of_leg else None
            if found is not None and found.side is Side.EMPLOYEE:
                return replace(fact, to=found.party)
            if found is not None and found.side is Side.OUTSIDE and found.number:
                return replace(fact, to=found.number)
        return fact

    def _rung_by(self, leg: str) -> list[str]:
        call = self._calls.get(self._call_of_leg.get(leg, ""))
        return [other.id for other in call.legs.values() if other.dialled_by == leg] if call else []

    def _call_of_transfer(
        self, fact: LegTransferred, key: str, before: dict[str, Call | None], merges: dict[str, str]
    ) -> str:
        """The call that has the client; what his employee asked on another line becomes part of it."""
        keys = {self._call_of_leg[leg] for leg in (fact.leg, fact.second, fact.target) if leg in self._call_of_leg}
        calls = sorted((self._calls[item] for item in keys), key=lambda call: (not call.has_client, call.started))
        kept = calls[0] if calls else self._calls[key]
        if fact.attended:
            for other in calls[1:]:
                if not other.has_client:
                    self._merge(self._calls[kept.id], other, before, merges)
        return kept.id

    # -- after a gap

    def _compare(self, seen: ChannelsSeen) -> list[Change]:
        before: dict[str, Call | None] = {}
        merges: dict[str, str] = {}
        for fact in self._differences(seen):
            self._apply_one(fact, before, merges)
        return self._changes(before, merges)

    def _differences(self, seen: ChannelsSeen) -> Iterator[Fact]:
        """What must have happened in the gap. Who is gone left when the line did; who is new comes now."""
        known = set(self._call_of_leg)
        alive = {fact.leg for fact in seen.added}
        bridges = {fact.leg: fact.bridge for fact in seen.joined}
        yield from (fact for fact in seen.added if fact.leg not in known)
        yield from (fact for fact in seen.dialled if fact.leg not in known)
        for answer in seen.answered:
            if answer.leg in self._call_of_leg and self._leg(answer.leg).ring is Ring.RINGING:
                yield answer
        for leg in known & alive:
            bridge = self._leg(leg).bridge
            if bridge and bridges.get(leg) != bridge:
                yield LegParted(seen.lost_at, leg, bridge)
        for join in seen.joined:
            if join.leg in self._call_of_leg and self._leg(join.leg).bridge != join.bridge:
                yield join
        for leg in sorted(known - alive):
            yield LegEnded(min(max(seen.ended.get(leg, seen.lost_at), seen.lost_at), seen.at), leg)

    def _restore(self, call: Call) -> None:
        self._calls[call.id] = call
        for linkedid in (call.id, *call.merged):
            self._own(linkedid, call.id)
        for leg in call.legs.values():
            self._call_of_leg[leg.id] = call.id
            self._pair(leg.id, leg.pair)
            self._enter(leg.id, leg.bridge)

    def _forget_if_over(self, key: str) -> None:
        call = self._calls.get(key)
        if call is None or call.legs:
            return
        del self._calls[key]
        for linkedid in self._linkedids_of_call.pop(key, ()):
            self._call_of_linkedid.pop(linkedid, None)


def _discard(groups: dict[str, set[str]], name: str, leg: str) -> None:
    members = groups.get(name)
    if members is None:
        return
    members.discard(leg)
    if not members:
        del groups[name]


def _anchor(call: Call) -> str:
    """The leg whose conversations are the call's: the client's, or the caller's inside the company."""
    return call.client or (call.root if not call.has_client else "")


def _order(one: Call, other: Call) -> tuple[Call, Call]:
    """Which call stays: the one with an outside party, else the older."""
    if one.has_client != other.has_client:
        return (one, other) if one.has_client else (other, one)
    return (one, other) if one.started <= other.started else (other, one)
