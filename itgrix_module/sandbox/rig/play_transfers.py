# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations in which a client is handed on: blind, attended, by phone, by feature code, to the outside."""

from __future__ import annotations

from typing import Literal

from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.plan import did
from itgrix_module.sandbox.rig.stage import TALK, Stage
from itgrix_module.sandbox.rig.truth import Transfer, Truth, incoming, outgoing


async def talk_with(stage: Stage, phone: Phone) -> tuple[Leg, Leg]:
    """A client calls the phone and they talk: the client's leg and the employee's."""
    call = stage.dial_in(did(phone.number))
    leg = await stage.answers(phone)
    await stage.pass_time()
    return call, leg


async def let_go(leg: Leg) -> None:
    """The one who transferred hangs up when the PBX has taken the client over."""
    await leg.transferred.wait()
    leg.hang_up()


async def blind(stage: Stage) -> list[Truth]:
    """The employee sends the client to a colleague (REFER), who answers."""
    anna, boris = stage.phones
    call, leg = await talk_with(stage, anna)
    leg.refer(boris.number)
    second = await stage.answers(boris)
    await let_go(leg)
    await stage.pass_time()
    call.hang_up()
    await second.ended.wait()
    return [handed_over("blind", call, leg, second)]


async def blind_unanswered(stage: Stage) -> list[Truth]:
    """The employee sends the client to a colleague who does not answer."""
    anna, boris = stage.phones
    call, leg = await talk_with(stage, anna)
    leg.refer(boris.number)
    second = await stage.rings(boris)
    left = second.started
    await let_go(leg)
    await call.ended.wait()
    rang = tuple(sorted((anna.number, boris.number)))
    talk = left - leg.answered.time
    transfer = Transfer("blind", anna.number, boris.number)
    return [incoming(call, leg, rang=rang, transfers=(transfer,), talk=talk, sound=talk)]


async def blind_to_outside(stage: Stage) -> list[Truth]:
    """The employee sends the client to an outside number."""
    (anna,) = stage.phones
    outsider = stage.outsider()
    call, leg = await talk_with(stage, anna)
    leg.refer(outsider)
    second = await stage.answers(stage.provider, outsider)
    await let_go(leg)
    await stage.pass_time()
    call.hang_up()
    await second.ended.wait()
    return [incoming(call, leg, transfers=(Transfer("blind", anna.number, outsider),), sound=None)]


async def attended(stage: Stage) -> list[Truth]:
    """The employee holds the client, asks a colleague, and joins the two (REFER with Replaces)."""
    anna, boris = stage.phones
    call, leg = await talk_with(stage, anna)
    leg.hold()
    question = stage.dial(anna, boris.number)
    second = await stage.answers(boris)
    await question.answered.wait()
    await stage.pass_time()
    leg.refer_to(question)
    await let_go(leg)
    await stage.joined(stage.client, boris.number)
    await stage.pass_time()
    call.hang_up()
    await second.ended.wait()
    question.hang_up()
    return [handed_over("attended", call, leg, second)]


async def attended_while_ringing(stage: Stage) -> list[Truth]:
    """The employee joins the client with a colleague whose phone still rings, and who then answers."""
    anna, boris = stage.phones
    call, leg = await talk_with(stage, anna)
    leg.hold()
    question = stage.dial(anna, boris.number)
    await question.rang.wait()
    leg.refer_to(question)
    second = await stage.answers(boris)
    await let_go(leg)
    await stage.joined(stage.client, boris.number)
    await stage.pass_time()
    call.hang_up()
    await second.ended.wait()
    return [handed_over("attended", call, leg, second)]


async def attended_by_code(stage: Stage) -> list[Truth]:
    """The employee presses *2 and the colleague's number, asks, and hangs up: the two are joined."""
    anna, boris = stage.phones
    call, leg = await talk_with(stage, anna)
    leg.press("*2")
    await stage.pass_time()
    leg.press(boris.number)
    second = await stage.answers(boris)
    await stage.joined(boris.number, anna.number)
    await stage.pass_time()
    leg.hang_up()
    await stage.joined(stage.client, boris.number)
    await stage.pass_time()
    call.hang_up()
    await second.ended.wait()
    return [handed_over("attended", call, leg, second)]


async def attended_outgoing(stage: Stage) -> list[Truth]:
    """The employee calls a client, asks a colleague, and joins the two."""
    anna, vera = stage.phones
    call = stage.dial(anna, stage.client)
    client = await stage.answers(stage.provider, stage.client)
    await call.answered.wait()
    await stage.pass_time()
    call.hold()
    question = stage.dial(anna, vera.number)
    second = await stage.answers(vera)
    await question.answered.wait()
    await stage.pass_time(TALK / 2)
    call.refer_to(question)
    await let_go(call)
    await stage.joined(stage.client, vera.number)
    await stage.pass_time()
    client.hang_up()
    await second.ended.wait()
    question.hang_up()
    transfer = Transfer("attended", anna.number, vera.number)
    return [outgoing(call, client, last_talker=vera.number, rang=(vera.number,), transfers=(transfer,), sound=None)]


def handed_over(kind: Literal["blind", "attended"], call: Leg, leg: Leg, second: Leg) -> Truth:
    source, target = leg.dialog.end.user, second.dialog.end.user
    return incoming(
        call,
        leg,
        last_talker=target,
        rang=tuple(sorted((source, target))),
        transfers=(Transfer(kind, source, target),),
        sound=None,
    )
