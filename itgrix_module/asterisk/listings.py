# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to CoreShowChannels, Status, BridgeList, BridgeInfo, QueueStatus, ParkedCalls, CoreStatus, CoreSettings,
gathered into a snapshot, whoever asked and in whatever order, with live events in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.snapshot import BridgeRow, ChannelRow, ParkedRow, QueueEntryRow, Snapshot

QUIET = 0.5  # seconds without a list message after which a recorded resync is over
OPEN = 30.0  # seconds after which a list without an end is given up
_HELD = 1000  # live events between two lists of one resync, at most


class SnapshotCollector:
    """Feed it a stream with ``feed``, or the items of one list with ``item``, ``members`` and ``listed``."""

    def __init__(self) -> None:
        self.startup = ""
        self.version = ""
        self.booted_at: float | None = None
        self.uptime: int | None = None
        self.took = False  # the message fed last was part of an answer, not a live event
        self._clear()

    def _clear(self) -> None:
        self._rows: dict[str, ChannelRow] = {}
        self._bridges: dict[str, BridgeRow] = {}
        self._members: dict[str, list[str]] = {}
        self._loose: dict[str, list[str]] = {}  # ActionID -> Uniqueids of a BridgeInfo whose end names the bridge
        self._queue: list[QueueEntryRow] = []
        self._parked: list[ParkedRow] = []
        self._open: set[str] = set()
        self._listed_at: float | None = None
        self._touched = 0.0
        self._between = 0

    @property
    def collecting(self) -> bool:
        """A list is being answered, or more lists may follow the one with the channels."""
        return bool(self._open) or self._listed_at is not None

    @property
    def bridge_ids(self) -> tuple[str, ...]:
        """Bridges that were listed."""
        return tuple(self._bridges)

    def feed(self, message: Message) -> Snapshot | None:
        """One message of a stream. Returns the snapshot when this message shows that the answers are complete."""
        anew = self._listed_at is not None and message.get("Message") == "Channels will follow"
        ready = self.finish() if anew else None
        self.took = self._absorb(message)
        if self.took:
            self._touched, self._between = message.at, 0
            return ready
        return self.finish() if self._over(message) else None

    def finish(self) -> Snapshot | None:
        """What was collected, also at the end of a stream; None without a list of channels."""
        snapshot = self.build() if self._listed_at is not None else None
        self._clear()
        return snapshot

    def build(self, missing: tuple[str, ...] = (), at: float = 0.0) -> Snapshot:
        """The snapshot so far. ``at`` counts when no channels were listed."""
        return Snapshot(
            at=at if self._listed_at is None else self._listed_at,
            channels=tuple(self._rows.values()),
            bridges=tuple(self._with_members(bridge) for bridge in self._bridges.values()),
            queue_entries=tuple(self._queue),
            parked=tuple(self._parked),
            channels_known=self._listed_at is not None,
            startup=self.startup,
            booted_at=self.booted_at,
            uptime=self.uptime,
            asterisk_version=self.version,
            missing=missing,
        )

    def listed(self, at: float) -> None:
        """All live channels were named, as of this time."""
        if self._listed_at is None:
            self._listed_at = at

    def members(self, bridge_id: str, uniqueids: Iterable[str]) -> None:
        """Channels of one bridge."""
        self._members.setdefault(bridge_id, []).extend(uniqueids)

    def item(self, message: Message) -> None:
        """One event of a list, recognised by its name; others are ignored."""
        take = _ITEMS.get(message.event)
        if take:
            take(self, message)

    def core(self, message: Message) -> bool:
        """Answer to CoreStatus or CoreSettings; False if it is neither."""
        date, version = message.get("CoreStartupDate"), message.get("AsteriskVersion")
        if date:
            self.startup = f"{date}T{message.get('CoreStartupTime')}"
        self.version = version or self.version
        return bool(date or version)

    def _over(self, message: Message) -> bool:
        quiet = message.at - self._touched
        if self._open:
            return quiet > OPEN
        self._between += 1
        return self.collecting and (not message.event or quiet > QUIET or self._between > _HELD)

    def _absorb(self, message: Message) -> bool:
        action_id = message.headers.get("ActionID", "")
        if not message.event:
            return self._response(message, action_id)
        if message.event.endswith("Complete") and (message.get("EventList") or action_id in self._open):
            self._end(message, action_id)
            return True
        if message.event == "FullyBooted":
            self.uptime = seconds(message.get("Uptime"))
            self.booted_at = message.at - self.uptime
        listed = action_id in self._open
        if listed or (message.event in _ITEMS and message.event != "ParkedCall"):
            self.item(message)
            return True
        return False

    def _response(self, message: Message, action_id: str) -> bool:
        if message.get("EventList").lower() != "start":
            return self.core(message)
        self._open.add(action_id)
        return True

    def _end(self, message: Message, action_id: str) -> None:
        self._open.discard(action_id)
        if message.event in {"CoreShowChannelsComplete", "StatusComplete"}:
            self.listed(message.at)
        elif message.event == "BridgeInfoComplete":
            self.members(message.get("BridgeUniqueid"), self._loose.pop(action_id, []))

    def _channel(self, message: Message) -> None:
        row = channel_row(message)
        known = self._rows.get(row.uniqueid)
        if row.uniqueid:
            self._rows[row.uniqueid] = merged(known, row) if known else row

    def _bridge(self, message: Message) -> None:
        get = message.get
        row = BridgeRow(get("BridgeUniqueid"), get("BridgeType"), get("BridgeTechnology"), get("BridgeCreator"))
        self._bridges[row.id] = row

    def _member(self, message: Message) -> None:
        self._loose.setdefault(message.headers.get("ActionID", ""), []).append(message.get("Uniqueid"))

    def _queue_entry(self, message: Message) -> None:
        get = message.get
        position, wait = seconds(get("Position")), seconds(get("Wait"))
        self._queue.append(QueueEntryRow(get("Queue"), get("Uniqueid"), get("Channel"), position, wait))

    def _parked_call(self, message: Message) -> None:
        self._parked.append(parked_row(message))

    def _with_members(self, bridge: BridgeRow) -> BridgeRow:
        shown = [row.uniqueid for row in self._rows.values() if row.bridge_id == bridge.id]
        return replace(bridge, channels=tuple(dict.fromkeys([*self._members.get(bridge.id, ()), *shown])))


_ITEMS: dict[str, Callable[[SnapshotCollector, Message], None]] = {
    "CoreShowChannel": SnapshotCollector._channel,
    "Status": SnapshotCollector._channel,
    "BridgeListItem": SnapshotCollector._bridge,
    "BridgeInfoChannel": SnapshotCollector._member,
    "QueueEntry": SnapshotCollector._queue_entry,
    "ParkedCall": SnapshotCollector._parked_call,
}


def channel_row(message: Message) -> ChannelRow:
    """Row of CoreShowChannel or Status; each of them knows something that the other does not."""
    get = message.get
    return ChannelRow(
        channel=get("Channel"),
        uniqueid=get("Uniqueid"),
        linkedid=get("Linkedid") or get("Uniqueid"),
        state=get("ChannelStateDesc"),
        context=get("Context"),
        exten=get("Exten"),
        caller_num=get("CallerIDNum"),
        caller_name=get("CallerIDName"),
        connected_num=get("ConnectedLineNum"),
        connected_name=get("ConnectedLineName"),
        application=get("Application"),
        application_data=get("ApplicationData") or get("Data"),
        duration=seconds(get("Seconds") or get("Duration")),
        bridge_id=get("BridgeId") or get("BridgeID"),
        account=get("AccountCode"),
        dnid=get("DNID"),
        variables=_variables(message),
    )


def merged(known: ChannelRow, newer: ChannelRow) -> ChannelRow:
    """The newer row, with what only the known one says."""
    told = {name: getattr(newer, name) for name in ChannelRow.__slots__ if getattr(newer, name)}
    return replace(known, **told)


def parked_row(message: Message) -> ParkedRow:
    """Row of the list ParkedCalls."""
    get = message.get
    return ParkedRow(
        uniqueid=get("ParkeeUniqueid"),
        channel=get("ParkeeChannel"),
        space=get("ParkingSpace"),
        lot=get("Parkinglot"),
        parker=get("ParkerDialString"),
        duration=seconds(get("ParkingDuration")),
        timeout=seconds(get("ParkingTimeout")),
    )


def seconds(text: str) -> int:
    """``00:01:07`` or ``67`` → 67; anything else → 0."""
    total = 0
    for part in text.split(":"):
        if not part.isdecimal():
            return 0
        total = total * 60 + int(part)
    return total


def _variables(message: Message) -> dict[str, str]:
    pairs = (line.partition("=") for line in message.all("Variable"))
    return {name: value for name, _, value in pairs if value and value != "(null)"}


def with_snapshots(messages: Iterable[Message]) -> Iterator[Message | Snapshot]:
    """A recorded stream as the link delivers it: list answers become one snapshot, live events follow it."""
    collector = SnapshotCollector()
    held: list[Message] = []
    for message in messages:
        snapshot = collector.feed(message)
        if snapshot:
            yield snapshot
        if snapshot or not collector.collecting:
            yield from held
            held.clear()
        if message.event and not collector.took:
            held.append(message)
    snapshot = collector.finish()
    if snapshot:
        yield snapshot
    yield from held
