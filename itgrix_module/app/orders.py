# SPDX-License-Identifier: GPL-3.0-or-later
"""What one request must say of a call: all its waiting steps folded into one order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from itgrix_module.app.ports import CallOrder, CallRow, FinishOrder, Lane, RegisterOrder, StoredStep
from itgrix_module.domain.numbers import digits

NO_NUMBER = "0"  # what the portal is told of a caller who hides his number: it refuses words


class People(Protocol):
    """Who is who in the portal."""

    def user(self, party: str) -> int | None:
        """Portal user of an extension or of an employee's mobile; None when nobody has it."""

    def default_user(self, line: str) -> int:
        """Who stands in when nobody has the extension; 0 when there is nobody at all."""


@dataclass(frozen=True)
class LineRule:
    """What the administrator decided for a trunk or DID. ``match``: exact, or the end of it."""

    match: str
    line: str = ""
    source: str = ""
    default_user: int = 0
    ignore: bool = False


@dataclass(frozen=True)
class Options:
    """How calls are told to the portal."""

    create_incoming: bool = True
    create_outgoing: bool = False
    lines: tuple[LineRule, ...] = ()

    def rule(self, line: str) -> LineRule | None:
        """The rule of a line: exact spelling first, then by the last digits."""
        exact = next((rule for rule in self.lines if rule.match == line), None)
        if exact is not None:
            return exact
        found = digits(line)
        ends = [rule for rule in self.lines if len(digits(rule.match)) > 3 and found.endswith(digits(rule.match))]
        return max(ends, key=lambda rule: len(rule.match), default=None)


@dataclass(frozen=True)
class Plan:
    """An order and which step each of its parts settles; ``needless``: steps that time has overtaken, and why."""

    order: CallOrder
    register: StoredStep | None = None
    cards: tuple[StoredStep, ...] = ()
    finish: StoredStep | None = None
    needless: Mapping[int, str] = field(default_factory=dict)

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
        """
        return self.order.register is not None and self.finish is not None and self.finish.sent is not None


def plan(lane: Lane, people: People, options: Options) -> Plan:
    """Fold the waiting steps of a call, up to its recording, into one order."""
    steps = _before_attach(lane.steps)
    register = _find(steps, "register")
    finish = _find(steps, "finish")
    cards = tuple(step for step in steps if step.kind in ("show", "hide"))
    call_id = lane.portal.call_id
    order = CallOrder(
        key=lane.call.linkedid,
        call_id=call_id,
        register=None if call_id else _register(lane.call, register, people, options),
        finish=_finish(lane, finish, people) if finish else None,
    )
    if finish is not None:
        needless = {step.id: "the call had ended before it could be sent" for step in cards}
        return Plan(order, register, (), finish, needless)
    show, hide = _net_cards(([register] if register and not call_id else []) + list(cards), people)
    order = CallOrder(order.key, call_id, order.register, show, hide if call_id else ())
    if show or hide:
        return Plan(order, register, cards)
    return Plan(order, register, (), None, {step.id: "nothing changes on anybody's screen" for step in cards})


def _before_attach(steps: Sequence[StoredStep]) -> list[StoredStep]:
    found: list[StoredStep] = []
    for step in steps:
        if step.kind == "attach":
            break
        found.append(step)
    return found


def _find(steps: Iterable[StoredStep], kind: str) -> StoredStep | None:
    return next((step for step in steps if step.kind == kind), None)


def _register(call: CallRow, step: StoredStep | None, people: People, options: Options) -> RegisterOrder:
    if step is not None and step.sent is not None:
        return RegisterOrder(**step.sent)  # a repeat must be the same request, else the portal makes a second call
    rule = options.rule(call.line)
    incoming = call.direction == "incoming"
    return RegisterOrder(
        external_id=f"{call.node}-{call.linkedid}",
        user_id=_first_user(step, call, people),
        phone=call.client if digits(call.client) else NO_NUMBER,
        incoming=incoming,
        started=call.started,
        line=rule.line if rule else "",
        create=bool(digits(call.client)) and (options.create_incoming if incoming else options.create_outgoing),
        source=rule.source if rule else "",
    )


def _first_user(step: StoredStep | None, call: CallRow, people: People) -> int:
    parties = list(step.payload.get("employees", ())) if step else list(call.rang)
    users = [user for user in map(people.user, parties) if user is not None]
    return users[0] if users else people.default_user(call.line)


def _finish(lane: Lane, step: StoredStep, people: People) -> FinishOrder:
    if step.sent is not None:
        return FinishOrder(**step.sent)
    payload = step.payload
    user = people.user(payload["employee"]) if payload.get("employee") else None
    talk, status = float(payload["talk"]), str(payload["status"])
    # A conversation of half a second is still one; the portal reads a duration of 0 as "missed".
    seconds = max(1, round(talk)) if status == "200" else 0
    return FinishOrder(user if user is not None else people.default_user(lane.call.line), seconds, status)


def _net_cards(steps: Sequence[StoredStep], people: People) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Who must see the card in the end and who no longer, when all steps are seen as one."""
    first: dict[int, bool] = {}
    last: dict[int, bool] = {}
    for step in steps:
        opens = step.kind != "hide"
        for party in step.payload.get("employees", ()):
            user = people.user(party)
            if user is not None:
                first.setdefault(user, opens)
                last[user] = opens
    changed = [user for user in last if first[user] == last[user]]
    return tuple(user for user in changed if last[user]), tuple(user for user in changed if not last[user])


def as_sent(order: RegisterOrder | FinishOrder) -> dict[str, Any]:
    """The request as JSON data, to be repeated to the letter."""
    return asdict(order)
