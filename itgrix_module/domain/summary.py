# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call comes to: outcome, portal status, who answered, how long, which recordings."""

from __future__ import annotations

from itgrix_module.domain import ordered
from itgrix_module.domain.call import Call, Dial, Direction, Outcome, Recording, Talk

_STATUS_OF_OUTCOME = {
    Outcome.ANSWERED: "200",
    Outcome.MISSED: "304",
    Outcome.BUSY: "486",
    Outcome.CANCELLED: "603-S",
    Outcome.DECLINED: "603",
    Outcome.NO_ANSWER: "480",
    Outcome.FAILED: "503",
}
# Q.850 causes of an outside leg that was not answered -> what it means to the one who dialled.
_OUTCOME_OF_CAUSE = {
    17: Outcome.BUSY,
    18: Outcome.NO_ANSWER,
    19: Outcome.NO_ANSWER,
    20: Outcome.NO_ANSWER,
    21: Outcome.DECLINED,
}
# Failures that have a status of their own in the portal.
_STATUS_OF_CAUSE = {1: "404", 2: "404", 3: "404", 22: "404", 28: "484", 27: "480", 31: "480", 38: "503"}
_OUTCOME_OF_STATUS = {
    "BUSY": Outcome.BUSY,
    "CANCEL": Outcome.CANCELLED,
    "NOANSWER": Outcome.NO_ANSWER,
    "CONGESTION": Outcome.FAILED,
    "CHANUNAVAIL": Outcome.FAILED,
}


def first_talk(call: Call) -> Talk | None:
    """The first conversation with an employee."""
    return next((talk for talk in call.talks if talk.employee), None)


def answered_by(call: Call) -> str:
    """Extension (or mobile number) of the first employee who talked; empty when nobody did."""
    talk = first_talk(call)
    return talk.party if talk else ""


def last_talker(call: Call) -> str:
    """The employee who talked last: the one whose conversation ended latest, among those that began last."""
    employees = [talk for talk in reversed(call.talks) if talk.employee]  # of equal ones the first counts: the newest
    if not employees:
        return ""
    return max(employees, key=lambda talk: (talk.end is None, talk.end or 0.0, talk.start)).party


def outcome(call: Call) -> Outcome:
    """How the call ended, or how it stands while it lives."""
    if first_talk(call):
        return Outcome.ANSWERED
    if call.direction is Direction.INCOMING:
        return Outcome.MISSED
    if call.order and (not call.dials or _nobody_there(call)):
        return ordered.end_of(failure(call))[0]
    if not call.dials:
        return _outcome_without_dial(call)
    if _is_client_first(call):
        return _outcome_of_call_back(call.dials[-1])
    return _outcome_of_dial(call.dials[-1])


def _is_client_first(call: Call) -> bool:
    """The PBX itself rings the client before anybody else (call-back, auto-dialling): nobody there can give up."""
    return call.originated and not call.rings and call.picked_up is None


def _outcome_of_call_back(dial: Dial) -> Outcome:
    waited_in_vain = dial.status in ("", "CANCEL") and dial.cause not in _STATUS_OF_CAUSE
    return _OUTCOME_OF_CAUSE.get(dial.cause, Outcome.NO_ANSWER) if waited_in_vain else _outcome_of_dial(dial)


def failure(call: Call) -> str:
    """Why a call that was ordered did not come about, as a code; empty when it did, or when it was given up."""
    if not call.order or first_talk(call):
        return ""
    if call.dials and _nobody_there(call):
        return "employee_voicemail"
    return ordered.client_failure(outcome(call)) if call.dials else ordered.employee_failure(call)


def _outcome_without_dial(call: Call) -> Outcome:
    if call.direction is not Direction.OUTGOING:
        return Outcome.NO_ANSWER
    return Outcome.CANCELLED if call.originated else Outcome.FAILED  # no route led to the number


def _outcome_of_dial(dial: Dial) -> Outcome:
    if dial.status in ("", "ANSWER", "CANCEL"):
        return Outcome.CANCELLED  # the one who dialled did not wait, or only a machine heard the client
    if dial.cause in _STATUS_OF_CAUSE:
        return Outcome.FAILED
    return _OUTCOME_OF_CAUSE.get(dial.cause) or _OUTCOME_OF_STATUS.get(dial.status, Outcome.FAILED)


def status(call: Call) -> str:
    """STATUS_CODE for the portal."""
    result = outcome(call)
    if call.order and (not call.dials or _nobody_there(call)) and not first_talk(call):
        return ordered.end_of(failure(call))[1]
    if result is Outcome.FAILED and call.dials:
        return _STATUS_OF_CAUSE.get(call.dials[-1].cause, "503")
    return _STATUS_OF_OUTCOME[result]


def wait_seconds(call: Call, now: float) -> float | None:
    """From the start to the first human answer, or to the end when nobody answered.

    Of a call that the PBX made for an employee (click-to-call) and the client did not answer, only what the employee
    waited himself counts; None when he did not even pick up.
    """
    talk = first_talk(call)
    if talk:
        return talk.start - call.started
    end = call.ended if call.ended is not None else now
    if not call.originated:
        return end - call.started
    return None if call.picked_up is None or _nobody_there(call) else end - call.picked_up


def _nobody_there(call: Call) -> bool:
    """The client picked up, but no employee was on the line (his voicemail was)."""
    return bool(call.dials) and call.dials[-1].status == "ANSWER"


def talk_seconds(call: Call, now: float) -> float:
    """From the first human answer until the client is released.

    Holds, consultations and the ringing of a transfer target that answers are part of it; time in the car park and a
    transfer target that never answers are not.
    """
    first = first_talk(call)
    if first is None:
        return 0.0
    spans = [(talk.start, _end(talk.end, call, now)) for talk in call.talks]
    spans += [(span.start, _end(span.end, call, now)) for span in call.consults]
    end = max(stop for _, stop in spans)
    parked = sum(
        min(_end(span.end, call, now), end) - span.start for span in call.parks if first.start <= span.start < end
    )
    return max(0.0, end - first.start - parked)


def _end(at: float | None, call: Call, now: float) -> float:
    if at is not None:
        return at
    return call.ended if call.ended is not None else now


def recordings(call: Call) -> tuple[Recording, ...]:
    """The files that hold the client's conversation, in order.

    Recordings of legs that never shared a bridge with the client (an agent's half of a click-to-call, a consultation)
    are left out, and so is a second file made while one ran on the client's own leg.
    """
    anchor = call.client or call.root
    own = [item for item in call.recordings if item.leg == anchor]
    near = [item for item in call.recordings if item.leg != anchor and item.leg in call.near]
    if not own and not near:
        near = [item for item in call.recordings if item.leg in call.diallers]
    chosen = own + [item for item in near if not any(_runs_at(other, item.start) for other in own)]
    return tuple(sorted(chosen, key=lambda item: item.start))


def _runs_at(recording: Recording, at: float) -> bool:
    return recording.start <= at and (recording.end is None or at < recording.end)
