# SPDX-License-Identifier: GPL-3.0-or-later
"""Blind transfers to everything that is no plain phone, transfers of transfers, and outgoing calls handed on."""

from __future__ import annotations

from dataclasses import replace

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.play_more_help import (
    ask_by_phone,
    end,
    handed,
    join_by_phone,
    over,
    press,
    talk_in,
    talk_out,
    told,
)
from itgrix_module.sandbox.rig.play_transfers import let_go
from itgrix_module.sandbox.rig.stage import BEFORE_ANSWER, TALK, Stage
from itgrix_module.sandbox.rig.truth import Truth, internal, outgoing


async def blind_to_group(stage: Stage) -> list[Truth]:
    """The client is sent to a ring group; one of it answers."""
    anna, boris, vera, gleb = stage.phones
    call, leg = await talk_in(stage, gleb)
    leg.refer(plan.RING_GROUP)
    losers = [await stage.rings(anna), await stage.rings(vera)]
    second = await stage.answers(boris)
    await let_go(leg)
    await over(*losers)
    await end(stage, call, second)
    return [told(call, leg, tuple(stage.phones), last=boris, transfers=(handed("blind", gleb, plan.RING_GROUP),))]


async def blind_to_queue(stage: Stage) -> list[Truth]:
    """The client is sent to a queue; an agent answers."""
    anna, gleb, dina, egor = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.refer(plan.QUEUE)
    losers = [await stage.rings(gleb), await stage.rings(egor)]
    second = await stage.answers(dina)
    await let_go(leg)
    await over(*losers)
    await end(stage, call, second)
    return [told(call, leg, tuple(stage.phones), last=dina, transfers=(handed("blind", anna, plan.QUEUE),))]


async def blind_to_voicemail(stage: Stage) -> list[Truth]:
    """The client is sent to a mailbox: after that he talks with nobody."""
    return await _to_a_machine(stage, "803")


async def blind_to_menu(stage: Stage) -> list[Truth]:
    """The client is sent to the menu and hangs up there."""
    return await _to_a_machine(stage, plan.MENU)


async def _to_a_machine(stage: Stage, number: str) -> list[Truth]:
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.refer(number)
    await let_go(leg)
    talk = leg.ended.time - leg.answered.time
    await stage.pass_time(2 * TALK)
    call.hang_up()
    return [told(call, leg, (anna,), talk=talk, transfers=(handed("blind", anna, number),))]


async def blind_to_busy(stage: Stage) -> list[Truth]:
    """The colleague to whom the client is sent is busy."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.refer(boris.number)
    second = await stage.rings(boris)
    left = second.started
    second.reject(486)
    await let_go(leg)
    await call.ended.wait()
    transfers = (handed("blind", anna, boris),)
    return [told(call, leg, (anna, boris), talk=left - leg.answered.time, transfers=transfers)]


async def blind_by_code(stage: Stage) -> list[Truth]:
    """The employee presses ## and the colleague's number."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    await press(stage, leg, "##", boris.number)
    second = await stage.answers(boris)
    await end(stage, second, call)
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("blind", anna, boris),))]


async def blind_back(stage: Stage) -> list[Truth]:
    """The colleague sends the client back to where he came from."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    second = await send_on(stage, leg, boris)
    third = await send_on(stage, second, anna)
    await end(stage, call, third)
    transfers = (handed("blind", anna, boris), handed("blind", boris, anna))
    return [told(call, leg, (anna, boris), transfers=transfers)]


async def send_on(stage: Stage, leg: Leg, to: Phone) -> Leg:
    """Blind transfer to a phone that answers; they talk."""
    leg.refer(to.number)
    second = await stage.answers(to)
    await let_go(leg)
    await stage.pass_time()
    return second


async def chain_of_transfers(stage: Stage) -> list[Truth]:
    """Blind, then attended by the phone, then attended by code."""
    anna, boris, vera, gleb = stage.phones
    call, leg = await talk_in(stage, anna)
    second = await send_on(stage, leg, boris)
    question, third = await ask_by_phone(stage, second, boris, vera)
    await join_by_phone(stage, second, question, vera.number)
    question.hang_up()
    await stage.pass_time()
    fourth = await ask_by_code(stage, third, gleb)
    third.hang_up()
    await stage.joined(stage.client, gleb.number)
    await end(stage, call, fourth)
    transfers = (handed("blind", anna, boris), handed("attended", boris, vera), handed("attended", vera, gleb))
    return [told(call, leg, tuple(stage.phones), last=gleb, transfers=transfers)]


async def ask_by_code(stage: Stage, leg: Leg, to: Phone) -> Leg:
    """*2 and a colleague's number: the colleague's leg, while the two talk about the client."""
    await press(stage, leg, "*2", to.number)
    second = await stage.answers(to)
    await stage.joined(to.number, leg.dialog.end.user)
    await stage.pass_time()
    return second


async def outgoing_blind(stage: Stage) -> list[Truth]:
    """The employee calls a client and sends him to a colleague."""
    anna, boris = stage.phones
    call, client = await talk_out(stage, anna)
    second = await send_on(stage, call, boris)
    await end(stage, client, second)
    transfers = (handed("blind", anna, boris),)
    return [outgoing(call, client, last_talker=boris.number, rang=(boris.number,), transfers=transfers, sound=None)]


async def outgoing_blind_to_outside(stage: Stage) -> list[Truth]:
    """The employee calls a client and sends him to another outside number."""
    (anna,) = stage.phones
    outsider = stage.outsider()
    call, client = await talk_out(stage, anna)
    call.refer(outsider)
    second = await stage.answers(stage.provider, outsider)
    await let_go(call)
    await end(stage, client, second)
    return [outgoing(call, client, transfers=(handed("blind", anna, outsider),), sound=None)]


async def internal_sent_outside(stage: Stage) -> list[Truth]:
    """Two employees talk; the one who was called sends the caller to an outside number."""
    anna, boris = stage.phones
    outsider = stage.outsider()
    call = stage.dial(anna, boris.number)
    leg = await stage.answers(boris)
    await stage.pass_time()
    leg.refer(outsider)
    client = await stage.answers(stage.provider, outsider)
    await let_go(leg)
    await end(stage, call, client)
    transfers = (handed("blind", boris, outsider),)
    return [outgoing(call, client, client=outsider, rang=(boris.number,), transfers=transfers, sound=None)]


async def blind_to_menu_and_on(stage: Stage) -> list[Truth]:
    """The client is sent to the menu, dials a colleague there, and talks with him."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.refer(plan.MENU)
    await let_go(leg)
    await stage.pass_time(TALK + BEFORE_ANSWER)
    call.press(boris.number)
    second = await stage.answers(boris)
    await end(stage, call, second)
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("blind", anna, plan.MENU),))]


async def blind_to_conference(stage: Stage) -> list[Truth]:
    """The client is sent to a conference, where the employee joins him."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.refer(plan.CONFERENCE)
    await let_go(leg)
    second = stage.dial(anna, plan.CONFERENCE)
    await stage.joined(stage.client, anna.number)
    await end(stage, call)
    second.hang_up()
    return [told(call, leg, (anna,), transfers=(handed("blind", anna, plan.CONFERENCE),))]


async def blind_to_follow_me(stage: Stage) -> list[Truth]:
    """The client is sent to a colleague who is on his mobile."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, boris)
    leg.refer("801")
    await over(await stage.rings(anna))
    desk = await stage.rings(anna)
    second = await stage.answers(stage.provider, plan.MOBILE)
    await let_go(leg)
    await over(desk)
    await end(stage, call, second)
    transfers = (handed("blind", boris, "801"),)
    return [told(call, leg, (anna, boris, plan.MOBILE), last=plan.MOBILE, transfers=transfers)]


async def internal_to_follow_me(stage: Stage) -> list[Truth]:
    """An employee calls a colleague who is on his mobile: nobody outside takes part."""
    anna, boris = stage.phones
    call = stage.dial(boris, "801")
    await over(await stage.rings(anna))
    desk = await stage.rings(anna)
    leg = await stage.answers(stage.provider, plan.MOBILE)
    await over(desk)
    await end(stage, call, leg)
    told_of = internal(call, leg, answered_by=plan.MOBILE, last_talker=plan.MOBILE, sound=None)
    return [replace(told_of, rang=(anna.number, plan.MOBILE), own="internal-")]
