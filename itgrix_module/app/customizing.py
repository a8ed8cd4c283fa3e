# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the administrator's scripts stand in the way of a call to the portal: before, around and after its requests.

What they decide goes into the order that is stored before it is sent, so a repeat is the same request and asks no
script again.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from itgrix_module.app import hook_inputs
from itgrix_module.app.call_full import Known
from itgrix_module.app.crm_records import candidate
from itgrix_module.app.hook_answers import asked
from itgrix_module.app.hook_inputs import Scene
from itgrix_module.app.hooking import Hooks
from itgrix_module.app.orders import People
from itgrix_module.app.plans import Plan
from itgrix_module.app.ports import CallRow, Lane, PortalSide
from itgrix_module.app.telephony_ports import FinishOrder, RegisterOrder
from itgrix_module.domain.responsible import Record

log = logging.getLogger("itgrix.hooks")

_BEFORE = ("need_registration", "process_client_phone", "process_user_phone")
_AROUND = ("process_registration_params", "customize_show_call_card", "process_final_params")
_REMEMBERED = 10_000  # numbers of employees in calls


@dataclass(frozen=True)
class Prepared:
    """A lane as the scripts want it. ``left_out``: why the portal is not to hear of the call at all."""

    lane: Lane
    people: People
    notes: tuple[str, ...] = ()
    left_out: str = ""


class _Renamed:
    """People whose numbers a script has rewritten."""

    def __init__(self, people: People, numbers: dict[str, str]) -> None:
        self._people, self._numbers = people, numbers

    def user(self, party: str) -> int | None:
        return self._people.user(self._numbers.get(party, party))

    def default_user(self, line: str) -> int:
        return self._people.default_user(line)

    def missed_user(self, line: str) -> int:
        return self._people.missed_user(line)


class Customizer:
    """Asks the scripts. ``known``: what a call is shown to them with; called only when a script is on."""

    def __init__(self, hooks: Hooks, known: Callable[[CallRow], Known]) -> None:
        self._hooks, self._known = hooks, known
        self._numbers: OrderedDict[tuple[str, str, str], str] = OrderedDict()
        self._askers = ThreadPoolExecutor(8, "hook")

    def close(self) -> None:
        """Wait for no script."""
        self._askers.shutdown(wait=False, cancel_futures=True)

    def is_on(self, *names: str) -> bool:
        """Is any of these switched on?"""
        return any(map(self._hooks.is_on, names))

    @property
    def is_active(self) -> bool:
        """Does any script stand in the way of calls?"""
        return self.is_on(*_BEFORE, *_AROUND)

    # -- before the order is made

    def prepared(self, lane: Lane, people: People) -> Prepared:
        """The call as the scripts want it told, or not told."""
        if not self.is_on(*_BEFORE):
            return Prepared(lane, people)
        at, notes = self._scene(lane.call, lane.portal), list[str]()
        is_new = not lane.portal.call_id and not any(step.sent for step in lane.steps if step.kind == "register")
        if is_new:
            left_out = self._left_out(at, notes)
            if left_out:
                return Prepared(lane, people, tuple(notes), left_out)
            lane = self._with_number(lane, at, notes)
        return Prepared(lane, self._with_employees(lane, people, at, notes), tuple(notes))

    def _left_out(self, at: Scene, notes: list[str]) -> str:
        decision = asked(self._hooks, "need_registration", lambda: hook_inputs.need_registration(at), True)
        _note(notes, decision.told)
        return decision.told if decision.cancelled or decision.value is False else ""

    def _with_number(self, lane: Lane, at: Scene, notes: list[str]) -> Lane:
        number = lane.call.number or lane.call.client
        if not number:
            return lane
        decision = asked(
            self._hooks, "process_client_phone", lambda: hook_inputs.process_client_phone(at, number), number
        )
        _note(notes, decision.told)
        return lane if decision.value == number else replace(lane, call=replace(lane.call, number=decision.value))

    def _with_employees(self, lane: Lane, people: People, at: Scene, notes: list[str]) -> People:
        """A script may be asked for twenty phones that ring at once, so they are asked side by side."""
        if not self._hooks.is_on("process_user_phone"):
            return people
        parties = dict.fromkeys(party for step in lane.steps for party in _parties(step.payload))
        found = dict(
            zip(parties, self._askers.map(lambda party: self._number_of(lane, party, at), parties), strict=True)
        )
        for told in dict.fromkeys(told for _, told in found.values()):
            _note(notes, told)
        return _Renamed(people, {party: number for party, (number, _) in found.items()})

    def _number_of(self, lane: Lane, party: str, at: Scene) -> tuple[str, str]:
        key = (lane.call.node, lane.call.linkedid, party)
        known = self._numbers.get(key)
        if known is not None:
            return known, ""
        decision = asked(self._hooks, "process_user_phone", lambda: hook_inputs.process_user_phone(at, party), party)
        self._numbers[key] = decision.value
        while len(self._numbers) > _REMEMBERED:
            self._numbers.popitem(last=False)
        return decision.value, decision.told

    # -- the order itself

    def customized(self, lane: Lane, plan: Plan, records: Sequence[Record] = ()) -> Plan:
        """The order as the scripts want it. A cancelled request takes what depends on it with it."""
        if not self.is_on(*_AROUND):
            return plan
        at, notes = self._scene(lane.call, lane.portal), list[str]()
        plan = self._registration(plan, at, records, notes)
        if not plan.left_out:
            plan = self._cards(plan, at, notes)
            plan = self._end(lane, plan, at, notes)
        return replace(plan, notes=(*plan.notes, *notes))

    def _registration(self, plan: Plan, at: Scene, records: Sequence[Record], notes: list[str]) -> Plan:
        order = plan.order.register
        if order is None or order.params is not None or (plan.register is not None and plan.register.sent is not None):
            return plan
        fields = hook_inputs.registration_fields(order)
        candidates = [candidate(record) for record in records]
        decision = asked(
            self._hooks,
            "process_registration_params",
            lambda: hook_inputs.process_registration_params(at, fields, candidates),
            fields,
        )
        _note(notes, decision.told)
        if decision.cancelled:
            return replace(plan, left_out=decision.told)
        if decision.value == fields:
            return plan
        return replace(plan, order=replace(plan.order, register=_registered(order, decision.value)))

    def _cards(self, plan: Plan, at: Scene, notes: list[str]) -> Plan:
        users = plan.order.show
        if not users:
            return plan
        decision = asked(
            self._hooks,
            "customize_show_call_card",
            lambda: hook_inputs.customize_show_call_card(at, users),
            users,
        )
        _note(notes, decision.told)
        shown = () if decision.cancelled else tuple(decision.value)
        return plan if shown == users else replace(plan, order=replace(plan.order, show=shown))

    def _end(self, lane: Lane, plan: Plan, at: Scene, notes: list[str]) -> Plan:
        order = plan.order.finish
        if order is None or plan.finish is None or plan.finish.sent is not None:
            return plan
        fields = hook_inputs.final_fields(order, lane.portal.call_id)
        decision = asked(
            self._hooks, "process_final_params", lambda: hook_inputs.process_final_params(at, fields), fields
        )
        _note(notes, decision.told)
        if decision.cancelled:
            return replace(plan, left_out=decision.told)
        if decision.value == fields:
            return plan
        return replace(plan, order=replace(plan.order, finish=_finished(order, decision.value)))

    # -- afterwards

    def registered(self, call: CallRow, portal: PortalSide, order: RegisterOrder) -> None:
        """The portal knows the call. Nobody waits for what the script does now."""
        if not self._hooks.is_on("post_registration"):
            return

        def tell() -> None:
            at, fields = self._scene(call, portal), hook_inputs.registration_fields(order)
            decision = asked(self._hooks, "post_registration", lambda: hook_inputs.post_registration(at, fields), None)
            if decision.failure:
                log.warning("call %s: %s", call.linkedid, decision.failure)

        self._askers.submit(tell)

    def _scene(self, call: CallRow, portal: PortalSide) -> Scene:
        return hook_inputs.scene(call, portal, self._known(call))


def _note(notes: list[str], told: str) -> None:
    if told:
        notes.append(told)


def _parties(payload: Any) -> list[str]:
    return [party for party in (*payload.get("employees", ()), payload.get("employee")) if party]


def _registered(order: RegisterOrder, fields: dict[str, Any]) -> RegisterOrder:
    user = fields.get("USER_ID", 0)
    return replace(order, user_id=user if isinstance(user, int) and user else order.user_id, params=fields)


def _finished(order: FinishOrder, fields: dict[str, Any]) -> FinishOrder:
    user = fields.get("USER_ID", 0)
    return replace(
        order,
        user_id=user if isinstance(user, int) and user else order.user_id,
        status=str(fields.get("STATUS_CODE", order.status)),
        params=fields,
    )
