# SPDX-License-Identifier: GPL-3.0-or-later
"""What the PBX says is going on at one moment: the typed result of a resync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One live channel. ``duration``: whole seconds since it was created, at Snapshot.at.

    ``state`` as Asterisk words it (``Up``, ``Ringing``, ``Ring`` ...). ``account``: AccountCode. ``dnid``: the number
    that was dialled on this channel (the DID of an inbound trunk channel). ``variables``: those that were asked for and
    are set.
    """

    channel: str
    uniqueid: str
    linkedid: str
    state: str = ""
    context: str = ""
    exten: str = ""
    caller_num: str = ""
    caller_name: str = ""
    connected_num: str = ""
    connected_name: str = ""
    application: str = ""
    application_data: str = ""
    duration: int = 0
    bridge_id: str = ""
    account: str = ""
    dnid: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BridgeRow:
    """One bridge and the Uniqueids in it. ``type``: ``basic``, ``parking``, ``base`` (conference) ..."""

    id: str
    type: str = ""
    technology: str = ""
    creator: str = ""
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueEntryRow:
    """A caller who waits in a queue. ``wait``: seconds."""

    queue: str
    uniqueid: str
    channel: str = ""
    position: int = 0
    wait: int = 0


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A parked channel. ``duration``, ``timeout``: seconds."""

    uniqueid: str
    channel: str = ""
    space: str = ""
    lot: str = ""
    parker: str = ""
    duration: int = 0
    timeout: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State of the PBX. ``at``: epoch seconds at which the channels were listed.

    ``channels_known``: False when the PBX did not let us list channels; then absence of a channel means nothing.
    ``startup``: when Asterisk started, in the PBX's local time as it prints it, empty if unknown; ``booted_at``: the
    same in epoch seconds by FullyBooted's uptime, if seen; ``uptime``: that itself, seconds, in a recording.
    ``missing``: actions that were refused. ``lost_at``: epoch seconds of the last sign of life before the gap that
    this snapshot closes, None without a gap.
    """

    at: float
    channels: tuple[ChannelRow, ...] = ()
    bridges: tuple[BridgeRow, ...] = ()
    queue_entries: tuple[QueueEntryRow, ...] = ()
    parked: tuple[ParkedRow, ...] = ()
    channels_known: bool = True
    startup: str = ""
    booted_at: float | None = None
    uptime: int | None = field(default=None, compare=False)
    asterisk_version: str = ""
    missing: tuple[str, ...] = ()
    lost_at: float | None = None
