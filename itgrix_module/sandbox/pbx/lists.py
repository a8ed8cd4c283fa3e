# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to actions that list something: an introduction, items, an end, all with the ActionID of the question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from itgrix_module.sandbox.pbx.channel import Bridge, Channel
from itgrix_module.sandbox.pbx.devices import hint

if TYPE_CHECKING:
    from itgrix_module.sandbox.pbx.actions import Desk

Action = Mapping[str, str]
Items = Iterator[str]


def channels(desk: Desk, _: Action, mark: str) -> Items:
    """CoreShowChannels."""
    now = desk.exchange.now
    for channel in desk.exchange.channels.values():
        lasted = int(now - channel.created)
        clock = f"{lasted // 3600:02d}:{lasted // 60 % 60:02d}:{lasted % 60:02d}"
        yield event(
            "CoreShowChannel",
            mark,
            channel.headers(),
            {
                "Application": channel.application,
                "ApplicationData": channel.application_data,
                "Duration": clock,
                "BridgeId": channel.bridge.id if channel.bridge else "",
            },
        )


def status(desk: Desk, action: Action, mark: str) -> Items:
    """Status, of one channel or of all, with the variables asked for."""
    wanted = [name.strip() for name in action.get("variables", "").split(",") if name.strip()]
    for channel in desk.exchange.channels.values():
        if action.get("channel") in (None, "", channel.name):
            variables = "".join(f"Variable: {name}={channel.variable(name) or '(null)'}\r\n" for name in wanted)
            yield event("Status", "Privilege: Call\r\n", channel.headers(), _status(desk, channel), variables, mark)


def _status(desk: Desk, channel: Channel) -> dict[str, object]:
    return {
        "Type": channel.name.partition("/")[0],
        "DNID": channel.dnid,
        "EffectiveConnectedLineNum": channel.connected_number or "<unknown>",
        "EffectiveConnectedLineName": channel.connected_label or "<unknown>",
        "TimeToHangup": 0,
        "BridgeID": channel.bridge.id if channel.bridge else "",
        "Application": channel.application,
        "Data": channel.application_data,
        "Nativeformats": "(ulaw)",
        "Readformat": "ulaw",
        "Readtrans": "",
        "Writeformat": "ulaw",
        "Writetrans": "",
        "Callgroup": 0,
        "Pickupgroup": 0,
        "Seconds": int(desk.exchange.now - channel.created),
    }


def bridges(desk: Desk, action: Action, mark: str) -> Items:
    """BridgeList."""
    for bridge in desk.exchange.bridges.values():
        if action.get("bridgetype") in (None, "", bridge.kind):
            yield event("BridgeListItem", mark, bridge)


def bridge_members(desk: Desk, action: Action, mark: str) -> Items:
    """BridgeInfo of a bridge that exists."""
    for channel in desk.exchange.bridges[action["bridgeuniqueid"]].members:
        yield event("BridgeInfoChannel", mark, channel)


def queue_status(desk: Desk, action: Action, mark: str) -> Items:
    """QueueStatus: parameters, members, waiting callers."""
    queue, now = desk.config.queue, desk.exchange.now
    if action.get("queue") not in (None, "", queue.number):
        return
    waiting = _waiting(desk)
    numbers = {"Max": 0, "Strategy": "ringall", "Calls": len(waiting), "Holdtime": 0, "TalkTime": 0, "Completed": 0}
    levels = {"Abandoned": 0, "ServiceLevel": 0, "ServicelevelPerf": "0.0", "ServicelevelPerf2": "0.0", "Weight": 0}
    yield event("QueueParams", {"Queue": queue.number, **numbers, **levels}, mark)
    for member in queue.members:
        shown = desk.exchange.devices.member(desk.config.extension(member))
        yield event("QueueMember", {"Queue": queue.number, **shown}, mark)
    for position, channel in enumerate(waiting, 1):
        yield event("QueueEntry", _entry(queue.number, position, channel, now), mark)


def _entry(queue: str, position: int, channel: Channel, now: float) -> dict[str, object]:
    return {
        "Queue": queue,
        "Position": position,
        "Channel": channel.name,
        "Uniqueid": channel.uniqueid,
        "CallerIDNum": channel.number or "unknown",
        "CallerIDName": channel.label or "unknown",
        "ConnectedLineNum": channel.connected_number or "unknown",
        "ConnectedLineName": channel.connected_label or "unknown",
        "Wait": int(now - channel.created),
        "Priority": 0,
    }


def queue_summary(desk: Desk, _: Action, mark: str) -> Items:
    """QueueSummary."""
    queue, devices = desk.config.queue, desk.exchange.devices
    free = sum(devices.state(f"PJSIP/{member}") == "NOT_INUSE" for member in queue.members)
    callers = {"Callers": len(_waiting(desk)), "HoldTime": 0, "TalkTime": 0, "LongestHoldTime": 0}
    staff = {"Queue": queue.number, "LoggedIn": len(queue.members), "Available": free}
    yield event("QueueSummary", {**staff, **callers}, mark)


def _waiting(desk: Desk) -> list[Channel]:
    return [channel for channel in desk.exchange.channels.values() if channel.queue]


def parked(desk: Desk, _: Action, mark: str) -> Items:
    """ParkedCalls."""
    for channel in desk.exchange.channels.values():
        if channel.parked:
            space, parker, since = channel.parked
            stayed = int(desk.exchange.now - since)
            place = {"ParkerDialString": parker, "Parkinglot": "default", "ParkingSpace": space}
            times = {"ParkingTimeout": max(0, 45 - stayed), "ParkingDuration": stayed}
            yield event("ParkedCall", mark, channel.headers("Parkee"), place, times)


def endpoints(desk: Desk, _: Action, mark: str) -> Items:
    """PJSIPShowEndpoints: phones and trunks."""
    names = [item.number for item in desk.config.extensions] + [item.name for item in desk.config.trunks]
    for name in names:
        state = desk.exchange.devices.state(f"PJSIP/{name}")
        shown = {"NOT_INUSE": "Not in use", "RINGING": "Ringing", "BUSY": "Busy"}.get(state, "In use")
        active = [channel.name for channel in desk.exchange.channels.values() if channel.device == f"PJSIP/{name}"]
        registered = f"{name}/{desk.config.contact.format(name)}," if desk.config.has_extension(name) else ""
        row = {"ObjectType": "endpoint", "ObjectName": name, "Transport": "0.0.0.0-udp", "Aor": name}
        rest = {"Auths": f"{name}-auth", "OutboundAuths": "", "Contacts": registered, "DeviceState": shown}
        yield event("EndpointList", mark, {**row, **rest, "ActiveChannels": ",".join(active)})


def extension_states(desk: Desk, _: Action, mark: str) -> Items:
    """ExtensionStateList."""
    for extension in desk.config.extensions:
        state = desk.exchange.devices.state(f"PJSIP/{extension.number}")
        yield event("ExtensionStatus", mark, {"Exten": extension.number, **hint(extension, state)})


def event(name: str, *parts: str | Bridge | Channel | Mapping[str, object]) -> str:
    """An event of a list: without privilege and time stamp."""
    return f"Event: {name}\r\n" + "".join(map(_text, parts)) + "\r\n"


def _text(part: str | Bridge | Channel | Mapping[str, object]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Bridge | Channel):
        return part.headers()
    return "".join(f"{name}: {value}\r\n" for name, value in part.items())
