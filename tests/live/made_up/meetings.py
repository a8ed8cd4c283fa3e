# SPDX-License-Identifier: GPL-3.0-or-later
"""More than two: clients who are joined with each other, a conference, a listener; and numbers that lead nowhere."""

from __future__ import annotations

import time
from dataclasses import replace

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.play_more_help import over, told
from itgrix_module.sandbox.rig.truth import Transfer, internal
from tests.live.made_up.beginnings import dial_in_menu
from tests.live.made_up.conversation import Conversation, Party
from tests.live.made_up.targets import QUEUES, ring, somebody_answers

NOBODYS = "998"  # no such number
GONE = "199"  # a phone that is not registered


async def join_clients(talk: Conversation) -> None:
    """The employee talks with a second client and joins the two."""
    holder = talk.held_by
    assert holder.phone is not None
    number = talk.stage.outsider()
    talk.say(f"another client calls {holder.number} and is joined with the first")
    call = talk.stage.dial_in(plan.did(holder.number), number)
    leg = await talk.stage.rings(holder.phone)
    await talk.wait(0.3, 1.0)
    holder.leg.hold()
    leg.answer()
    await talk.stage.joined(number, holder.number)
    await talk.wait()
    leg.refer_to(holder.leg)
    talk.let_go(leg)
    await talk.stage.joined(talk.number, number)
    await over(leg)
    holder.leg.hang_up()
    await talk.met(Party(number, call, None), at=leg.ended.time)
    one, other = talk.dice.sample((call, talk.client), 2)
    await talk.wait()
    one.hang_up()
    await over(other)
    transfers = (Transfer("attended", holder.number, talk.number),)
    own = f"in-{call.dialled}-{number}"
    talk.others.append(
        told(call, leg, (holder.phone,), talk=call.ended.time - leg.answered.time, transfers=transfers, own=own)
    )


async def meet_in_conference(talk: Conversation) -> None:
    """The client is sent to a conference, where the employee comes as well, or a colleague."""
    giver = talk.held_by
    assert giver.phone is not None
    talk.say("is sent to the conference")
    talk.handed("blind", giver.number, plan.CONFERENCE)
    talk.left(time.time())
    giver.leg.refer(plan.CONFERENCE)
    await giver.leg.transferred.wait()
    giver.leg.hang_up()
    await talk.wait(0.3, 0.8)
    await _come_and_go(talk)


async def _come_and_go(talk: Conversation) -> None:
    legs = []
    for _ in range(talk.dice.randint(1, 2)):
        name = talk.dice.choice(talk.free_phones())
        talk.say(f"{name} enters")
        leg = talk.stage.dial(talk.phones[name], plan.CONFERENCE)
        legs.append(leg)
        await leg.answered.wait()
        await talk.met(Party(name, leg, talk.phones[name], codes=False, straight=False))
        await talk.wait()
    if talk.chance(0.5):
        talk.say("the client leaves")
        talk.client.hang_up()
        await talk.wait()
    else:
        talk.say("the employees leave, then the client")
    for leg in legs:
        leg.hang_up()
        await talk.wait(0.3, 0.6)
    talk.client.hang_up()


async def listen(talk: Conversation) -> None:
    """A supervisor listens, whispers or barges in for a while."""
    name = talk.dice.choice(talk.free_phones())
    code = talk.dice.choice(("555", "556", "557"))
    talk.say(f"{name} listens ({code})")
    spy = talk.stage.dial(talk.phones[name], f"{code}{talk.held_by.number}")
    await spy.answered.wait()
    await talk.wait()
    spy.hang_up()
    talk.others.append(replace(internal(spy, None), rang=()))


async def send_nowhere(talk: Conversation) -> None:
    """There is no such number: the employee keeps the client."""
    talk.say(f"{talk.held_by.number} sends the client to {NOBODYS}, which is nobody's")
    talk.held_by.leg.refer(NOBODYS)
    await talk.held_by.leg.transferred.wait()
    await talk.wait(0.2, 0.4)


async def send_to_dead_phone(talk: Conversation) -> None:
    """The colleague's phone is not registered: it ends."""
    giver = talk.held_by
    talk.say(f"{giver.number} sends the client to {GONE}, which is not there")
    talk.handed("blind", giver.number, GONE)
    talk.left(time.time())
    giver.leg.refer(GONE)
    talk.let_go(giver.leg)
    await talk.client.ended.wait()


async def ask_dead_phone(talk: Conversation) -> None:
    """The employee asks somebody whose phone is not registered, and goes back."""
    holder = talk.held_by
    assert holder.phone is not None
    talk.say(f"{holder.number} asks {GONE}, which is not there")
    holder.leg.hold()
    question = talk.stage.dial(holder.phone, GONE)
    await over(question)
    talk.others.append(replace(internal(question, None, sound=None), rang=()))
    holder.leg.resume()


async def join_machine(talk: Conversation) -> None:
    """The employee calls a queue, a menu, a conference or a mailbox, and joins the client with that."""
    holder = talk.held_by
    assert holder.phone is not None
    queue = talk.alone and talk.held_by.number not in plan.MEMBERS[plan.QUEUE]
    number = talk.choose(**{plan.QUEUE: 3.0 * queue, plan.MENU: 2, plan.CONFERENCE: 1.0 * talk.alone, "803": 1})
    talk.say(f"{holder.number} calls {number} and joins the client with it")
    holder.leg.hold()
    question = talk.stage.dial(holder.phone, number)
    await question.answered.wait()
    ringing = await ring(talk, QUEUES[0]) if number == plan.QUEUE else {}
    await talk.wait(0.3, 0.8)
    holder.leg.refer_to(question)
    talk.let_go(holder.leg)
    talk.handed("attended", holder.number, number)
    talk.left()
    await over(holder.leg)
    if number == plan.QUEUE:
        await talk.met(await somebody_answers(talk, QUEUES[0], ringing))
        question.hang_up()
        return
    await talk.wait()
    question.hang_up()
    if number == plan.MENU and talk.chance(0.7):
        await dial_in_menu(talk)
    elif number == plan.CONFERENCE:
        talk.unseen = True
        await _come_and_go(talk)
    else:
        talk.say("the client hangs up there")
        talk.client.hang_up()
