# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot of the PBX as a fact: every live channel told as if it were new."""

from __future__ import annotations

from collections.abc import Iterator

from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.snapshot import BridgeRow, ChannelRow, Snapshot
from itgrix_module.asterisk.translate import RECORDING_VARIABLE, room
from itgrix_module.domain.facts import (
    ChannelsSeen,
    DialEnded,
    LegAdded,
    LegDialled,
    LegJoined,
    RecordingNamed,
    Side,
)

_DIALLED_APPLICATIONS = frozenset(("AppDial", "AppDial2", "AppQueue"))


def channels_seen(snapshot: Snapshot, lost_at: float, sides: Sides) -> ChannelsSeen:
    """``lost_at``: epoch seconds of the last message before the gap."""
    rows = sorted(snapshot.channels, key=lambda row: (-row.duration, row.uniqueid != row.linkedid))
    added = tuple(_added(row, snapshot.at, sides) for row in rows)
    dialled = [row for row in rows if _is_dialled(row)]
    side_of = {fact.leg: fact.side for fact in added}
    return ChannelsSeen(
        at=snapshot.at,
        lost_at=lost_at,
        added=added,
        dialled=tuple(_dialled(row, snapshot.at, side_of[row.uniqueid]) for row in dialled),
        answered=tuple(
            DialEnded(snapshot.at, row.uniqueid, by="", status="ANSWER") for row in dialled if row.state == "Up"
        ),
        joined=tuple(_joined(snapshot)),
    )


def recordings_seen(snapshot: Snapshot) -> Iterator[RecordingNamed]:
    """Recordings that run, as far as the PBX named them."""
    for row in snapshot.channels:
        path = row.variables.get(RECORDING_VARIABLE, "")
        if path and path != "(null)":
            yield RecordingNamed(snapshot.at, row.uniqueid, path)


def _is_dialled(row: ChannelRow) -> bool:
    return row.application in _DIALLED_APPLICATIONS or row.state in ("Ringing", "Down")


def _added(row: ChannelRow, at: float, sides: Sides) -> LegAdded:
    party = sides.of_channel(row.channel, row.context, row.caller_num)
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
        calling=party.side is not Side.LOCAL and not _is_dialled(row),
        pair=party.name if party.side is Side.LOCAL else "",
    )


def _dialled(row: ChannelRow, at: float, side: Side) -> LegDialled:
    by = row.linkedid if row.linkedid != row.uniqueid else ""
    return LegDialled(at - row.duration, row.uniqueid, by=by, number=row.caller_num if side is Side.OUTSIDE else "")


def _joined(snapshot: Snapshot) -> Iterator[LegJoined]:
    bridges = {bridge.id: bridge for bridge in snapshot.bridges}
    for row in snapshot.channels:
        if row.bridge_id:
            bridge = bridges.get(row.bridge_id, BridgeRow(row.bridge_id))
            yield LegJoined(snapshot.at, row.uniqueid, row.bridge_id, room(bridge.type, bridge.technology))
