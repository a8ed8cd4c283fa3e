# SPDX-License-Identifier: GPL-3.0-or-later
"""Errands between a real database and the sandbox portal; calls are told to the portal and followed up as delivered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

from itgrix_module.app.aftermath import KINDS, AftermathRules, follow
from itgrix_module.app.call_full import Known
from itgrix_module.app.errands import Errands
from itgrix_module.app.errands_matter import Aids, ErrandRules
from itgrix_module.app.hook_inputs import Scene, scene
from itgrix_module.app.hooking import Said
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.ports import CallRow, NewStep, PortalSide, Settlement
from itgrix_module.app.standing import Standing
from itgrix_module.app.telephony_ports import CallOrder, Finished, FinishOrder, Registered, RegisterOrder
from itgrix_module.bitrix24.auth import WebhookAuth
from itgrix_module.bitrix24.calls import BitrixCalls
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.errands import BitrixErrands
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.memory import MemoryLimits
from itgrix_module.domain.steps import Priority
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.config import ClientSeed
from itgrix_module.storage.open_tasks import SqlOpenTasks
from itgrix_module.storage.outbox_admin import OutboxAdmin
from itgrix_module.storage.queries import Calls
from itgrix_module.storage.stores import Stores, open_stores
from tests.fakes.migrated import migrated
from tests.service.house import portal_config

NUMBER = "+79161234567"
LINE = "74950000001"
FUNNEL = 1
MOSCOW = timezone(timedelta(hours=3))
CLIENT = ClientSeed("CONTACT", {"NAME": "Anna", "PHONE": [{"VALUE": NUMBER, "VALUE_TYPE": "WORK"}]})


class Clock:
    """Epoch seconds, from now on turned by hand."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Staff:
    """101 is user 1 and so on."""

    def employee(self, party: str) -> Employee | None:
        return Employee(party, int(party) - 100, f"Employee {party}") if party.isdigit() and len(party) == 3 else None

    def user(self, user_id: int) -> Employee | None:
        return self.employee(str(user_id + 100))


@dataclass
class Scripts:
    """Customizations: name to what they answer, or to a function of their input."""

    answers: dict[str, Said | Callable[[Mapping[str, Any]], Said]] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def is_on(self, name: str) -> bool:
        return name in self.answers

    def ask(self, name: str, params: Mapping[str, Any]) -> Said:
        self.asked.append((name, params))
        answer = self.answers[name]
        return answer if isinstance(answer, Said) else answer(params)


@dataclass
class Node:
    """One PBX's errands. ``rules``, ``wishes``: changed by tests as an administrator would."""

    name: str
    portal: SandboxPortal
    client: PortalClient
    stores: Stores
    clock: Clock
    scripts: Scripts = field(default_factory=Scripts)
    rules: AftermathRules = field(default_factory=lambda: AftermathRules(task=True, chat="chat1"))
    wishes: ErrandRules = field(
        default_factory=lambda: ErrandRules(zone=MOSCOW, base="https://portal.example", chat="chat1")
    )
    working: bool = True
    calls: int = 0

    def __post_init__(self) -> None:
        self.tasks = SqlOpenTasks(self.stores.database)
        self.restart()

    def restart(self) -> None:
        """A new process over the same database."""
        self.standing = Standing(self.clock, lambda: 0.5)
        aids = Aids(self.tasks, self.scripts, Staff(), _scene)
        portal = BitrixErrands(lambda: self.client)
        common: tuple[Any, ...] = (self.standing, self.clock, lambda: 0.5, f"{self.name}:errands")
        self.errands = Errands(self.stores.outbox, portal, aids, lambda: self.wishes, *common)

    # -- calls

    def missed(self, number: str = NUMBER, **changes: Any) -> str:
        """An incoming call that nobody took, closed in the portal; its linked id."""
        over: dict[str, Any] = {"outcome": "missed", "status": "304", "wait": 20.0, "rang": ("101", "102")}
        return self.call(number, **{**over, **changes})

    def talked(self, number: str = NUMBER, **changes: Any) -> str:
        """A call with talk, closed in the portal; its linked id."""
        over: dict[str, Any] = {
            "outcome": "answered", "status": "200", "answered": self.clock.now + 2, "talk": 30.0, "wait": 2.0,
            "answered_by": "102", "last_talker": "102",
        }  # fmt: skip
        return self.call(number, **{**over, **changes})

    def call(self, number: str, *, tell: bool = True, record: bool = False, **changes: Any) -> str:
        """``tell``: the portal hears of it now; else ``deliver`` does that. ``record``: it has a recording."""
        self.calls += 1
        self.clock.now += 0.1
        linkedid = f"{int(self.clock.now)}.{self.calls}"
        values: dict[str, Any] = {"direction": "incoming", "line": LINE, "client": number, "number": number}
        row = CallRow(self.name, linkedid, phase="ended", started=self.clock.now, live=False, **{**values, **changes})
        row = replace(row, ended=self.clock.now + 40)
        with self.stores.calls.work() as work:
            work.save_call(row)
            work.add_steps(self.name, linkedid, [new_step("finish", Priority.FINISH, self.clock.now)])
            if record:
                work.add_steps(self.name, linkedid, [new_step("attach", Priority.UPLOAD, self.clock.now)])
        if tell:
            self.deliver()
        return linkedid

    def deliver(self) -> None:
        """Register and finish all calls of the outbox in the portal, and store what follows."""
        outbox = self.stores.outbox
        for lane in outbox.claim("deliverer", self.clock.now, 90, 10, Priority.CARD, Priority.RECORD):
            user = 2 if lane.call.last_talker else 1
            side = self._told(lane.call, user)
            steps = follow(
                lane.call, side, self.rules, self.tasks.is_open, lambda _: self.working, self.clock.now, user=user
            )
            done = [Settlement(lane.steps[0].id, "done", attempts=1)]
            key = lane.call.node, lane.call.linkedid
            assert outbox.settle("deliverer", *key, done, side, (), self.clock.now, steps)

    def _told(self, call: CallRow, user: int) -> PortalSide:
        external = f"{call.node}-{call.linkedid}"
        incoming = call.direction == "incoming"
        register = RegisterOrder(external, user, call.client, incoming, call.started, "", True, "CALL")
        end = FinishOrder(user, round(call.talk), call.status)
        (reply,) = BitrixCalls(self.client).send([CallOrder("k", register=register, finish=end)], 3)
        made, over = reply.registered, reply.finished
        assert isinstance(made, Registered), made
        assert isinstance(over, Finished), over
        return PortalSide(
            made.call_id, made.entity_type or over.entity_type, made.entity_id or over.entity_id, made.created,
            over.activity_id, finished=True,
        )  # fmt: skip

    # -- errands

    def run(self, seconds: float = 0.0) -> None:
        """Do all that is due, and what becomes due in the next ``seconds``."""
        until = self.clock.now + seconds
        while True:
            while self.errands.run_due():
                pass
            if self.clock.now >= until:
                return
            self.clock.now += 5

    def states(self, linkedid: str) -> dict[str, str]:
        """What became of the errands of a call."""
        story = Calls(self.stores.database).story(self.name, linkedid)
        assert story is not None
        return {step.kind: step.state for step in story.steps if step.kind in KINDS}

    def told(self, linkedid: str) -> str:
        """The call's timeline, a line for each entry."""
        story = Calls(self.stores.database).story(self.name, linkedid)
        assert story is not None
        return "\n".join(entry.text for entry in story.timeline)

    def retry(self) -> None:
        """As the panel does."""
        OutboxAdmin(self.stores.database).retry(None, self.clock.now, "test")

    def sent(self, method: str) -> int:
        """How often the portal was asked for this."""
        return sum(1 for entry in self.portal.requests if entry.method.casefold() == method.casefold())


def new_step(kind: str, priority: int, now: float) -> NewStep:
    return NewStep(kind, {"paths": ["/monitor/x.wav"]}, priority, now, now)


def _scene(call: CallRow, portal: PortalSide) -> Scene:
    return scene(call, portal, Known(Staff(), MOSCOW))


@contextmanager
def errand_nodes(url: str, folder: Path, *names: str, **portal: Any) -> Iterator[list[Node]]:
    """Nodes over one database and one portal. ``portal``: changes of its configuration."""
    migrated(url)
    clock = Clock()
    with ExitStack() as stack:
        made = stack.enter_context(SandboxPortal(portal_config(**portal)))
        made.state.chats[1].users.add(900)
        nodes = []
        for name in names:
            stores = stack.enter_context(open_stores(url, folder / "key", lambda _: False))
            limits = Limiter(MemoryLimits(), time.time, time.sleep)
            client = stack.enter_context(PortalClient(WebhookAuth(made.webhook_url()), limits=limits))
            nodes.append(Node(name, made, client, stores, clock))
        yield nodes


@contextmanager
def errand_house(folder: Path, **portal: Any) -> Iterator[Node]:
    """One node over SQLite."""
    with errand_nodes(f"sqlite:///{folder / 'itgrix.db'}", folder, "pbx", **portal) as nodes:
        yield nodes[0]
