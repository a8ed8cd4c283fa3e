# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations that an employee begins: answered, refused in every way, over the other trunk, internal."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.stage import BEFORE_ANSWER, Stage
from itgrix_module.sandbox.rig.truth import Outcome, Truth, internal, outgoing


async def outgoing_answered(stage: Stage) -> list[Truth]:
    """An employee calls a client; the employee hangs up."""
    (anna,) = stage.phones
    call = stage.dial(anna, stage.client)
    client = await stage.answers(stage.provider, stage.client)
    await stage.pass_time()
    call.hang_up()
    await client.ended.wait()
    return [outgoing(call, client)]


async def outgoing_client_hangs_up(stage: Stage) -> list[Truth]:
    """An employee calls a client; the client hangs up."""
    (anna,) = stage.phones
    call = stage.dial(anna, stage.client)
    client = await stage.answers(stage.provider, stage.client)
    await stage.pass_time()
    client.hang_up()
    await call.ended.wait()
    return [outgoing(call, client)]


async def outgoing_over_second_trunk(stage: Stage) -> list[Truth]:
    """An employee dials the prefix of the other trunk before the number."""
    (anna,) = stage.phones
    call = stage.dial(anna, f"9{stage.client}")
    client = await stage.answers(stage.second_provider, stage.client)
    await stage.pass_time()
    call.hang_up()
    await client.ended.wait()
    return [outgoing(call, client, client=stage.client, trunk=plan.SECOND_TRUNK)]


async def outgoing_cancelled(stage: Stage) -> list[Truth]:
    """An employee gives up while the client's phone rings."""
    (anna,) = stage.phones
    call = stage.dial(anna, stage.client)
    client = await stage.rings(stage.provider, stage.client)
    await stage.pass_time()
    call.cancel()
    await client.ended.wait()
    await call.ended.wait()
    return [outgoing(call, None, "cancelled")]


async def outgoing_busy(stage: Stage) -> list[Truth]:
    """The client is busy."""
    return await refused(stage, 486, "busy")


async def outgoing_unanswered(stage: Stage) -> list[Truth]:
    """The client's phone rings until the provider gives up."""
    return await refused(stage, 480, "no_answer")


async def outgoing_declined(stage: Stage) -> list[Truth]:
    """The client refuses the call."""
    return await refused(stage, 603, "declined")


async def outgoing_wrong_number(stage: Stage) -> list[Truth]:
    """There is no such number."""
    return await refused(stage, 404, "failed")


async def refused(stage: Stage, code: int, outcome: Outcome) -> list[Truth]:
    (anna,) = stage.phones
    call = stage.dial(anna, stage.client)
    client = await stage.rings(stage.provider, stage.client)
    await stage.pass_time(BEFORE_ANSWER)
    client.reject(code)
    await call.ended.wait()
    return [outgoing(call, None, outcome, code=code)]


async def internal_answered(stage: Stage) -> list[Truth]:
    """One employee calls another."""
    anna, boris = stage.phones
    call = stage.dial(anna, boris.number)
    leg = await stage.answers(boris)
    await stage.pass_time()
    call.hang_up()
    await leg.ended.wait()
    return [internal(call, leg)]
