# SPDX-License-Identifier: GPL-3.0-or-later
"""What a portal's reply means for the steps of a call. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from itgrix_module.app.orders import NO_NUMBER, as_sent
from itgrix_module.app.plans import Plan
from itgrix_module.app.ports import Lane, PortalSide, Settlement, StoredStep, TimelineEntry
from itgrix_module.app.standing import is_our_patience, of_database
from itgrix_module.app.telephony_ports import CallOrder, CallReply, Finished, FinishOrder, Registered, RegisterOrder
from itgrix_module.domain.failures import Failure, Permanent, Temporary
from itgrix_module.domain.responsible import Record

Again = Callable[[int, Failure], float]
_Order = TypeVar("_Order", RegisterOrder, FinishOrder)

# A finish that the portal does not know, nor its statistics: look so often (they may lag behind), then register anew,
# and give up after so many attempts in all.
_LOOKS = 3
_CLOCKS = 5.0  # seconds that the portal's clock may be behind ours
_REGISTER_AGAIN = 6

NO_USER = Temporary(
    "no_user",
    "Nobody in the portal stands for this call: its extension has no user, and no default user is known.",
    "Set calls.default_user, or give the employee his internal number in the portal.",
    retry_after=30.0,
)
BELIEVED = "the portal does not let us look the call up; it had the request before, so the call counts as finished"


@dataclass(frozen=True)
class Known:
    """A call that the portal has closed, as its statistics tell."""

    call_id: str
    finished: Finished


def avoided(order: RegisterOrder, failure: object, stand_ins: Sequence[int]) -> RegisterOrder | None:
    """Another registration for the same call when the portal refused this one for something it can do without.

    ``stand_ins``: users who may take the call, the first choice first.
    """
    if not isinstance(failure, Permanent):
        return None
    changed = order
    if failure.code == "line_not_found":
        changed = _without(order, "LINE_NUMBER", line="")
    elif failure.code == "number_unsupported":
        changed = _with(order, {"PHONE_NUMBER": NO_NUMBER, "CRM_CREATE": 0}, phone=NO_NUMBER, create=False)
    elif failure.code == "user_not_found":
        user = _next(order.user_id, stand_ins)
        changed = _with(order, {"USER_ID": user}, user_id=user)
    return changed if changed != order else None


def avoided_end(order: FinishOrder, failure: object, stand_ins: Sequence[int]) -> FinishOrder | None:
    """Another end of the same call when its employee is not active in the portal any more."""
    if not isinstance(failure, Permanent) or failure.code != "user_not_found":
        return None
    user = _next(order.user_id, stand_ins)
    changed = _with(order, {"USER_ID": user}, user_id=user)
    return changed if changed != order else None


def _with(order: _Order, params: Mapping[str, Any], **changes: Any) -> _Order:
    """The order changed, also in what a customization made of it."""
    made = None if order.params is None else {**order.params, **params}
    return replace(order, params=made, **changes)


def _without(order: _Order, name: str, **changes: Any) -> _Order:
    made = None if order.params is None else {key: value for key, value in order.params.items() if key != name}
    return replace(order, params=made, **changes)


def _next(refused: int, stand_ins: Sequence[int]) -> int:
    """Whoever comes after the one that was refused; himself when there is nobody left."""
    after = stand_ins[stand_ins.index(refused) + 1 :] if refused in stand_ins else stand_ins
    return next(iter(after), refused)


def all_failed(order: CallOrder, failure: Failure) -> CallReply:
    """The reply to an order whose whole request failed."""
    return CallReply(
        key=order.key,
        registered=failure if order.register else None,
        shown=failure if order.show else None,
        hidden=failure if order.hide else None,
        finished=failure if order.finish else None,
    )


def already_done(order: CallOrder, known: Known, made: tuple[tuple[str, str], ...] = ()) -> CallReply:
    """The reply to an order that an earlier attempt had carried out. ``made``: records that it made."""
    done = known.finished
    registered = Registered(known.call_id, done.entity_type, done.entity_id, made)
    return CallReply(order.key, registered=registered, finished=done)


def made_since(at: float, finished: Finished, records: Sequence[Record]) -> tuple[tuple[str, str], ...]:
    """The call's client and his deals, as far as they are not older than the request. ``at``: the end of the call.

    The portal's statistics do not say what a call has made; ``records``: those with the client's number.
    """
    bound = (finished.entity_type.upper(), finished.entity_id)
    client = next((record for record in records if (record.kind, record.id) == bound), None)
    if client is None or client.created < at - _CLOCKS:
        return ()
    deals = (("DEAL", deal.id) for deal in client.deals if deal.created >= at - _CLOCKS)
    return (bound, *deals)


def parts(reply: CallReply) -> list[Any]:
    """Results and failures of all that was asked for."""
    every = (reply.registered, reply.shown, reply.hidden, reply.finished)
    return [part for part in every if part is not None]


def portal_side(
    known: PortalSide, order: CallOrder, reply: CallReply, now: float, finish: StoredStep | None = None
) -> PortalSide:
    """What is known of the portal's side of the call after the reply. ``finish``: the step that ends the call."""
    if isinstance(reply.registered, Registered):
        done = reply.registered
        known = replace(
            known,
            call_id=done.call_id,
            entity_type=done.entity_type,
            entity_id=done.entity_id,
            created=done.created,
            registered_user=order.register.user_id if order.register else None,
            registered_at=now,
        )
    if isinstance(reply.finished, Finished):
        known = replace(
            known,
            finished=True,
            activity_id=reply.finished.activity_id or known.activity_id,
            entity_type=reply.finished.entity_type or known.entity_type,
            entity_id=reply.finished.entity_id or known.entity_id,
        )
    if _unknown(reply.finished) and finish is not None and finish.attempts + 1 >= _LOOKS:
        known = replace(known, call_id="")  # the portal has forgotten the call: it will be registered anew
    return known


def _unknown(result: object) -> bool:
    return isinstance(result, Permanent) and result.code == "call_not_found"


def settlements(lane: Lane, plan: Plan, reply: CallReply, stand_ins: Sequence[int], again: Again) -> list[Settlement]:
    """What becomes of each step that the order spoke of."""
    other = avoided(plan.order.register, reply.registered, stand_ins) if plan.order.register else None
    if other is not None and plan.register is not None:
        assert isinstance(reply.registered, Failure)
        changed = {plan.register.id: as_sent(other)}
        return list(_once_more((plan.register, *plan.cards, plan.finish), changed, reply.registered, again))
    return list(_settlements(lane, plan, reply, stand_ins, again))


def _once_more(
    steps: Sequence[StoredStep | None], changed: Mapping[int, Mapping[str, Any]], failure: Failure, again: Again
) -> Iterator[Settlement]:
    """A request goes out changed, at once, and what depends on it waits with it."""
    for step in steps:
        if step is not None:
            yield Settlement(
                step.id,
                "waiting",
                again(0, failure),
                step.attempts + 1,
                sent=changed.get(step.id),
                code=failure.code,
                text=str(failure),
            )


def _settlements(
    lane: Lane, plan: Plan, reply: CallReply, stand_ins: Sequence[int], again: Again
) -> Iterator[Settlement]:
    for needless, why in plan.needless.items():
        yield Settlement(needless, "done", text=why)
    lost = reply.registered if isinstance(reply.registered, Permanent) else None
    if plan.register is not None:
        yield _register_settled(plan, reply.registered, again)
    for step in plan.cards:
        yield _one(step, _card_result(reply), lost, again)
    if plan.finish is not None:
        yield from _finish_settled(plan, plan.finish, reply, lost, stand_ins, again)
    if lost is not None and plan.finish is not None:
        for step in lane.steps:
            if step.kind == "attach":
                yield Settlement(step.id, "failed", attempts=step.attempts, code=lost.code, text=str(lost))


def _register_settled(plan: Plan, result: Registered | Exception | None, again: Again) -> Settlement:
    assert plan.register is not None
    if result is None:
        return Settlement(plan.register.id, "done", text="the portal knows the call already")
    return _one(plan.register, result, None, again)


def _finish_settled(
    plan: Plan, step: StoredStep, reply: CallReply, lost: Failure | None, stand_ins: Sequence[int], again: Again
) -> Iterator[Settlement]:
    other = avoided_end(plan.order.finish, reply.finished, stand_ins) if plan.order.finish and lost is None else None
    if other is None:
        yield _one(step, reply.finished, lost, again)
        return
    assert isinstance(reply.finished, Failure)
    yield from _once_more((step,), {step.id: as_sent(other)}, reply.finished, again)


def _card_result(reply: CallReply) -> Any:
    """Cards of several steps went as one list; a step is done when the lists that hold it are."""
    results = [result for result in (reply.shown, reply.hidden) if result is not None]
    failures = [result for result in results if isinstance(result, Failure)]
    return failures[0] if failures else True


def _one(step: StoredStep, result: Any, lost: Failure | None, again: Again) -> Settlement:
    attempts = step.attempts + 1
    if lost is not None:
        return Settlement(step.id, "failed", attempts=attempts, code=lost.code, text=f"not registered: {lost.text}")
    if not isinstance(result, Failure):
        return Settlement(step.id, "done", attempts=attempts, text=getattr(result, "warning", ""))
    if isinstance(result, Permanent) and not (_unknown(result) and attempts < _REGISTER_AGAIN):
        return Settlement(step.id, "failed", attempts=attempts, code=result.code, text=str(result))
    if is_our_patience(result):
        attempts = step.attempts  # it was not sent
    unsure = step.unsure or result.executed
    return Settlement(step.id, "waiting", again(attempts, result), attempts, unsure, code=result.code, text=str(result))


def timeline(plan: Plan, reply: CallReply, now: float) -> list[TimelineEntry]:
    """One line for each part of the order that was sent."""
    return list(_timeline(plan, reply, now))


def _timeline(plan: Plan, reply: CallReply, now: float) -> Iterator[TimelineEntry]:
    for text in dict.fromkeys((*plan.notes, *sorted(set(plan.needless.values())))):
        yield TimelineEntry(now, "note", text)
    order = plan.order
    asked: tuple[tuple[str, Any, dict[str, Any] | None], ...] = (
        ("register", reply.registered, asdict(order.register) if order.register else None),
        ("show", reply.shown, {"users": list(order.show)} if order.show else None),
        ("hide", reply.hidden, {"users": list(order.hide)} if order.hide else None),
        ("finish", reply.finished, asdict(order.finish) if order.finish else None),
    )
    for name, result, request in asked:
        if request is not None and was_sent(result):
            yield _attempt(name, result, request, now, plan.why.get(name, ""))


def was_sent(result: object) -> bool:
    """False when the portal never heard of it, and nobody has to hear of that."""
    return not isinstance(result, Failure) or not (is_our_patience(result) or of_database(result))


def _attempt(name: str, result: Any, asked: dict[str, Any], now: float, why: str) -> TimelineEntry:
    data: dict[str, Any] = {"step": name, "request": asked}
    if why:
        data["why"] = why
    if isinstance(result, Failure):
        data |= {"failure": type(result).__name__, "code": result.code, "text": result.text, "hint": result.hint}
        return TimelineEntry(now, "attempt", f"{name}: {result.text}", data)
    warning = ""
    if isinstance(result, Registered | Finished):
        data["answer"] = asdict(result)
        warning = result.warning
    said = f"{name}: accepted for user {asked['user_id']}, {why}" if why else f"{name}: accepted"
    return TimelineEntry(now, "attempt", f"{said}{f', but {warning}' if warning else ''}", data)
