# SPDX-License-Identifier: GPL-3.0-or-later
"""What one request says of a call, and which of its steps that settles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from itgrix_module.app.ports import Lane, StoredStep
from itgrix_module.app.telephony_ports import CallOrder


@dataclass(frozen=True)
class Plan:
    """An order and which step each of its parts settles.

    ``needless``: steps that time has overtaken, and why. ``why``: the reason for the user of a part. ``notes``: lines
    for the timeline. ``left_out``: why the portal hears no more of the call.
    """

    order: CallOrder
    register: StoredStep | None = None
    cards: tuple[StoredStep, ...] = ()
    finish: StoredStep | None = None
    needless: Mapping[int, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_out: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing is left to say."""
        order = self.order
        return not (order.register or order.show or order.hide or order.finish)

    @property
    def lacks_user(self) -> bool:
        """Nobody in the portal stands for the call: the request would be refused for good."""
        return any(part is not None and not part.user_id for part in (self.order.register, self.order.finish))

    @property
    def may_be_done(self) -> bool:
        """The call may have been registered and finished by an earlier attempt; the same again would be a second one.

        A repeated register alone does no harm: while the call is open, the portal knows it by its EXTERNAL_CALL_ID.
        One that comes late was perhaps told of before our storage was lost.
        """
        if self.order.register is None or self.finish is None:
            return False
        is_late = self.register is not None and bool(self.register.payload.get("late"))
        return is_late or self.finish.sent is not None


def left_out(lane: Lane, why: str, notes: tuple[str, ...] = ()) -> Plan:
    """Nothing is said of the call any more: all its steps are needless."""
    needless = {step.id: why for step in lane.steps}
    return Plan(CallOrder(lane.call.linkedid), needless=needless, notes=notes, left_out=why)
