# SPDX-License-Identifier: GPL-3.0-or-later
"""The client is sent on without asking: by the phone, a feature code, or an operator's panel."""

from __future__ import annotations

import time
from dataclasses import replace

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.play_more_help import ask, channel, over, press
from tests.live.made_up.beginnings import dial_in_menu
from tests.live.made_up.conversation import Conversation, Party
from tests.live.made_up.targets import (
    Ringing,
    Target,
    a_phone,
    anywhere,
    phone,
    refuse,
    ring,
    silence,
    somebody_answers,
    somebody_picks_up,
)


async def send(talk: Conversation) -> None:
    """Blind transfer, and what becomes of it."""
    if not talk.inside and talk.chance(0.12):
        await _to_machine(talk)
        return
    target = a_phone(talk) if talk.inside else anywhere(talk, phone=5, group=2, queue=2, follow=1, outside=1.5)
    way = _way(talk, redirect=target.number != "802")  # nobody could tell that from an order for the mobile itself
    how = _how(talk, target) if way != "redirect" else "answered"
    await _give_away(talk, target.number, way)
    await WHAT_COMES[how](talk, target, await ring(talk, target))
    if way == "redirect" and not target.outside:  # what was dialled for him nobody tells, only who answered
        last = talk.transfers.pop()
        talk.transfers += [replace(last, target=talk.held_by.number)] if talk.held_by.number != last.source else []


def _way(talk: Conversation, redirect: bool) -> str:
    holder = talk.held_by
    phone, codes = float(holder.phone is not None), float(talk.may_press_codes(holder))
    panel = phone * (holder.phone.calls == 1 if holder.phone else 0)
    redirected = 0.5 * panel * (redirect and not talk.inside)
    return talk.choose(refer=4 * phone, code=2 * codes, panel=0.5 * panel, redirect=redirected)


def can_send(talk: Conversation) -> bool:
    return talk.held_by.phone is not None or talk.may_press_codes(talk.held_by)


def _how(talk: Conversation, target: Target) -> str:
    picked = 0.0 if target.outside or target.number in ("802", plan.FOLLOW_ME) else 1.0
    return talk.choose(
        answered=6,
        picked=picked,
        given_up=0.8,
        refused=0.4 if target.is_phone or target.outside else 0,
        in_vain=0.6 if target.is_phone or target.number in (plan.RING_GROUP, "605") else 0,
        second_round=1 if target.number == plan.QUEUE else 0,
        redirected=0.6 * target.is_phone,
    )


async def _give_away(talk: Conversation, number: str, way: str) -> None:
    giver = talk.held_by
    talk.say(f"{giver.number} sends the client to {number} ({way})")
    talk.handed("blind", giver.number, number)
    if way == "code":
        await press(talk.stage, giver.leg, "##", number)
        talk.left()
        return
    if way == "refer" and talk.chance(0.4):
        giver.leg.hold()
        await talk.wait(0.2, 0.5)
    talk.left(time.time())
    if way == "refer":
        giver.leg.refer(number)
        talk.let_go(giver.leg)
    elif way == "panel":
        name = await channel(talk.stage, f"{talk.technology}/{giver.number}-")
        await ask(talk.stage, "BlindTransfer", Channel=name, Context="from-internal", Exten=number)
    else:
        name = await channel(talk.stage, f"{talk.technology}/{talk.trunk}", talk.number)
        await ask(talk.stage, "Redirect", Channel=name, Context="from-internal", Exten=number, Priority="1")


async def _to_machine(talk: Conversation) -> None:
    menu = talk.chance(0.6)
    giver = talk.held_by
    await _give_away(talk, plan.MENU if menu else "803", "refer" if giver.phone else "code")
    if not giver.phone:
        await over(giver.leg)  # the PBX waits for more digits first
    await talk.wait(1.5, 2.5)
    if menu and talk.chance(0.7):
        await dial_in_menu(talk)
        return
    talk.say("the client hangs up there")
    talk.client.hang_up()


# ---- what becomes of it


async def _answered(talk: Conversation, target: Target, ringing: Ringing) -> None:
    await talk.met(await somebody_answers(talk, target, ringing))


async def _picked(talk: Conversation, target: Target, ringing: Ringing) -> None:
    await talk.met(await somebody_picks_up(talk, target, ringing))


async def _given_up(talk: Conversation, _: Target, ringing: Ringing) -> None:
    await talk.wait(0.3, 1.5)
    talk.say("the client hangs up")
    talk.client.hang_up()
    await silence(ringing)


async def _refused(talk: Conversation, _: Target, ringing: Ringing) -> None:
    talk.say("it is refused")
    await talk.wait(0.3, 0.8)
    refuse(ringing, talk.dice.choice((486, 603)))
    await talk.client.ended.wait()


async def _in_vain(talk: Conversation, _: Target, ringing: Ringing) -> None:
    talk.say("nobody answers")
    await over(*ringing.values(), talk.client)


async def _second_round(talk: Conversation, target: Target, ringing: Ringing) -> None:
    talk.say("in the second round")
    await silence(ringing)
    await _answered(talk, target, await ring(talk, target))


async def _redirected(talk: Conversation, target: Target, ringing: Ringing) -> None:
    second = phone(talk.dice.choice([name for name in talk.free_phones() if name != target.number]))
    talk.say(f"the phone sends him on to {second.number}")
    ringing[target.number].redirect(second.number)
    await _answered(talk, second, await ring(talk, second))


WHAT_COMES = {
    "answered": _answered,
    "picked": _picked,
    "given_up": _given_up,
    "refused": _refused,
    "in_vain": _in_vain,
    "second_round": _second_round,
    "redirected": _redirected,
}


# ---- the car park


async def park(talk: Conversation) -> None:
    """The client is parked, and fetched, or comes back, or leaves."""
    giver = talk.held_by
    assert giver.phone is not None
    comes_back = giver.straight and talk.chance(0.3)
    talk.say(f"{giver.number} parks the client")
    place = await _place(talk, giver.leg, "60" if comes_back else "70")
    giver.leg.hang_up()
    talk.left()
    talk.parked(giver.leg.ended.time)
    await (_comes_back(talk, giver) if comes_back else _is_fetched(talk, place))


async def _place(talk: Conversation, leg: Leg, lot: str) -> str:
    """Where he is, whatever channel stands for him there."""
    async with talk.parking:
        before = talk.stage.all_parked()
        leg.refer(lot)
        place = await talk.stage.next_parked(before)
    await talk.wait(0.4, 0.6)
    return place


async def _comes_back(talk: Conversation, giver: Party) -> None:
    party = await talk.comes_back(giver, straight=True)
    if party is not None:
        talk.fetched(party.leg.answered.time)
        await talk.met(party)


async def _is_fetched(talk: Conversation, place: str) -> None:
    await talk.wait()
    if talk.chance(0.15):
        talk.say("he hangs up there")
        talk.client.hang_up()
        return
    name = talk.dice.choice(talk.free_phones())
    talk.say(f"{name} fetches him")
    leg = talk.stage.dial(talk.phones[name], place)
    talk.fetched(await leg.answered.wait())
    await talk.met(Party(name, leg, talk.phones[name], codes=False))
