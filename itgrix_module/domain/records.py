# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls told from what the PBX wrote down of them, as live tracking would have told them.

Events of channels (CEL) say nearly everything that the manager interface says, to the second: only that a phone rings,
and by whom it is dialled, is concluded. Records (CDR) say who dialled whom, when and how long they talked. They do not
tell a caller who gave up from a callee who never answered, nor why a call failed, nor who of two talked with the
client while a third was asked, nor that somebody transferred a call: only who talked. Where both are there, the events
lead and the records add what was dialled, the queue and the recordings.

A PBX that died in mid-call wrote no end: the call is told to have ended with its last event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itgrix_module.domain.board import Board
from itgrix_module.domain.call import Call
from itgrix_module.domain.facts import Fact, LegEnded, Side

CEL, CDR = "cel", "cdr"
Judge = Callable[[str, str, str, bool], tuple[Side, str]]


def _nobodys(number: str) -> bool:  # noqa: ARG001
    return False


@dataclass(frozen=True)
class Parties:
    """Who is who on the PBX. ``of``: side and party of a channel by its name, context, caller id, and whether it calls.

    ``is_own``: is this outside number an employee's mobile?
    """

    of: Judge
    is_own: Callable[[str], bool] = _nobodys


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a channel (a row of CEL). ``at``: epoch seconds, UTC.

    ``kind``: ``CHAN_START``, ``ANSWER``, ``BRIDGE_ENTER`` ...; ``leg``, ``call``: Uniqueid, Linkedid; ``ani``: number
    of the line that calls; ``extra``: JSON data of the event.
    """

    at: float
    kind: str
    leg: str
    call: str
    channel: str
    context: str = ""
    number: str = ""
    name: str = ""
    ani: str = ""
    dialled: str = ""
    app: str = ""
    data: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A channel tried to reach another one (a row of CDR). ``to``: name of that channel, empty for none.

    ``started``: epoch seconds, UTC; ``duration``, ``talked``: seconds. ``disposition``: ``ANSWERED``, ``BUSY`` ...
    """

    started: float
    leg: str
    call: str
    channel: str
    to: str = ""
    duration: float = 0.0
    talked: float = 0.0
    disposition: str = ""
    number: str = ""
    name: str = ""
    dialled: str = ""
    context: str = ""
    app: str = ""
    data: str = ""
    did: str = ""
    recording: str = ""
    order: int = 0

    @property
    def ended(self) -> float:
        """Epoch seconds."""
        return self.started + self.duration

    @property
    def is_answered(self) -> bool:
        """Did the channel and the other one talk? Applications of the dialplan answer as well."""
        return bool(self.to) and self.disposition == "ANSWERED" and self.talked > 0


@dataclass(frozen=True)
class Story:
    """All that was written of calls that belong together: one, and those that a transfer joined with it.

    ``calls``: their Linkedids, the oldest first.
    """

    calls: tuple[str, ...]
    events: tuple[Event, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    @property
    def legs(self) -> frozenset[str]:
        """Every channel of which something is written."""
        return frozenset(row.leg for rows in (self.events, self.attempts) for row in rows)

    @property
    def started(self) -> float:
        """When the first thing happened, epoch seconds; 0 when nothing did."""
        return min((*(row.at for row in self.events), *(row.started for row in self.attempts)), default=0.0)

    @property
    def last(self) -> float:
        """When the last thing happened, epoch seconds."""
        return max((*(row.at for row in self.events), *(row.ended for row in self.attempts)), default=0.0)

    @property
    def source(self) -> str:
        """What the call is told from: events where they tell its beginning."""
        roots = {row.leg for row in self.events if row.kind == "CHAN_START"}
        return CEL if any(call in roots for call in self.calls) else CDR

    @property
    def is_over(self) -> bool:
        """Do the events say that it ended? Records alone cannot: another channel of the call may live on."""
        if self.source != CEL:
            return False
        gone = {row.leg for row in self.events if row.kind in ("HANGUP", "CHAN_END")}
        born = {row.leg for row in self.events if row.kind == "CHAN_START"}
        return born <= gone


@dataclass(frozen=True)
class Told:
    """A finished call. ``merged``: Linkedids that became part of it; ``source``: ``cel`` or ``cdr``."""

    call: Call
    merged: tuple[str, ...]
    source: str


def told(facts: Sequence[Fact], last: float, source: str) -> list[Told]:
    """The calls that facts of one story come to, the oldest first. ``last``: when what has no end is taken to end."""
    board = Board()
    found: dict[str, Call] = {}
    for fact in facts:
        _take(board, fact, found)
    for leg in sorted(board.legs):
        _take(board, LegEnded(last, leg), found)
    calls = sorted(found.values(), key=lambda call: (call.started, call.id))
    return [Told(call, tuple(call.merged), source) for call in calls]


def _take(board: Board, fact: Fact, found: dict[str, Call]) -> None:
    for change in board.apply(fact):
        if change.after is not None:
            found[change.after.id] = change.after
        elif change.before is not None:
            found.pop(change.before.id, None)
