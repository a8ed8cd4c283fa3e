# SPDX-License-Identifier: GPL-3.0-or-later
"""From a click in the CRM to the order at the PBX, while nothing else happens and while calls come in."""

from __future__ import annotations

import time
from collections.abc import Iterable

from benchmarks.calls import percentile
from benchmarks.figures import Figure
from benchmarks.stage import Stage, stage, until
from itgrix_module.app.happenings import Happening
from itgrix_module.sandbox.pbx import Situation
from itgrix_module.sandbox.pbx.config import Click
from itgrix_module.sandbox.pbx.plots.click import Order

CLICKS = 60
BUDGET = 300  # milliseconds at the 95th percentile
_BUSY = Click(agent="busy")


def click_to_order() -> Iterable[Figure]:
    """The event is given to the service as its way in does; the PBX notes when the order came."""
    with stage(limited=False) as running:
        running.pbx.behaviour = lambda _: _BUSY
        yield _figure("click to order at the PBX, idle, p50 / p95", _delays(running))
    with stage(limited=False) as running:
        running.pbx.behaviour = lambda _: _BUSY
        calls = [(number * 0.25, Situation("incoming", client=f"7916{number:07d}")) for number in range(40)]
        running.pbx.stage.play_all(calls)
        yield _figure("the same while 4 calls a second come in, p50 / p95", _delays(running))


def _figure(name: str, delays: list[float]) -> Figure:
    middle, late = percentile(delays, 0.5) * 1000, percentile(delays, 0.95) * 1000
    return Figure(name, f"{middle:.0f} / {late:.0f} ms of {len(delays)}", f"{BUDGET} ms p95", "-")


def _delays(running: Stage) -> list[float]:
    came: dict[str, float] = {}
    ordinary = running.pbx.behaviour

    def noted(order: Order) -> Click:
        came[order.exten] = time.monotonic()
        return ordinary(order)

    running.pbx.behaviour = noted
    sent = dict(_clicked(running, number) for number in range(CLICKS))
    until(lambda: len(came) == CLICKS, 30)
    return [came[number] - at for number, at in sent.items() if number in came]


def _clicked(running: Stage, place: int) -> tuple[str, float]:
    user = 1 + place % 20
    number = f"+7903{place:07d}"
    call_id = running.portal.click_to_call(user, number)
    data = {"CALL_ID": call_id, "USER_ID": str(user), "PHONE_NUMBER": number}
    now, began = time.time(), time.monotonic()
    running.service.dialling.heard(Happening("ONEXTERNALCALLSTART", data, now, now, call_id))
    time.sleep(0.1)
    return number, began


ALL = {"dial": click_to_order}
