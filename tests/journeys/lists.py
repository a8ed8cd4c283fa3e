# SPDX-License-Identifier: GPL-3.0-or-later
"""What Asterisk would list at any moment of a recorded session, found from its events alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from itgrix_module.asterisk.message import Message


@dataclass
class Channel:
    """A live channel, as CoreShowChannels and Status show it."""

    headers: dict[str, str]
    born: float
    dnid: str
    bridge: str = ""
    application: str = ""


@dataclass
class Bridge:
    """Kind of a bridge, as BridgeList shows it."""

    kind: str
    technology: str


class Pbx:
    """Feed it events; ask it for its lists."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self.did: dict[str, str] = {}  # Linkedid -> DID
        for message in messages:
            self.feed(message)

    def feed(self, message: Message) -> None:
        uniqueid = message.headers.get("Uniqueid", "")
        if message.event == "Newchannel":
            self._born(message, uniqueid)
        elif message.event == "Newstate" and message.get("ChannelStateDesc") == "Ring":
            self._calls(message, uniqueid)  # chan_sip says so afterwards
        elif message.event == "Hangup":
            self.channels.pop(uniqueid, None)
        self._see(message, uniqueid, "")
        self._see(message, message.headers.get("DestUniqueid", ""), "Dest")
        if message.event == "DialBegin" and message.get("DestUniqueid") in self.channels:
            self.channels[message.get("DestUniqueid")].application = "AppDial" if uniqueid else "AppDial2"
        elif message.event == "BridgeEnter" and uniqueid in self.channels:
            self.channels[uniqueid].bridge = message.get("BridgeUniqueid")
            self.bridges[message.get("BridgeUniqueid")] = Bridge(
                message.get("BridgeType"), message.get("BridgeTechnology")
            )
        elif message.event == "BridgeLeave" and uniqueid in self.channels:
            if self.channels[uniqueid].bridge == message.get("BridgeUniqueid"):
                self.channels[uniqueid].bridge = ""
        elif message.event == "AttendedTransfer" and message.get("DestType") == "App":
            self._takes_place(message.get("TransfereeUniqueid"), message.get("SecondTransfererUniqueid"))
        elif message.event == "BlindTransfer" and message.get("TransfereeUniqueid") in self.channels:
            self.channels[message.get("TransfereeUniqueid")].application = "Dial"

    def _takes_place(self, one: str, other: str) -> None:
        """He goes on where the other was: no event tells that it is in a conference."""
        if one in self.channels and other in self.channels:
            self.channels[one].bridge = self.channels[other].bridge or self.channels[one].bridge

    def _born(self, message: Message, uniqueid: str) -> None:
        calling = message.get("ChannelStateDesc") == "Ring"
        self.channels[uniqueid] = Channel({}, message.at, "")
        if calling:
            self._calls(message, uniqueid)

    def _calls(self, message: Message, uniqueid: str) -> None:
        channel = self.channels.get(uniqueid)
        if channel is None or channel.application:
            return
        channel.dnid, channel.application = message.get("Exten"), "Dial"
        if uniqueid == message.get("Linkedid") and message.get("Exten").isdigit():
            self.did[uniqueid] = message.get("Exten")

    def _see(self, message: Message, uniqueid: str, prefix: str) -> None:
        channel = self.channels.get(uniqueid)
        if channel is None:
            return
        for name in ("Channel", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "Context", "Exten", "Linkedid"):
            value = message.headers.get(prefix + name)
            if value is not None:
                channel.headers[name] = value

    def lists(self, at: float) -> Iterator[Message]:
        """The answers to CoreShowChannels, Status and BridgeList."""
        yield _message(at, Response="Success", ActionID="a", EventList="start", Message="Channels will follow")
        for uniqueid, channel in self.channels.items():
            yield _message(at, Event="CoreShowChannel", ActionID="a", **self._row(uniqueid, channel, at))
        yield _message(at, Event="CoreShowChannelsComplete", ActionID="a", EventList="Complete")
        yield _message(at, Response="Success", ActionID="b", EventList="start", Message="Bridge listing will follow")
        for key, bridge in self.bridges.items():
            headers = {"BridgeUniqueid": key, "BridgeType": bridge.kind, "BridgeTechnology": bridge.technology}
            yield _message(at, Event="BridgeListItem", ActionID="b", **headers)
        yield _message(at, Event="BridgeListComplete", ActionID="b", EventList="Complete")

    def _row(self, uniqueid: str, channel: Channel, at: float) -> dict[str, str]:
        seconds = int(at - channel.born)
        did = self.did.get(channel.headers.get("Linkedid", ""), "")
        headers = dict(channel.headers)
        dnid = channel.dnid
        if (
            headers.get("ChannelStateDesc") == "Down"
            and uniqueid == headers.get("Linkedid")
            and headers.get("Exten") != "s"
        ):
            # With chan_sip a caller's channel is in that state for microseconds only.
            headers["ChannelStateDesc"], dnid = "Ring", headers.get("Exten", "")
        return {
            **headers,
            "Uniqueid": uniqueid,
            "Application": channel.application,
            "Duration": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
            "BridgeId": channel.bridge,
            "DNID": dnid,
            "Variable": f"FROM_DID={did}",
        }


def _message(at: float, **headers: str) -> Message:
    return Message(headers, at)
