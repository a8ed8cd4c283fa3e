# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a call can be sent or a colleague be asked, which phones ring there, and who takes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.plan import FOLLOW_ME, MOBILE, ORDINARY, QUEUE, RING_GROUP
from itgrix_module.sandbox.rig.play_more_help import over
from tests.live.made_up.conversation import Conversation, Party

Ringing = dict[str, Leg]


@dataclass(frozen=True)
class Target:
    """``waves``: who rings, one wave after the other has fallen silent. ``seconds``: until the last one does.

    ``queue``: its members must be free. ``straight``: without Local pairs.
    """

    number: str
    waves: tuple[tuple[str, ...], ...]
    seconds: float = 4.0
    queue: bool = False
    straight: bool = True
    outside: bool = False
    members: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", frozenset(one for wave in self.waves for one in wave))

    @property
    def is_phone(self) -> bool:
        return self.number in ORDINARY


GROUPS = (
    Target(RING_GROUP, (("101", "102", "103"),)),
    Target("605", (("101", "102"),), 8.0, straight=False),
    Target("501", (("101",),)),
    Target("603", (("102",),)),
    Target("602", (("101",), ("101", "102"))),
    Target("601", (("101", "102", MOBILE),), 8.0, straight=False),
)
QUEUES = (
    Target(QUEUE, (("104", "105", "106"),), 3.0, queue=True, straight=False),
    Target("710", (("101", "102"),), 8.0, queue=True, straight=False),
    Target("705", (("101", "102"),), 6.0, queue=True, straight=False),
)
FOLLOW = (
    Target("801", (("101",), ("101", MOBILE)), 8.0, straight=False),
    Target(FOLLOW_ME, ((FOLLOW_ME, MOBILE),), 8.0, straight=False),
    Target("802", ((MOBILE,),), 12.0),
)


def phone(number: str) -> Target:
    return Target(number, ((number,),))


def outside(number: str) -> Target:
    return Target(number, ((number,),), 30.0, outside=True)


def a_phone(talk: Conversation) -> Target:
    """Of a colleague who is free."""
    return phone(talk.dice.choice(talk.free_phones()))


def anywhere(talk: Conversation, **weights: float) -> Target:
    """``phone``, ``group``, ``queue``, ``follow``, ``outside`` with these weights."""
    kind = talk.choose(**weights)
    free = set(talk.free_phones()) | {MOBILE, FOLLOW_ME}
    if kind == "outside":
        return outside(talk.stage.outsider())
    among = {"group": GROUPS, "queue": QUEUES, "follow": FOLLOW, "phone": ()}[kind]
    fit = [one for one in among if one.members <= free or not one.queue]
    if not talk.alone:
        fit = [one for one in fit if one.members <= talk.phones.keys()]
    if talk.dialled:  # inside the company that number is the phone alone
        fit = [one for one in fit if one.number != FOLLOW_ME]
    return talk.dice.choice(fit) if fit else a_phone(talk)


def elsewhere(talk: Conversation, **weights: float) -> Target:
    """The same, but nowhere where who holds the client would ring himself."""
    target = anywhere(talk, **weights)
    return a_phone(talk) if talk.held_by.number in target.members else target


async def ring(talk: Conversation, target: Target, rang: set[str] | None = None) -> Ringing:
    """Wait until everybody of the last wave rings; note who rang."""
    noted = talk.rang if rang is None else rang
    ringing: Ringing = {}
    for number, wave in enumerate(target.waves, 1):
        ringing = {name: await _rings(talk, name, target) for name in wave}
        noted |= set() if target.outside else set(wave)
        if number < len(target.waves):
            await over(*ringing.values())
    return ringing


async def _rings(talk: Conversation, name: str, target: Target) -> Leg:
    if name == MOBILE or target.outside:
        return await talk.stage.rings(talk.stage.provider, name)
    return await talk.stage.rings(talk.phones[name])


async def somebody_answers(talk: Conversation, target: Target, ringing: Ringing) -> Party:
    """One of those who ring; the others fall silent."""
    await talk.wait(0.3, 1.0)
    name = talk.dice.choice(sorted(ringing))
    leg = ringing[name]
    leg.answer()
    await over(*(other for key, other in ringing.items() if key != name))
    talk.say(f"{name} answers")
    codes = name in talk.phones or talk.direction == "incoming"  # the context for a mobile's is inherited from the DID
    return Party(name, leg, talk.phones.get(name), codes, straight=target.straight)


async def somebody_picks_up(talk: Conversation, target: Target, ringing: Ringing) -> Party:
    """A colleague whose own phone is silent."""
    free = [one for one in talk.free_phones() if one not in target.members]
    if not free or not (talk.alone or target.is_phone):
        return await somebody_answers(talk, target, ringing)
    await talk.wait(0.3, 1.0)
    name = talk.dice.choice(free)
    code = f"**{target.number}" if target.is_phone and (talk.chance(0.5) or not talk.alone) else "*8"
    talk.say(f"{name} picks it up ({code})")
    leg = talk.stage.dial(talk.phones[name], code)
    await leg.answered.wait()
    await over(*ringing.values())
    return Party(name, leg, talk.phones[name], codes=False, straight=False)


def refuse(ringing: Ringing, code: int) -> None:
    for leg in ringing.values():
        if not leg.ended:
            leg.reject(code)


async def silence(ringing: Ringing) -> None:
    await over(*ringing.values())
