# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations that begin in the CRM: somebody lets the PBX call an employee first and then the client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.rig import Situation
from itgrix_module.sandbox.rig.stage import BEFORE_ANSWER, Stage
from itgrix_module.sandbox.rig.truth import Outcome, Truth, outgoing

Click = Callable[[str, str], object]


def click_to_call(click: Click) -> tuple[Situation, ...]:
    """Situations that begin with ``click(extension, number)``: it makes the PBX call, and may block."""

    async def click_answered(stage: Stage) -> list[Truth]:
        """The employee answers, then the client."""
        leg, started = await employee_answers(stage, click)
        client = await stage.answers(stage.provider, stage.client)
        await stage.pass_time()
        client.hang_up()
        await leg.ended.wait()
        return [clicked(stage, leg, client, "answered", started)]

    async def click_client_busy(stage: Stage) -> list[Truth]:
        """The employee answers, the client is busy."""
        leg, started = await employee_answers(stage, click)
        client = await stage.rings(stage.provider, stage.client)
        await stage.pass_time(BEFORE_ANSWER)
        client.reject(486)
        await stage.pass_time(BEFORE_ANSWER)
        leg.hang_up()
        return [clicked(stage, leg, None, "busy", started)]

    async def click_employee_gives_up(stage: Stage) -> list[Truth]:
        """The employee answers and hangs up while the client's phone rings."""
        leg, started = await employee_answers(stage, click)
        client = await stage.rings(stage.provider, stage.client)
        await stage.pass_time(BEFORE_ANSWER)
        leg.hang_up()
        await client.ended.wait()
        return [clicked(stage, leg, None, "cancelled", started)]

    return tuple(Situation(play) for play in (click_answered, click_client_busy, click_employee_gives_up))


async def employee_answers(stage: Stage, click: Click) -> tuple[Leg, float]:
    """The employee's leg, and when the click was (epoch seconds)."""
    (anna,) = stage.phones
    started = time.time()
    await asyncio.to_thread(click, anna.number, stage.client)
    return await stage.answers(anna), started


def clicked(stage: Stage, leg: Leg, client: Leg | None, outcome: Outcome, started: float) -> Truth:
    told = outgoing(leg, client, outcome, client=stage.client, dialled=stage.client, rang=(leg.dialog.end.user,))
    return replace(told, started=started, wait=told.wait + told.started - started)
