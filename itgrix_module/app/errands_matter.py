# SPDX-License-Identifier: GPL-3.0-or-later
"""What an errand has in hand: its call, the administrator's wishes, and what it did before a restart or a lost answer.

An errand is a generator: it yields what it asks of the portal and is sent the answer (a failure is thrown into it). So
each reads from top to bottom, and the errands of one call share requests, round by round.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from itgrix_module.app.crm_records import Names
from itgrix_module.app.errand_ports import Asked, Order
from itgrix_module.app.hook_answers import Decision, asked
from itgrix_module.app.hook_inputs import Scene
from itgrix_module.app.hooking import Hooks
from itgrix_module.app.open_tasks import OpenTasks
from itgrix_module.app.ports import CallRow, PortalSide, StoredStep
from itgrix_module.app.wording import Wording
from itgrix_module.app.wording_terms import crm_link, default, variables
from itgrix_module.domain.failures import Permanent, Temporary

WAITS = "errand_waits"


@dataclass(frozen=True)
class ErrandRules:
    """The administrator's wishes. Templates: empty for the built-in one. ``base``: ``https://portal``, for links.

    ``task_user``: 0 for who answers for the missed call. ``creator``, ``project``: 0 for none. ``deadline``: minutes,
    0 for none. ``extra``: kind of record in small letters → field → template. ``zone``: of moments in texts, None for
    the server's.
    """

    language: str = "ru"
    base: str = ""
    zone: tzinfo | None = None
    title: str = ""
    description: str = ""
    task_user: int = 0
    creator: int = 0
    deadline: int = 60
    deadline_in_hours: bool = False
    auditors: tuple[int, ...] = ()
    project: int = 0
    chat: str = ""
    message: str = ""
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Mapping[str, Any], language: str, base: str, zone: tzinfo | None) -> ErrandRules:
        """From the settings."""
        return cls(
            language=language,
            base=base,
            zone=zone,
            title=settings["missed.task.title"],
            description=settings["missed.task.description"],
            task_user=settings["missed.task.user"] if settings["missed.task.responsible"] == "user" else 0,
            creator=settings["missed.task.creator"],
            deadline=settings["missed.task.deadline_minutes"],
            deadline_in_hours=settings["missed.task.deadline_in_hours"],
            auditors=tuple(settings["missed.task.auditors"]),
            project=settings["missed.task.project"],
            chat=settings["leads.chat"],
            message=settings["leads.message"],
            extra={kind: settings[f"extra.{kind}"] for kind in ("activity", "lead", "contact", "company", "deal")},
        )


def after_minutes(start: float, minutes: float) -> float:
    """A deadline that counts every hour of the day."""
    return start + minutes * 60


@dataclass(frozen=True)
class Aids:
    """What errands work with besides the portal.

    ``scene``: a call as customizations see it. ``deadline``: epoch seconds so many working minutes after a moment.
    ``line_name``: name of a call's line in the settings, empty when it has none.
    """

    open_tasks: OpenTasks
    hooks: Hooks
    names: Names
    scene: Callable[[CallRow, PortalSide], Scene]
    deadline: Callable[[float, float], float] = after_minutes
    line_name: Callable[[CallRow], str] = lambda _call: ""


@dataclass(frozen=True)
class Done:
    """An errand came to its end. ``created``: records that it made, (type, id)."""

    text: str
    answer: Mapping[str, Any] = field(default_factory=dict)
    created: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Once:
    """An order that must not be executed twice: stored under ``name`` before it is sent."""

    name: str
    order: Order


Errand = Generator[Asked | tuple[Asked, ...] | Once, Any, Done]


@dataclass
class Matter:
    """One step at work. ``shared``: what the errands of one call tell one another; ``notes``: what went wrong.

    ``progress``: orders that may have been executed, by name: ``order`` to the letter, ``at`` when it was first sent.
    """

    call: CallRow
    portal: PortalSide
    step: StoredStep
    rules: ErrandRules
    aids: Aids
    now: float
    shared: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    progress: dict[str, Any] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Our id of the call in the portal."""
        return f"{self.call.node}-{self.call.linkedid}"

    def before(self, name: str) -> Mapping[str, Any] | None:
        """The order of this name that may have been executed already, and when it was sent."""
        return self.progress.get(name)

    def moment(self, at: float) -> datetime:
        """In the zone of the house."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.rules.zone)

    def worded(self, template: str, key: str = "", *, markup: bool = True) -> str:
        """A template's text; the built-in one of ``key`` when it is empty or cannot be used."""
        known = variables(
            self.call,
            self.portal,
            self.aids.names.employee,
            self.aids.line_name(self.call),
            self.rules.zone,
            lambda kind, number: crm_link(self.rules.base, kind, number),
            transfers=self.step.payload.get("transfers", ()),
            deal=self.shared.get("DEAL", ""),
            task=self.shared.get("TASK", ""),
        )
        wording = Wording(self.rules.language)
        text = ""
        if template:
            try:
                text = wording.render(template, known, markup=markup)
            except Permanent as failure:
                self.notes.append(failure.text)
        if key and not text.strip():
            return wording.render(default(key, self.rules.language), known, markup=markup)
        return text

    def customized(self, hook: str, given: Callable[[Scene], Mapping[str, Any]], default: Any) -> Decision:
        """What the administrator's script makes of it; what it said is noted. ``given``: its input for this call."""
        decision = asked(self.aids.hooks, hook, lambda: given(self.aids.scene(self.call, self.portal)), default)
        if decision.told:
            self.notes.append(decision.told)
        return decision


def waits(text: str, seconds: float = 5.0) -> Temporary:
    """Not yet: something else comes first. Nothing was sent, and nothing is told."""
    return Temporary(WAITS, text, retry_after=seconds)
