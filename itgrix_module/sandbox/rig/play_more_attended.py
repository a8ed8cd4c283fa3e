# SPDX-License-Identifier: GPL-3.0-or-later
"""Attended transfers that do not go as planned, by feature code and by the phone, and those to the outside."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.play_more_help import (
    answers_first,
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
from itgrix_module.sandbox.rig.play_more_transfers import ask_by_code
from itgrix_module.sandbox.rig.play_transfers import let_go
from itgrix_module.sandbox.rig.stage import BEFORE_ANSWER, TALK, Stage
from itgrix_module.sandbox.rig.truth import Truth, internal, outgoing

# ---- by feature code


async def code_unanswered(stage: Stage) -> list[Truth]:
    """The colleague does not answer; the employee is with the client again."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    await press(stage, leg, "*2", boris.number)
    asked = await stage.rings(boris)
    await asked.ended.wait()
    await stage.joined(stage.client, anna.number)
    await end(stage, call, leg)
    return [told(call, leg, (anna, boris))]


async def code_rejected(stage: Stage) -> list[Truth]:
    """The colleague refuses; the employee is with the client again."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    await press(stage, leg, "*2", boris.number)
    asked = await stage.rings(boris)
    asked.reject(486)
    await stage.pass_time(2 * TALK)
    await end(stage, call, leg)
    return [told(call, leg, (anna, boris))]


async def code_given_up(stage: Stage) -> list[Truth]:
    """The employee has asked the colleague, leaves him (*1) and goes on with the client."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    asked = await ask_by_code(stage, leg, boris)
    leg.press("*1")
    await asked.ended.wait()
    await stage.joined(stage.client, anna.number)
    await end(stage, call, leg)
    return [told(call, leg, (anna, boris))]


async def code_client_gone(stage: Stage) -> list[Truth]:
    """The client hangs up while the employee asks a colleague."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    asked = await ask_by_code(stage, leg, boris)
    call.hang_up()
    await stage.pass_time()
    leg.hang_up()
    asked.hang_up()
    return [told(call, leg, (anna, boris))]


async def code_blonde(stage: Stage) -> list[Truth]:
    """The employee hangs up while the colleague's phone rings; he answers."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    await press(stage, leg, "*2", boris.number)
    second = await stage.rings(boris)
    leg.hang_up()
    await stage.pass_time(BEFORE_ANSWER)
    second.answer()
    await stage.joined(stage.client, boris.number)
    await end(stage, call, second)
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("attended", anna, boris),))]


async def code_comes_back(stage: Stage) -> list[Truth]:
    """The employee hangs up while the colleague's phone rings; nobody answers there, so the client comes back."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    await press(stage, leg, "*2", boris.number)
    second = await stage.rings(boris)
    leg.hang_up()
    await second.ended.wait()
    back = await stage.answers(anna)
    await stage.joined(stage.client, anna.number)
    await end(stage, call, back)
    return [told(call, leg, (anna, boris), transfers=(handed("attended", anna, boris),))]


async def code_comes_back_in_vain(stage: Stage) -> list[Truth]:
    """Neither the colleague answers nor, when the client comes back, the employee; the client hangs up."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    await press(stage, leg, "*2", boris.number)
    second = await stage.rings(boris)
    leg.hang_up()
    talk = leg.ended.time - leg.answered.time
    await second.ended.wait()
    back = await stage.rings(anna)
    await stage.pass_time()
    call.hang_up()
    await over(back)
    return [told(call, leg, (anna, boris), talk=talk, transfers=(handed("attended", anna, boris),))]


async def code_three_together(stage: Stage) -> list[Truth]:
    """All three talk together (*3), then the employee leaves."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    asked = await ask_by_code(stage, leg, boris)
    leg.press("*3")
    await stage.joined(stage.client, boris.number)
    await stage.pass_time()
    leg.hang_up()
    await end(stage, call, asked)
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("attended", anna, boris),))]


async def code_to_outside(stage: Stage) -> list[Truth]:
    """The employee asks an outside number and hands the client over to it."""
    (anna,) = stage.phones
    outsider = stage.outsider()
    call, leg = await talk_in(stage, anna)
    await press(stage, leg, "*2", outsider)
    theirs = await stage.answers(stage.provider, outsider)
    await stage.joined(outsider, anna.number)
    await stage.pass_time()
    leg.hang_up()
    await stage.joined(stage.client, outsider)
    await end(stage, call, theirs)
    return [told(call, leg, (anna,), transfers=(handed("attended", anna, outsider),))]


# ---- by the phone (REFER with Replaces)


async def phone_other_way_round(stage: Stage) -> list[Truth]:
    """The phone sends the colleague to the client, not the client to the colleague."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    question, second = await ask_by_phone(stage, leg, anna, boris)
    await join_by_phone(stage, question, leg, boris.number)
    await end(stage, call, second)
    leg.hang_up()
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("attended", anna, boris),))]


async def phone_goes_back(stage: Stage) -> list[Truth]:
    """The employee asks a colleague on his second line, ends that, and goes on with the client."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    question, asked = await ask_by_phone(stage, leg, anna, boris)
    question.hang_up()
    await over(asked)
    leg.resume()
    await end(stage, call, leg)
    return [told(call, leg, (anna,)), internal(question, asked)]


async def phone_client_gone(stage: Stage) -> list[Truth]:
    """The client hangs up on hold while the employee asks a colleague on his second line."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    question, asked = await ask_by_phone(stage, leg, anna, boris)
    call.hang_up()
    await over(leg)
    await end(stage, question, asked)
    return [told(call, leg, (anna,)), internal(question, asked)]


async def phone_to_outside(stage: Stage) -> list[Truth]:
    """The employee calls an outside number on his second line and joins the two."""
    (anna,) = stage.phones
    outsider = stage.outsider()
    call, leg = await talk_in(stage, anna)
    leg.hold()
    question, theirs = await talk_out(stage, anna, outsider)
    await join_by_phone(stage, leg, question, outsider)
    await end(stage, call, theirs)
    question.hang_up()
    return [
        told(call, leg, (anna,), transfers=(handed("attended", anna, outsider),)),
        outgoing(question, theirs, client=outsider, sound=None),
    ]


async def phone_to_group(stage: Stage) -> list[Truth]:
    """The employee asks a ring group on his second line; who answers there takes the client."""
    anna, boris, vera, gleb = stage.phones
    call, leg = await talk_in(stage, gleb)
    leg.hold()
    question = stage.dial(gleb, plan.RING_GROUP)
    second = await answers_first(stage, vera, anna, boris)
    await question.answered.wait()
    await stage.pass_time()
    await join_by_phone(stage, leg, question, vera.number)
    await end(stage, call, second)
    question.hang_up()
    return [told(call, leg, tuple(stage.phones), last=vera, transfers=(handed("attended", gleb, vera),))]


async def phone_to_queue(stage: Stage) -> list[Truth]:
    """The employee asks a queue on his second line; the agent who answers takes the client."""
    anna, gleb, dina, egor = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.hold()
    question = stage.dial(anna, plan.QUEUE)
    second = await answers_first(stage, dina, gleb, egor)
    await stage.joined(dina.number, anna.number)
    await stage.pass_time()
    await join_by_phone(stage, leg, question, dina.number)
    await end(stage, call, second)
    question.hang_up()
    return [told(call, leg, tuple(stage.phones), last=dina, transfers=(handed("attended", anna, dina),))]


async def phone_unanswered_blonde(stage: Stage) -> list[Truth]:
    """The employee joins the client with a ringing colleague, who never answers."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.hold()
    question = stage.dial(anna, boris.number)
    await question.rang.wait()
    asked = await stage.rings(boris)
    leg.refer_to(question)
    await let_go(leg)
    talk = leg.ended.time - leg.answered.time
    await over(asked, call)
    question.hang_up()
    return [told(call, leg, (anna, boris), talk=talk, transfers=(handed("attended", anna, boris),))]


async def outgoing_by_code(stage: Stage) -> list[Truth]:
    """The employee calls a client, asks a colleague by *2, and hangs up."""
    anna, boris = stage.phones
    call, client = await talk_out(stage, anna)
    second = await ask_by_code(stage, call, boris)
    call.hang_up()
    await stage.joined(stage.client, boris.number)
    await end(stage, client, second)
    transfers = (handed("attended", anna, boris),)
    return [outgoing(call, client, last_talker=boris.number, rang=(boris.number,), transfers=transfers, sound=None)]
