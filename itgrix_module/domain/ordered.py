# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that somebody in the portal ordered: what became of the order, and why it failed."""

from __future__ import annotations

from dataclasses import replace

from itgrix_module.domain.call import Call, Leg, Outcome, Ring
from itgrix_module.domain.facts import CallOrdered, OrderFailed

CLICK, CALLBACK = "click", "callback"
TOLD = {
    CLICK: "somebody clicked the number in the portal",
    CALLBACK: "a form of the portal asks to call back",
}

# Why an order failed -> how the call ended, and STATUS_CODE for the portal.
FAILURES: dict[str, tuple[Outcome, str]] = {
    "stale": (Outcome.CANCELLED, "603-S"),
    "off": (Outcome.FAILED, "403"),
    "no_extension": (Outcome.FAILED, "404"),
    "bad_number": (Outcome.FAILED, "404"),
    "no_route": (Outcome.FAILED, "404"),
    "no_destination": (Outcome.FAILED, "480"),
    "bad_order": (Outcome.FAILED, "484"),
    "forbidden": (Outcome.CANCELLED, "403"),
    "no_right": (Outcome.FAILED, "403"),
    "pbx_down": (Outcome.FAILED, "503"),
    "refused": (Outcome.FAILED, "503"),
    "silent": (Outcome.FAILED, "503"),
    "interrupted": (Outcome.FAILED, "503"),
    "congestion": (Outcome.FAILED, "503"),
    "unknown_extension": (Outcome.FAILED, "404"),
    "unreachable": (Outcome.FAILED, "480"),
    "employee_busy": (Outcome.BUSY, "486"),
    "employee_no_answer": (Outcome.NO_ANSWER, "480"),
    "employee_declined": (Outcome.DECLINED, "603"),
    "employee_voicemail": (Outcome.NO_ANSWER, "480"),
    "not_dialled": (Outcome.FAILED, "503"),
    "gone": (Outcome.CANCELLED, "603-S"),
}
# How an employee's phone refuses. Causes say more than words: a declined call is BUSY as well.
_OF_CAUSE = {
    1: "unknown_extension",
    17: "employee_busy",
    18: "employee_no_answer",
    19: "employee_no_answer",
    20: "unreachable",
    21: "employee_declined",
    27: "unreachable",
}
_OF_STATUS = {
    "BUSY": "employee_busy",
    "NOANSWER": "employee_no_answer",
    "CANCEL": "employee_no_answer",
    "CHANUNAVAIL": "unreachable",
    "CONGESTION": "congestion",
}
# Reason of an OriginateResponse.
_OF_REASON = {0: "unreachable", 1: "employee_declined", 3: "employee_no_answer", 5: "employee_busy", 8: "congestion"}
_OF_CLIENT = {
    Outcome.BUSY: "client_busy",
    Outcome.NO_ANSWER: "client_no_answer",
    Outcome.DECLINED: "client_declined",
    Outcome.FAILED: "client_unreachable",
}


def ordered(call: Call, fact: CallOrdered) -> Call:
    """The portal wants this call."""
    return replace(
        call, order=fact.order, number=fact.number, employee=fact.employee, quiet=fact.quiet, order_line=fact.line
    )


def order_failed(call: Call, fact: OrderFailed) -> Call:
    """With channels still there the call ends with the last of them."""
    if call.ended is not None or (call.legs and (fact.unless_heard or call.picked_up is not None)):
        return call
    call = replace(call, failure=fact.code)
    return call if call.legs else replace(call, ended=max(fact.at, call.started))


def is_manned(call: Call) -> bool:
    """Is an employee on the line for the order, and has nobody dialled the client for him yet?

    A queue or a mailbox that answers is nobody. After a gap only who is in a bridge shows that he picked up.
    """
    if not call.order or call.ended is not None or call.dials:
        return False
    return any(leg.employee and (leg.ring is Ring.ANSWERED or bool(leg.bridge)) for leg in call.legs.values())


def leg_refused(call: Call, leg: Leg, cause: int) -> Call:
    """A phone that rang for the order is gone: its cause says why."""
    if not call.order or not leg.employee or call.picked_up is not None:
        return call
    return replace(call, refusal_cause=cause)


def end_of(code: str) -> tuple[Outcome, str]:
    """How the call ended, and STATUS_CODE for the portal; also of a code that another version made."""
    return FAILURES.get(code, FAILURES["refused"])


def of_reason(reason: int) -> str:
    """What a failed Originate means; empty for one that succeeded."""
    return "" if reason == 4 else _OF_REASON.get(reason, "refused")


def employee_failure(call: Call) -> str:
    """Why nobody dialled the client; one of ``FAILURES``."""
    if call.picked_up is not None:
        return "not_dialled"
    by_cause = _OF_CAUSE.get(call.refusal_cause, "")
    if by_cause and call.failure in ("", *_OF_REASON.values()):
        return by_cause
    # The PBX gives up ringing a phone and says why a moment before its channel is gone, or a moment after.
    return call.failure or _OF_STATUS.get(call.refusal, "employee_no_answer" if call.rings else "gone")


def client_failure(outcome: Outcome) -> str:
    """Why the client was not reached; empty when the employee hung up himself."""
    return _OF_CLIENT.get(outcome, "")
