# SPDX-License-Identifier: GPL-3.0-or-later
"""What one request must say of a call: all its waiting steps folded into one order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from itgrix_module.app import dial_words
from itgrix_module.app.clients import Question
from itgrix_module.app.lines import LineRule, Lines
from itgrix_module.app.plans import Plan
from itgrix_module.app.ports import CallRow, Lane, PortalSide, StoredStep
from itgrix_module.app.telephony_ports import CallOrder, FinishOrder, RegisterOrder
from itgrix_module.domain.numbers import digits
from itgrix_module.domain.ordered import CALLBACK
from itgrix_module.domain.responsible import (
    KINDS,
    Choice,
    Record,
    chosen_record,
    first_responsible,
    missed_responsible,
    responsible_of,
)

NO_NUMBER = "0"  # what the portal is told of a caller who hides his number: it refuses words
MISSED = "304"


class People(Protocol):
    """Who is who in the portal."""

    def user(self, party: str) -> int | None:
        """Portal user of an extension or of an employee's mobile; None when nobody has it."""

    def default_user(self, line: str) -> int:
        """Who stands in when nobody has the extension; 0 when there is nobody at all."""

    def missed_user(self, line: str) -> int:
        """Who takes a missed call that is nobody's; a turn is used up where users take turns. 0 when nobody does."""


@dataclass(frozen=True)
class Options:
    """How calls are told to the portal. ``spellings``: of a number, where the CRM may hold old ones.

    ``candidates``: a customization wants to see the client's records. ``language``: of what people read.
    """

    create_incoming: bool = True
    create_outgoing: bool = False
    lines: Lines = field(default_factory=Lines)
    first_responsible: str = "ringing"
    missed_responsible: str = "client"
    entity: str = "portal"
    spellings: Callable[[str], tuple[str, ...]] | None = None
    candidates: bool = False
    language: str = "en"

    def rule(self, line: str, trunk: str = "") -> LineRule | None:
        """What the administrator decided for a line."""
        return self.lines.rule(line, trunk)


def question(lane: Lane, options: Options) -> Question | None:
    """What must be known of the client before the order can be made; None when no rule wants to know anything."""
    call, steps = lane.call, _before_attach(lane.steps)
    register, finish = _find(steps, "register"), _find(steps, "finish")
    is_new = not lane.portal.call_id and (register is None or register.sent is None)
    wanted = (is_new and _register_asks(call, options)) or (finish is not None and _finish_asks(lane, finish, options))
    if not wanted or not digits(call.client):
        return None
    number = number_of(call)
    spellings = options.spellings(number) if options.spellings is not None else ()
    return Question(number, spellings, is_new and options.entity in ("newest", "kind"), is_new and options.candidates)


def _register_asks(call: CallRow, options: Options) -> bool:
    if options.entity != "portal" or options.spellings is not None or options.candidates:
        return True
    return call.direction == "incoming" and options.first_responsible == "client"


def _finish_asks(lane: Lane, finish: StoredStep, options: Options) -> bool:
    if finish.sent is not None or not _is_missed(lane.call, finish) or options.missed_responsible != "client":
        return False
    known = lane.portal
    return not known.call_id or bool(known.entity_id and not known.created)


def _is_missed(call: CallRow, finish: StoredStep) -> bool:
    return call.direction == "incoming" and str(finish.payload.get("status")) == MISSED


def number_of(call: CallRow) -> str:
    """The client's number as the portal is told it."""
    if not digits(call.client):
        return NO_NUMBER
    return call.number or call.client


def plan(lane: Lane, people: People, options: Options, records: Sequence[Record] = ()) -> Plan:
    """Fold the waiting steps of a call, up to its recording, into one order. ``records``: of the client, if asked."""
    steps = _before_attach(lane.steps)
    register = _find(steps, "register")
    finish = _find(steps, "finish")
    cards = tuple(step for step in steps if step.kind in ("show", "hide"))
    call_id = lane.portal.call_id
    why: dict[str, str] = {}
    order = CallOrder(
        key=lane.call.linkedid,
        call_id=call_id,
        register=None if call_id else _register(lane, register, people, options, records, why),
        finish=_finish(lane, finish, people, options, records, why) if finish else None,
    )
    if finish is not None:
        needless = {step.id: "the cards need nothing more: the call has ended" for step in cards}
        return Plan(order, register, (), finish, needless, why)
    show, hide = _net_cards(([register] if register and not call_id else []) + list(cards), people)
    order = CallOrder(order.key, call_id, order.register, show, hide if call_id else ())
    if show or hide:
        return Plan(order, register, cards, why=why)
    return Plan(order, register, (), None, {step.id: "nothing changes on anybody's screen" for step in cards}, why)


def _before_attach(steps: Sequence[StoredStep]) -> list[StoredStep]:
    """The steps of the call itself: its recording, and what follows from its end, are others' work."""
    found: list[StoredStep] = []
    for step in steps:
        if step.kind not in ("register", "show", "hide", "finish"):
            break
        found.append(step)
    return found


def _find(steps: Iterable[StoredStep], kind: str) -> StoredStep | None:
    return next((step for step in steps if step.kind == kind), None)


def _register(
    lane: Lane,
    step: StoredStep | None,
    people: People,
    options: Options,
    records: Sequence[Record],
    why: dict[str, str],
) -> RegisterOrder:
    if step is not None and step.sent is not None:
        return registration(step.sent)  # a repeat must be the same request, else the portal makes a second call
    call = lane.call
    rule = options.rule(call.line, call.trunk)
    incoming = call.direction == "incoming"
    asked = step.payload if step is not None else {}
    employees = _users(step, call, people)
    record = _record(records, options, employees)
    choice = _first_choice(call, employees, records, record, people, options)
    why["register"] = choice.why
    return RegisterOrder(
        external_id=f"{call.node}-{call.linkedid}",
        user_id=choice.user,
        phone=number_of(call),
        incoming=incoming,
        started=call.started,
        line=str(asked.get("line", "")) or (rule.line if rule else ""),
        create=bool(digits(call.client)) and (options.create_incoming if incoming else options.create_outgoing),
        source=rule.source if rule else "",
        entity=(record.kind, record.id) if record else _entity_of_order(lane.portal, asked),
        callback=asked.get("order") == CALLBACK,
    )


def _entity_of_order(portal: PortalSide, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    """The record that the portal named when it ordered the call."""
    if not asked.get("order") or portal.entity_type not in KINDS or not portal.entity_id.isdecimal():
        return None
    return portal.entity_type, portal.entity_id


def _record(records: Sequence[Record], options: Options, employees: Sequence[int]) -> Record | None:
    """The record that gets the call. One that only another spelling of the number found is news to the portal."""
    chosen = chosen_record(records, options.entity, employees)
    if chosen is None and options.spellings is not None and len(records) == 1:
        return records[0]
    return chosen


def _first_choice(
    call: CallRow,
    employees: Sequence[int],
    records: Sequence[Record],
    record: Record | None,
    people: People,
    options: Options,
) -> Choice:
    policy = options.first_responsible if call.direction == "incoming" else "ringing"
    client = responsible_of(records, record)
    return first_responsible(policy, employees, client, lambda: people.default_user(call.line)) or Choice(0, "")


def _users(step: StoredStep | None, call: CallRow, people: People) -> list[int]:
    parties = list(step.payload.get("employees", ())) if step else list(call.rang)
    return [user for user in map(people.user, parties) if user is not None]


def _finish(
    lane: Lane,
    step: StoredStep,
    people: People,
    options: Options,
    records: Sequence[Record],
    why: dict[str, str],
) -> FinishOrder:
    if step.sent is not None:
        return FinishOrder(**step.sent)
    payload = step.payload
    user = people.user(payload["employee"]) if payload.get("employee") else None
    choice = _end_choice(lane, step, user, people, options, records)
    why["finish"] = choice.why
    talk, status = float(payload["talk"]), str(payload["status"])
    # A conversation of half a second is still one; the portal reads a duration of 0 as "missed".
    seconds = max(1, round(talk)) if status == "200" else 0
    failure = str(payload.get("failure", ""))
    worded = dial_words.reason_of_form if payload.get("order") == CALLBACK else dial_words.reason
    reason = worded(failure, options.language) if failure else ""
    return FinishOrder(choice.user, seconds, status, vote=lane.call.vote, reason=reason)


def _end_choice(
    lane: Lane, step: StoredStep, user: int | None, people: People, options: Options, records: Sequence[Record]
) -> Choice:
    line = lane.call.line
    if user is None and step.payload.get("order") and lane.portal.registered_user:
        return Choice(lane.portal.registered_user, "who ordered the call")
    if not _is_missed(lane.call, step):
        return Choice(user, "") if user is not None else Choice(people.default_user(line), "the default user")
    client = None if lane.portal.created else responsible_of(records, _known_record(lane, records))
    found = missed_responsible(options.missed_responsible, client, user, lambda: people.missed_user(line))
    return found or Choice(0, "")


def _known_record(lane: Lane, records: Sequence[Record]) -> Record | None:
    """The record to which the portal bound the call."""
    bound = (lane.portal.entity_type.upper(), lane.portal.entity_id)
    return next((record for record in records if (record.kind, record.id) == bound), None)


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


def registration(sent: Mapping[str, Any]) -> RegisterOrder:
    """The request that ``as_sent`` made."""
    entity = sent.get("entity")
    return RegisterOrder(**{**sent, "entity": tuple(entity) if entity else None})
