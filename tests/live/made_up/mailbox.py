# SPDX-License-Identifier: GPL-3.0-or-later
"""A colleague who does not take calls: whoever is sent there, or asks there, gets the mailbox, which is nobody."""

from __future__ import annotations

import time

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.play_more_help import over, press
from itgrix_module.sandbox.rig.truth import internal
from tests.live.made_up.conversation import Conversation


async def send_to_mailbox(talk: Conversation) -> None:
    """Blind transfer."""
    giver = talk.held_by
    talk.say(f"{giver.number} sends the client to {plan.VOICEMAIL}, who refuses")
    talk.handed("blind", giver.number, plan.VOICEMAIL)
    talk.left(time.time())
    giver.leg.refer(plan.VOICEMAIL)
    talk.let_go(giver.leg)
    talk.rang.add(plan.VOICEMAIL)
    await _refused(talk)
    await _speaks(talk)


async def ask_mailbox_by_code(talk: Conversation) -> None:
    """The employee goes back to the client, or leaves him with the mailbox."""
    holder = talk.held_by
    talk.say(f"{holder.number} asks {plan.VOICEMAIL} by code, who refuses")
    await press(talk.stage, holder.leg, "*2", plan.VOICEMAIL)
    talk.rang.add(plan.VOICEMAIL)
    await _refused(talk)
    await talk.wait()
    if talk.chance(0.5):
        talk.say("and goes back (*1)")
        holder.leg.press("*1")
        await talk.joined(talk.number, holder)
        return
    talk.say("and hangs up")
    holder.leg.hang_up()
    talk.handed("attended", holder.number, plan.VOICEMAIL)
    talk.left()
    await _speaks(talk)


async def ask_mailbox_by_phone(talk: Conversation) -> None:
    """The same on the second line."""
    holder = talk.held_by
    assert holder.phone is not None
    talk.say(f"{holder.number} holds and asks {plan.VOICEMAIL}, who refuses")
    holder.leg.hold()
    question = talk.stage.dial(holder.phone, plan.VOICEMAIL)
    await _refused(talk)
    await question.answered.wait()
    await talk.wait()
    await (_back if talk.chance(0.5) else _join)(talk, question)


async def _back(talk: Conversation, question: Leg) -> None:
    talk.say("and goes back")
    question.hang_up()
    talk.others.append(internal(question, None, rang=(plan.VOICEMAIL,), sound=None, own="internal-"))
    talk.held_by.leg.resume()


async def _join(talk: Conversation, question: Leg) -> None:
    talk.say("and joins the client with the mailbox")
    holder = talk.held_by
    holder.leg.refer_to(question)
    talk.let_go(holder.leg)
    talk.rang.add(plan.VOICEMAIL)
    talk.handed("attended", holder.number, plan.VOICEMAIL)
    talk.left()
    await over(holder.leg)
    await _speaks(talk)
    question.hang_up()


async def _refused(talk: Conversation) -> None:
    leg = await talk.stage.rings(talk.phones[plan.VOICEMAIL])
    await talk.wait(0.3, 0.8)
    leg.reject(486)
    await talk.wait()


async def _speaks(talk: Conversation) -> None:
    await talk.wait()
    talk.say("the client hangs up there")
    talk.client.hang_up()
