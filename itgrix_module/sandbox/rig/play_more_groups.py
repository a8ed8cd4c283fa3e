# SPDX-License-Identifier: GPL-3.0-or-later
"""Ring groups, queues, follow-me and forwards in their rarer forms."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.plan import MOBILE, did
from itgrix_module.sandbox.rig.play_more_help import answers_first, ask_by_phone, end, handed, join_by_phone, over, told
from itgrix_module.sandbox.rig.play_more_transfers import ask_by_code, send_on
from itgrix_module.sandbox.rig.stage import Stage
from itgrix_module.sandbox.rig.truth import Truth

BY_MOBILE: dict[str, Any] = {"answered_by": MOBILE, "last_talker": MOBILE}


async def announced(stage: Stage) -> list[Truth]:
    """The PBX answers and plays an announcement before the phone rings."""
    (anna,) = stage.phones
    call = stage.dial_in(did("501"))
    leg = await stage.answers(anna)
    await end(stage, call, leg)
    return [told(call, leg, (anna,))]


async def group_with_mobile_answered_at_desk(stage: Stage) -> list[Truth]:
    """A ring group of Local channels and a mobile; a desk phone answers."""
    anna, boris = stage.phones
    call = stage.dial_in(did("601"))
    losers = [await stage.rings(anna), await stage.rings(stage.provider, MOBILE)]
    leg = await stage.answers(boris)
    await over(*losers)
    await end(stage, call, leg)
    return [told(call, leg, (anna, boris, MOBILE))]


async def group_with_mobile_answered_outside(stage: Stage) -> list[Truth]:
    """A ring group of Local channels and a mobile; the mobile answers."""
    anna, boris = stage.phones
    call = stage.dial_in(did("601"))
    losers = [await stage.rings(anna), await stage.rings(boris)]
    leg = await stage.answers(stage.provider, MOBILE)
    await over(*losers)
    await end(stage, leg, call)
    return [told(call, leg, (anna, boris, MOBILE), **BY_MOBILE)]


async def group_optimized(stage: Stage) -> list[Truth]:
    """A ring group of Local channels that the PBX takes out of the way after the answer."""
    return await _one_of_two(stage, "605")


async def queue_optimized(stage: Stage) -> list[Truth]:
    """A queue whose members' Local channels are taken out of the way after the answer."""
    return await _one_of_two(stage, "710")


async def _one_of_two(stage: Stage, number: str) -> list[Truth]:
    anna, boris = stage.phones
    call = stage.dial_in(did(number))
    loser = await stage.rings(anna)
    leg = await stage.answers(boris)
    await over(loser)
    await end(stage, call, leg)
    return [told(call, leg, (anna, boris))]


async def hunted(stage: Stage) -> list[Truth]:
    """One phone rings, then it and another; the other answers."""
    anna, boris = stage.phones
    call = stage.dial_in(did("602"))
    first = await stage.rings(anna)
    await over(first)
    again = await stage.rings(anna)
    leg = await stage.answers(boris)
    await over(again)
    await end(stage, call, leg)
    return [told(call, leg, (anna, boris))]


async def not_registered(stage: Stage) -> list[Truth]:
    """The phone that is called is not there (CHANUNAVAIL), the next one answers."""
    (boris,) = stage.phones
    call = stage.dial_in(did("603"))
    leg = await stage.answers(boris)
    await end(stage, call, leg)
    return [told(call, leg, (boris,))]


async def two_phones(stage: Stage) -> list[Truth]:
    """Both phones of an employee ring, one of them answers."""
    return await _two_phones(stage, "604")


async def queue_two_phones(stage: Stage) -> list[Truth]:
    """The agent of a queue has two phones."""
    return await _two_phones(stage, "708")


async def _two_phones(stage: Stage, number: str) -> list[Truth]:
    _, desk, soft = stage.phones
    call = stage.dial_in(did(number))
    loser = await stage.rings(desk)
    leg = await stage.answers(soft)
    await over(loser)
    await end(stage, call, leg)
    return [told(call, leg, ("101",), answered_by="101", last_talker="101")]


# ---- queues


async def queue_times_out(stage: Stage) -> list[Truth]:
    """No agent answers within the queue's time; an extension behind it does."""
    anna, *agents = stage.phones
    call = stage.dial_in(did("704"))
    legs = [await stage.rings(agent) for agent in agents]
    await over(*legs)
    leg = await _answers_at_last(stage, anna, agents)
    await end(stage, call, leg)
    return [told(call, leg, tuple(stage.phones))]


async def _answers_at_last(stage: Stage, phone: Any, agents: list[Any]) -> Leg:
    """The phone rings and answers; the agents' phones may ring once more before that."""
    leg: Leg = await stage.answers(phone)
    for agent in agents:
        agent.drop_all()
    return leg


async def queue_in_queue(stage: Stage) -> list[Truth]:
    """The member of a queue is another queue."""
    anna, boris = stage.phones
    call = stage.dial_in(did("705"))
    loser = await stage.rings(anna)
    leg = await stage.answers(boris)
    await over(loser)
    await stage.joined(stage.client, boris.number)
    await end(stage, call, leg)
    return [told(call, leg, (anna, boris))]


async def queue_second_round(stage: Stage) -> list[Truth]:
    """The only agent answers when his phone rings for the second time."""
    (anna,) = stage.phones
    call = stage.dial_in(did("707"))
    await over(await stage.rings(anna))
    leg = await stage.answers(anna)
    await stage.joined(stage.client, anna.number)
    await end(stage, leg, call)
    return [told(call, leg, (anna,))]


async def queue_direct_members(stage: Stage) -> list[Truth]:
    """Members without Local channels, of different penalty; the first refuses, the second answers."""
    anna, boris = stage.phones
    call = stage.dial_in(did("709"))
    refused = await stage.rings(anna)
    refused.reject(486)
    leg = await _rings_or_refuses(stage, anna, boris)
    await end(stage, call, leg)
    return [told(call, leg, tuple({anna.number, leg.dialog.end.user}))]


async def _rings_or_refuses(stage: Stage, *_: Any) -> Leg:
    leg = await stage.first_to_ring()
    await stage.pass_time(0.5)
    leg.answer()
    return leg


async def queue_agent_sends_on(stage: Stage) -> list[Truth]:
    """An agent behind a Local channel sends the client to a colleague."""
    anna, gleb, dina, egor = stage.phones
    call, leg = await _agent_answers(stage, dina, (gleb, egor))
    second = await send_on(stage, leg, anna)
    await end(stage, call, second)
    return [told(call, leg, tuple(stage.phones), last=anna, transfers=(handed("blind", dina, anna),))]


async def queue_agent_asks_by_phone(stage: Stage) -> list[Truth]:
    """An agent behind a Local channel asks a colleague on his second line and joins the two."""
    anna, gleb, dina, egor = stage.phones
    call, leg = await _agent_answers(stage, dina, (gleb, egor))
    question, second = await ask_by_phone(stage, leg, dina, anna)
    await join_by_phone(stage, leg, question, anna.number)
    await end(stage, call, second)
    question.hang_up()
    return [told(call, leg, tuple(stage.phones), last=anna, transfers=(handed("attended", dina, anna),))]


async def queue_agent_asks_by_code(stage: Stage) -> list[Truth]:
    """An agent behind a Local channel asks a colleague by *2 and hangs up."""
    anna, gleb, dina, egor = stage.phones
    call, leg = await _agent_answers(stage, dina, (gleb, egor))
    second = await ask_by_code(stage, leg, anna)
    leg.hang_up()
    await stage.joined(stage.client, anna.number)
    await end(stage, call, second)
    return [told(call, leg, tuple(stage.phones), last=anna, transfers=(handed("attended", dina, anna),))]


async def _agent_answers(stage: Stage, agent: Any, others: tuple[Any, ...]) -> tuple[Leg, Leg]:
    call = stage.dial_in(did(plan.QUEUE))
    leg = await answers_first(stage, agent, *others)
    await stage.joined(stage.client, agent.number)
    await stage.pass_time()
    return call, leg


# ---- follow-me and forwards


async def followed_after_a_while(stage: Stage) -> list[Truth]:
    """The desk phone rings alone, then the mobile as well, which answers."""
    (anna, _) = stage.phones
    call = stage.dial_in(did("801"))
    await over(await stage.rings(anna))
    desk = await stage.rings(anna)
    leg = await stage.answers(stage.provider, MOBILE)
    await over(desk)
    await end(stage, call, leg)
    return [told(call, leg, (anna, MOBILE), **BY_MOBILE)]


async def followed_and_refused(stage: Stage) -> list[Truth]:
    """Desk phone and mobile refuse; a colleague answers."""
    anna, boris = stage.phones
    call = stage.dial_in(did("801"))
    await over(await stage.rings(anna))
    desk = await stage.rings(anna)
    mobile = await stage.rings(stage.provider, MOBILE)
    mobile.reject(486)
    desk.reject(486)
    leg = await stage.answers(boris)
    await end(stage, call, leg)
    return [told(call, leg, (anna, boris, MOBILE))]


async def forwarded_always(stage: Stage) -> list[Truth]:
    """The client's own channel dials the employee's mobile over the trunk."""
    call = stage.dial_in(did("802"))
    leg = await stage.answers(stage.provider, MOBILE)
    await end(stage, call, leg)
    return [told(call, leg, (MOBILE,), **BY_MOBILE)]


async def forwarded_by_phone_to_mobile(stage: Stage) -> list[Truth]:
    """The phone sends callers on to a mobile (302), which answers."""
    (anna,) = stage.phones
    call = stage.dial_in(did(anna.number))
    leg = await stage.rings(anna)
    leg.redirect(MOBILE)
    second = await stage.answers(stage.provider, MOBILE)
    await end(stage, call, second)
    return [told(call, second, (anna, MOBILE), **BY_MOBILE)]
