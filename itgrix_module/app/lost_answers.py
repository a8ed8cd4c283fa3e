# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders that are answered without being sent: nothing to ask, nobody to ask for, or perhaps done already.

A request whose answer was lost may have been executed. What would not be the same twice (a finish, a register with
its finish) is looked up in the portal's statistics instead of being sent again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from itgrix_module.app import settling
from itgrix_module.app.clients import Clients, Question
from itgrix_module.app.plans import Plan
from itgrix_module.app.ports import Lane
from itgrix_module.app.settling import Known
from itgrix_module.app.standing import Standing
from itgrix_module.app.telephony_ports import CallPortal, CallReply, Finished, RegisterOrder
from itgrix_module.domain.failures import Failure, Permanent


class Portal(CallPortal, Protocol):
    """Calls in the portal, and what it knows of those that are closed."""

    def finished_as(self, external_id: str) -> Known | None:
        """A closed call by our own id; None when the statistics hold none. Raises Failure."""


class LostAnswers:
    """What became of requests whose answers were lost, as the portal's statistics tell. Thread-safe."""

    def __init__(self, portal: Portal, clients: Clients, standing: Standing) -> None:
        self._portal, self._clients, self._standing = portal, clients, standing

    def without_request(self, lane: Lane, plan: Plan) -> CallReply | None:
        """The reply to an order that need not or must not go out; None when it is to be sent."""
        if plan.is_empty:
            return CallReply(plan.order.key)
        if plan.lacks_user:
            return settling.all_failed(plan.order, settling.NO_USER)
        return self._looked_up(lane, plan) if plan.may_be_done else None

    def _looked_up(self, lane: Lane, plan: Plan) -> CallReply | None:
        """A register with its finish whose answer was lost has made a call and closed it, or it has not."""
        assert plan.order.register is not None
        try:
            known = self._portal.finished_as(plan.order.register.external_id)
            made = self._made_since(plan.order.register, known.finished, lane) if known else ()
        except Permanent:
            return None  # the portal does not tell; a call too many is better than none
        except Failure as failure:
            self._standing.failed(failure)
            return settling.all_failed(plan.order, failure)
        return settling.already_done(plan.order, known, made) if known else None

    def _made_since(self, order: RegisterOrder, finished: Finished, lane: Lane) -> tuple[tuple[str, str], ...]:
        """Records that the lost answer would have named: the client's, as new as the request."""
        if not order.create or not finished.entity_id:
            return ()
        self._clients.forget(order.phone)
        asked = Question(order.phone, with_dates=True, with_deals=True)
        records = self._clients.find([asked], lane.urgency)[order.phone]
        return settling.made_since(lane.call.ended or lane.call.started, finished, records)

    def cleared(self, plan: Plan, reply: CallReply) -> CallReply:
        """A finish that the portal does not know may be one whose answer was lost: ask its statistics."""
        failure = reply.finished
        if not isinstance(failure, Failure) or failure.code != "call_not_found" or not plan.order.call_id:
            return reply
        try:
            found = self._portal.finished_call(plan.order.call_id)
        except Permanent:
            was_sent = plan.finish is not None and plan.finish.sent is not None
            return replace(reply, finished=Finished(warning=settling.BELIEVED)) if was_sent else reply
        except Failure as error:
            return replace(reply, finished=error)
        return reply if found is None else replace(reply, finished=found)
