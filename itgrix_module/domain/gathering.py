# SPDX-License-Identifier: GPL-3.0-or-later
"""What was written of many calls at once, put together call by call as soon as a call is complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from itgrix_module.domain.records import Attempt, Event

LINGER = 5.0  # seconds after its last channel for which more may still be written of a call
LONGEST = 6 * 3600.0  # seconds for which an open call is waited for
_RELATED = (
    "channel2_uniqueid",
    "transferee_channel_uniqueid",
    "transfer_target_channel_uniqueid",
    "pickup_channel_uniqueid",
)


@dataclass(eq=False)
class Group:
    """Calls that belong together. ``legs``: that are still there; ``roots``: calls whose beginning was read."""

    calls: set[str] = field(default_factory=set)
    events: list[tuple[int, Event]] = field(default_factory=list)
    legs: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)
    last: float = 0.0

    @property
    def started(self) -> float:
        """Epoch seconds."""
        return self.events[0][1].at

    @property
    def is_whole(self) -> bool:
        """Was the beginning of each of its calls read?"""
        return self.calls <= self.roots

    def sorted(self) -> tuple[Event, ...]:
        """In the order in which they were written."""
        return tuple(event for _, event in sorted(self.events, key=lambda item: item[0]))


class Gathering:
    """Groups of events whose first call began within ``since`` and ``until`` (epoch seconds, the second excluded)."""

    def __init__(self, since: float, until: float) -> None:
        self._since, self._until = since, until
        self._groups: dict[str, Group] = {}  # by Linkedid
        self._call_of_leg: dict[str, str] = {}
        self._call_of_bridge: dict[str, str] = {}
        self._count = 0

    def groups(self, events: Iterable[Event]) -> Iterator[Group]:
        """Complete ones as they are found, then those that never ended. Stops reading when nothing can come any more.

        ``events``: in the order in which they were written, from well before ``since``.
        """
        for event in events:
            if self._count % 50 == 0:
                yield from self._ended(event.at - LINGER)
                if self._is_done(event.at):
                    break
            self._add(event)
        yield from self._rest()

    def _add(self, event: Event) -> None:
        group = self._group(event.call)
        earlier = self._call_of_leg.setdefault(event.leg, event.call)
        if earlier != event.call:
            group = self._join(event.call, earlier)
        for name in _RELATED:
            other = self._call_of_leg.get(str(event.extra.get(name, "")))
            if other is not None and other not in group.calls:
                group = self._join(event.call, other)
        bridge = event.extra.get("bridge_id")
        if event.kind == "BRIDGE_ENTER" and isinstance(bridge, str):
            met = self._call_of_bridge.setdefault(bridge, event.call)
            if met not in group.calls and met in self._groups:
                group = self._join(event.call, met)
        self._count += 1
        group.events.append((self._count, event))
        group.last = max(group.last, event.at)
        if event.kind == "CHAN_START":
            group.legs.add(event.leg)
            group.roots |= {event.leg} & {event.call}
        elif event.kind in ("HANGUP", "CHAN_END"):
            group.legs.discard(event.leg)

    def _group(self, call: str) -> Group:
        group = self._groups.setdefault(call, Group())
        group.calls.add(call)
        return group

    def _join(self, one: str, other: str) -> Group:
        kept, gone = self._group(one), self._group(other)
        if kept is gone:
            return kept
        kept.calls |= gone.calls
        kept.events = sorted([*kept.events, *gone.events], key=lambda item: item[0])
        kept.legs |= gone.legs
        kept.roots |= gone.roots
        kept.last = max(kept.last, gone.last)
        for call in gone.calls:
            self._groups[call] = kept
        return kept

    def _each(self) -> list[Group]:
        return list({id(group): group for group in self._groups.values()}.values())

    def _ended(self, before: float) -> Iterator[Group]:
        for group in self._each():
            if not group.legs and group.last < before:
                self._forget(group)
                if self._is_wanted(group):
                    yield group

    def _rest(self) -> Iterator[Group]:
        yield from (group for group in self._each() if self._is_wanted(group))

    def _forget(self, group: Group) -> None:
        for call in group.calls:
            del self._groups[call]
        for leg in {event.leg for _, event in group.events}:
            self._call_of_leg.pop(leg, None)
        for bridge in {str(event.extra.get("bridge_id", "")) for _, event in group.events}:
            self._call_of_bridge.pop(bridge, None)

    def _is_wanted(self, group: Group) -> bool:
        return bool(group.events) and group.is_whole and self._since <= group.started < self._until

    def _is_done(self, at: float) -> bool:
        if at < self._until + LINGER:
            return False
        return at > self._until + LONGEST or not any(map(self._is_wanted, self._each()))


def by_call(attempts: Iterable[Attempt]) -> dict[str, list[Attempt]]:
    """Records by Linkedid."""
    found: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        found.setdefault(attempt.call, []).append(attempt)
    return found
