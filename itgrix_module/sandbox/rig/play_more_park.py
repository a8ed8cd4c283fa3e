# SPDX-License-Identifier: GPL-3.0-or-later
"""Parked clients who come back, are fetched by the same employee, or hang up; pick-ups from groups and queues."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.plan import did
from itgrix_module.sandbox.rig.play_more_help import end, over, talk_in, told
from itgrix_module.sandbox.rig.stage import TALK, Stage
from itgrix_module.sandbox.rig.truth import Truth

TO_PARKER, TO_OTHERS = "60", "50"  # car parks that one leaves after two seconds


async def park(stage: Stage, leg: Leg, lot: str = "70") -> str:
    """The employee parks his client and hangs up; returns the place."""
    leg.refer(lot)
    await stage.pass_time(TALK / 4)  # he is told the place
    place = await stage.parking_slot(stage.client)
    leg.hang_up()
    return place


async def parked_comes_back(stage: Stage) -> list[Truth]:
    """Nobody fetches the client: he rings the one who parked him."""
    anna, *_ = stage.phones
    return await _comes_back(stage, TO_PARKER, anna)


async def parked_goes_on(stage: Stage) -> list[Truth]:
    """Nobody fetches the client: he rings somebody else."""
    _, vera = stage.phones
    return await _comes_back(stage, TO_OTHERS, vera)


async def _comes_back(stage: Stage, lot: str, to: Phone) -> list[Truth]:
    anna, *_ = stage.phones
    call, leg = await talk_in(stage, anna)
    await park(stage, leg, lot)
    second = await stage.answers(to)
    await stage.joined(stage.client, to.number)
    await end(stage, call, second)
    talk = leg.ended.time - leg.answered.time + call.ended.time - second.answered.time
    return [told(call, leg, tuple({anna, to}), last=to, talk=talk)]


async def parked_and_back_unanswered(stage: Stage) -> list[Truth]:
    """The client comes back to the one who parked him, who is away."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    await park(stage, leg, TO_PARKER)
    again = await stage.rings(anna)
    await stage.pass_time()
    call.hang_up()
    await over(again)
    return [told(call, leg, (anna,), talk=leg.ended.time - leg.answered.time)]


async def parked_and_fetched_by_the_same(stage: Stage) -> list[Truth]:
    """The employee fetches his own parked client."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    place = await park(stage, leg)
    await stage.pass_time()
    second = stage.dial(anna, place)
    await second.answered.wait()
    await end(stage, second, call)
    talk = leg.ended.time - leg.answered.time + second.ended.time - second.answered.time
    return [told(call, leg, (anna,), talk=talk)]


async def parked_and_gone(stage: Stage) -> list[Truth]:
    """The client hangs up in the car park."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    await park(stage, leg)
    await stage.pass_time(2 * TALK)
    call.hang_up()
    return [told(call, leg, (anna,), talk=leg.ended.time - leg.answered.time)]


async def parked_twice(stage: Stage) -> list[Truth]:
    """Fetched by a colleague, parked again by him, and fetched by the first."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    legs = [leg]
    for fetcher in (boris, anna):
        place = await park(stage, legs[-1])
        await stage.pass_time()
        legs.append(stage.dial(fetcher, place))
        await legs[-1].answered.wait()
        await stage.pass_time()
    call.hang_up()
    await over(legs[-1])
    talk = sum(one.ended.time - one.answered.time for one in legs)
    return [told(call, leg, (anna,), talk=talk)]


async def parked_two(stage: Stage) -> list[Truth]:
    """Two clients are parked at once; each is fetched by a colleague of the one who parked him."""
    anna, boris = stage.phones
    other = stage.outsider()
    call, leg = await talk_in(stage, anna)
    place = await park(stage, leg)
    call2, leg2 = await talk_in(stage, boris, other)
    leg2.refer("70")
    await stage.pass_time(TALK / 4)
    place2 = await stage.parking_slot(other)
    leg2.hang_up()
    await stage.pass_time()
    second = stage.dial(boris, place)
    second2 = stage.dial(anna, place2)
    await second.answered.wait()
    await second2.answered.wait()
    await end(stage, call, second)
    await end(stage, call2, second2)
    talks = [one.ended.time - one.answered.time for one in (leg, second, leg2, second2)]
    return [
        told(call, leg, (anna,), last=boris, talk=talks[0] + talks[1]),
        told(call2, leg2, (boris,), last=anna, talk=talks[2] + talks[3]),
    ]


# ---- pick-ups


async def picked_up_in_group(stage: Stage) -> list[Truth]:
    """A phone rings, a colleague of the same pickup group dials *8."""
    anna, boris = stage.phones
    call = stage.dial_in(did(anna.number))
    await stage.rings(anna)
    return await _pick_up(stage, call, boris, "*8", (anna,))


async def picked_up_from_ring_group(stage: Stage) -> list[Truth]:
    """Three phones ring, a fourth takes the call."""
    anna, boris, vera, gleb = stage.phones
    call = stage.dial_in(did(plan.RING_GROUP))
    for phone in (anna, boris, vera):
        await stage.rings(phone)
    return await _pick_up(stage, call, gleb, "*8", (anna, boris, vera))


async def picked_up_from_queue(stage: Stage) -> list[Truth]:
    """A queue rings its agents behind Local channels, somebody else takes the call."""
    anna, gleb, dina, egor = stage.phones
    call = stage.dial_in(did(plan.QUEUE))
    for phone in (gleb, dina, egor):
        await stage.rings(phone)
    return await _pick_up(stage, call, anna, "*8", (gleb, dina, egor))


async def _pick_up(stage: Stage, call: Leg, who: Phone, code: str, rang: tuple[Phone, ...]) -> list[Truth]:
    leg = stage.dial(who, code)
    await leg.answered.wait()
    await stage.joined(stage.client, who.number)
    await end(stage, leg, call)
    return [told(call, leg, rang)]
