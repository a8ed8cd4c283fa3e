# SPDX-License-Identifier: GPL-3.0-or-later
"""One conversation that is being made up, and its truth so far."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from itgrix_module.sandbox.rig import bridges, plan
from itgrix_module.sandbox.rig.leg import Leg, NothingHappened
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.play_more_help import over
from itgrix_module.sandbox.rig.stage import BEFORE_ANSWER, Stage
from itgrix_module.sandbox.rig.truth import Direction, Outcome, Transfer, Truth


@dataclass
class Party:
    """Who talks with the client. ``phone``: None for an outside party and for a mobile.

    ``codes``: may use feature codes (the PBX forbids them after the car park). ``straight``: no Local pair is between
    him and the client.
    """

    number: str
    leg: Leg
    phone: Phone | None
    codes: bool = True
    straight: bool = True

    @property
    def employee(self) -> bool:
        return self.phone is not None or self.number == plan.MOBILE


@dataclass
class Span:
    """``party`` is with the client from ``start`` on; ``end`` None: until one of the two has hung up."""

    party: Party
    start: float
    end: float | None = None

    def until(self, over: float) -> float:
        own = self.party.leg.ended.at
        return min(end for end in (self.end, own, over) if end is not None)


class Conversation:
    """``client``: the leg of him whose conversation it is, at his end of the line; ``number``: as the PBX shows him.

    ``holder``: who is with him now. ``inside``: the caller is an employee himself.
    """

    def __init__(self, stage: Stage, dice: random.Random, phones: Collection[str] = tuple(plan.EMPLOYEES)) -> None:
        """``phones``: those that take part; with fewer than all of them another conversation goes on beside it."""
        self.stage, self.dice = stage, dice
        self.phones = {phone.number: phone for phone in stage.phones if phone.number in phones}
        self.alone = len(phones) == len(plan.EMPLOYEES)
        self.number = stage.outsider()
        self.client: Leg
        self.caller: Leg | None = None  # of an employee who called out
        self.direction: Direction = "incoming"
        self.dialled = ""
        self.trunk: str | None = plan.FIRST_TRUNK
        self.play_on: Callable[[Conversation, int], Awaitable[None]]  # moves and the end, for a conversation beside it
        self.unseen = False  # the PBX does not tell where the client is
        self.parking = asyncio.Lock()  # one client after the other, so that each one's place is known
        self.recorded: list[str] = []  # how the names of the recordings begin, when not as usual
        self.called_back = False  # the PBX called the client first
        self.started: float | None = None  # when the caller's leg does not say
        self.outcome: Outcome | None = None  # of one that nobody answered
        self.holder: Party | None = None
        self.rang: set[str] = set()
        self.transfers: list[Transfer] = []
        self.others: list[Truth] = []  # calls beside it
        self.story: list[str] = []
        self._spans: list[Span] = []
        self._parked: list[tuple[float, float | None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    # ---- what goes on

    @property
    def technology(self) -> str:
        """Of the phones' and trunks' channels."""
        return bridges.PHONE.pattern.partition("/")[0]

    @property
    def inside(self) -> bool:
        return self.direction == "internal"

    @property
    def over(self) -> bool:
        return bool(getattr(self, "client", None)) and bool(self.client.ended)

    @property
    def held_by(self) -> Party:
        assert self.holder is not None
        return self.holder

    def may_press_codes(self, party: Party) -> bool:
        """Phones of chan_sip have no context for transfers, but in calls that bring one along."""
        return party.employee and party.codes and (self.technology == "PJSIP" or self.direction == "incoming")

    def say(self, text: str) -> None:
        self.story.append(text)

    async def wait(self, least: float = 0.7, most: float = 1.8) -> None:
        """Some time passes."""
        await self.stage.pass_time(self.dice.uniform(least, most))

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def choose(self, **weights: float) -> str:
        return self.dice.choices(list(weights), list(weights.values()))[0]

    def free_phones(self) -> list[str]:
        """Ordinary phones that do nothing now."""
        return [name for name in plan.ORDINARY if name in self.phones and not self.phones[name].calls]

    def meanwhile(self, work: Callable[[], Awaitable[object]]) -> None:
        """Done beside the rest; that it could not be done is no fault."""

        async def do() -> None:
            with suppress(NothingHappened):
                await work()

        self._tasks.append(asyncio.create_task(do()))

    def let_go(self, leg: Leg) -> None:
        """The phone that transferred hangs up when the PBX has told it how that went; some do not wait for that."""
        hasty = self.chance(0.3)

        async def work() -> None:
            await (self.stage.pass_time(0.1) if hasty else leg.transferred.wait())
            leg.hang_up()

        self.meanwhile(work)

    async def finished(self) -> None:
        await asyncio.gather(*self._tasks)

    # ---- who is with the client

    async def met(self, party: Party, at: float | None = None) -> None:
        """The party talks with the client from now on (or since ``at``)."""
        self._spans.append(Span(party, party.leg.answered.time if at is None else at))
        self.holder = party
        await self.joined(self.number, party)

    async def joined(self, number: str, party: Party) -> None:
        """Wait until the PBX says so; which channel leads to a mobile it does not say."""
        if self.unseen or plan.MOBILE in (number, party.number):
            await self.stage.pass_time(BEFORE_ANSWER)
        else:
            await self.stage.joined(number, party.number)

    def left(self, at: float | None = None) -> None:
        """The client is no longer with who held him (``at`` None: until that one's leg ends)."""
        if self._spans and at is not None:
            self._spans[-1].end = at
        self.holder = None

    async def comes_back(self, giver: Party, straight: bool) -> Party | None:
        """The PBX calls whoever gave the client away, who answers him; None when the client does not wait for that."""
        assert giver.phone is not None
        leg = await self.stage.rings(giver.phone)
        self.say(f"he comes back to {giver.number}")
        self.rang.add(giver.number)
        await self.wait(0.4, 1.0)
        if self.chance(0.3):
            self.say("and hangs up")
            self.client.hang_up()
            await over(leg)
            return None
        leg.answer()
        return Party(giver.number, leg, giver.phone, codes=False, straight=straight)

    def parked(self, at: float) -> None:
        self._parked.append((at, None))

    def fetched(self, at: float) -> None:
        self._parked[-1] = (self._parked[-1][0], at)

    def handed(self, kind: Any, source: str, target: str) -> None:
        self.transfers.append(Transfer(kind, source, target))

    # ---- what it came to

    def truth(self) -> Truth:
        talks = [span for span in self._spans if span.party.employee]
        started = self.started if self.started is not None else self._caller.started
        last = max(talks, key=lambda span: (span.until(self._over), span.start), default=None)
        first = talks[0] if talks else None
        return Truth(
            direction=self.direction,
            client=None if self.inside else self.number,
            dialled=self.dialled,
            trunk=None if self.inside else self.trunk,
            caller=None if self.direction == "incoming" or self.called_back else self._caller.dialog.end.user,
            outcome="answered" if first else self._unanswered(),
            started=started,
            wait=(first.start if first else self._over) - started,
            talk=self._talk(first.start) if first else 0.0,
            answered_by=first.party.number if first else None,
            last_talker=last.party.number if last else None,
            rang=tuple(sorted(self.rang)),
            transfers=tuple(self.transfers),
            sound=None,
            own=tuple(self.recorded or (self._recorded_as(),)),
        )

    def _recorded_as(self) -> str:
        kinds = {
            "incoming": f"in-{self.dialled}-{self.number}",
            "outgoing": f"out-{self.number}",
            "internal": f"internal-{self.dialled}-{self.number}",
        }
        return kinds[self.direction]

    def also_recorded(self, name: str) -> None:
        """By a colleague's phone, since the recording on the first employee's leg ends with that."""
        if self.direction == "outgoing" and self.caller and self._spans[0].party.straight:
            self.recorded = [*(self.recorded or [self._recorded_as()]), name]

    @property
    def _caller(self) -> Leg:
        return self.caller or self.client

    def _unanswered(self) -> Outcome:
        if self.outcome:
            return self.outcome
        return "no_answer" if self.inside else "missed"

    @property
    def _over(self) -> float:
        return (self.caller if self.outcome and self.caller else self.client).ended.time

    def _talk(self, start: float) -> float:
        end = max(span.until(self._over) for span in self._spans)
        parked = ((since, min(until or end, end)) for since, until in self._parked if since < end)
        return end - start - sum(until - since for since, until in parked)
