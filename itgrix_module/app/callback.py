# SPDX-License-Identifier: GPL-3.0-or-later
"""A client asked to be called back: an employee first, then he; several tries, and a task when none came through."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from itgrix_module.app import aftermath, dial_words, shapes
from itgrix_module.app.dial import Desk, new_id
from itgrix_module.app.dial_orders import DialRules, Form
from itgrix_module.app.dial_ports import CALLING, DONE, FAILED, WAITING, Callback, Dial, DialStore, People
from itgrix_module.app.happenings import Happening
from itgrix_module.app.ports import CallRow, NewStep, PortalSide
from itgrix_module.domain import ordered
from itgrix_module.domain.call import Call
from itgrix_module.domain.callback import CallbackRules, first_try, is_last, next_try
from itgrix_module.domain.steps import Priority

log = logging.getLogger("itgrix.dialling")

LONGEST_LOOK = 5.0  # seconds
SOON = 0.2  # seconds between looks whether somebody has picked up: he hears nothing until the client is dialled


@dataclass(frozen=True)
class FormRules:
    """The administrator's wishes. ``to``: who is called first, by line of the form and for all others.

    ``may_call``: is the number one that strangers may make us call? ``task``: when the client was not reached.
    """

    enabled: bool = True
    to: str = ""
    lines: Mapping[str, str] = field(default_factory=dict)
    timeout: int = 40
    task: bool = True
    language: str = "ru"
    tries: CallbackRules = field(default_factory=CallbackRules)
    may_call: Callable[[str], bool] = bool

    @classmethod
    def of(
        cls,
        settings: Mapping[str, Any],
        next_open: Callable[[float], float | None],
        may_call: Callable[[str], bool],
    ) -> FormRules:
        """From settings ``callback.*``. ``next_open``: of the working hours."""
        always = settings["callback.hours"] == "always"
        return cls(
            settings["callback.enabled"],
            settings["callback.to"],
            settings["callback.lines"],
            settings["callback.timeout"],
            settings["callback.task"],
            settings["portal.language"],
            CallbackRules(
                settings["callback.tries"],
                settings["callback.pause_minutes"] * 60.0,
                settings["callback.deadline_minutes"] * 60.0,
                float if always else next_open,
            ),
            bool if settings["callback.abroad"] else may_call,
        )

    def destination(self, line: str) -> str:
        """Whom to call first for a form."""
        return self.lines.get(line, self.to)


class Callbacks:
    """Forms on their way to a conversation. ``outcome``: of a call by its id, None while it goes on."""

    def __init__(
        self,
        node: str,
        desk: Desk,
        people: People,
        rules: Callable[[], FormRules],
        call: Callable[[str], CallRow | None],
        clock: Callable[[], float],
        wake: Callable[[], None],
    ) -> None:
        self._node, self._desk, self._people, self._rules = node, desk, people, rules
        self._call, self._clock, self._wake = call, clock, wake
        self._released: set[str] = set()

    @property
    def _store(self) -> DialStore:
        return self._desk.store

    def heard(self, happening: Happening) -> None:
        """A form was filled in. Raises Failure of the database."""
        form, rules = Form.of(happening), self._rules()
        if not rules.enabled:
            log.info("a form asks to be called back; such calls are switched off")
            return
        due, deadline = first_try(happening.received, rules.tries)
        number = self._desk.rules.normal(form.number) or form.number
        kept = self._store.keep(
            Callback(
                self._node,
                f"form:{happening.key}"[:191],
                number,
                happening.received,
                due,
                deadline,
                form.line,
                form.text,
                form.entity_type,
                form.entity_id,
            )
        )
        if kept:
            log.info("%s asks to be called back", number)
            self._wake()

    def phone_for(self, happening: Happening) -> str:
        """Extension, group or queue that a form is for; empty when nobody is named."""
        return self._rules().destination(Form.of(happening).line)

    def run_due(self) -> int:
        """Begin the tries whose time has come, and see what became of those that ended. Returns how many changed."""
        rules, now = self._rules(), self._clock()
        count = 0
        for each in self._store.callbacks(self._node, (WAITING, CALLING)):
            if each.state == CALLING:
                count += self._followed(each, rules, now)
            elif each.due <= now:
                self._try(each, rules, now)
                count += 1
        return count

    def idle(self) -> float:
        """Seconds until the next look."""
        calling = self._store.callbacks(self._node, (WAITING, CALLING))
        if any(each.state == CALLING for each in calling):
            return SOON
        return 1.0 if calling and calling[0].due < self._clock() + 5 else LONGEST_LOOK

    # -- a try

    def _try(self, form: Callback, rules: FormRules, now: float) -> None:
        if not self._is_open(now, rules):
            self._put_off(form, rules, now)
            return
        dialling, to = self._desk.rules, rules.destination(form.line)
        dialled = dialling.dialled(form.number, form.line) if rules.may_call(form.number) else ""
        refused = _refusal(dialling, to, dialled)
        dial = Dial(
            self._node,
            new_id(now),
            ordered.CALLBACK,
            f"{form.event}:{form.tries + 1}"[-191:],
            form.number,
            to if self._people.is_employee(to) else "",
            now,
            float(rules.timeout),
            form.line,
            callback=form.id,
        )
        held = not dial.extension  # what is no employee's may answer by itself
        order = None if refused else dialling.order(dial.linkedid, to, dialled, form.number, rules.timeout, held=held)
        side = PortalSide(entity_type=form.entity_type, entity_id=form.entity_id)
        quiet = not refused and not is_last(form.tries, now, form.deadline, rules.tries)
        self._desk.order(dial, side, order, refused, _as_event(form), quiet=quiet)

    def _is_open(self, now: float, rules: FormRules) -> bool:
        opens = rules.tries.next_open(now)
        return opens is None or opens <= now

    def _put_off(self, form: Callback, rules: FormRules, now: float) -> None:
        """The hours have been changed, or the service was away when its time came."""
        due = rules.tries.next_open(now)
        self._store.put_off(form.id, due if due is not None else now, form.code, "clients are not called back now")

    # -- its end

    def _followed(self, form: Callback, rules: FormRules, now: float) -> bool:
        call = self._call(form.linkedid)
        if call is not None and call.ended is None:
            self._release(call)
            return False
        self._released.discard(form.linkedid)
        if call is not None and call.answered is not None:
            self._store.close(form, DONE, "answered", f"{call.last_talker} has talked with {form.number}", None)
            return True
        code = call.status if call is not None else "lost"
        failure = self._store.last_failure(form.node, form.linkedid) or (call.outcome if call is not None else "")
        due = next_try(form.tries, failure, now, form.deadline, rules.tries)
        if due is not None:
            self._store.put_off(form.id, due, failure or code, "the client was not reached")
        else:
            why = dial_words.reason_of_form(failure, "en", form.number) or "the client was not reached"
            self._store.close(form, FAILED, failure or code, why, self._task(form, rules, failure, now))
            log.warning("%s is not called back any more: %s", form.number, why)
        return True

    def _release(self, call: CallRow) -> None:
        if call.linkedid in self._released or not ordered.is_manned(_state(call)):
            return
        if self._desk.release(call.linkedid):
            self._released.add(call.linkedid)

    def _task(self, form: Callback, rules: FormRules, failure: str, now: float) -> NewStep | None:
        if not rules.task:
            return None
        text = dial_words.form_unanswered(failure, rules.language, form.number, form.text)
        data = {"user": self._people.missed_user(form.line), "description": text, "why": "nobody called back"}
        return NewStep(aftermath.TASK, data, Priority.TASK, due_at=now, decided_at=now)


def _state(row: CallRow) -> Call:
    """What the tracker knows of a call. Nothing yet: one that has not begun."""
    try:
        return shapes.load(row.state)
    except (TypeError, ValueError):
        return Call(row.linkedid, row.linkedid, row.started)


def _refusal(dialling: DialRules, to: str, dialled: str) -> str:
    """Why there is no try; empty when there is one."""
    if not to:
        return "no_destination"
    if not dialled:
        return "bad_number"
    return "" if dialling.channel(to) else "bad_order"


def _as_event(form: Callback) -> dict[str, object]:
    """The form as customizations know the portal's event."""
    return {
        "PHONE_NUMBER": form.number,
        "TEXT": form.text,
        "LINE_NUMBER": form.line,
        "CRM_ENTITY_TYPE": form.entity_type,
        "CRM_ENTITY_ID": form.entity_id,
    }


__all__ = ["Callbacks", "FormRules"]
