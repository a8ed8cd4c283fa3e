# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX's channels and bridges. Whatever changes here is said on AMI, with Asterisk's names, ids and headers."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from typing import NamedTuple

from itgrix_module.sandbox.pbx.channel import Bridge, Channel
from itgrix_module.sandbox.pbx.config import PbxConfig
from itgrix_module.sandbox.pbx.devices import Devices
from itgrix_module.sandbox.pbx.recorder import Recorder

Part = str | Channel | Bridge | tuple[str, Channel | Bridge] | Mapping[str, object]

STAMP_STEP = 2e-6  # seconds between two events of one step: no two have the same time on a real PBX
CAUSES = {
    0: "Unknown",
    1: "Unallocated (unassigned) number",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    21: "Call Rejected",
    26: "Answered elsewhere",
    34: "Circuit/channel congestion",
    127: "Interworking, unspecified",
}
_RIGHTS = {
    "FullyBooted": "system",
    "Shutdown": "system",
    "SuccessfulAuth": "security",
    "VarSet": "dialplan",
    "Newexten": "dialplan",
    "Cdr": "cdr",
    "AgentCalled": "agent",
    "AgentConnect": "agent",
    "AgentComplete": "agent",
    "AgentRingNoAnswer": "agent",
    "QueueCallerJoin": "agent",
    "QueueCallerLeave": "agent",
    "QueueCallerAbandon": "agent",
    "QueueMemberStatus": "agent",
}


class Event(NamedTuple):
    """One event for everybody who may hear it. ``right``: the class it belongs to."""

    name: str
    right: str
    text: bytes


STRAY = Event("", "", b"\r\n")  # an empty line between two messages, for everybody who hears events


class Exchange:
    """Not thread-safe: whoever uses it holds the timeline's lock. ``now`` gives epoch seconds."""

    def __init__(self, config: PbxConfig, now: Callable[[], float], emit: Callable[[Event], None]) -> None:
        self.config = config
        self.channels: dict[str, Channel] = {}
        self.by_device: dict[str, set[Channel]] = {}
        self.bridges: dict[str, Bridge] = {}
        self.finished = 0
        self.recorder = Recorder(config.monitor_dir)
        self.devices = Devices(config, self.say)
        self._now, self._emit = now, emit
        self._stamp = 0.0
        self._random = random.Random(1)  # noqa: S311
        self.boot()

    def boot(self) -> None:
        """Forget every channel without a word, as a process that died; counters start anew."""
        self.recorder.finish_all(self._now())
        for channel in self.channels.values():
            channel.live = False
        self.channels.clear()
        self.by_device.clear()
        self.bridges.clear()
        self.started = self._now()
        self.devices.reset(int(self.started))
        self.finished = 0
        self._numbers = {"unique": 0, "PJSIP": 0, "Local": 0}

    @property
    def now(self) -> float:
        return self._now()

    # -- saying

    def say(self, name: str, *parts: Part) -> None:
        """Send an event made of parts, in order."""
        right = _RIGHTS.get(name, "call")
        self._emit(Event(name, right, self._head(name, right, "".join(map(_text, parts)))))

    def _head(self, name: str, right: str, body: str) -> bytes:
        stamp = ""
        if self.config.timestamps:
            self._stamp = max(self._now(), self._stamp + STAMP_STEP)
            stamp = f"Timestamp: {self._stamp:.6f}\r\n"
        return f"Event: {name}\r\nPrivilege: {right},all\r\n{stamp}{body}\r\n".encode()

    # -- channels

    def channel(
        self,
        technology: str,
        endpoint: str,
        place: tuple[str, str],
        state: str = "Down",
        *,
        number: str = "",
        label: str = "",
        parent: Channel | None = None,
        uniqueid: str = "",
    ) -> Channel:
        """A new channel, announced. ``parent``: the channel that dials it; without one it begins a call."""
        serial = self._next(technology)
        return self._add(f"{technology}/{endpoint}-{serial:08x}", place, state, number, label, parent, uniqueid)

    def pair(
        self, exten: str, context: str, parent: Channel | None = None, uniqueids: tuple[str, str] = ("", "")
    ) -> tuple[Channel, Channel]:
        """Both halves of a Local channel, announced. ``uniqueids``: of both, where an Originate names them."""
        stem = f"Local/{exten}@{context}-{self._next('Local'):08x}"
        one = self._add(f"{stem};1", (context, exten), "Down", "", "", parent, uniqueids[0])
        two = self._add(f"{stem};2", (context, exten), "Ring", "", "", one, uniqueids[1])
        one.mate, two.mate = two, one
        two.runs_dialplan = True
        return one, two

    def _add(
        self,
        name: str,
        place: tuple[str, str],
        state: str,
        number: str,
        label: str,
        parent: Channel | None,
        uniqueid: str,
    ) -> Channel:
        now = self._now()
        uniqueid = uniqueid or f"{int(now)}.{self._next('unique')}"
        channel = Channel(
            name, uniqueid, parent.linkedid if parent else uniqueid, now, state, number, label,
            context=place[0], exten=place[1], runs_dialplan=state == "Ring", device=name.rpartition("-")[0],
            inherited=dict(parent.inherited) if parent else {}, watched=self.config.channel_variables,
        )  # fmt: skip
        self.channels[name] = channel
        self.by_device.setdefault(channel.device, set()).add(channel)
        self.devices.touch(channel.device)
        self.say("Newchannel", channel)
        self.chatter(channel)
        return channel

    def _next(self, counter: str) -> int:
        value = self._numbers[counter]
        self._numbers[counter] = value + 1
        return value

    def chatter(self, channel: Channel) -> None:
        """What the dialplan says of each of its steps to those who asked for it."""
        for number in range(self.config.noise):
            step = {"Extension": channel.exten, "Application": "Set", "AppData": f"__STEP_{number}={number}"}
            self.say("Newexten", channel, step)
            self.say("VarSet", channel, {"Variable": f"__STEP_{number}", "Value": number})

    def set_variable(self, channel: Channel, name: str, value: str) -> None:
        """``__NAME`` is inherited by whatever the channel dials."""
        if name.startswith("_"):
            channel.inherited[name.lstrip("_")] = value
        else:
            channel.variables[name] = value
        channel.show()
        self.say("VarSet", channel, {"Variable": name, "Value": value})

    def state(self, channel: Channel, state: str) -> None:
        """Newstate, unless it is in that state already."""
        if channel.state == state:
            return
        channel.show(state=state)
        if state == "Up":
            channel.answered = self._now()
        self.devices.touch(channel.device)
        self.say("Newstate", channel)

    def hang_up(self, channel: Channel, cause: int = 16, tech: int = 0) -> None:
        """The channel is gone. ``tech``: SIP code, when the other side sent one."""
        channel.live = False
        self.channels.pop(channel.name, None)
        self.by_device.get(channel.device, set()).discard(channel)
        if channel.last_place:
            channel.at(*channel.last_place)
        self.finished += 1
        extra = {"Cause": cause, "Cause-txt": CAUSES.get(cause, "Unknown")} | ({"TechCause": tech} if tech else {})
        self.say("Hangup", channel, extra)
        if self.recorder.finish(channel.uniqueid, self._now()) and self.config.extra_crlf:
            self._emit(STRAY)
        self.devices.touch(channel.device)

    # -- bridges

    def bridge(
        self, kind: str = "basic", technology: str = "simple_bridge", creator: str = "", name: str = ""
    ) -> Bridge:
        """A new, empty bridge, announced."""
        bridge = Bridge(str(uuid.UUID(int=self._random.getrandbits(128), version=4)), kind, technology, creator, name)
        self.bridges[bridge.id] = bridge
        self.say("BridgeCreate", bridge)
        return bridge

    def join(self, bridge: Bridge, channel: Channel, swap: Channel | None = None) -> None:
        """``swap``: whose place it takes."""
        bridge.members.append(channel)
        channel.bridge = bridge
        self.recorder.sound(channel.uniqueid, self._now())
        self.say("BridgeEnter", bridge, channel, {"SwapUniqueid": swap.uniqueid} if swap else {})

    def leave(self, channel: Channel) -> None:
        bridge = channel.bridge
        if bridge is None:
            return
        if channel.before_leave:
            told, channel.before_leave = channel.before_leave, None
            told()
        bridge.members.remove(channel)
        channel.bridge = None
        self.recorder.silence(channel.uniqueid, self._now())
        self.say("BridgeLeave", bridge, channel)

    def destroy(self, bridge: Bridge) -> None:
        """An empty bridge is gone."""
        if self.bridges.pop(bridge.id, None):
            self.say("BridgeDestroy", bridge)


def _text(part: Part) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Channel | Bridge):
        return part.headers()
    if isinstance(part, tuple):
        return part[1].headers(part[0])
    return "".join(f"{name}: {value}\r\n" for name, value in part.items())
