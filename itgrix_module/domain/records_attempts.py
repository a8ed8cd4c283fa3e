# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of attempts (CDR) to facts. What they cannot tell is said in ``records``."""

from __future__ import annotations

from collections.abc import Iterator

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
    RecordingNamed,
    Side,
)
from itgrix_module.domain.numbers import is_dialled_number, looks_subscriber
from itgrix_module.domain.records import Attempt, Parties, Story
from itgrix_module.domain.records_dialling import dialled_through

_STATUS = {"BUSY": "BUSY", "NO ANSWER": "NOANSWER", "FAILED": "CHANUNAVAIL", "CONGESTION": "CONGESTION"}
# What a channel does while it talks with the one that it dialled; with a mailbox or a menu nobody talks.
_TALKS = frozenset(("Dial", "Queue", "AppDial", "AppDial2", "AppQueue", "FollowMe", "Bridge", "Return", ""))


def facts_of_attempts(story: Story, parties: Parties) -> list[Fact]:
    """What a listener would have heard, as far as it can be told, in the order of time."""
    return [fact for _, _, fact in sorted(_Teller(story, parties).facts(), key=lambda item: item[:2])]


_Timed = tuple[float, int, Fact]
_BORN, _RUNG, _NAMED, _SAID, _MET, _LEFT, _ENDED = range(7)  # what comes first of things of the same second


class _Teller:
    def __init__(self, story: Story, parties: Parties) -> None:
        self._attempts = sorted(story.attempts, key=lambda item: (item.started, item.order))
        self._parties = parties
        self._legs = {attempt.channel: attempt.leg for attempt in self._attempts}
        self._births = self._born()
        self._ends: dict[str, float] = {}
        self._known: set[str] = set()
        self._dialled: set[str] = set()

    def _born(self) -> dict[str, float]:
        """When each leg is first spoken of, whether it dials or is dialled."""
        births: dict[str, float] = {}
        for attempt in self._attempts:
            for leg in (attempt.leg, self._legs.get(attempt.to, attempt.to)):
                births[leg] = min(attempt.started, births.get(leg, attempt.started))
        return births

    def facts(self) -> Iterator[_Timed]:
        for attempt in self._attempts:
            yield from self._channel(attempt)
            yield from self._details(attempt)
        for place, attempt in enumerate(self._attempts):
            yield from self._reached(attempt, f"record-{place}")
        for leg, end in self._ends.items():
            yield end, _ENDED, LegEnded(end, leg)

    def _channel(self, attempt: Attempt) -> Iterator[_Timed]:
        self._ends[attempt.leg] = max(attempt.ended, self._ends.get(attempt.leg, 0.0))
        if attempt.leg in self._known:
            return
        self._known.add(attempt.leg)
        first = attempt.leg == attempt.call
        made = attempt.app == "AppDial2"
        yield from self._added(attempt, first and not made)
        if first and (made or attempt.channel.startswith("Local/")):
            yield attempt.started, _RUNG, LegDialled(attempt.started, attempt.leg, by="")
            if attempt.talked > 0 or attempt.is_answered:
                yield attempt.started, _SAID, DialEnded(attempt.started, attempt.leg, by="", status="ANSWER")
            number = attempt.dialled if looks_subscriber(attempt.dialled) else attempt.number
            yield attempt.started, _NAMED, LegNumbered(attempt.started, attempt.leg, number)

    def _added(self, attempt: Attempt, calls: bool) -> Iterator[_Timed]:
        side, party = self._parties.of(attempt.channel, "", attempt.number, calls)
        local = side is Side.LOCAL
        added = LegAdded(
            at=self._births[attempt.leg],
            leg=attempt.leg,
            call=attempt.call,
            channel=attempt.channel,
            side=side,
            party=party,
            number=attempt.number,
            name=attempt.name,
            dialled=_dialled(attempt, side),
            calling=calls and not local,
            pair=party if local else "",
        )
        yield added.at, _BORN, added

    def _details(self, attempt: Attempt) -> Iterator[_Timed]:
        if attempt.app == "Queue":
            queue = attempt.data.partition(",")[0]
            yield attempt.started, _NAMED, LegQueued(attempt.started, attempt.leg, queue)
        if attempt.recording:
            yield attempt.started, _NAMED, RecordingNamed(attempt.started, attempt.leg, attempt.recording)

    def _reached(self, attempt: Attempt, bridge: str) -> Iterator[_Timed]:
        if not attempt.to:
            return
        leg = self._legs.get(attempt.to, attempt.to)
        side, party = self._parties.of(attempt.to, "", "", False)
        if leg not in self._known:
            self._known.add(leg)
            yield attempt.started, _BORN, self._made(attempt, leg, side, party)
        if leg not in self._dialled and leg != attempt.call:
            self._dialled.add(leg)
            yield attempt.started, _RUNG, self._rung(attempt, leg, side)
        self._ends[leg] = max(attempt.ended, self._ends.get(leg, 0.0))
        if attempt.is_answered and attempt.app in _TALKS:
            yield from _talk(attempt, leg, bridge)
        elif not attempt.is_answered:
            status = _STATUS.get(attempt.disposition, "CANCEL")
            yield attempt.ended, _SAID, DialEnded(attempt.ended, leg, by=attempt.leg, status=status)

    @staticmethod
    def _made(attempt: Attempt, leg: str, side: Side, party: str) -> Fact:
        pair = party if side is Side.LOCAL else ""
        return LegAdded(attempt.started, leg, attempt.call, attempt.to, side, party, pair=pair)

    def _rung(self, attempt: Attempt, leg: str, side: Side) -> Fact:
        number = self._number(attempt) if side is Side.OUTSIDE else ""
        own = side is Side.OUTSIDE and self._parties.is_own(number)
        return LegDialled(attempt.started, leg, by=attempt.leg, number=number, own=own)

    @staticmethod
    def _number(attempt: Attempt) -> str:
        through = dialled_through(attempt.data, attempt.to)
        return through or (attempt.dialled if is_dialled_number(attempt.dialled) else "")


def _dialled(attempt: Attempt, side: Side) -> str:
    if side is Side.LOCAL:
        return attempt.channel.partition("/")[2].partition("@")[0]
    return attempt.did if side is Side.OUTSIDE and attempt.did else attempt.dialled


def _talk(attempt: Attempt, leg: str, bridge: str) -> Iterator[_Timed]:
    met = attempt.ended - attempt.talked
    yield met, _SAID, DialEnded(met, leg, by=attempt.leg, status="ANSWER")
    for one in (leg, attempt.leg):
        yield met, _MET, LegJoined(met, one, bridge)
        yield attempt.ended, _LEFT, LegParted(attempt.ended, one, bridge)
