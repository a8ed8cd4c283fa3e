# SPDX-License-Identifier: GPL-3.0-or-later
"""What a portal's reply means for the steps of a call. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from itgrix_module.app.orders import NO_NUMBER, Plan
from itgrix_module.app.ports import (
    CallOrder,
    CallReply,
    Finished,
    Lane,
    PortalSide,
    Registered,
    RegisterOrder,
    Settlement,
    StoredStep,
    TimelineEntry,
)
from itgrix_module.domain.failures import Failure, Permanent

Again = Callable[[int, Failure], float]

# A finish that the portal does not know, nor its statistics: look so often (they may lag behind), then register anew,
# and give up after so many attempts in all.
_LOOKS = 3
_REGISTER_AGAIN = 6


def avoided(order: RegisterOrder, failure: object, default_user: int) -> RegisterOrder | None:
    """Another registration for the same call when the portal refused this one for something it can do without."""
    if not isinstance(failure, Permanent):
        return None
    changed = order
    if failure.code == "line_not_found":
        changed = replace(order, line="")
    elif failure.code == "number_unsupported":
        changed = replace(order, phone=NO_NUMBER, create=False)
    elif failure.code == "user_not_found":
        changed = replace(order, user_id=default_user)
    return changed if changed != order else None


def all_failed(order: CallOrder, failure: Failure) -> CallReply:
    """The reply to an order whose whole request failed."""
    return CallReply(
        key=order.key,
        registered=failure if order.register else None,
        shown=failure if order.show else None,
        hidden=failure if order.hide else None,
        finished=failure if order.finish else None,
    )


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


def settlements(lane: Lane, plan: Plan, reply: CallReply, default_user: int, again: Again) -> list[Settlement]:
    """What becomes of each step that the order spoke of."""
    other = avoided(plan.order.register, reply.registered, default_user) if plan.order.register else None
    if other is not None and plan.register is not None:
        assert isinstance(reply.registered, Failure)
        return list(_once_more(plan, other, reply.registered, again))
    return list(_settlements(lane, plan, reply, again))


def _once_more(plan: Plan, other: RegisterOrder, failure: Failure, again: Again) -> Iterator[Settlement]:
    """The registration goes out changed, at once, and what depends on it waits with it."""
    assert plan.register is not None
    for step in (plan.register, *plan.cards, plan.finish):
        if step is not None:
            sent = asdict(other) if step is plan.register else None
            yield Settlement(
                step.id,
                "waiting",
                again(0, failure),
                step.attempts + 1,
                sent=sent,
                code=failure.code,
                text=str(failure),
            )


def _settlements(lane: Lane, plan: Plan, reply: CallReply, again: Again) -> Iterator[Settlement]:
    for needless, why in plan.needless.items():
        yield Settlement(needless, "done", text=why)
    lost = reply.registered if isinstance(reply.registered, Permanent) else None
    if plan.register is not None:
        yield _register_settled(plan, reply.registered, again)
    for step in plan.cards:
        yield _one(step, _card_result(reply), lost, again)
    if plan.finish is not None:
        yield _one(plan.finish, reply.finished, lost, again)
    if lost is not None and plan.finish is not None:
        for step in lane.steps:
            if step.kind == "attach":
                yield Settlement(step.id, "failed", attempts=step.attempts, code=lost.code, text=str(lost))


def _register_settled(plan: Plan, result: Registered | Exception | None, again: Again) -> Settlement:
    assert plan.register is not None
    if result is None:
        return Settlement(plan.register.id, "done", text="the portal knows the call already")
    return _one(plan.register, result, None, again)


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
        return Settlement(step.id, "done", attempts=attempts)
    if isinstance(result, Permanent) and not (_unknown(result) and attempts < _REGISTER_AGAIN):
        return Settlement(step.id, "failed", attempts=attempts, code=result.code, text=str(result))
    unsure = step.unsure or result.executed
    return Settlement(step.id, "waiting", again(attempts, result), attempts, unsure, code=result.code, text=str(result))


def timeline(plan: Plan, reply: CallReply, now: float) -> list[TimelineEntry]:
    """One line for each part of the order that was sent."""
    return list(_timeline(plan, reply, now))


def _timeline(plan: Plan, reply: CallReply, now: float) -> Iterator[TimelineEntry]:
    for text in sorted(set(plan.needless.values())):
        yield TimelineEntry(now, "note", text)
    order = plan.order
    parts: tuple[tuple[str, Any, dict[str, Any] | None], ...] = (
        ("register", reply.registered, asdict(order.register) if order.register else None),
        ("show", reply.shown, {"users": list(order.show)} if order.show else None),
        ("hide", reply.hidden, {"users": list(order.hide)} if order.hide else None),
        ("finish", reply.finished, asdict(order.finish) if order.finish else None),
    )
    for name, result, asked in parts:
        if asked is not None:
            yield _attempt(name, result, asked, now)


def _attempt(name: str, result: Any, asked: dict[str, Any], now: float) -> TimelineEntry:
    data: dict[str, Any] = {"step": name, "request": asked}
    if isinstance(result, Failure):
        data |= {"failure": type(result).__name__, "code": result.code, "text": result.text, "hint": result.hint}
        return TimelineEntry(now, "attempt", f"{name}: {result.text}", data)
    if isinstance(result, Registered | Finished):
        data["answer"] = asdict(result)
    return TimelineEntry(now, "attempt", f"{name}: accepted", data)
