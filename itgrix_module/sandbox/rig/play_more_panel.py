# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator's panel does to calls over AMI, and recordings that are switched on and off."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.play_more_help import ask, channel, end, handed, over, talk_in, talk_out, told
from itgrix_module.sandbox.rig.stage import Stage
from itgrix_module.sandbox.rig.truth import Truth, outgoing

INSIDE = {"Context": "from-internal", "Priority": "1"}


async def redirected_client(stage: Stage) -> list[Truth]:
    """The client's channel is sent to a colleague; the employee's call ends."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    name = await channel(stage, f"PJSIP/{plan.FIRST_TRUNK}", stage.client)
    await ask(stage, "Redirect", Channel=name, Exten=boris.number, **INSIDE)
    second = await stage.answers(boris)
    await over(leg)
    await end(stage, call, second)
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("blind", anna, boris),))]


async def redirected_both(stage: Stage) -> list[Truth]:
    """Both channels are sent to a conference."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    theirs = await channel(stage, f"PJSIP/{plan.FIRST_TRUNK}", stage.client)
    ours = await channel(stage, f"PJSIP/{anna.number}-")
    more = {f"Extra{name}": value for name, value in {**INSIDE, "Exten": plan.CONFERENCE}.items()}
    await ask(stage, "Redirect", Channel=theirs, ExtraChannel=ours, Exten=plan.CONFERENCE, **INSIDE, **more)
    await stage.pass_time()
    await end(stage, call)
    leg.hang_up()
    return [told(call, leg, (anna,))]


async def redirected_ringing(stage: Stage) -> list[Truth]:
    """The client is sent on to a colleague while a phone still rings."""
    anna, boris = stage.phones
    call = stage.dial_in(plan.did(anna.number))
    first = await stage.rings(anna)
    name = await channel(stage, f"PJSIP/{plan.FIRST_TRUNK}", stage.client)
    await ask(stage, "Redirect", Channel=name, Exten=boris.number, **INSIDE)
    await over(first)
    leg = await stage.answers(boris)
    await end(stage, call, leg)
    return [told(call, leg, (anna, boris))]


async def redirected_outgoing(stage: Stage) -> list[Truth]:
    """The client of an outgoing call is sent to a colleague (his channel had no dialplan of its own)."""
    anna, boris = stage.phones
    call, client = await talk_out(stage, anna)
    name = await channel(stage, f"PJSIP/{plan.FIRST_TRUNK}", stage.client)
    await ask(stage, "Redirect", Channel=name, Exten=boris.number, **INSIDE)
    second = await stage.answers(boris)
    await over(call)
    await end(stage, client, second)
    transfers = (handed("blind", anna, boris),)
    return [outgoing(call, client, last_talker=boris.number, rang=(boris.number,), transfers=transfers, sound=None)]


async def panel_blind(stage: Stage) -> list[Truth]:
    """BlindTransfer over AMI."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    name = await channel(stage, f"PJSIP/{anna.number}-")
    await ask(stage, "BlindTransfer", Channel=name, Context="from-internal", Exten=boris.number)
    second = await stage.answers(boris)
    await over(leg)
    await end(stage, call, second)
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("blind", anna, boris),))]


async def panel_attended(stage: Stage) -> list[Truth]:
    """Atxfer over AMI; the employee hangs up when he has asked."""
    anna, boris = stage.phones
    call, leg = await talk_in(stage, anna)
    name = await channel(stage, f"PJSIP/{anna.number}-")
    await ask(stage, "Atxfer", Channel=name, Context="from-internal", Exten=boris.number)
    second = await stage.answers(boris)
    await stage.joined(boris.number, anna.number)
    await stage.pass_time()
    leg.hang_up()
    await stage.joined(stage.client, boris.number)
    await end(stage, call, second)
    return [told(call, leg, (anna, boris), last=boris, transfers=(handed("attended", anna, boris),))]


async def panel_hangs_up(stage: Stage) -> list[Truth]:
    """Hangup over AMI."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    await ask(stage, "Hangup", Channel=await channel(stage, f"PJSIP/{anna.number}-"))
    await over(call, leg)
    return [told(call, leg, (anna,))]


# ---- recordings


async def recorded_by_hand(stage: Stage) -> list[Truth]:
    """The employee presses *3 (which stops the recording that runs), and *3 again (which starts another)."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    leg.press("*3")
    await stage.pass_time(2.5)
    leg.press("*3")
    await stage.pass_time(2.5)
    await end(stage, call, leg)
    return [told(call, leg, (anna,))]


async def recording_restarted(stage: Stage) -> list[Truth]:
    """A panel stops the recording and starts another."""
    (anna,) = stage.phones
    call, leg = await talk_in(stage, anna)
    name = await channel(stage, f"PJSIP/{plan.FIRST_TRUNK}", stage.client)
    await ask(stage, "StopMixMonitor", Channel=name)
    await stage.pass_time()
    await ask(stage, "MixMonitor", Channel=name, File=f"again-{stage.client}.wav")
    await end(stage, call, leg)
    return [told(call, leg, (anna,))]
