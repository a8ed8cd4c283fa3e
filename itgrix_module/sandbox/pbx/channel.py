# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels and bridges and how AMI shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

STATES = {"Down": 0, "Ring": 4, "Ringing": 5, "Up": 6, "Busy": 7}
UNKNOWN = "<unknown>"
Place = tuple[str, str, int]  # context, extension, priority


@dataclass(eq=False)
class Channel:
    """One channel. Change it through ``show``, which forgets the text it was shown as.

    ``runs_dialplan``: it executes the dialplan, others were dialled. ``mate``: the other half of a Local pair.
    ``parked``: space, who parked it, since when. ``variables``: its own; ``inherited``: those that channels it dials
    get as well; ``watched``: those that every event shows. ``ledger``: what its CDR says of the dialplan: destination,
    context, application, data. ``before_leave``: what is said just before it leaves its bridge. ``last_place``: where
    in the dialplan it is when it hangs up, if not where it was.
    """

    name: str
    uniqueid: str
    linkedid: str
    created: float
    state: str = "Down"
    number: str = ""
    label: str = ""
    connected_number: str = ""
    connected_label: str = ""
    context: str = ""
    exten: str = ""
    priority: int = 1
    runs_dialplan: bool = False
    dnid: str = ""
    device: str = ""
    application: str = ""
    application_data: str = ""
    queue: str = ""
    parked: tuple[str, str, float] | None = None
    answered: float | None = None
    bridge: Bridge | None = None
    mate: Channel | None = None
    variables: dict[str, str] = field(default_factory=dict)
    inherited: dict[str, str] = field(default_factory=dict)
    ledger: tuple[str, str, str, str] = ("s", "", "", "")
    watched: tuple[str, ...] = ()
    before_leave: Callable[[], None] | None = None
    last_place: Place | None = None
    has_cdr: bool = True
    live: bool = True
    _shown: dict[str, str] = field(default_factory=dict)

    def show(self, **values: Any) -> Channel:
        """Change fields by name."""
        for name, value in values.items():
            setattr(self, name, value)
        self._shown.clear()
        return self

    def at(self, context: str, exten: str, priority: int = 1) -> Channel:
        """Move to a place in the dialplan."""
        return self.show(context=context, exten=exten, priority=priority)

    @property
    def place(self) -> Place:
        return self.context, self.exten, self.priority

    def variable(self, name: str) -> str:
        """Empty when it is not set; functions like ``CDR(linkedid)`` are known by a few names."""
        if name in self.variables:
            return self.variables[name]
        if name in self.inherited:
            return self.inherited[name]
        known = {"UNIQUEID": self.uniqueid, "CHANNEL": self.name, "CHANNEL(linkedid)": self.linkedid}
        known |= {"CALLERID(num)": self.number, "CALLERID(name)": self.label, "CDR(linkedid)": self.linkedid}
        return known.get(name, "")

    def headers(self, prefix: str = "") -> str:
        """Its headers in an event, each with the prefix."""
        text = self._shown.get(prefix)
        if text is None:
            text = self._shown[prefix] = self._headers(prefix)
        return text

    def _headers(self, prefix: str) -> str:
        pairs = (
            ("Channel", self.name),
            ("ChannelState", STATES[self.state]),
            ("ChannelStateDesc", self.state),
            ("CallerIDNum", self.number or UNKNOWN),
            ("CallerIDName", self.label or UNKNOWN),
            ("ConnectedLineNum", self.connected_number or UNKNOWN),
            ("ConnectedLineName", self.connected_label or UNKNOWN),
            ("Language", "en"),
            ("AccountCode", ""),
            ("Context", self.context),
            ("Exten", self.exten),
            ("Priority", self.priority),
            ("Uniqueid", self.uniqueid),
            ("Linkedid", self.linkedid),
        )
        text = "".join(f"{prefix}{name}: {value}\r\n" for name, value in pairs)
        return text + "".join(f"{prefix}ChanVariable: {name}={self.variable(name)}\r\n" for name in self.watched)


@dataclass(eq=False)
class Bridge:
    """Channels that hear each other, or wait in a car park (``kind`` parking)."""

    id: str
    kind: str = "basic"
    technology: str = "simple_bridge"
    creator: str = ""
    name: str = ""
    members: list[Channel] = field(default_factory=list)

    def headers(self, prefix: str = "", count: int | None = None) -> str:
        """``count``: number of members to show, when it is not the present one."""
        pairs = (
            ("BridgeUniqueid", self.id),
            ("BridgeType", self.kind),
            ("BridgeTechnology", self.technology),
            ("BridgeCreator", self.creator or UNKNOWN),
            ("BridgeName", self.name or UNKNOWN),
            ("BridgeNumChannels", len(self.members) if count is None else count),
            ("BridgeVideoSourceMode", "none"),
        )
        return "".join(f"{prefix}{name}: {value}\r\n" for name, value in pairs)
