# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot of the PBX as a fact: every live channel told as if it were new."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from itgrix_module.asterisk.sides import Sides, endpoint_of
from itgrix_module.asterisk.snapshot import BridgeRow, ChannelRow, Snapshot
from itgrix_module.asterisk.translate import RECORDING_VARIABLE, room
from itgrix_module.domain.facts import (
    ChannelsSeen,
    DialEnded,
    LegAdded,
    LegDialled,
    LegJoined,
    RecordingNamed,
    Room,
    Side,
)
from itgrix_module.domain.numbers import looks_subscriber

_BORN = re.compile(r"(\d{9,11})\.(\d+)$")  # creation time and running number inside a Uniqueid
_DIALLED_APPLICATIONS = frozenset(("AppDial", "AppDial2", "AppQueue"))


def channels_seen(snapshot: Snapshot, lost_at: float, sides: Sides) -> ChannelsSeen:
    """``lost_at``: epoch seconds of the last message before the gap."""
    at = _moment(snapshot, lost_at)
    rows = sorted(snapshot.channels, key=_order)
    added = tuple(_added(row, at, sides) for row in rows)
    dialled = [row for row in rows if _is_dialled(row)]
    side_of = {fact.leg: fact.side for fact in added}
    return ChannelsSeen(
        at=at,
        lost_at=lost_at,
        added=added,
        dialled=tuple(
            _dialled(row, at, side_of[row.uniqueid], side_of.get(row.linkedid) is Side.OUTSIDE, rows) for row in dialled
        ),
        answered=tuple(DialEnded(at, row.uniqueid, by="", status="ANSWER") for row in dialled if row.state == "Up"),
        joined=tuple(_joined(snapshot, at)),
    )


def _moment(snapshot: Snapshot, lost_at: float) -> float:
    """When the channels were listed. A recording without time stamps does not say: then their ages do."""
    if snapshot.at > lost_at:
        return snapshot.at
    born = ((_BORN.search(row.uniqueid), row.duration) for row in snapshot.channels)
    return max([snapshot.at, *(float(found[1]) + age for found, age in born if found)])


def recordings_seen(snapshot: Snapshot) -> Iterator[RecordingNamed]:
    """Recordings that run, as far as the PBX named them."""
    for row in snapshot.channels:
        path = row.variables.get(RECORDING_VARIABLE, "")
        if path and path != "(null)":
            yield RecordingNamed(snapshot.at, row.uniqueid, path)


def _is_dialled(row: ChannelRow) -> bool:
    if row.application in _DIALLED_APPLICATIONS:
        return True
    return row.state in ("Ringing", "Down") and not row.channel.startswith("Local/") and not _is_just_made(row)


def _is_just_made(row: ChannelRow) -> bool:
    """A channel is listed some microseconds before it is said who dials it: that will be heard."""
    return row.state == "Down" and not row.application and not row.duration


def _added(row: ChannelRow, at: float, sides: Sides) -> LegAdded:
    party = sides.of_channel_met(row.channel, row.context, row.caller_num)
    did = row.variables.get("FROM_DID", "") or row.dnid
    return LegAdded(
        at=at - row.duration,
        leg=row.uniqueid,
        call=row.linkedid or row.uniqueid,
        channel=row.channel,
        side=party.side,
        party=party.name,
        number=row.caller_num,
        name=row.caller_name,
        dialled="" if did == "(null)" else did,
        calling=party.side is not Side.LOCAL and not _is_dialled(row) and not _is_just_made(row),
        pair=party.name if party.side is Side.LOCAL else "",
    )


def _dialled(row: ChannelRow, at: float, side: Side, came_in: bool, rows: Sequence[ChannelRow]) -> LegDialled:
    by = row.linkedid if row.linkedid != row.uniqueid else ""
    half = next((one for one in rows if _leads_to(one, row)), None)
    number = row.caller_num if side is Side.OUTSIDE else ""
    if came_in and not looks_subscriber(number):
        number = ""  # a mobile to which an extension forwards: the leg shows the extension's number at first
    return LegDialled(at - row.duration, row.uniqueid, by=half.uniqueid if half else by, number=number)


def _leads_to(half: ChannelRow, row: ChannelRow) -> bool:
    """Was the Local pair made to ring this phone or number? ``Local/FMGL-79031110105#@from-internal-00000001;2``"""
    if half.linkedid != row.linkedid or not half.channel.startswith("Local/") or not half.channel.endswith(";2"):
        return False
    wanted = "".join(char for char in half.channel.partition("@")[0] if char.isdigit())
    return bool(wanted) and wanted in (endpoint_of(row.channel), row.caller_num) and row.channel[:6] != "Local/"


def _order(row: ChannelRow) -> tuple[float, int, bool]:
    """Oldest first. Ages are whole seconds, but the PBX numbers its channels."""
    born = _BORN.search(row.uniqueid)
    return -row.duration, int(born[2]) if born else 0, row.uniqueid != row.linkedid


def _joined(snapshot: Snapshot, at: float) -> Iterator[LegJoined]:
    bridges = {bridge.id: bridge for bridge in snapshot.bridges}
    parked = {row.uniqueid for row in snapshot.parked}
    for row in snapshot.channels:
        if row.bridge_id:
            bridge = bridges.get(row.bridge_id, BridgeRow(row.bridge_id))
            kind = Room.PARK if row.uniqueid in parked else room(bridge.type, bridge.technology)
            yield LegJoined(at, row.uniqueid, row.bridge_id, kind)
