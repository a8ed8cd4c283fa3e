# SPDX-License-Identifier: GPL-3.0-or-later
"""An employee asks somebody by feature code (*2) or over AMI (Atxfer) before he hands the client over."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.play_more_help import ask, channel, over, press
from tests.live.made_up.conversation import Conversation, Party
from tests.live.made_up.targets import (
    Ringing,
    Target,
    a_phone,
    elsewhere,
    refuse,
    ring,
    silence,
    somebody_answers,
    somebody_picks_up,
)


async def ask_by_code(talk: Conversation) -> None:
    holder = talk.held_by
    target = a_phone(talk) if talk.inside else elsewhere(talk, phone=6, group=2, queue=1, follow=1, outside=1)
    how = _how(talk, target)
    panel = holder.phone is not None and holder.phone.calls == 1 and talk.chance(0.15)
    talk.say(f"{holder.number} asks {target.number} by {'a panel' if panel else 'code'} ({how})")
    if panel:
        name = await channel(talk.stage, f"{talk.technology}/{holder.number}-")
        await ask(talk.stage, "Atxfer", Channel=name, Context="from-internal", Exten=target.number)
    else:
        await press(talk.stage, holder.leg, "*2", target.number)
    ringing = await ring(talk, target)
    if how in WHILE_RINGING:
        await WHILE_RINGING[how](talk, target, ringing)
        return
    pick = target.is_phone and talk.chance(0.15)
    party = await (somebody_picks_up if pick else somebody_answers)(talk, target, ringing)
    await talk.joined(party.number, holder)
    await talk.wait()
    await ANSWERED[how](talk, party)


def _how(talk: Conversation, target: Target) -> str:
    phone = float(target.is_phone)
    fails = float(target.is_phone or target.outside)
    blonde = float(target.is_phone or target.number in (plan.RING_GROUP, "605"))
    mine = float(talk.held_by.phone is not None)
    return talk.choose(
        joined=5,
        back=1,
        three=0.6 * phone,
        client_gone=0.6,
        refused=0.6 * fails,
        in_vain=0.5 * phone,
        client_gone_early=0.4 * fails,
        blonde=1.5 * blonde,
        blonde_back=0.8 * phone * mine,
        blonde_given_up=0.4 * blonde,
        blonde_picked=0.5 * phone,
    )


# ---- he has answered


async def _joined(talk: Conversation, party: Party) -> None:
    holder = talk.held_by
    talk.say("and hangs up")
    holder.leg.hang_up()
    talk.handed("attended", holder.number, party.number)
    talk.left()
    await talk.met(party, at=holder.leg.ended.time)


async def _back(talk: Conversation, party: Party) -> None:
    holder = talk.held_by
    if talk.chance(0.5):
        talk.say("who hangs up")
        party.leg.hang_up()
    else:
        talk.say("and leaves him (*1)")
        holder.leg.press("*1")
        await over(party.leg)
    await talk.joined(talk.number, holder)


async def _three(talk: Conversation, party: Party) -> None:
    holder = talk.held_by
    talk.say("all three talk (*3), then he leaves")
    holder.leg.press("*3")
    await talk.joined(talk.number, party)
    await talk.wait()
    holder.leg.hang_up()
    talk.handed("attended", holder.number, party.number)
    talk.left()
    await talk.met(party, at=holder.leg.ended.time)


async def _client_gone(talk: Conversation, party: Party) -> None:
    talk.say("the client hangs up meanwhile")
    holder = talk.held_by
    talk.client.hang_up()
    await talk.wait()
    holder.leg.hang_up()
    party.leg.hang_up()


ANSWERED = {"joined": _joined, "back": _back, "three": _three, "client_gone": _client_gone}


# ---- he has not


async def _refused(talk: Conversation, _: Target, ringing: Ringing) -> None:
    await talk.wait(0.3, 0.8)
    refuse(ringing, 486)
    await talk.joined(talk.number, talk.held_by)
    await talk.wait(2.0, 2.5)  # the PBX tells him first


async def _in_vain(talk: Conversation, _: Target, ringing: Ringing) -> None:
    await silence(ringing)
    await talk.joined(talk.number, talk.held_by)


async def _client_gone_early(talk: Conversation, _: Target, ringing: Ringing) -> None:
    await talk.wait(0.3, 0.8)
    holder = talk.held_by
    talk.client.hang_up()
    await talk.wait(0.3, 0.8)
    holder.leg.hang_up()
    for leg in ringing.values():
        if not leg.ended:
            leg.reject(486)


async def _blonde(talk: Conversation, target: Target, ringing: Ringing) -> None:
    _leave(talk, target)
    await talk.met(await somebody_answers(talk, target, ringing))


async def _blonde_picked(talk: Conversation, target: Target, ringing: Ringing) -> None:
    _leave(talk, target)
    await talk.wait(0.3, 0.5)
    await talk.met(await somebody_picks_up(talk, target, ringing))


async def _blonde_back(talk: Conversation, target: Target, ringing: Ringing) -> None:
    """Nobody answers there, so the client comes back."""
    giver = talk.held_by
    _leave(talk, target)
    await silence(ringing)
    party = await talk.comes_back(giver, straight=False)
    if party is not None:
        await talk.met(party)


async def _blonde_given_up(talk: Conversation, target: Target, ringing: Ringing) -> None:
    _leave(talk, target)
    await talk.wait(0.4, 1.2)
    talk.client.hang_up()
    await silence(ringing)


def _leave(talk: Conversation, target: Target) -> None:
    holder = talk.held_by
    holder.leg.hang_up()
    talk.handed("attended", holder.number, target.number)
    talk.left()


WHILE_RINGING = {
    "refused": _refused,
    "in_vain": _in_vain,
    "client_gone_early": _client_gone_early,
    "blonde": _blonde,
    "blonde_picked": _blonde_picked,
    "blonde_back": _blonde_back,
    "blonde_given_up": _blonde_given_up,
}
