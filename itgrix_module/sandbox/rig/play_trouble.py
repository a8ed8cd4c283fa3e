# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations in which the PBX restarts or dies, or the product's AMI link is cut. Each needs the PBX for itself."""

from __future__ import annotations

import asyncio

from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.plan import did
from itgrix_module.sandbox.rig.stage import Stage
from itgrix_module.sandbox.rig.truth import Truth, incoming


async def pbx_restarted(stage: Stage) -> list[Truth]:
    """The PBX is restarted while two talk."""
    (anna,) = stage.phones
    users = stage.pbx.ami_users
    call = stage.dial_in(did(anna.number))
    leg = await stage.answers(anna)
    await stage.pass_time()
    await asyncio.to_thread(stage.pbx.restart)
    await call.ended.wait()
    await stage.ami_is_back(users)
    return [incoming(call, leg)]


async def pbx_killed(stage: Stage) -> list[Truth]:
    """The PBX dies without a word while two talk, and is started again."""
    (anna,) = stage.phones
    users = stage.pbx.ami_users
    call = stage.dial_in(did(anna.number))
    leg = await stage.answers(anna)
    await stage.pass_time()
    await asyncio.to_thread(stage.pbx.kill)
    call.drop()
    leg.drop()
    await asyncio.to_thread(stage.pbx.start)
    await stage.ami_is_back(users)
    return [incoming(call, leg, sound=0.0)]


async def ami_cut_in_talk(stage: Stage) -> list[Truth]:
    """The product's AMI link is away for a while in the middle of a talk."""
    call, leg = await start_to_talk(stage)
    users = await stage.cut_ami()
    await stage.pass_time()
    await stage.heal_ami(users)
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    return [incoming(call, leg)]


async def ami_cut_until_after_the_end(stage: Stage) -> list[Truth]:
    """A call that began before the cut ends in it."""
    call, leg = await start_to_talk(stage)
    users = await stage.cut_ami()
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    await stage.heal_ami(users)
    return [incoming(call, leg)]


async def ami_cut_around_a_call(stage: Stage) -> list[Truth]:
    """A call begins and ends while the link is cut: only the call records know it."""
    users = await stage.cut_ami()
    call, leg = await start_to_talk(stage)
    call.hang_up()
    await leg.ended.wait()
    await stage.heal_ami(users)
    return [incoming(call, leg, on_ami=False)]


async def start_to_talk(stage: Stage) -> tuple[Leg, Leg]:
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.answers(anna)
    await stage.pass_time()
    return call, leg
