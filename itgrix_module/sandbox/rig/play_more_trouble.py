# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX dies or the AMI link is cut in every phase of a call. Each needs the PBX for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.plan import did
from itgrix_module.sandbox.rig.play_more_help import ask_by_phone, end, handed, join_by_phone, over, talk_in, told
from itgrix_module.sandbox.rig.play_more_park import park
from itgrix_module.sandbox.rig.play_transfers import let_go
from itgrix_module.sandbox.rig.stage import Stage
from itgrix_module.sandbox.rig.truth import Truth, internal, outgoing


async def killed_ringing(stage: Stage) -> list[Truth]:
    """The PBX dies while a phone rings."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.rings(anna)
    await stage.pass_time()
    await die(stage, stage.pbx.kill, call, leg)
    return [told(call, None, (anna,))]


async def killed_parked(stage: Stage) -> list[Truth]:
    """The PBX dies while the client is parked."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    await park(stage, leg)
    await stage.pass_time()
    await die(stage, stage.pbx.kill, call)
    return [told(call, leg, (anna,), talk=leg.ended.time - leg.answered.time)]


async def killed_on_hold(stage: Stage) -> list[Truth]:
    """The PBX dies while the client is on hold and the employee asks a colleague."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.hold()
    question = stage.dial(anna, boris.number)
    asked = await stage.answers(boris)
    await stage.pass_time()
    await die(stage, stage.pbx.kill, call, leg, question, asked)
    return [told(call, leg, (anna,)), internal(question, asked)]


async def restarted_ringing(stage: Stage) -> list[Truth]:
    """The PBX restarts while a phone rings."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.rings(anna)
    await stage.pass_time()
    users = stage.pbx.ami_users
    await asyncio.to_thread(stage.pbx.restart)
    await over(call)
    leg.drop()
    await stage.ami_is_back(users)
    return [told(call, None, (anna,))]


async def die(stage: Stage, how: Callable[[], None], *legs: Leg) -> None:
    """The PBX is gone without a word, and is started again."""
    users = stage.pbx.ami_users
    await asyncio.to_thread(how)
    for leg in legs:
        leg.drop()
    await asyncio.to_thread(stage.pbx.start)
    await stage.ami_is_back(users)


# ---- the link


async def cut_across_answer(stage: Stage) -> list[Truth]:
    """The phone is answered while the link is cut."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.rings(anna)
    await stage.pass_time()
    users = await stage.cut_ami()
    leg.answer()
    await stage.pass_time()
    await stage.heal_ami(users)
    await end(stage, call, leg)
    return [told(call, leg, (anna,))]


async def cut_across_attended(stage: Stage) -> list[Truth]:
    """An attended transfer is completed while the link is cut."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    question, second = await ask_by_phone(stage, leg, anna, boris)
    users = await stage.cut_ami()
    await join_by_phone(stage, leg, question, boris.number)
    question.hang_up()
    await stage.heal_ami(users)
    await end(stage, call, second)
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("attended", anna, boris),))]


async def cut_across_blind(stage: Stage) -> list[Truth]:
    """A blind transfer happens while the link is cut; the colleague's phone still rings when it is back."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    users = await stage.cut_ami()
    leg.refer(boris.number)
    second = await stage.rings(boris)
    await let_go(leg)
    await stage.heal_ami(users)
    second.answer()
    await end(stage, call, second)
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("blind", anna, boris),))]


async def cut_in_queue(stage: Stage) -> list[Truth]:
    """An agent of a queue answers while the link is cut."""
    gleb, dina, egor = stage.phones
    call = stage.dial_in(did("700"))
    losers = [await stage.rings(gleb), await stage.rings(egor)]
    leg = await stage.rings(dina)
    await stage.pass_time()
    users = await stage.cut_ami()
    leg.answer()
    await over(*losers)
    await stage.heal_ami(users)
    await end(stage, call, leg)
    return [told(call, leg, (gleb, dina, egor))]


async def cut_while_parked(stage: Stage) -> list[Truth]:
    """The client is fetched from the car park while the link is cut."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    place = await park(stage, leg)
    await stage.pass_time()
    users = await stage.cut_ami()
    second = stage.dial(boris, place)
    await second.answered.wait()
    await stage.heal_ami(users)
    await end(stage, call, second)
    talk = leg.ended.time - leg.answered.time + call.ended.time - second.answered.time
    return [told(call, leg, (anna,), last=boris, talk=talk)]


async def cut_outgoing_answer(stage: Stage) -> list[Truth]:
    """The client of an outgoing call answers while the link is cut."""
    (anna,) = stage.phones
    call = stage.dial(anna, stage.client)
    client = await stage.rings(stage.provider, stage.client)
    await stage.pass_time()
    users = await stage.cut_ami()
    client.answer()
    await stage.pass_time()
    await stage.heal_ami(users)
    await end(stage, call, client)
    return [outgoing(call, client, sound=None)]


async def cut_through_start(stage: Stage) -> list[Truth]:
    """The call begins while the link is cut; when it is back, they talk."""
    (anna,) = stage.phones
    users = await stage.cut_ami()
    call = stage.dial_in(did(anna.number))
    leg = await stage.answers(anna)
    await stage.pass_time()
    await stage.heal_ami(users)
    await end(stage, call, leg)
    return [told(call, leg, (anna,))]
