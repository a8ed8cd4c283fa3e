# SPDX-License-Identifier: GPL-3.0-or-later
"""After the call: which errands follow from its end, and who does them; the settings of this moment count."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from itgrix_module.app import hook_inputs
from itgrix_module.app.aftermath import AftermathRules, follow
from itgrix_module.app.call_full import Known
from itgrix_module.app.crm_records import Names
from itgrix_module.app.errand_ports import ErrandPortal
from itgrix_module.app.errands import Errands
from itgrix_module.app.errands_matter import Aids
from itgrix_module.app.hooking import Hooks
from itgrix_module.app.plans import Plan
from itgrix_module.app.ports import CallRow, NewStep, PortalSide
from itgrix_module.app.standing import Standing
from itgrix_module.core import Core, owner_name
from itgrix_module.domain.ordered import CLICK
from itgrix_module.storage.open_tasks import SqlOpenTasks


class Aftercare:
    """Decides (in a deliverer's thread) and does (in its own). ``known``: what a call is shown to scripts with."""

    def __init__(
        self,
        core: Core,
        portal: ErrandPortal,
        hooks: Hooks,
        names: Names,
        standing: Standing,
        known: Callable[[CallRow], Known],
    ) -> None:
        self._settings, self._hooks, self._known = core.settings, hooks, known
        self._open_tasks = SqlOpenTasks(core.database)
        aids = Aids(
            self._open_tasks,
            hooks,
            names,
            lambda call, side: hook_inputs.scene(call, side, known(call)),
            self._deadline,
            lambda call: core.settings.house.line_name(call),
        )
        self.errands = Errands(
            core.outbox,
            portal,
            aids,
            lambda: core.settings.house.errands,
            standing,
            time.time,
            random.random,
            f"{owner_name(core.place)}:errands",
        )

    def follow(self, call: CallRow, side: PortalSide, plan: Plan) -> Sequence[NewStep]:
        """Errands of a call that the portal has just closed. Raises Failure of the database."""
        house = self._settings.house
        rules = AftermathRules.of(house.settings, house.category, self._hooks.is_on)
        if self._is_past(call, plan):
            rules = replace(rules, task=False, chat="")
        user = plan.order.finish.user_id if plan.order.finish else 0
        payload = plan.finish.payload if plan.finish else {}
        transfers = payload.get("transfers", ())
        failure = str(payload.get("failure", "")) if payload.get("order") == CLICK else ""
        return follow(
            call,
            side,
            rules,
            self._open_tasks.is_open,
            house.hours.is_open,
            time.time(),
            user=user,
            transfers=transfers,
            failure=failure,
        )

    def _is_past(self, call: CallRow, plan: Plan) -> bool:
        """A call that was found so late that nobody is to be called to it any more."""
        if plan.finish is None or not plan.finish.payload.get("late"):
            return False
        return time.time() - call.started > float(self._settings.current["reconcile.task_hours"]) * 3600

    def _deadline(self, start: float, minutes: float) -> float:
        return self._settings.house.hours.add_working(start, minutes * 60)
