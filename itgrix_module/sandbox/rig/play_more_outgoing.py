# SPDX-License-Identifier: GPL-3.0-or-later
"""Outgoing calls: failover, early media, short numbers, holds, and clicks in the CRM in all their outcomes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.play_more_help import answers_first, end, originate, over, talk_out
from itgrix_module.sandbox.rig.stage import BEFORE_ANSWER, TALK, Stage
from itgrix_module.sandbox.rig.truth import Outcome, Truth, outgoing


async def outgoing_other_trunk_helps(stage: Stage) -> list[Truth]:
    """The first trunk fails, the second takes the call."""
    (anna,) = stage.phones
    call = stage.dial(anna, f"6{stage.client}")
    failed = await stage.rings(stage.provider, stage.client)
    failed.reject(503)
    client = await stage.answers(stage.second_provider, stage.client)
    await end(stage, call, client)
    return [outgoing(call, client, client=stage.client, trunk=plan.SECOND_TRUNK, sound=None)]


async def outgoing_no_trunk_helps(stage: Stage) -> list[Truth]:
    """Both trunks fail."""
    (anna,) = stage.phones
    call = stage.dial(anna, f"6{stage.client}")
    for provider in (stage.provider, stage.second_provider):
        failed = await stage.rings(provider, stage.client)
        failed.reject(503)
    await over(call)
    return [outgoing(call, None, "failed", client=stage.client, trunk=plan.SECOND_TRUNK, code=call.code)]


async def outgoing_early_media(stage: Stage) -> list[Truth]:
    """The provider plays something before the answer (183); it is no answer."""
    (anna,) = stage.phones
    call = stage.dial(anna, stage.client)
    client = await stage.rings(stage.provider, stage.client)
    client.media.accept(client.invite.body)
    client._respond(client.invite, 183, client.media.offer())
    await stage.pass_time()
    client.answer()
    await end(stage, call, client)
    return [outgoing(call, client, sound=None)]


async def outgoing_short_number(stage: Stage) -> list[Truth]:
    """A short number of the provider's."""
    (anna,) = stage.phones
    call = stage.dial(anna, "900")
    client = await stage.answers(stage.provider, "900")
    await end(stage, call, client)
    return [outgoing(call, client, client="900", sound=None)]


async def outgoing_held(stage: Stage) -> list[Truth]:
    """The employee puts the client on hold, who hangs up."""
    (anna,) = stage.phones
    call, client = await talk_out(stage, anna)
    call.hold()
    await stage.pass_time()
    client.hang_up()
    await over(call)
    return [outgoing(call, client, sound=None)]


async def outgoing_rejected_at_once(stage: Stage) -> list[Truth]:
    """The provider has no channels left (503)."""
    (anna,) = stage.phones
    call = stage.dial(anna, stage.client)
    client = await stage.rings(stage.provider, stage.client)
    client.reject(503)
    await over(call)
    return [outgoing(call, None, "failed", code=call.code)]


# ---- a click in the CRM


async def _click(stage: Stage, how: str, answered: str = "client") -> list[Truth]:
    (anna,) = stage.phones
    at = await originate(stage, how.format(anna.number), stage.client, stage.client)
    leg = await stage.answers(anna)
    client = await stage.answers(stage.provider, stage.client)
    if answered == "client":
        await end(stage, client, leg)
    else:
        await end(stage, leg, client)
    return [clicked(stage, leg, client, "answered", at)]


def clicked(stage: Stage, leg: Leg, client: Leg | None, outcome: Outcome, at: float, **more: Any) -> Truth:
    """An outgoing call that the PBX made for an employee (``leg``)."""
    told = outgoing(leg, client, outcome, client=stage.client, dialled=stage.client, rang=(leg.dialog.end.user,))
    changed: dict[str, Any] = {"started": at, "wait": told.wait + told.started - at, "sound": None}
    return replace(told, **{**changed, "own": f"out-{stage.client}", **more})


async def click_local(stage: Stage) -> list[Truth]:
    """Through a Local channel that may be optimized away."""
    return await _click(stage, "Local/{}@from-internal")


async def click_local_kept(stage: Stage) -> list[Truth]:
    """Through a Local channel that stays."""
    return await _click(stage, "Local/{}@from-internal/n", answered="employee")


async def click_mobile(stage: Stage) -> list[Truth]:
    """The employee is on his mobile (follow-me)."""
    (anna,) = stage.phones
    at = await originate(stage, "Local/801@from-internal/n", stage.client, stage.client)
    await over(await stage.rings(anna))
    desk = await stage.rings(anna)
    mobile = await stage.answers(stage.provider, plan.MOBILE)
    await over(desk)
    client = await stage.answers(stage.provider, stage.client)
    await end(stage, client, mobile)
    talker = {"answered_by": plan.MOBILE, "last_talker": plan.MOBILE, "rang": (anna.number, plan.MOBILE)}
    return [clicked(stage, mobile, client, "answered", at, caller=None, **talker)]


async def click_phone(stage: Stage) -> list[Truth]:
    """Straight to the phone."""
    return await _click(stage, "PJSIP/{}")


async def _click_refused(stage: Stage, code: int, outcome: Outcome) -> list[Truth]:
    """The employee is there, the client's side refuses. He waits from his own answer on."""
    (anna,) = stage.phones
    at = await originate(stage, f"Local/{anna.number}@from-internal", stage.client, stage.client)
    leg = await stage.answers(anna)
    client = await stage.rings(stage.provider, stage.client)
    await stage.pass_time()
    client.reject(code)
    await stage.pass_time(BEFORE_ANSWER)
    leg.hang_up()
    return [clicked(stage, leg, None, outcome, at, wait=leg.ended.time - leg.answered.time)]


async def click_client_is_busy(stage: Stage) -> list[Truth]:
    """The client is busy."""
    return await _click_refused(stage, 486, "busy")


async def click_client_away(stage: Stage) -> list[Truth]:
    """The client does not answer."""
    return await _click_refused(stage, 480, "no_answer")


async def click_client_declines(stage: Stage) -> list[Truth]:
    """The client declines."""
    return await _click_refused(stage, 603, "declined")


async def click_wrong_number(stage: Stage) -> list[Truth]:
    """There is no such number."""
    return await _click_refused(stage, 404, "failed")


async def click_employee_rejects(stage: Stage) -> list[Truth]:
    """The employee's phone refuses: the client is never called."""
    (anna,) = stage.phones
    at = await originate(stage, f"Local/{anna.number}@from-internal/n", stage.client, stage.client)
    leg = await stage.rings(anna)
    leg.reject(486)
    await stage.pass_time(2 * TALK)
    return [clicked(stage, leg, None, "cancelled", at, wait=None, trunk=None)]


async def click_employee_away(stage: Stage) -> list[Truth]:
    """The employee does not answer in time."""
    (anna,) = stage.phones
    at = await originate(stage, f"Local/{anna.number}@from-internal/n", stage.client, stage.client, timeout=2000)
    leg = await stage.rings(anna)
    await over(leg)
    return [clicked(stage, leg, None, "cancelled", at, wait=None, trunk=None)]


# ---- the client first, then an employee


async def _call_back(stage: Stage, then: str) -> tuple[Leg, float]:
    at = await originate(stage, f"Local/{stage.client}@from-internal/n", then, stage.client)
    return await stage.answers(stage.provider, stage.client), at


def called_back(stage: Stage, client: Leg, leg: Leg | None, at: float, rang: tuple[str, ...], **more: Any) -> Truth:
    """An outgoing call whose client was there first."""
    outcome: Outcome = "answered" if leg else "cancelled"
    truth = outgoing(client, leg, outcome, client=stage.client, dialled=stage.client, rang=rang)
    who = leg.dialog.end.user if leg else None
    changed: dict[str, Any] = {"started": at, "caller": None, "answered_by": who, "last_talker": who, "sound": None}
    changed["own"] = f"out-{stage.client}"  # the employee's half is recorded as well
    if leg:
        changed |= {"wait": leg.answered.time - at, "talk": client.ended.time - leg.answered.time}
    return replace(truth, **{**changed, **more})


async def call_back_answered(stage: Stage) -> list[Truth]:
    """The client answers, then the employee."""
    (anna,) = stage.phones
    client, at = await _call_back(stage, anna.number)
    leg = await stage.answers(anna)
    await end(stage, client, leg)
    return [called_back(stage, client, leg, at, (anna.number,))]


async def call_back_to_queue(stage: Stage) -> list[Truth]:
    """The client answers and waits in a queue until an agent answers."""
    gleb, dina, egor = stage.phones
    client, at = await _call_back(stage, plan.QUEUE)
    leg = await answers_first(stage, dina, gleb, egor)
    await end(stage, leg, client)
    return [called_back(stage, client, leg, at, plan.MEMBERS[plan.QUEUE])]


async def call_back_employee_away(stage: Stage) -> list[Truth]:
    """The client answers, no employee does."""
    (anna,) = stage.phones
    client, at = await _call_back(stage, anna.number)
    leg = await stage.rings(anna)
    await over(leg, client)
    return [called_back(stage, client, None, at, (anna.number,), wait=None)]


async def call_back_client_busy(stage: Stage) -> list[Truth]:
    """The client is busy: no employee's phone rings."""
    at = await originate(stage, f"Local/{stage.client}@from-internal/n", "101", stage.client)
    client = await stage.rings(stage.provider, stage.client)
    client.reject(486)
    await stage.pass_time(2 * TALK)
    return [called_back(stage, client, None, at, (), outcome="busy", wait=None)]
