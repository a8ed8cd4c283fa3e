# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations that a client begins by dialling a group, a queue, a menu, a mailbox or a conference."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.plan import did
from itgrix_module.sandbox.rig.stage import TALK, Stage
from itgrix_module.sandbox.rig.truth import Truth, incoming

# ---- groups and queues


async def ring_group_answered(stage: Stage) -> list[Truth]:
    """Three phones ring, one answers."""
    anna, boris, vera = stage.phones
    call = stage.dial_in(did(plan.RING_GROUP))
    losers = [await stage.rings(anna), await stage.rings(vera)]
    leg = await stage.answers(boris)
    for loser in losers:
        await loser.ended.wait()
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    return [incoming(call, leg, rang=plan.MEMBERS[plan.RING_GROUP])]


async def ring_group_given_up(stage: Stage) -> list[Truth]:
    """Three phones ring, the client hangs up."""
    call = stage.dial_in(did(plan.RING_GROUP))
    legs = [await stage.rings(phone) for phone in stage.phones]
    await stage.pass_time()
    call.cancel()
    for leg in legs:
        await leg.ended.wait()
    await call.ended.wait()
    return [incoming(call, rang=plan.MEMBERS[plan.RING_GROUP])]


async def queue_answered(stage: Stage) -> list[Truth]:
    """A queue rings all its members (Local channels); one answers, and hangs up."""
    gleb, dina, egor = stage.phones
    call = stage.dial_in(did(plan.QUEUE))
    losers = [await stage.rings(dina), await stage.rings(egor)]
    leg = await stage.answers(gleb)
    for loser in losers:
        await loser.ended.wait()
    await stage.pass_time()
    leg.hang_up()
    await call.ended.wait()
    return [incoming(call, leg, rang=plan.MEMBERS[plan.QUEUE])]


async def queue_abandoned(stage: Stage) -> list[Truth]:
    """The client leaves the queue while its members' phones ring."""
    call = stage.dial_in(did(plan.QUEUE))
    legs = [await stage.rings(phone) for phone in stage.phones]
    await stage.pass_time()
    call.hang_up()
    for leg in legs:
        await leg.ended.wait()
    return [incoming(call, rang=plan.MEMBERS[plan.QUEUE])]


async def queue_in_turn(stage: Stage) -> list[Truth]:
    """A queue rings one member after another; the first refuses, whoever comes second answers."""
    call = stage.dial_in(did(plan.ROUND_ROBIN_QUEUE))
    refused = await stage.first_to_ring()
    refused.reject(486)
    leg = await stage.first_to_ring()
    await stage.pass_time(TALK / 2)
    leg.answer()
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    rang = {refused.dialog.end.user, leg.dialog.end.user}
    return [incoming(call, leg, rang=tuple(sorted(rang)))]


# ---- menu, voicemail, conference


async def menu_hung_up(stage: Stage) -> list[Truth]:
    """The client listens to the menu and hangs up: no phone has rung."""
    call = stage.dial_in(did(plan.MENU))
    await call.answered.wait()
    await stage.pass_time()
    call.hang_up()
    return [incoming(call)]


async def menu_to_extension(stage: Stage) -> list[Truth]:
    """The client dials an extension in the menu; it answers."""
    (anna,) = stage.phones
    call = stage.dial_in(did(plan.MENU))
    await call.answered.wait()
    await stage.pass_time(TALK / 2)
    call.press(anna.number)
    leg = await stage.answers(anna)
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    return [incoming(call, leg)]


async def voicemail(stage: Stage) -> list[Truth]:
    """The phone is busy and the client talks to the mailbox: nobody has answered."""
    (kira,) = stage.phones
    call = stage.dial_in(did(kira.number))
    leg = await stage.rings(kira)
    leg.reject(486)
    await call.answered.wait()
    await stage.pass_time()
    call.hang_up()
    return [incoming(call, rang=(kira.number,))]


async def conference(stage: Stage) -> list[Truth]:
    """The client enters a conference; an employee joins and leaves it."""
    (anna,) = stage.phones
    call = stage.dial_in(did(plan.CONFERENCE))
    await call.answered.wait()
    await stage.pass_time(TALK / 2)
    leg = stage.dial(anna, plan.CONFERENCE)
    await leg.answered.wait()
    await stage.joined(stage.client, anna.number)
    await stage.pass_time()
    call.hang_up()
    leg.hang_up()
    return [incoming(call, leg, rang=(), sound=None)]
