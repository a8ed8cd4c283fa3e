# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done once the portal has closed a call. Pure: decides, ``errands`` does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itgrix_module.app.ports import CallRow, NewStep, PortalSide
from itgrix_module.app.wording_terms import client_of, is_new
from itgrix_module.domain.steps import Priority

TASK, CLOSE_TASKS, MESSAGE, DEAL, ENTITY, ACTIVITY = "task", "close_tasks", "message", "deal", "entity", "activity"
OWNER, NOTICE = "owner", "notice"
KINDS = (NOTICE, OWNER, DEAL, CLOSE_TASKS, TASK, MESSAGE, ENTITY, ACTIVITY)


def _no_category(_call: CallRow) -> int | None:
    return None


@dataclass(frozen=True)
class AftermathRules:
    """What the administrator wants. ``extra``: kinds of records that templates add facts to, in small letters.

    ``category``: sales funnel of a call's line, None when it has none. ``hooks``: customizations that are on.
    ``talkers_record``: of several records with the number, the one of the talking employee gets the call. ``notify``:
    who clicked a number learns why his call did not come about.
    """

    task: bool = False
    close: bool = True
    hours: str = "always"
    clients: str = "all"
    chat: str = ""
    extra: frozenset[str] = frozenset()
    category: Callable[[CallRow], int | None] = _no_category
    hooks: frozenset[str] = frozenset()
    talkers_record: bool = False
    notify: bool = True

    @classmethod
    def of(
        cls, settings: Mapping[str, Any], category: Callable[[CallRow], int | None], is_on: Callable[[str], bool]
    ) -> AftermathRules:
        """From the settings. ``is_on``: whether a customization is."""
        return cls(
            task=settings["missed.task.enabled"],
            close=settings["missed.task.close"],
            hours=settings["missed.task.hours"],
            clients=settings["missed.task.clients"],
            chat=settings["leads.chat"],
            extra=frozenset(
                kind for kind in ("activity", "lead", "contact", "company", "deal") if settings[f"extra.{kind}"]
            ),
            category=category,
            talkers_record=settings["calls.entity"] == "talker",
            notify=settings["dial.notify"],
            hooks=frozenset(name for name in ("customize_entity", "customize_activity") if is_on(name)),
        )


@dataclass(frozen=True)
class _Closed:
    """A call that the portal has closed. ``data``: for every step's payload."""

    call: CallRow
    portal: PortalSide
    rules: AftermathRules
    data: Mapping[str, Any]
    now: float

    def step(self, kind: str, why: str, **more: Any) -> NewStep:
        payload = {**self.data, **more, "why": why}
        return NewStep(kind, payload, Priority.TASK, due_at=self.now, decided_at=self.now)


def follow(
    call: CallRow,
    portal: PortalSide,
    rules: AftermathRules,
    is_open: Callable[[str], bool],
    is_working: Callable[[float], bool],
    now: float,
    *,
    user: int = 0,
    transfers: Sequence[Mapping[str, str]] = (),
    failure: str = "",
) -> list[NewStep]:
    """Steps for a call whose finish is being settled, each with its reason (``why``).

    ``portal``: with what the portal answered to the finish. ``user``: for whom the call was finished. A call that the
    portal is not told of (``left_out``) only closes tasks: somebody has talked with the client all the same.
    ``failure``: why a call that was ordered by a click did not come about, a code.
    """
    data = {"user": user, **({"transfers": [dict(item) for item in transfers]} if transfers else {})}
    closed = _Closed(call, portal, rules, data, now)
    if not portal.finished:
        return list(_close_tasks(closed, is_open))
    return [
        *_notice(closed, failure),
        *_owner(closed),
        *_deal(closed),
        *_close_tasks(closed, is_open),
        *_task(closed, is_working),
        *_message(closed),
        *_entity(closed),
        *_activity(closed),
    ]


def _close_tasks(closed: _Closed, is_open: Callable[[str], bool]) -> Iterator[NewStep]:
    call = closed.call
    if call.direction not in ("incoming", "outgoing") or not call.number:
        return
    if closed.rules.close and _has_talk(call) and is_open(call.number):
        yield closed.step(CLOSE_TASKS, f"{call.last_talker or 'somebody'} talked with {call.number}")


def _has_talk(call: CallRow) -> bool:
    return call.answered is not None and call.talk > 0


def _task(closed: _Closed, is_working: Callable[[float], bool]) -> Iterator[NewStep]:
    call, rules = closed.call, closed.rules
    if not rules.task or call.direction != "incoming" or not call.number or _has_talk(call):
        return
    if rules.hours != "always" and is_working(call.started) != (rules.hours == "working"):
        return
    if rules.clients != "all" and _is_known(closed.portal) != (rules.clients == "known"):
        return
    yield closed.step(TASK, f"call from {call.number} missed")


def _is_known(portal: PortalSide) -> bool:
    """Was the client in the CRM before this call?"""
    return bool(client_of(portal)[1]) and not is_new(portal)


def _message(closed: _Closed) -> Iterator[NewStep]:
    made = dict(closed.portal.created)
    kind = next((kind for kind in ("LEAD", "CONTACT", "COMPANY") if kind in made), "")
    if closed.rules.chat and kind:
        yield closed.step(MESSAGE, f"the call made {kind.lower()} {made[kind]}")


def _deal(closed: _Closed) -> Iterator[NewStep]:
    category = closed.rules.category(closed.call)
    if category is not None and client_of(closed.portal)[1]:
        yield closed.step(DEAL, f"line {closed.call.line} belongs to sales funnel {category}", category=category)


def _notice(closed: _Closed, failure: str) -> Iterator[NewStep]:
    user = closed.portal.registered_user or closed.data["user"]
    if failure and user and closed.rules.notify:
        yield closed.step(NOTICE, "the call did not come about", code=failure, employee=user)


def _owner(closed: _Closed) -> Iterator[NewStep]:
    """Who talked is known only now; when the call was registered, several phones may have rung."""
    portal = closed.portal
    if not closed.rules.talkers_record or not _has_talk(closed.call) or not closed.data["user"]:
        return
    if portal.activity_id and client_of(portal)[1] and not is_new(portal) and closed.call.number:
        yield closed.step(OWNER, f"the record that {closed.call.last_talker or 'somebody'} is responsible for")


def _entity(closed: _Closed) -> Iterator[NewStep]:
    kind, number = client_of(closed.portal)
    rules, made = closed.rules, dict(closed.portal.created)
    records = []
    if number and ("customize_entity" in rules.hooks or kind.lower() in rules.extra):
        records.append([kind, number])
    if "DEAL" in made and "deal" in rules.extra and rules.category(closed.call) is None:
        records.append(["DEAL", made["DEAL"]])  # else the deal is written when it is put into its funnel
    if records:
        yield closed.step(ENTITY, "facts of the call for the client's record", records=records)


def _activity(closed: _Closed) -> Iterator[NewStep]:
    rules = closed.rules
    if closed.portal.activity_id and ("customize_activity" in rules.hooks or "activity" in rules.extra):
        yield closed.step(ACTIVITY, "facts of the call for its activity")
