# SPDX-License-Identifier: GPL-3.0-or-later
"""All calls of one PBX at once: which leg belongs to which call, who shares a bridge, which calls become one.

A call is recognised by bridge membership and Local pairs, not by Linkedid alone: an attended transfer joins two
Linkedids, and two clients in one conference stay two calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from itgrix_module.domain import talking, tracking
from itgrix_module.domain.call import Call, Leg
from itgrix_module.domain.facts import (
    AnyFact,
    CallOrdered,
    ChannelsSeen,
    DialEnded,
    Fact,
    LegAdded,
    LegDialled,
    LegEnded,
    LegJoined,
    LegParted,
    LegTransferred,
    OrderFailed,
    Side,
)
from itgrix_module.domain.gap import differences
from itgrix_module.domain.kinship import anchor_of, awaits, has_own_client, is_party, kept_and_gone, party_of
from itgrix_module.domain.linkedids import Linkedids
from itgrix_module.domain.network import Network
from itgrix_module.domain.targets import Switchboard, with_place, with_target


@dataclass(frozen=True, slots=True)
class Change:
    """What a fact did to one call. ``before`` is None for a new call, ``after`` None for one that was merged."""

    before: Call | None
    after: Call | None
    merged_into: str = ""


@dataclass(slots=True)
class _Round:
    """What one fact, or one snapshot, has done so far. ``before``: calls as they were, ``merges``: who became whom."""

    before: dict[str, Call | None] = field(default_factory=dict)
    merges: dict[str, str] = field(default_factory=dict)


class Board:
    """Applies facts to the calls they concern. Not thread-safe: one writer per PBX."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        self._calls: dict[str, Call] = {}
        self._call_of_leg: dict[str, str] = {}
        self._linkedids = Linkedids()
        self._network = Network()
        self._heard = 0.0  # time of the newest fact
        # Orders that failed before any channel of theirs was told: within the same second it may be.
        self._refused: deque[str] = deque(maxlen=100)
        self._switchboard = Switchboard(self._network, self._leg_or_none, self._rung_by, self._is_client)
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
        now = _Round()
        if isinstance(fact, ChannelsSeen):
            known = {leg: self._leg(leg) for leg in self._call_of_leg}
            facts = tuple(differences(fact, known, self._heard))
        else:
            facts = with_place(fact, self._network)
        for one in facts:
            self._apply_one(one, now)
        self._heard = max(self._heard, fact.at)
        return self._changes(now)

    def _changes(self, now: _Round) -> list[Change]:
        changes = []
        for key, old in now.before.items():
            new = self._calls.get(key)
            if key in now.merges:
                changes.append(Change(old, None, now.merges[key]))
            elif new is not None and new is not old:
                changes.append(Change(old, new))
        for key in now.before:
            self._forget_if_over(key)
        return changes

    def _apply_one(self, fact: Fact, now: _Round) -> None:
        if isinstance(fact, LegAdded):
            self._place(fact, now)
        elif isinstance(fact, CallOrdered | OrderFailed):
            self._order_told(fact, now)
            return
        elif isinstance(fact, LegDialled) or (isinstance(fact, DialEnded) and fact.status == "ANSWER"):
            self._adopt(fact, now)
        key = self._call_of_leg.get(fact.leg)
        if isinstance(fact, DialEnded) and key is None:
            key = self._call_of_leg.get(fact.by) or self._call_that_dialled(fact.leg)
        if isinstance(fact, LegTransferred):
            fact = with_target(fact, self._switchboard)
            key = self._call_of_transfer(fact, now)
        if key is None:
            return
        if not isinstance(fact, LegJoined | LegParted | LegEnded):
            self._set(key, tracking.apply(self._calls[key], fact), now)
            return
        touched = self._reached_calls(fact.leg)
        self._set(key, tracking.apply(self._calls[key], fact), now)
        self._move(fact)
        self._settle(fact.at, touched | self._reached_calls(fact.leg) | {key}, now)

    def _order_told(self, fact: CallOrdered | OrderFailed, now: _Round) -> None:
        """What concerns a call that was ordered, whether it has legs or not."""
        key = self._linkedids.call_of(fact.leg)
        if key is None and isinstance(fact, OrderFailed):
            return  # it is over
        if key is None:
            key = fact.leg
            self._linkedids.own(fact.leg, key)
        call = self._calls.get(key) or Call(id=key, root=key, started=fact.at)
        if isinstance(fact, OrderFailed) and not fact.unless_heard and not call.legs:
            self._refused.append(key)
        self._set(key, tracking.apply(call, fact), now)

    # -- where a leg belongs

    def _place(self, fact: LegAdded, now: _Round) -> None:
        if fact.leg in self._call_of_leg or fact.side is Side.SERVICE or fact.call in self._refused:
            return
        key = self._linkedids.call_of(fact.call) or self._call_of_pair(fact) or fact.call
        known = self._calls.get(key)
        if known is not None and known.ended is not None:
            # The leg outlives the call it came from: what happens on it now is another call.
            key, known = fact.leg, self._calls.get(fact.leg)
        if known is None:
            self._set(key, Call(id=key, root=fact.leg, started=fact.at), now)
            self._linkedids.own(fact.call, key)
        self._call_of_leg[fact.leg] = key
        self._network.pair(fact.leg, fact.pair)

    def _call_of_pair(self, fact: LegAdded) -> str | None:
        """A Local half is in the call of the other one, also where the PBX tells no Linkedid."""
        mates = self._network.halves(fact.pair)
        return self._call_of_leg[min(mates)] if mates else None

    def _adopt(self, fact: LegDialled | DialEnded, now: _Round) -> None:
        """Who dials a leg, or whose ringing it answers, has it in his call, whatever its Linkedid says."""
        source = self._call_of_leg.get(fact.leg)
        target = self._call_of_leg.get(fact.by) if fact.by else self._call_that_returns(fact.leg)
        if source is None or target is None or source == target or self._calls[target].ended is not None:
            return
        legs = frozenset({fact.leg} | self._network.mates(fact.leg))
        whole = legs == self._calls[source].legs.keys() or self._calls[source].root in legs
        if whole and not has_own_client(self._calls[source]):
            self._merge(self._calls[target], self._calls[source], now)
            return
        left, grown = tracking.moved(self._calls[source], self._calls[target], legs)
        self._set(source, left, now)
        self._set(target, grown, now)
        self._call_of_leg.update(dict.fromkeys(legs, target))

    def _call_that_dialled(self, leg: str) -> str | None:
        """Of an outside leg that was gone before the end of its ringing was told."""
        return next((key for key, call in self._calls.items() if any(dial.leg == leg for dial in call.dials)), None)

    def _call_that_returns(self, leg: str) -> str | None:
        """Of a phone that nobody dials: he handed a client over who waits alone now, so the PBX calls him back."""
        rung = self._leg_or_none(leg)
        if rung is None or rung.side is not Side.EMPLOYEE:
            return None
        for key, call in self._calls.items():
            heard = map(self._leg, self._network.reach(anchor_of(call)))
            if self._network.bridge_of(anchor_of(call)) and awaits(call, rung.party, heard):
                return key
        return None

    def _set(self, key: str, call: Call, now: _Round) -> None:
        now.before.setdefault(key, self._calls.get(key))
        self._calls[key] = call

    def _move(self, fact: Fact) -> None:
        if isinstance(fact, LegJoined):
            self._network.enter(fact.leg, self._leg(fact.leg).bridge)
        elif isinstance(fact, LegParted):
            self._network.leave(fact.leg, fact.bridge)
        else:
            self._network.remove(fact.leg)
            self._call_of_leg.pop(fact.leg, None)

    # -- who hears whom

    def _leg(self, leg: str) -> Leg:
        return self._calls[self._call_of_leg[leg]].legs[leg]

    def _leg_or_none(self, leg: str) -> Leg | None:
        return self._leg(leg) if leg in self._call_of_leg else None

    def _rung_by(self, leg: str) -> list[Leg]:
        call = self._calls.get(self._call_of_leg.get(leg, ""))
        return [other for other in call.legs.values() if other.dialled_by == leg] if call else []

    def _is_client(self, leg: str) -> bool:
        call = self._calls.get(self._call_of_leg.get(leg, ""))
        return call is not None and call.client == leg

    def _reached_calls(self, leg: str) -> set[str]:
        if leg not in self._call_of_leg:
            return set()
        return {self._call_of_leg[other] for other in self._network.reach(leg)}

    def _settle(self, at: float, touched: set[str], now: _Round) -> None:
        for key in sorted(touched):
            if key in self._calls:
                self._merge_reached(key, now)
        for key in sorted(touched | set(now.merges.values())):
            if key in self._calls:
                self._connect(key, at, now)

    def _connect(self, key: str, at: float, now: _Round) -> None:
        call = self._calls[key]
        anchor = anchor_of(call)
        if anchor not in call.legs:
            self._set(key, talking.connected(call, at, frozenset(), False), now)
            return
        heard = [self._leg(other) for other in self._network.reach(anchor) if other != anchor]
        parties = frozenset(party_of(leg) for leg in heard if is_party(call, leg))
        alone = bool(call.legs[anchor].bridge) and not parties
        call = talking.connected(call, at, parties, alone)
        call = talking.near(call, frozenset(self._network.neighbours(anchor)))
        if call is not self._calls[key]:
            self._set(key, call, now)

    # -- calls that become one

    def _merge_reached(self, key: str, now: _Round) -> None:
        call = self._calls[key]
        anchor = anchor_of(call)
        start = anchor if anchor in self._call_of_leg else next(iter(call.legs), "")
        for other_key in sorted(self._reached_calls(start) - {key}):
            other = self._calls[other_key]
            two_clients = has_own_client(call) and has_own_client(other)
            if two_clients or call.ended is not None or other.ended is not None:
                continue
            kept, gone = kept_and_gone(call, other)
            self._merge(kept, gone, now)
            if kept.id != key:
                return
            call = self._calls[key]

    def _merge(self, kept: Call, gone: Call, now: _Round) -> None:
        self._set(kept.id, tracking.merged(kept, gone), now)
        now.before.setdefault(gone.id, gone)
        del self._calls[gone.id]
        now.merges[gone.id] = kept.id
        for leg in gone.legs:
            self._call_of_leg[leg] = kept.id
        self._linkedids.hand_over(gone.id, kept.id)

    def _call_of_transfer(self, fact: LegTransferred, now: _Round) -> str | None:
        """The call whose client is given away; what his employee asked on another line becomes part of it."""
        legs = (fact.client, fact.leg, fact.second, fact.target)
        keys = dict.fromkeys(self._call_of_leg[leg] for leg in legs if leg in self._call_of_leg)
        found = (self._calls[key] for key in keys)
        calls = sorted(found, key=lambda call: (call.ended is not None, not has_own_client(call)))
        if not calls:
            return None
        for other in calls[1:] if fact.attended else ():
            if not has_own_client(other) and other.ended is None:
                self._merge(self._calls[calls[0].id], other, now)
        return calls[0].id

    # -- beginning and end

    def _restore(self, call: Call) -> None:
        self._calls[call.id] = call
        self._heard = max(self._heard, call.changed)
        for linkedid in (call.id, *call.merged):
            self._linkedids.own(linkedid, call.id)
        for leg in call.legs.values():
            self._call_of_leg[leg.id] = call.id
            self._network.pair(leg.id, leg.pair)
            self._network.enter(leg.id, leg.bridge)

    def _forget_if_over(self, key: str) -> None:
        call = self._calls.get(key)
        if call is not None and not call.legs and not call.is_awaited:
            del self._calls[key]
            self._linkedids.forget(key)
