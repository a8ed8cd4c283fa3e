# SPDX-License-Identifier: GPL-3.0-or-later
"""Who talked with whom, found from AMI's bridge events alone.

This is the independent check of the rig: it knows nothing of the phones and shares no code with the product. Two
channels talk while a path of bridges and Local pairs joins them. A parking bridge joins nobody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from itgrix_module.sandbox.rig.manager import Fields

PHONE = re.compile(r"PJSIP/(\d{3})-")
DEVICE = re.compile(r"PJSIP/(.+)-[^-]+")


@dataclass
class Channel:
    """One channel from birth to death. ``number``: of the other side, as far as Asterisk learnt it."""

    name: str
    uniqueid: str
    linkedid: str
    exten: str
    number: str
    born: float
    died: float | None = None
    rang: bool = False
    dial_status: str = ""
    recordings: list[str] = field(default_factory=list)
    parked: float = 0.0
    cut_off: bool = False  # it died with the PBX, without a word

    @property
    def extension(self) -> str | None:
        """Of a phone's channel."""
        found = PHONE.match(self.name)
        return found[1] if found else None

    @property
    def device(self) -> str:
        """Phone or trunk; empty for a Local channel."""
        found = DEVICE.match(self.name)
        return found[1] if found else ""


@dataclass(frozen=True)
class Talk:
    """``one`` and ``other`` were joined from ``start`` to ``end`` (epoch seconds)."""

    one: Channel
    other: Channel
    start: float
    end: float


class Bridges:
    """Feed it every event; ask when the calls are over."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}  # all, by Uniqueid
        self.members: dict[str, set[str]] = defaultdict(set)  # Linkedid -> Uniqueids seen with it
        self.talks: list[Talk] = []
        self._live: dict[str, Channel] = {}  # by name: names repeat after a restart, within one life they don't
        self._bridge_of: dict[str, str] = {}  # channel name -> bridge
        self._pair_of: dict[str, str] = {}
        self._parked_since: dict[str, float] = {}
        self._open: dict[tuple[str, str], float] = {}  # Uniqueids of two who talk -> since

    def feed(self, event: Fields, at: float) -> None:
        uniqueid, linkedid = event.get("Uniqueid"), event.get("Linkedid")
        if uniqueid and linkedid:
            self.members[linkedid].add(uniqueid)
        rule = RULES.get(event.get("Event", ""))
        if rule is not None:
            rule(self, event, at)

    def reset(self, at: float) -> None:
        """The PBX is gone: so is everybody on it."""
        for channel in self._live.values():
            channel.died = at
            channel.cut_off = True
        self._live.clear()
        self._bridge_of.clear()
        self._pair_of.clear()
        self._compare(at)

    def talks_of(self, channel: Channel) -> list[Talk]:
        """In order; ``other`` is the other side."""
        mine = (talk for talk in self.talks if talk.one is channel)
        return sorted(mine, key=lambda talk: talk.start)

    def talking(self) -> list[tuple[Channel, Channel]]:
        """Who talks with whom now, each pair both ways."""
        return [(self.channels[one], self.channels[other]) for one, other in self._open]

    # ---- one rule per event

    def _born(self, event: Fields, at: float) -> None:
        uniqueid = event["Uniqueid"]
        channel = Channel(event["Channel"], uniqueid, event["Linkedid"], event["Exten"], event["CallerIDNum"], at)
        self.channels[uniqueid] = self._live[channel.name] = channel

    def _state(self, event: Fields, at: float) -> None:
        if event["ChannelStateDesc"] == "Ringing" and event["Channel"] in self._live:
            self._live[event["Channel"]].rang = True

    def _caller(self, event: Fields, at: float) -> None:
        channel = self._live.get(event["Channel"])
        if channel is not None and not channel.number:
            channel.number = event["CallerIDNum"]

    def _dial_ended(self, event: Fields, at: float) -> None:
        channel = self._live.get(event.get("DestChannel", ""))
        if channel is not None and not channel.dial_status:
            channel.dial_status = event["DialStatus"]

    def _renamed(self, event: Fields, at: float) -> None:
        old, new = event["Channel"], event["Newname"]
        if old in self._live:
            self._live[new] = self._live.pop(old)
            self._live[new].name = new

    def _variable(self, event: Fields, at: float) -> None:
        if event["Variable"] == "MIXMONITOR_FILENAME" and event["Channel"] in self._live:
            self._live[event["Channel"]].recordings.append(event["Value"])

    def _paired(self, event: Fields, at: float) -> None:
        one, two = event["LocalOneChannel"], event["LocalTwoChannel"]
        self._pair_of[one], self._pair_of[two] = two, one

    def _entered(self, event: Fields, at: float) -> None:
        name = event["Channel"]
        if event["BridgeType"] == "parking":
            self._parked_since[name] = at
            return
        self._bridge_of[name] = event["BridgeUniqueid"]
        self._compare(at)

    def _left(self, event: Fields, at: float) -> None:
        name = event["Channel"]
        since = self._parked_since.pop(name, None)
        if since is not None and name in self._live:
            self._live[name].parked += at - since
        if self._bridge_of.get(name) == event["BridgeUniqueid"]:
            del self._bridge_of[name]
        self._compare(at)

    def _died(self, event: Fields, at: float) -> None:
        channel = self._live.pop(event["Channel"], None)
        if channel is not None:
            channel.died = at
        self._bridge_of.pop(event["Channel"], None)
        self._compare(at)

    # ---- who is joined

    def _compare(self, at: float) -> None:
        joined = self._joined()
        for pair in [pair for pair in self._open if pair not in joined]:
            one, other = (self.channels[uniqueid] for uniqueid in pair)
            self.talks.append(Talk(one, other, self._open.pop(pair), at))
        for pair in joined:
            self._open.setdefault(pair, at)

    def _joined(self) -> set[tuple[str, str]]:
        pairs = set()
        for name in self._bridge_of:
            one = self._live.get(name)
            if one is None or not one.device:
                continue
            others = (self._live[reached] for reached in self._reach(name) if reached in self._live)
            pairs |= {(one.uniqueid, other.uniqueid) for other in others if other.device and other is not one}
        return pairs

    def _reach(self, start: str) -> set[str]:
        seen, edge = {start}, [start]
        while edge:
            for name in self._neighbours(edge.pop()) - seen:
                seen.add(name)
                edge.append(name)
        return seen

    def _neighbours(self, name: str) -> set[str]:
        bridge = self._bridge_of.get(name)
        near = {other for other, its in self._bridge_of.items() if its == bridge} if bridge else set()
        pair = self._pair_of.get(name)
        return near | ({pair} if pair in self._live else set())


RULES: dict[str, Callable[[Bridges, Fields, float], None]] = {
    "Newchannel": Bridges._born,
    "Newstate": Bridges._state,
    "NewCallerid": Bridges._caller,
    "DialEnd": Bridges._dial_ended,
    "Rename": Bridges._renamed,
    "VarSet": Bridges._variable,
    "LocalBridge": Bridges._paired,
    "BridgeEnter": Bridges._entered,
    "BridgeLeave": Bridges._left,
    "Hangup": Bridges._died,
}
