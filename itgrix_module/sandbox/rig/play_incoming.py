# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations that a client begins by dialling an employee: answered, missed, held, picked up, parked, forwarded."""

from __future__ import annotations

import time
from dataclasses import replace

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.plan import did
from itgrix_module.sandbox.rig.stage import TALK, Stage
from itgrix_module.sandbox.rig.truth import Truth, incoming


async def answered(stage: Stage) -> list[Truth]:
    """A client calls an employee, who answers; the client hangs up."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.answers(anna)
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    return [incoming(call, leg)]


async def agent_hangs_up(stage: Stage) -> list[Truth]:
    """A client calls; the employee answers and hangs up."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.answers(anna)
    await stage.pass_time()
    leg.hang_up()
    await call.ended.wait()
    return [incoming(call, leg)]


async def client_gives_up(stage: Stage) -> list[Truth]:
    """The phone rings, the client hangs up before anybody answers."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.rings(anna)
    await stage.pass_time()
    call.cancel()
    await leg.ended.wait()
    await call.ended.wait()
    return [incoming(call, rang=(anna.number,))]


async def nobody_answers(stage: Stage) -> list[Truth]:
    """The phone rings until the PBX gives up."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    await stage.rings(anna)
    await call.ended.wait()
    return [incoming(call, rang=(anna.number,))]


async def employee_busy(stage: Stage) -> list[Truth]:
    """The employee's phone is busy, and so the client hears."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.rings(anna)
    leg.reject(486)
    await call.ended.wait()
    return [incoming(call, rang=(anna.number,))]


async def second_trunk(stage: Stage) -> list[Truth]:
    """A client comes in over the other trunk, whose name has a hyphen as well."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number), provider=stage.second_provider)
    leg = await stage.answers(anna)
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    return [incoming(call, leg)]


async def anonymous(stage: Stage) -> list[Truth]:
    """A client without a number."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number), "anonymous", "Anonymous")
    leg = await stage.answers(anna)
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    return [incoming(call, leg)]


async def name_in_cyrillic(stage: Stage) -> list[Truth]:
    """The provider sends the number with a plus and a name in Cyrillic."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number), f"+{stage.client}", "Иван Кузнецов")
    leg = await stage.answers(anna)
    assert leg.caller_name == "Иван Кузнецов"
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    return [incoming(call, leg)]


async def number_without_route(stage: Stage) -> list[Truth]:
    """The number dialled leads nowhere: the PBX itself answers, with an announcement."""
    call = stage.dial_in(plan.UNROUTED_DID)
    await call.answered.wait()
    await stage.pass_time()
    call.hang_up()
    return [incoming(call)]


async def on_hold(stage: Stage) -> list[Truth]:
    """The employee puts the client on hold and comes back."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.answers(anna)
    await stage.pass_time(TALK / 2)
    leg.hold()
    await stage.pass_time()
    leg.resume()
    await stage.pass_time(TALK / 2)
    call.hang_up()
    await leg.ended.wait()
    return [incoming(call, leg)]


# ---- a phone that is not there


async def picked_up(stage: Stage) -> list[Truth]:
    """One phone rings, a colleague takes the call from his own (directed pickup)."""
    anna, gleb = stage.phones
    call = stage.dial_in(did(anna.number))
    await stage.rings(anna)
    leg = stage.dial(gleb, f"**{anna.number}")
    await leg.answered.wait()
    await stage.joined(stage.client, gleb.number)
    await stage.pass_time()
    leg.hang_up()
    await call.ended.wait()
    return [incoming(call, leg, rang=(anna.number,))]


async def parked_and_retrieved(stage: Stage) -> list[Truth]:
    """The employee parks the client, a colleague takes him out of the parking slot."""
    anna, boris = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.answers(anna)
    await stage.pass_time()
    leg.refer("70")
    parked = time.time()
    slot = await stage.parking_slot(stage.client)
    leg.hang_up()
    await stage.pass_time()
    second = stage.dial(boris, slot)
    back = await second.answered.wait()
    await stage.pass_time()
    call.hang_up()
    await second.ended.wait()
    told = incoming(call, leg, last_talker=boris.number)
    return [replace(told, talk=told.talk - (back - parked), sound=None)]


async def followed_to_mobile(stage: Stage) -> list[Truth]:
    """The phone rings, then the employee's mobile over the trunk as well; the mobile answers."""
    (lev,) = stage.phones
    call = stage.dial_in(did(lev.number))
    desk = await stage.rings(lev)
    leg = await stage.answers(stage.provider, plan.MOBILE)
    await desk.ended.wait()
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    who = {"answered_by": plan.MOBILE, "last_talker": plan.MOBILE, "rang": (lev.number,)}
    return [incoming(call, leg, **who)]


async def forwarded_by_phone(stage: Stage) -> list[Truth]:
    """The phone sends callers on to a colleague (302), who answers."""
    anna, boris = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.rings(anna)
    leg.redirect(boris.number)
    second = await stage.answers(boris)
    await stage.pass_time()
    call.hang_up()
    await second.ended.wait()
    return [incoming(call, second, rang=tuple(sorted((anna.number, boris.number))))]


async def two_at_once(stage: Stage) -> list[Truth]:
    """Two clients talk with two employees at the same time; a third gives up."""
    return await _at_once(stage, talking=2)


async def ten_at_once(stage: Stage) -> list[Truth]:
    """Every phone talks."""
    return await _at_once(stage, talking=10)


async def _at_once(stage: Stage, talking: int) -> list[Truth]:
    clients = [stage.outsider() for _ in stage.phones]
    calls = [stage.dial_in(did(phone.number), client) for phone, client in zip(stage.phones, clients, strict=True)]
    legs = [await stage.rings(phone) for phone in stage.phones]
    await stage.pass_time(TALK / 2)
    for leg in legs[:talking]:
        leg.answer()
    for leg in legs[:talking]:
        await leg.answered.wait()
    await stage.pass_time()
    for call in calls[:talking]:
        call.hang_up()
    for call in calls[talking:]:
        call.cancel()
    for one in (*legs, *calls):
        await one.ended.wait()
    told = [incoming(call, leg) for call, leg in zip(calls[:talking], legs[:talking], strict=True)]
    lost = zip(calls[talking:], legs[talking:], strict=True)
    return told + [incoming(call, rang=(leg.dialog.end.user,)) for call, leg in lost]
