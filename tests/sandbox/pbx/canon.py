# SPDX-License-Identifier: GPL-3.0-or-later
"""An AMI stream without what differs from run to run: what each channel goes through, in order, header by header.

Events of different channels overtake one another on a real PBX, so order is kept per channel only.
"""

from __future__ import annotations

import re
from collections import defaultdict

END = "\r\n\r\n"
PREFIXES = (
    "", "Dest", "Transferer", "Transferee", "OrigTransferer", "SecondTransferer", "TransferTarget", "Target",
    "LocalOne", "LocalTwo", "Source", "Parkee", "Retriever",
)  # fmt: skip
# they follow one another as threads of the PBX please
ASIDE = frozenset({"Cdr", "DialState", "DeviceStateChange", "ExtensionStatus", "QueueMemberStatus", "FullyBooted"})
OUTLINED = frozenset(
    [
        "Newchannel",
        "Newstate",
        "DialBegin",
        "DialEnd",
        "BridgeEnter",
        "BridgeLeave",
        "BlindTransfer",
        "AttendedTransfer",
        "Hold",
        "Unhold",
        "MusicOnHoldStart",
        "MusicOnHoldStop",
        "Pickup",
        "ParkedCall",
        "UnParkedCall",
        "LocalBridge",
        "HangupRequest",
        "SoftHangupRequest",
        "Hangup",
        "MixMonitorStart",
        "OriginateResponse",
    ]
)
_OUTLINE = [
    "ChannelStateDesc",
    "DestChannelStateDesc",
    "DialStatus",
    "Cause",
    "TechCause",
    "BridgeNumChannels",
    "BridgeType",
    "SwapUniqueid",
    "Response",
    "Reason",
    "IsExternal",
    "DestType",
]
_MEASURED = frozenset(
    [
        "StartTime",
        "AnswerTime",
        "EndTime",
        "Duration",
        "BillableSeconds",
        "HoldTime",
        "RingTime",
        "TalkTime",
        "ParkingDuration",
        "ParkingTimeout",
        "ActionID",
        "LastCall",
        "CallsTaken",
        "LoginTime",
        "LocalId",
        "Id",
    ]
)
_SHOWN = [
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Context",
    "Exten",
    "Priority",
]
_SILENT = frozenset(["Event", "Privilege", "Timestamp", "ChannelState", "Language", "AccountCode", "Linkedid"])
_SERIAL = re.compile(r"-[0-9a-f]{8}(;[12])?$")

Message = list[tuple[str, str]]


def messages(data: bytes) -> list[Message]:
    """Headers of every event, in order; responses and the greeting are left out."""
    blocks = (block.lstrip("\r\n") for block in data.decode().split(END))
    events = (block for block in blocks if block.startswith("Event: "))
    return [[_header(line) for line in block.split("\r\n")] for block in events]


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def names(message: Message) -> tuple[str, ...]:
    """Header names of an event, in order, without the optional time stamp."""
    return tuple(name for name, _ in message if name != "Timestamp")


class Roles:
    """Channel names and unique ids as ``PJSIP/101#1``: the first channel of that phone in the stream."""

    def __init__(self) -> None:
        self._roles: dict[str, str] = {}
        self._count: dict[str, int] = defaultdict(int)

    def learn(self, values: dict[str, str]) -> None:
        stem, half = _stem(values["Channel"])
        self._count[stem + half] += 1
        role = f"{stem}#{self._count[stem + half]}{half}"
        self._roles[values["Channel"]] = self._roles[values["Uniqueid"]] = role

    def of(self, value: str) -> str:
        return self._roles.get(value, value)


def _stem(channel: str) -> tuple[str, str]:
    found = _SERIAL.search(channel)
    return (channel[: found.start()], found.group(1) or "") if found else (channel, "")


def stories(data: bytes) -> dict[str, list[str]]:
    """Role of a channel → its events, each as one line. ``Cdr`` → rows in any order."""
    roles, found = Roles(), defaultdict(list)
    for message in messages(data):
        values = dict(message)
        if values["Event"] == "Newchannel":
            roles.learn(values)
        if values["Event"] == "Cdr":
            found["Cdr"].append(_line(message, roles))
        elif values["Event"] not in ASIDE:
            for role in _concerned(values, roles):
                found[role].append(_line(message, roles))
    found["Cdr"].sort()
    return dict(found)


def outlines(data: bytes) -> dict[str, list[str]]:
    """Like ``stories``, without numbers, names and places: states, causes, statuses, who joins and leaves."""
    roles, found = Roles(), defaultdict(list)
    for message in messages(data):
        values = dict(message)
        if values["Event"] == "Newchannel":
            roles.learn(values)
        if values["Event"] not in OUTLINED:
            continue
        shown = [f"{name}={roles.of(values[name])}" for name in _OUTLINE if name in values]
        for prefix in PREFIXES:
            if f"{prefix}Channel" in values:
                role = roles.of(values[f"{prefix}Channel"])
                found[role].append(" ".join(filter(None, [prefix, values["Event"], *shown])))
    return dict(found)


def text(stories: dict[str, list[str]]) -> str:
    """As a file: a line with the role in brackets, then its events."""
    return "".join(f"[{role}]\n" + "".join(f"{line}\n" for line in lines) for role, lines in stories.items())


def _concerned(values: dict[str, str], roles: Roles) -> list[str]:
    channels = (values.get(f"{prefix}Channel", "") for prefix in PREFIXES)
    return list(dict.fromkeys(roles.of(channel) for channel in channels if channel))


def _line(message: Message, roles: Roles) -> str:
    values = dict(message)
    parts = [values["Event"]]
    for prefix in PREFIXES:
        if f"{prefix}ChannelState" in values:
            parts.append(_channel(prefix, values, roles))
    parts += [f"{name}={_value(name, value, roles)}" for name, value in message if not _is_shown(name, values)]
    return " ".join(parts)


def _channel(prefix: str, values: dict[str, str], roles: Roles) -> str:
    shown = [values[prefix + name].replace("<unknown>", "?") for name in _SHOWN]
    linked = roles.of(values[f"{prefix}Linkedid"])
    return f"{prefix}[{roles.of(values[prefix + 'Channel'])} {'|'.join(shown)} {linked}]"


def _is_shown(name: str, values: dict[str, str]) -> bool:
    if name in _SILENT or ("Bridge" in name and name.endswith(("id", "VideoSourceMode"))):
        return True
    for prefix in PREFIXES:
        if f"{prefix}ChannelState" in values and name.startswith(prefix):
            rest = name[len(prefix) :]
            if rest in ("Channel", "Uniqueid", "ChannelState", "Language", "AccountCode", "Linkedid", *_SHOWN):
                return True
    return False


def _value(name: str, value: str, roles: Roles) -> str:
    if name in _MEASURED:
        return "" if value in ("", "0") else "*"
    return roles.of(value)
