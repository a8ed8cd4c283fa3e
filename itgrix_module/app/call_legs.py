# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversations of a call: one for each leg of an employee, from the best that is known of the call.

That is its timeline (every leg with its times), else the tracker's state (legs that live, and who has talked), else
the row alone (who rang, who talked).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from itgrix_module.app import shapes
from itgrix_module.app.ports import CallRow, TimelineEntry
from itgrix_module.domain.call import Call, Leg, Ring


@dataclass(frozen=True)
class Conversation:
    """One leg of an employee. Times in epoch seconds, None when it did not happen or is not known.

    ``id``: unique id of the channel; where that is not known any more, ``<linkedid>:<party>``. ``party``: extension,
    or number of a mobile. ``began``: he dialled himself. ``status``: how its ringing ended, as Asterisk says it.
    """

    id: str
    party: str
    channel: str = ""
    began: bool = False
    started: float | None = None
    answered: float | None = None
    ended: float | None = None
    parked: bool = False
    cause: int = 0
    status: str = ""

    @property
    def is_over(self) -> bool:
        return self.ended is not None

    @property
    def talks(self) -> bool:
        return self.answered is not None and not self.is_over


def conversations(row: CallRow, timeline: Iterable[TimelineEntry] = ()) -> tuple[Conversation, ...]:
    """In the order in which they began."""
    found = _of_timeline(row, timeline) or _of_state(row) or _of_row(row)
    return tuple(sorted(found, key=lambda each: each.started or row.started))


def active(found: Sequence[Conversation], row: CallRow) -> Conversation | None:
    """Who talks, else whose phone rings; after the call the one who talked last, else the one who rang last."""
    talking = [each for each in found if each.talks]
    if talking:
        return max(talking, key=lambda each: each.answered or 0.0)
    live = [each for each in found if not each.is_over]
    if live and row.ended is None:
        return live[0]
    answered = [each for each in found if each.answered is not None]
    named = [each for each in answered if each.party == row.last_talker] or answered
    if named:
        return max(named, key=lambda each: (each.ended or 0.0, each.started or 0.0))
    return found[-1] if found else None


def transfers(row: CallRow, timeline: Iterable[TimelineEntry] = ()) -> list[dict[str, str]]:
    """Who gave the call to whom: ``kind`` (blind or attended), ``from``, ``to``."""
    told = tuple(timeline)
    call = state(row)
    if call is not None and not told:
        return [{"kind": each.kind, "from": each.by, "to": each.to} for each in call.transfers]
    parties = {str(e.data.get("leg")): str(e.data.get("party", "")) for e in told if e.text == "LegAdded"}
    return [_transfer(entry.data, parties) for entry in told if entry.text == "LegTransferred"]


def _transfer(data: Mapping[str, Any], parties: Mapping[str, str]) -> dict[str, str]:
    kind = "attended" if data.get("attended") else "blind"
    target = str(data.get("to", "")) or parties.get(str(data.get("target", "")), "")
    return {"kind": kind, "from": parties.get(str(data["leg"]), ""), "to": target}


def main_leg(row: CallRow, timeline: Iterable[TimelineEntry] = ()) -> tuple[str, int]:
    """Asterisk's name of the main channel and the cause of its end, as far as somebody knows them."""
    own = [entry for entry in timeline if entry.kind == "fact" and entry.data.get("leg") == row.linkedid]
    name = next((str(entry.data.get("channel", "")) for entry in own if entry.text == "LegAdded"), "")
    cause = next((int(entry.data.get("cause") or 0) for entry in own if entry.text == "LegEnded"), 0)
    call = state(row)
    leg = call.legs.get(call.root) if call else None
    return name or (leg.channel if leg else ""), cause or (call.cause if call else 0)


def state(row: CallRow) -> Call | None:
    """What the tracker keeps of a call while it lives."""
    try:
        return shapes.load(row.state) if row.state else None
    except ValueError:
        return None


# -- from the timeline


@dataclass
class _Told:
    """A leg as the facts tell it."""

    conversation: Conversation
    is_employee: bool
    side: str
    number: str = ""
    rang: bool = False
    times: dict[str, float] = field(default_factory=dict)


def _of_timeline(row: CallRow, timeline: Iterable[TimelineEntry]) -> list[Conversation]:
    told: dict[str, _Told] = {}
    for entry in timeline:
        if entry.kind == "fact" and isinstance(entry.data.get("leg"), str):
            _tell(told, entry.text, entry.data, entry.at)
    return [_as_party(leg, row) for leg in told.values() if _takes_part(leg, row)]


def _takes_part(leg: _Told, row: CallRow) -> bool:
    if leg.is_employee:
        return leg.rang or leg.conversation.began
    return leg.side == "outside" and bool(leg.number) and leg.number in row.rang


def _as_party(leg: _Told, row: CallRow) -> Conversation:
    found = leg.conversation if leg.is_employee else replace(leg.conversation, party=leg.number)
    return replace(found, ended=row.ended) if found.ended is None and row.ended is not None else found


def _tell(told: dict[str, _Told], fact: str, data: Mapping[str, Any], at: float) -> None:
    leg = told.get(data["leg"])
    if fact == "LegAdded":
        told.setdefault(data["leg"], _added(data, at))
    elif leg is not None:
        _apply(leg, fact, data, at)


def _added(data: Mapping[str, Any], at: float) -> _Told:
    calling = bool(data.get("calling"))
    start = Conversation(
        str(data["leg"]), str(data.get("party", "")), str(data.get("channel", "")), began=calling, started=at
    )
    side = str(data.get("side", ""))
    return _Told(start, side == "employee", side, str(data.get("number", "")))


def _apply(leg: _Told, fact: str, data: Mapping[str, Any], at: float) -> None:
    one = leg.conversation
    if fact == "LegDialled":
        leg.rang, leg.number = True, str(data.get("number", "")) or leg.number
        leg.conversation = replace(one, started=at)
    elif fact == "LegJoined" and data.get("room", "talk") == "talk":
        leg.conversation = replace(one, answered=at if one.answered is None else one.answered)
    elif fact == "DialEnded":
        leg.conversation = _dial_ended(one, str(data.get("status", "")), at)
    elif fact == "LegHeld":
        leg.conversation = replace(one, parked=bool(data.get("on")))
    elif fact == "LegEnded":
        leg.conversation = replace(one, ended=at, parked=False, cause=int(data.get("cause") or 0))


def _dial_ended(one: Conversation, status: str, at: float) -> Conversation:
    answered = at if status == "ANSWER" and one.answered is None else one.answered
    return replace(one, status=status, answered=answered)


# -- from the tracker's state


def _of_state(row: CallRow) -> list[Conversation]:
    call = state(row)
    if call is None:
        return []
    living = [_of_leg(leg, call) for leg in call.live_legs() if _is_conversation(leg, call)]
    known = {each.id for each in living}
    gone = {
        talk.leg: Conversation(talk.leg, talk.party, started=talk.start, answered=talk.start, ended=talk.end)
        for talk in call.talks
        if talk.employee and talk.leg not in known
    }
    return [*living, *gone.values()]


def _is_conversation(leg: Leg, call: Call) -> bool:
    return leg.employee and (leg.ring is not Ring.NONE or leg.id == call.root or leg.met_client)


def _of_leg(leg: Leg, call: Call) -> Conversation:
    talk = next((talk for talk in call.talks if talk.leg == leg.id), None)
    return Conversation(
        id=leg.id,
        party=leg.who,
        channel=leg.channel,
        began=leg.calling,
        started=leg.rang_at or leg.added,
        answered=leg.answered or (talk.start if talk else None),
        ended=call.ended,
        parked=leg.parked,
    )


# -- from the row


def _of_row(row: CallRow) -> list[Conversation]:
    parties = dict.fromkeys((*row.rang, row.caller, row.answered_by, row.last_talker))
    return [_of_party(row, party) for party in parties if party]


def _of_party(row: CallRow, party: str) -> Conversation:
    talked = row.answered is not None and party in (row.answered_by, row.last_talker)
    return Conversation(
        id=f"{row.linkedid}:{party}",
        party=party,
        began=party == row.caller,
        started=row.started,
        answered=row.answered if talked else None,
        ended=row.ended,
    )
