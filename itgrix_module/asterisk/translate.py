# SPDX-License-Identifier: GPL-3.0-or-later
"""AMI messages to facts. Pure but for what it remembers of the running channels (names to unique ids, recordings)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.sides import Sides
from itgrix_module.domain.facts import (
    DialEnded,
    Fact,
    LegAdded,
    LegDialled,
    LegEnded,
    LegHeld,
    LegJoined,
    LegNumbered,
    LegParted,
    LegQueued,
    LegRated,
    LegTransferred,
    OrderFailed,
    RecordingNamed,
    Room,
    Side,
)
from itgrix_module.domain.numbers import is_dialled_number
from itgrix_module.domain.ordered import of_reason

RECORDING_VARIABLE = "MIXMONITOR_FILENAME"
_VOTES = frozenset("12345")
ORDER_ACTION = "itgrix-dial-"  # ActionID of an Originate of ours; the unique id that its channel gets follows
RECORDING_ACTION = "itgrix-recording-"  # ActionID of a Getvar for a recording's path; the leg's unique id follows


class Translator:
    """One per connection. ``sides`` tells employees from trunks."""

    def __init__(self, sides: Sides | None = None, vote: Callable[[], str] = lambda: "") -> None:
        self._sides, self._vote = sides or Sides(), vote
        self._votes: dict[str, str] = {}
        self._recordings: dict[str, str] = {}
        self._heard: set[str] = set()  # live channels

    def knows_recording(self, leg: str) -> bool:
        """Has the PBX named the file of the recording that runs on this leg?"""
        return leg in self._recordings

    def facts(self, message: Message) -> Iterator[Fact]:
        """Facts of one message, in the order in which they happened."""
        translate = _TABLE.get(message.event)
        if message.repeated or "ChanVariable" in message.headers:
            yield from self._from_variables(message)
        if translate is not None:
            yield from translate(self, message)
        elif message.response and message.get("ActionID").startswith(RECORDING_ACTION):
            leg = message.get("ActionID").removeprefix(RECORDING_ACTION)
            yield from self._recording(message.at, leg, message.get("Value"))

    def _from_variables(self, message: Message) -> Iterator[Fact]:
        for item in message.all("ChanVariable"):
            name, _, value = item.partition("=")
            if name == RECORDING_VARIABLE and value:
                yield from self._recording(message.at, message.get("Uniqueid"), value)
            elif name:
                yield from self._rated(message, name, value)

    def _rated(self, message: Message, name: str, value: str) -> Iterator[Fact]:
        """The caller's rating is told again with every event of his channel."""
        leg = message.get("Uniqueid")
        if name.lstrip("_") != self._vote() or value not in _VOTES or self._votes.get(leg) == value:
            return
        self._votes[leg] = value
        yield LegRated(message.at, leg, int(value))

    def _recording(self, at: float, leg: str, path: str) -> Iterator[Fact]:
        if not path or not leg or self._recordings.get(leg) == path:
            return
        self._recordings[leg] = path
        yield RecordingNamed(at, leg, path)

    def _new_channel(self, message: Message) -> Iterator[Fact]:
        self._heard.add(message.get("Uniqueid"))
        channel, number = message.get("Channel"), message.get("CallerIDNum")
        calls = _calls(message)
        side_of = self._sides.of_caller if calls else self._sides.of_channel
        party = side_of(channel, message.get("Context"), number)
        yield LegAdded(
            at=message.at,
            leg=message.get("Uniqueid"),
            call=message.get("Linkedid") or message.get("Uniqueid"),
            channel=channel,
            side=party.side,
            party=party.name,
            number=number,
            name=message.get("CallerIDName"),
            dialled=message.get("Exten"),
            calling=calls and party.side is not Side.LOCAL,
            pair=party.name if party.side is Side.LOCAL else "",
        )

    def _new_state(self, message: Message) -> Iterator[Fact]:
        """chan_sip makes a caller's channel first and says afterwards that he calls."""
        leg = message.get("Uniqueid")
        if message.get("ChannelStateDesc") == "Ring" and message.get("Linkedid") in (leg, ""):
            yield from self._new_channel(message)

    def _unheard(self, message: Message, prefix: str = "") -> Iterator[Fact]:
        """A channel whose birth was before our time. Where its dialplan is by now says nothing of what was dialled."""
        leg, channel = message.get(f"{prefix}Uniqueid"), message.get(f"{prefix}Channel")
        if not leg or leg in self._heard:
            return
        self._heard.add(leg)
        call, number = message.get(f"{prefix}Linkedid") or leg, message.get(f"{prefix}CallerIDNum")
        party = self._sides.of_channel(channel, number=number)
        local = party.side is Side.LOCAL
        yield LegAdded(
            at=message.at,
            leg=leg,
            call=call,
            channel=channel,
            side=party.side,
            party=party.name,
            number=number,
            name=message.get(f"{prefix}CallerIDName"),
            calling=leg == call and not local and not prefix,
            pair=party.name if local else "",
        )

    def _new_caller_id(self, message: Message) -> Iterator[Fact]:
        yield LegNumbered(message.at, message.get("Uniqueid"), message.get("CallerIDNum"), message.get("CallerIDName"))

    def _dial_begin(self, message: Message) -> Iterator[Fact]:
        yield from self._unheard(message)
        yield from self._unheard(message, "Dest")
        number = dialled_number(message.get("DialString"))
        yield LegDialled(
            message.at,
            message.get("DestUniqueid"),
            by=message.get("Uniqueid"),
            number=number,
            own=self._sides.is_own(number),
        )

    def _dial_end(self, message: Message) -> Iterator[Fact]:
        yield DialEnded(
            message.at,
            message.get("DestUniqueid"),
            by=message.get("Uniqueid"),
            status=message.get("DialStatus"),
            forward=message.get("Forward"),
        )

    def _bridge_enter(self, message: Message) -> Iterator[Fact]:
        yield from self._unheard(message)
        swapped = message.get("SwapUniqueid")
        if swapped:
            yield LegParted(message.at, swapped, message.get("BridgeUniqueid"))
        kind = room(message.get("BridgeType"), message.get("BridgeTechnology"))
        yield LegJoined(message.at, message.get("Uniqueid"), message.get("BridgeUniqueid"), kind)

    def _bridge_leave(self, message: Message) -> Iterator[Fact]:
        yield LegParted(message.at, message.get("Uniqueid"), message.get("BridgeUniqueid"))

    def _blind_transfer(self, message: Message) -> Iterator[Fact]:
        if message.get("Result", "Success") == "Success":
            yield LegTransferred(
                message.at,
                message.get("TransfererUniqueid"),
                attended=False,
                to=message.get("Extension"),
                client=message.get("TransfereeUniqueid"),
            )

    def _attended_transfer(self, message: Message) -> Iterator[Fact]:
        if message.get("Result", "Success") != "Success":
            return
        yield LegTransferred(
            message.at,
            message.get("OrigTransfererUniqueid"),
            attended=True,
            target=message.get("TransferTargetUniqueid"),
            second=message.get("SecondTransfererUniqueid"),
            client=message.get("TransfereeUniqueid"),
            bridge=message.get("DestBridgeUniqueid"),
            takes_place=message.get("DestType") == "App",
        )

    def _originated(self, message: Message) -> Iterator[Fact]:
        """Success means that the employee has picked up: his channel tells that better."""
        action = message.get("ActionID")
        if not action.startswith(ORDER_ACTION) or message.get("Response") == "Success":
            return
        code = of_reason(int(message.get("Reason")) if message.get("Reason").isdecimal() else -1)
        yield OrderFailed(message.at, action.removeprefix(ORDER_ACTION), code)

    def _hold(self, message: Message) -> Iterator[Fact]:
        yield LegHeld(message.at, message.get("Uniqueid"), on=True)

    def _unhold(self, message: Message) -> Iterator[Fact]:
        yield LegHeld(message.at, message.get("Uniqueid"), on=False)

    def _queue_join(self, message: Message) -> Iterator[Fact]:
        yield LegQueued(message.at, message.get("Uniqueid"), message.get("Queue"))

    def _variable(self, message: Message) -> Iterator[Fact]:
        if message.get("Variable") == RECORDING_VARIABLE:
            yield from self._recording(message.at, message.get("Uniqueid"), message.get("Value"))
        else:
            yield from self._rated(message, message.get("Variable"), message.get("Value"))

    def _recording_stop(self, message: Message) -> Iterator[Fact]:
        leg = message.get("Uniqueid")
        self._recordings.pop(leg, None)
        yield RecordingNamed(message.at, leg, "")

    def _cdr(self, message: Message) -> Iterator[Fact]:
        name = message.get("recordingfile") or message.get("RecordingFile")
        leg = message.get("UniqueID") or message.get("Uniqueid")
        if name and leg:
            yield RecordingNamed(message.at, leg, name)

    def _hangup(self, message: Message) -> Iterator[Fact]:
        leg = message.get("Uniqueid")
        self._recordings.pop(leg, None)
        self._votes.pop(leg, None)
        self._heard.discard(leg)
        yield LegEnded(message.at, leg, _number(message.get("Cause")))


def _calls(message: Message) -> bool:
    """Has the party called in? chan_sip says so only after the channel is made, but a dialled number says it too."""
    if message.get("ChannelStateDesc") == "Ring":
        return True
    first = message.get("Linkedid") in (message.get("Uniqueid"), "")
    return first and message.get("ChannelStateDesc") == "Down" and is_dialled_number(message.get("Exten"))


def room(bridge_type: str, technology: str) -> Room:
    """Talk, car park or waiting room, from what the bridge says of itself."""
    if bridge_type == "parking":
        return Room.PARK
    return Room.HOLD if technology == "holding_bridge" else Room.TALK


def dialled_number(dial_string: str) -> str:
    """The outside number in a dial string, empty when it names a phone.

    ``7916…@trunk`` (PJSIP), ``trunk/7916…`` (chan_sip, IAX2, DAHDI), ``trunk/sip:7916…@host`` (PJSIP with a URI).
    """
    text = dial_string.split("&", 1)[0]
    _, slash, last = text.rpartition("/")
    if slash and last.startswith(("sip:", "sips:", "tel:")):
        last = last.partition(":")[2]
    number = last.partition("@")[0]
    return number if number.strip("+0123456789*#") == "" else ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


_TABLE: dict[str, Callable[[Translator, Message], Iterator[Fact]]] = {
    "Newchannel": Translator._new_channel,
    "Newstate": Translator._new_state,
    "NewCallerid": Translator._new_caller_id,
    "DialBegin": Translator._dial_begin,
    "DialEnd": Translator._dial_end,
    "BridgeEnter": Translator._bridge_enter,
    "BridgeLeave": Translator._bridge_leave,
    "BlindTransfer": Translator._blind_transfer,
    "AttendedTransfer": Translator._attended_transfer,
    "OriginateResponse": Translator._originated,
    "Hold": Translator._hold,
    "Unhold": Translator._unhold,
    "QueueCallerJoin": Translator._queue_join,
    "VarSet": Translator._variable,
    "MixMonitorStop": Translator._recording_stop,
    "Cdr": Translator._cdr,
    "Hangup": Translator._hangup,
}
