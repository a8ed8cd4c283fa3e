# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is on stage: legs and bridges of a call, followed through its timeline, so that facts can be told by names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from itgrix_module.app.ports import CallRow
from itgrix_module.domain.facts import Side
from itgrix_module.domain.numbers import same_number
from web.formatting import phone
from web.people import People
from web.preferences import text


@dataclass
class Leg:
    """What the story must remember of a leg."""

    id: str
    side: str
    party: str = ""
    number: str = ""
    calling: bool = False
    pair: str = ""
    bridge: str = ""
    talked: bool = False
    held: bool = False


@dataclass
class Scene:
    """The stage at one moment of the timeline. Entries may be missing: nothing here relies on an earlier one."""

    call: CallRow
    people: People
    legs: dict[str, Leg] = field(default_factory=dict)
    told: set[frozenset[str]] = field(default_factory=set)
    recordings: set[str] = field(default_factory=set)

    def leg(self, leg_id: str) -> Leg:
        """A leg, perhaps one that the timeline never introduced."""
        return self.legs.get(leg_id) or Leg(leg_id, Side.SERVICE)

    def add(self, data: Mapping[str, Any]) -> Leg:
        leg = Leg(
            id=str(data.get("leg", "")),
            side=str(data.get("side", Side.SERVICE)),
            party=str(data.get("party", "")),
            number=str(data.get("number", "")),
            calling=bool(data.get("calling")),
            pair=str(data.get("pair", "")),
        )
        self.legs[leg.id] = leg
        return leg

    def is_party(self, leg: Leg) -> bool:
        """A human at the end of the wire, not a link inside the PBX."""
        return leg.side in (Side.EMPLOYEE, Side.OUTSIDE)

    def is_client(self, leg: Leg) -> bool:
        if leg.side != Side.OUTSIDE:
            return False
        return leg.calling or not leg.number or same_number(leg.number, self.call.client)

    def who(self, leg_id: str) -> str:
        """The name for a sentence: ``Client``, ``101 Anna Smirnova`` or a number."""
        leg = self.leg(leg_id)
        if leg.side == Side.EMPLOYEE:
            return self.party(leg.party)
        if leg.side == Side.OUTSIDE:
            return text("Client") if self.is_client(leg) else self.party(leg.number or leg.party)
        return text("The PBX")

    def party(self, party: str) -> str:
        """An extension or number with the name that goes with it."""
        name = self.people.name(party)
        return f"{phone(party)} {name}" if name else phone(party)

    def parties(self, parties: Iterable[str]) -> str:
        return ", ".join(self.party(str(party)) for party in parties)

    def company(self, leg: Leg) -> list[Leg]:
        """Everybody who hears this leg: its bridge, and through both halves of Local pairs the bridges behind."""
        bridges, queue, found = set[str](), [leg.bridge], dict[str, Leg]()
        while queue:
            bridge = queue.pop()
            if not bridge or bridge in bridges:
                continue
            bridges.add(bridge)
            for other in [one for one in self.legs.values() if one.bridge == bridge]:
                if self.is_party(other):
                    found[other.id] = other
                queue.extend(twin.bridge for twin in self._twins(other))
        return list(found.values())

    def _twins(self, leg: Leg) -> list[Leg]:
        if not leg.pair:
            return []
        return [other for other in self.legs.values() if other.pair == leg.pair and other.id != leg.id]
