# SPDX-License-Identifier: GPL-3.0-or-later
"""A deliverer and an uploader over stores in memory, a portal whose answers are told in advance, a clock by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from itgrix_module.app.call_full import Known as KnownOfCall
from itgrix_module.app.clients import Clients, Question
from itgrix_module.app.customizing import Customizer
from itgrix_module.app.deliver import Deliverer
from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.hooking import Hooks, NoHooks
from itgrix_module.app.orders import Options
from itgrix_module.app.ports import CallRow, NewStep, PortalSide
from itgrix_module.app.recording_ports import Recording
from itgrix_module.app.settling import Known
from itgrix_module.app.standing import Standing
from itgrix_module.app.telephony_ports import CallOrder, CallReply, Finished, Registered
from itgrix_module.app.upload import Uploader
from itgrix_module.domain.failures import Failure
from itgrix_module.domain.responsible import Record
from itgrix_module.domain.steps import Priority
from tests.fakes.memory import MemoryStep
from tests.fakes.stores import MemoryStores

NODE = "pbx1"
START = 1_795_000_000.0
LINE = "74950000001"
Script = Callable[[Sequence[CallOrder]], list[CallReply]]


class Clock:
    """Epoch seconds, turned by hand."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Staff:
    """101 -> 1 ... 109 -> 9. ``default``: who takes the calls of nobody, and who does if he cannot."""

    def __init__(self, *default: int) -> None:
        self.default = default

    def user(self, party: str) -> int | None:
        return int(party) - 100 if party.isdigit() and 100 < int(party) < 110 else None

    def default_user(self, line: str) -> int:
        return next(iter(self.default), 0)

    def missed_user(self, line: str) -> int:
        return self.default_user(line)

    def stand_ins(self, line: str) -> tuple[int, ...]:
        return self.default


@dataclass
class Portal:
    """``script``: answers to the next requests, each a failure of the whole, or a function of the orders.

    Without one everything is accepted. ``closed``: what the statistics know, by our id and by the portal's.
    """

    script: list[Failure | Exception | Script] = field(default_factory=list)
    orders: list[list[CallOrder]] = field(default_factory=list)
    closed: dict[str, Known] = field(default_factory=dict)
    statistics: Failure | None = None
    looks: int = 0
    fill: float = 0.0
    rest: float = 0.0
    record_rest: float = 0.0
    records: dict[str, str] = field(default_factory=dict)
    clients: dict[str, tuple[Record, ...]] = field(default_factory=dict)
    searches: list[Question] = field(default_factory=list)
    search_fault: Failure | None = None
    attached: list[tuple[str, str]] = field(default_factory=list)
    uploads: list[Failure] = field(default_factory=list)

    def send(self, orders: Sequence[CallOrder], priority: int) -> list[CallReply]:
        self.orders.append(list(orders))
        answer = self.script.pop(0) if self.script else accepted
        if isinstance(answer, Exception):
            raise answer
        return answer(orders)

    def search(self, questions: Sequence[Question], priority: int) -> list[tuple[Record, ...]]:
        self.searches.extend(questions)
        if self.search_fault is not None:
            raise self.search_fault
        return [self.clients.get(question.number, ()) for question in questions]

    def finished_call(self, call_id: str) -> Finished | None:
        known = self._look(call_id)
        return known.finished if known else None

    def finished_as(self, external_id: str) -> Known | None:
        return self._look(external_id)

    def _look(self, name: str) -> Known | None:
        self.looks += 1
        if self.statistics is not None:
            raise self.statistics
        return self.closed.get(name)

    def record_of(self, call_id: str) -> str:
        return self.records.get(call_id, "")

    def attach(self, call_id: str, file: str, filename: str) -> str:
        if self.uploads:
            raise self.uploads.pop(0)
        self.attached.append((call_id, filename))
        return f"file-{len(self.attached)}"

    def pressure(self) -> float:
        return self.fill

    def ready_in(self, priority: int = 0) -> float:
        return self.rest if priority < Priority.RECORD else max(self.rest, self.record_rest)


def accepted(orders: Sequence[CallOrder]) -> list[CallReply]:
    """The portal does all it is asked."""
    return [
        CallReply(
            order.key,
            registered=Registered(f"id-{order.key}") if order.register else None,
            shown=True if order.show else None,
            hidden=True if order.hide else None,
            finished=Finished("7") if order.finish else None,
        )
        for order in orders
    ]


def refused(**parts: Failure) -> Script:
    """The portal does all but these parts."""

    changes: dict[str, Any] = dict(parts)

    def answer(orders: Sequence[CallOrder]) -> list[CallReply]:
        return [replace(reply, **changes) for reply in accepted(orders)]

    return answer


class Shelf:
    """Recordings: each ``prepare`` gives the next answer; the last one again and again."""

    def __init__(self, *answers: Recording | Failure) -> None:
        self.answers = list(answers) or [Recording("/copies/x.mp3", "x.mp3", 3.0)]
        self.deadlines: list[float] = []

    def prepare(self, paths: Sequence[str], name: str, started: float, deadline: float) -> Recording:
        self.deadlines.append(deadline)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Failure):
            raise answer
        return answer


@dataclass
class Desk:
    """Everything a test needs."""

    portal: Portal = field(default_factory=Portal)
    staff: Staff = field(default_factory=lambda: Staff(900))
    shelf: Shelf = field(default_factory=Shelf)
    options: Options = field(default_factory=Options)
    hooks: Hooks = field(default_factory=NoHooks)

    def __post_init__(self) -> None:
        self.clock, self.stores = Clock(), MemoryStores()
        self.standing = Standing(self.clock, lambda: 0.5)
        outbox = self.stores.outbox
        self.clients = Clients(self.portal, self.clock)
        self.deliverer = Deliverer(
            outbox,
            self.portal,
            self.staff,
            self.clients,
            Customizer(self.hooks, lambda call: KnownOfCall(Roster(()))),
            lambda: self.options,
            self.standing,
            self.clock,
            lambda: 0.5,
            "me",
        )
        self.uploader = Uploader(outbox, self.portal, self.shelf, self.standing, self.clock, lambda: 0.5, "me:up")

    def call(self, linkedid: str = "1.1", *steps: NewStep, side: PortalSide | None = None) -> None:
        row = CallRow(NODE, linkedid, "incoming", "ringing", "79161234567", line=LINE, started=START, rang=("101",))
        with self.stores.calls.work() as work:
            work.save_call(row)
            work.add_steps(NODE, linkedid, steps)
        if side is not None:
            self.stores.data.calls[NODE, linkedid].portal = side

    def add(self, linkedid: str, *steps: NewStep) -> None:
        with self.stores.calls.work() as work:
            work.add_steps(NODE, linkedid, steps)

    def run(self, seconds: float = 0.0) -> int:
        """Let time pass, then deliver all that is due."""
        self.clock.now += seconds
        count = 0
        while done := self.deliverer.deliver_due():
            count += done
        return count

    def states(self, linkedid: str = "1.1") -> dict[str, str]:
        return {item.step.kind: item.state for item in self.stores.steps_of(NODE, linkedid)}

    def step(self, kind: str, linkedid: str = "1.1") -> MemoryStep:
        return next(item for item in self.stores.steps_of(NODE, linkedid) if item.step.kind == kind)

    def told(self, linkedid: str = "1.1") -> list[str]:
        return [entry.text for entry in self.stores.timeline_of(NODE, linkedid)]

    @property
    def side(self) -> PortalSide:
        return self.stores.data.calls[NODE, "1.1"].portal


def new(kind: str, priority: int = Priority.CARD, **payload: Any) -> NewStep:
    return NewStep(kind, payload, priority, START, START)


def register(*employees: str) -> NewStep:
    return new("register", employees=list(employees or ("101",)))


def finish(employee: str = "101", talk: float = 5.0, status: str = "200") -> NewStep:
    return new("finish", Priority.FINISH, employee=employee, talk=talk, status=status)


def attach() -> NewStep:
    return new("attach", Priority.UPLOAD, paths=["/monitor/x.wav"])


def sent(desk: Desk) -> list[CallOrder]:
    """All that the portal was asked, in order."""
    return [order for orders in desk.portal.orders for order in orders]
