# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of channels (CEL) to facts. Nothing says that a phone rings or who dials it: that is concluded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from itgrix_module.domain.facts import (
    DialEnded,
    Fact,
    LegAdded,
    LegDialled,
    LegEnded,
    LegJoined,
    LegNumbered,
    LegParted,
    LegQueued,
    LegTransferred,
    RecordingNamed,
    Room,
    Side,
)
from itgrix_module.domain.numbers import is_keyed, looks_subscriber
from itgrix_module.domain.records import Event, Parties, Story
from itgrix_module.domain.records_dialling import CALLED, Diallers, dialled_through

_APP_DATA = 80  # characters that FreePBX's table has for it
_STATUS_OF_CAUSE = {
    17: "BUSY",
    18: "NOANSWER",
    19: "NOANSWER",
    20: "NOANSWER",
    21: "NOANSWER",
    1: "CHANUNAVAIL",
    2: "CHANUNAVAIL",
    3: "CHANUNAVAIL",
    22: "CHANUNAVAIL",
    27: "CHANUNAVAIL",
    28: "CHANUNAVAIL",
    31: "CONGESTION",
    34: "CONGESTION",
    38: "CONGESTION",
    41: "CONGESTION",
    42: "CONGESTION",
    44: "CONGESTION",
    58: "CONGESTION",
    66: "CHANUNAVAIL",
}


def facts_of_events(story: Story, parties: Parties) -> list[Fact]:
    """What a listener would have heard, in the order in which it was written."""
    return list(_Teller(story, parties).facts())


class _Teller:
    def __init__(self, story: Story, parties: Parties) -> None:
        self._story, self._parties = story, parties
        self._diallers = Diallers(story)
        self._rows: dict[str, list[Event]] = {}
        for row in story.events:
            self._rows.setdefault(row.leg, []).append(row)
        self._dialled: dict[str, str] = {}  # leg to its dialler
        self._answered: set[str] = set()
        self._parked: set[str] = set()
        self._bridges: dict[str, list[str]] = {}  # leg to those that it entered, the last one last
        self._sides: dict[str, Side] = {}
        self._gone: set[str] = set()
        self._shown: dict[str, tuple[str, str]] = {}
        self._queued: set[str] = set()
        self._recorded = {row.leg for row in story.events if _is_recording(row)}

    def facts(self) -> Iterator[Fact]:
        for row in self._story.events:
            tell = _TABLE.get(row.kind)
            if tell is not None:
                yield from tell(self, row)
            yield from self._always(row)

    def _always(self, row: Event) -> Iterator[Fact]:
        """What any row may tell of its channel: its caller id and the queue it is in."""
        if row.leg == row.call and self._sides.get(row.leg) is not None and row.kind != "CHAN_START":
            shown = (row.number, row.name)
            if shown != self._shown.get(row.leg) and row.number:
                self._shown[row.leg] = shown
                yield LegNumbered(row.at, row.leg, row.number, row.name)
        if row.app == "Queue" and row.leg not in self._queued:
            self._queued.add(row.leg)
            yield LegQueued(row.at, row.leg, row.data.partition(",")[0])

    # -- beginning

    def _start(self, row: Event) -> Iterator[Fact]:
        calling = self._calls(row)
        side, party = self._parties.of(row.channel, row.context, row.number, calling)
        self._sides[row.leg] = side
        local = side is Side.LOCAL
        yield LegAdded(
            at=row.at,
            leg=row.leg,
            call=row.call,
            channel=row.channel,
            side=side,
            party=party,
            number=row.number,
            name=row.name,
            dialled=row.dialled,
            calling=calling and not local,
            pair=party if local else "",
        )
        if row.leg == row.call:
            yield from self._began(row, calling and not local)
        elif not self._is_made_by_nobody(row):
            yield from self._rings(row)
        yield from self._from_records(row)

    def _calls(self, row: Event) -> bool:
        """A party that called in; not one that the PBX rings, by itself or for another one."""
        if row.leg != row.call or any(other.app == "AppDial2" for other in self._rows[row.leg]):
            return False
        if is_keyed(row.dialled):
            return True
        return any(other.app and other.app not in CALLED for other in self._rows[row.leg])

    def _began(self, row: Event, calling: bool) -> Iterator[Fact]:
        if calling:
            return
        self._dialled[row.leg] = ""
        yield LegDialled(row.at, row.leg, by="")
        number = next((other.ani for other in self._rows[row.leg] if looks_subscriber(other.ani)), "")
        if number:
            self._shown[row.leg] = (number, "")
            yield LegNumbered(row.at, row.leg, number)

    def _is_made_by_nobody(self, row: Event) -> bool:
        """Half of a Local pair: the one that runs the dialplan, or one that a transfer by feature code made."""
        if self._sides[row.leg] is not Side.LOCAL:
            return False
        return row.channel.endswith(";2") or not self._diallers.is_called(row)

    def _rings(self, row: Event) -> Iterator[Fact]:
        by = self._diallers.of(row)
        self._dialled[row.leg] = by
        outside = self._sides[row.leg] is Side.OUTSIDE
        number = self._number(row, by) if outside else ""
        yield LegDialled(row.at, row.leg, by=by, number=number, own=outside and self._parties.is_own(number))

    def _number(self, row: Event, by: str) -> str:
        """What was dialled through a trunk. The leg itself may show the extension that forwards."""
        for data in self._diallers.dial_strings(by, row):
            number = dialled_through(data, row.channel)
            if number:
                return number
        shown = (other.number for other in self._rows[row.leg])
        return next((number for number in shown if looks_subscriber(number)), "")

    def _from_records(self, row: Event) -> Iterator[Fact]:
        """Queue and recording, where the events do not name them."""
        for attempt in self._story.attempts:
            if attempt.leg != row.leg:
                continue
            if attempt.app == "Queue" and row.leg not in self._queued:
                self._queued.add(row.leg)
                yield LegQueued(row.at, row.leg, attempt.data.partition(",")[0])
            if attempt.recording and row.leg not in self._recorded and row.leg in attempt.recording:
                self._recorded.add(row.leg)
                yield RecordingNamed(attempt.started, row.leg, attempt.recording)

    # -- life

    def _answer(self, row: Event) -> Iterator[Fact]:
        if row.leg in self._dialled and row.leg not in self._answered:
            self._answered.add(row.leg)
            yield DialEnded(row.at, row.leg, by=self._dialled[row.leg], status="ANSWER")

    def _enter(self, row: Event) -> Iterator[Fact]:
        holding = row.extra.get("bridge_technology") == "holding_bridge"
        room = Room.TALK if not holding else Room.PARK if row.leg in self._parked else Room.HOLD
        bridge = _text(row, "bridge_id")
        self._bridges.setdefault(row.leg, []).append(bridge)
        yield LegJoined(row.at, row.leg, bridge, room)

    def _exit(self, row: Event) -> Iterator[Fact]:
        yield LegParted(row.at, row.leg, _text(row, "bridge_id"))

    def _park(self, row: Event) -> Iterator[Fact]:
        self._parked.add(row.leg)
        yield from ()

    def _unpark(self, row: Event) -> Iterator[Fact]:
        self._parked.discard(row.leg)
        yield from ()

    def _blind(self, row: Event) -> Iterator[Fact]:
        client = _text(row, "transferee_channel_uniqueid")
        self._diallers.moved(row, client)
        yield LegTransferred(row.at, row.leg, attended=False, to=_text(row, "extension"), client=client)

    def _attended(self, row: Event) -> Iterator[Fact]:
        yield LegTransferred(
            row.at,
            row.leg,
            attended=True,
            second=_text(row, "channel2_uniqueid"),
            client=_text(row, "transferee_channel_uniqueid"),
            target=_text(row, "transfer_target_channel_uniqueid") or self._moved(row),
            bridge=_text(row, "bridge2_id"),
        )

    def _moved(self, row: Event) -> str:
        """Who has left the bridge of the question for the client's: it is written after that, and names nobody then."""
        way = [_text(row, "bridge2_id"), _text(row, "bridge1_id")]
        gone = (leg for leg, entered in self._bridges.items() if entered[-2:] == way and leg != row.leg)
        return next(gone, "") if all(way) else ""

    def _app(self, row: Event) -> Iterator[Fact]:
        if _is_recording(row):
            yield RecordingNamed(row.at, row.leg, self._path(row))
        elif row.app == "StopMixMonitor":
            yield RecordingNamed(row.at, row.leg, "")

    def _path(self, row: Event) -> str:
        """The column holds eighty characters: a longer name is taken from the records, else by the naming rule."""
        path, comma, _ = row.data.partition(",")
        if comma or len(row.data) < _APP_DATA:
            return path
        name = path.rpartition("/")[2]
        named = (item.recording for item in self._story.attempts if item.leg == row.leg and item.recording)
        return next((found for found in named if found.startswith(name) or row.leg in found), row.leg)

    # -- end

    def _hangup(self, row: Event) -> Iterator[Fact]:
        if row.leg in self._gone:
            return
        self._gone.add(row.leg)
        cause = row.extra.get("hangupcause", 0)
        cause = cause if isinstance(cause, int) else 0
        if row.leg in self._dialled and row.leg not in self._answered:
            by = self._dialled[row.leg]
            yield DialEnded(row.at, row.leg, by=by, status=self._status(row, by, cause))
        yield LegEnded(row.at, row.leg, cause)

    def _status(self, row: Event, by: str, cause: int) -> str:
        """How the ringing ended, by the dialler's own account where this was the last one he dialled."""
        last = next((leg for leg in reversed(self._dialled) if self._dialled[leg] == by), "")
        ends = (other for other in self._rows.get(by, ()) if other.kind == "HANGUP")
        said = next((str(other.extra.get("dialstatus", "")) for other in ends), "")
        if last == row.leg and said not in ("", "ANSWER"):
            return said
        return _STATUS_OF_CAUSE.get(cause, "CANCEL")


def _is_recording(row: Event) -> bool:
    return row.kind == "APP_START" and row.app == "MixMonitor" and bool(row.data)


def _text(row: Event, name: str) -> str:
    value = row.extra.get(name, "")
    return value if isinstance(value, str) and value != "N/A" else ""


_TABLE: dict[str, Callable[[Any, Event], Iterator[Fact]]] = {
    "CHAN_START": _Teller._start,
    "ANSWER": _Teller._answer,
    "BRIDGE_ENTER": _Teller._enter,
    "BRIDGE_EXIT": _Teller._exit,
    "PARK_START": _Teller._park,
    "PARK_END": _Teller._unpark,
    "BLINDTRANSFER": _Teller._blind,
    "ATTENDEDTRANSFER": _Teller._attended,
    "APP_START": _Teller._app,
    "HANGUP": _Teller._hangup,
    "CHAN_END": _Teller._hangup,
}

__all__ = ["facts_of_events"]
