# SPDX-License-Identifier: GPL-3.0-or-later
"""Conferences of every make-up, listeners, and employees with several calls at once."""

from __future__ import annotations

from dataclasses import replace

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.plan import did
from itgrix_module.sandbox.rig.play_more_help import end, handed, join_by_phone, over, talk_in, talk_out, told
from itgrix_module.sandbox.rig.stage import TALK, Stage
from itgrix_module.sandbox.rig.truth import Truth, internal, outgoing


async def enter(stage: Stage, phone: Phone) -> Leg:
    """An employee dials the conference."""
    leg = stage.dial(phone, plan.CONFERENCE)
    await leg.answered.wait()
    return leg


async def conference_of_two_employees(stage: Stage) -> list[Truth]:
    """The client waits, two employees come, the first one leaves."""
    anna, boris = stage.phones
    call = stage.dial_in(did(plan.CONFERENCE))
    await call.answered.wait()
    await stage.pass_time()
    leg = await enter(stage, anna)
    await stage.joined(stage.client, anna.number)
    await stage.pass_time()
    second = await enter(stage, boris)
    await stage.joined(stage.client, boris.number)
    await stage.pass_time()
    leg.hang_up()
    await end(stage, call)
    second.hang_up()
    return [told(call, leg, last=boris)]


async def conference_of_two_clients(stage: Stage) -> list[Truth]:
    """The employee waits, two clients come and go."""
    (anna,) = stage.phones
    other = stage.outsider()
    leg = await enter(stage, anna)
    await stage.pass_time()
    call = stage.dial_in(did(plan.CONFERENCE))
    await stage.joined(stage.client, anna.number)
    await stage.pass_time()
    call2 = stage.dial_in(did(plan.CONFERENCE), other)
    await stage.joined(other, anna.number)
    await end(stage, call)
    await end(stage, call2)
    leg.hang_up()
    return [_met(call, anna), _met(call2, anna)]


def _met(call: Leg, phone: Phone) -> Truth:
    """The client meets an employee who is there already: his own answer is the human's."""
    talk = call.ended.time - call.answered.time
    return replace(told(call, call, talk=talk), answered_by=phone.number, last_talker=phone.number, rang=())


async def conference_out(stage: Stage) -> list[Truth]:
    """Two employees talk; one calls a client on his second line, then joins him with the colleague."""
    anna, boris = stage.phones
    question = stage.dial(anna, boris.number)
    second = await stage.answers(boris)
    await question.answered.wait()
    await stage.pass_time()
    question.hold()
    call, client = await talk_out(stage, anna)
    await join_by_phone(stage, call, question, boris.number)
    await end(stage, client, second)
    question.hang_up()
    transfers = (handed("attended", anna, boris),)
    return [outgoing(call, client, last_talker=boris.number, rang=(boris.number,), transfers=transfers, sound=None)]


# ---- listeners


async def listened_to(stage: Stage) -> list[Truth]:
    """A supervisor listens to a talk."""
    return await _spied(stage, "555")


async def whispered(stage: Stage) -> list[Truth]:
    """A supervisor whispers to the employee."""
    return await _spied(stage, "556")


async def barged_in(stage: Stage) -> list[Truth]:
    """A supervisor speaks to both."""
    return await _spied(stage, "557")


async def _spied(stage: Stage, code: str) -> list[Truth]:
    anna, vera = stage.phones
    call, leg = await talk_in(stage, anna)
    spy = stage.dial(vera, f"{code}{anna.number}")
    await spy.answered.wait()
    await stage.pass_time()
    spy.hang_up()
    await end(stage, call, leg)
    nobody = replace(internal(spy, None), rang=())
    return [told(call, leg, (anna,)), nobody]


# ---- several calls of one employee


async def second_call_waits(stage: Stage) -> list[Truth]:
    """A second client calls while the employee talks; he goes from one to the other."""
    (anna,) = stage.phones
    other = stage.outsider()
    call, leg = await talk_in(stage, anna)
    call2 = stage.dial_in(did(anna.number), other)
    second = await stage.rings(anna)
    leg.hold()
    second.answer()
    await stage.joined(other, anna.number)
    await stage.pass_time()
    second.hold()
    leg.resume()
    await end(stage, call, leg)
    second.resume()
    await end(stage, second, call2)
    return [told(call, leg, (anna,)), told(call2, second, (anna,))]


async def second_call_declined(stage: Stage) -> list[Truth]:
    """A second client calls while the employee talks, who refuses."""
    (anna,) = stage.phones
    other = stage.outsider()
    call, leg = await talk_in(stage, anna)
    call2 = stage.dial_in(did(anna.number), other)
    second = await stage.rings(anna)
    second.reject(486)
    await call2.ended.wait()
    await end(stage, call, leg)
    return [told(call, leg, (anna,)), told(call2, None, (anna,))]


async def clients_joined(stage: Stage) -> list[Truth]:
    """The employee talks with two clients and joins them."""
    (anna,) = stage.phones
    other = stage.outsider()
    call, leg = await talk_in(stage, anna)
    leg.hold()
    call2, second = await talk_in(stage, anna, other)
    await join_by_phone(stage, second, leg, other)
    await end(stage, call, call2)
    leg.hang_up()
    return [
        told(call, leg, (anna,), own=f"in-{call.dialled}-{stage.client}"),
        told(call2, second, (anna,), transfers=(handed("attended", anna, stage.client),)),
    ]


async def client_during_consultation(stage: Stage) -> list[Truth]:
    """Two employees talk, a client calls one of them, who joins him with the other."""
    anna, boris = stage.phones
    question = stage.dial(anna, boris.number)
    second = await stage.answers(boris)
    await question.answered.wait()
    await stage.pass_time()
    question.hold()
    call, leg = await talk_in(stage, anna)
    await join_by_phone(stage, leg, question, boris.number)
    await end(stage, call, second)
    question.hang_up()
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("attended", anna, boris),))]


async def held_and_gone(stage: Stage) -> list[Truth]:
    """The client hangs up on hold."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.hold()
    await stage.pass_time(2 * TALK)
    call.hang_up()
    await over(leg)
    return [told(call, leg, (anna,))]
