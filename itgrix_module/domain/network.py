# SPDX-License-Identifier: GPL-3.0-or-later
"""Which legs hear each other: bridges, and Local pairs that lead from one bridge to the next."""

from __future__ import annotations


class Network:
    """Live legs of one PBX as nodes. Everything is known by unique id."""

    def __init__(self) -> None:
        self._members: dict[str, set[str]] = {}  # of bridges
        self._bridge_of: dict[str, str] = {}
        self._halves: dict[str, set[str]] = {}  # of Local pairs
        self._pair_of: dict[str, str] = {}

    def pair(self, leg: str, pair: str) -> None:
        """The leg is one half of a Local pair of that name."""
        if pair:
            self._pair_of[leg] = pair
            self._halves.setdefault(pair, set()).add(leg)

    def enter(self, leg: str, bridge: str) -> None:
        """It leaves the bridge in which it was, for another one or for none."""
        self.leave(leg, self._bridge_of.get(leg, ""))
        if bridge:
            self._bridge_of[leg] = bridge
            self._members.setdefault(bridge, set()).add(leg)

    def leave(self, leg: str, bridge: str) -> None:
        """It is no longer in that bridge."""
        if self._bridge_of.get(leg) == bridge:
            del self._bridge_of[leg]
        _discard(self._members, bridge, leg)

    def remove(self, leg: str) -> None:
        """The leg is gone."""
        self.leave(leg, self._bridge_of.get(leg, ""))
        _discard(self._halves, self._pair_of.pop(leg, ""), leg)

    def bridge_of(self, leg: str) -> str:
        """Empty when it is in none."""
        return self._bridge_of.get(leg, "")

    def members(self, bridge: str) -> set[str]:
        """Who is in that bridge."""
        return set(self._members.get(bridge, ()))

    def neighbours(self, leg: str) -> set[str]:
        """Who shares its bridge."""
        return self.members(self._bridge_of.get(leg, "")) - {leg}

    def mates(self, leg: str) -> set[str]:
        """The other half of its pair, while that lives."""
        pair = self._pair_of.get(leg)
        return self._halves.get(pair, set()) - {leg} if pair else set()

    def halves(self, pair: str) -> set[str]:
        """The live halves of the pair of that name."""
        return self._halves.get(pair, set())

    def reach(self, start: str, without: frozenset[str] = frozenset()) -> set[str]:
        """Every leg that hears this one, itself included, if those in ``without`` were not there."""
        seen, edge = {start}, [start]
        while edge:
            current = edge.pop()
            around = self.neighbours(current)
            if around or current == start:
                around |= self.mates(current)
            for other in around - seen - without:
                seen.add(other)
                edge.append(other)
        return seen


def _discard(groups: dict[str, set[str]], name: str, leg: str) -> None:
    members = groups.get(name)
    if members is None:
        return
    members.discard(leg)
    if not members:
        del groups[name]
