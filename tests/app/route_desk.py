# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing with everything outside it in the test's hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

from itgrix_module.app.clients import Clients, Question
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.route import Router
from itgrix_module.app.route_memory import Calendar, Listening, RouteMemory
from itgrix_module.app.route_ports import Asked, Customize, Routed, Sources
from itgrix_module.app.route_rules import RouteSettings
from itgrix_module.domain.hours import Hours
from itgrix_module.domain.responsible import CONTACT, Record
from itgrix_module.settings_routing import ROUTING

NUMBER = "+79161234567"
ANNA, BORIS = 1, 2
CLIENT = Record(CONTACT, "10", "Иван Петров", ANNA)
NOW = 1_795_000_000.0  # a Wednesday, 2026-11-18 10:26:40 UTC
PATIENCE = 10.0  # seconds that a test waits for what must come
HURRY = 100  # ms: so that a test about lateness is short
PATIENT = 1.0  # seconds: where something else must be known by then


class Gate:
    """Holds whoever comes through until it is opened; says that somebody waits."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self.reached = threading.Semaphore(0)

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def wait_reached(self) -> None:
        assert self.reached.acquire(timeout=PATIENCE)

    def through(self) -> None:
        self.reached.release()
        assert self._open.wait(PATIENCE)


class Crm:
    """Fulfils ``ClientSource``."""

    def __init__(self) -> None:
        self.records: dict[str, tuple[Record, ...]] = {NUMBER: (CLIENT,)}
        self.failure: Exception | None = None
        self.gate = Gate()
        self.asked: list[tuple[Question, int]] = []

    def search(self, questions: Sequence[Question], priority: int) -> list[tuple[Record, ...]]:
        self.asked += [(question, priority) for question in questions]
        self.gate.through()
        if self.failure is not None:
            raise self.failure
        return [self.records.get(question.number, ()) for question in questions]


class Office:
    """Fulfils ``People``, ``Devices``, ``Talks`` and ``Worktime``."""

    def __init__(self) -> None:
        self.extensions: dict[int, str | None] = {ANNA: "101", BORIS: "102"}
        self.devices: dict[str, str] = {"101": "NOT_INUSE", "102": "NOT_INUSE"}
        self.asked_devices: list[str] = []
        self.known_devices: dict[str, str] = {}
        self.sent_to: list[str] = []
        self.device_gate, self.day_gate, self.talk_gate = Gate(), Gate(), Gate()
        self.days: dict[int, str] = {}
        self.asked_days: list[tuple[int, ...]] = []
        self.last = ""
        self.since = 0.0
        self.open_days = Calendar((((540, 1080),),) * 5 + ((), ()))
        self.failure: Exception | None = None

    def employee(self, party: str) -> Employee | None:
        user = next((user for user, extension in self.extensions.items() if extension == party), 0)
        return Employee(party, user, "") if user else None

    def extension(self, user: int) -> str | None:
        return self.extensions.get(user)

    def name(self, user: int) -> str:
        return f"user {user}"

    def state(self, extension: str, since: float) -> str | None:
        return self.known_devices.get(extension)

    def sent(self, extension: str) -> None:
        self.sent_to.append(extension)
        self.known_devices.pop(extension, None)

    def ask(self, extension: str) -> None:
        self.asked_devices.append(extension)
        self.device_gate.through()
        if self.failure is not None:
            raise self.failure
        self.known_devices[extension] = self.devices.get(extension, "UNKNOWN")

    def last_talker(self, number: str, since: float) -> str:
        self.since = since
        self.talk_gate.through()
        if self.failure is not None:
            raise self.failure
        return self.last

    def statuses(self, users: Sequence[int]) -> Mapping[int, str]:
        self.asked_days.append(tuple(users))
        self.day_gate.through()
        if self.failure is not None:
            raise self.failure
        return {user: self.days[user] for user in users if user in self.days}

    def calendar(self) -> Calendar:
        self.day_gate.through()
        return self.open_days


class Desk:
    """A router. ``settings``: ``routing.*`` keys with dots as underscores of the first place."""

    def __init__(self, **settings: Any) -> None:
        self.crm, self.office = Crm(), Office()
        self.now = NOW
        self.monotonic = 1000.0
        self.memory = RouteMemory(lambda: self.monotonic)
        self.clients = Clients(Listening(self.crm, self.memory), lambda: self.monotonic)
        self.customize: Customize | None = None
        self.settings = route_settings(**settings)
        office = self.office
        sources = Sources(self.clients, office, office, office, office, lambda: self.customize, lambda: self.now)
        self.router = Router(self.memory, sources, lambda: self.settings)

    def route(self, number: str = NUMBER, **changes: Any) -> Routed:
        return self.router.route(Asked(number, **changes))

    def in_background(self, number: str = NUMBER) -> Callable[[], Routed]:
        """Somebody waits for an answer; returns how to get it."""
        answers: list[Routed] = []
        thread = threading.Thread(target=lambda: answers.append(self.route(number)))
        thread.start()

        def answer() -> Routed:
            thread.join(PATIENCE)
            return answers[0]

        return answer

    def close(self) -> None:
        for gate in (self.crm.gate, self.office.device_gate, self.office.day_gate, self.office.talk_gate):
            gate.open()
        self.router.close()


def route_settings(spellings: Callable[[str], tuple[str, ...]] | None = None, **changes: Any) -> RouteSettings:
    """Defaults with changes of ``routing.*``."""
    values: dict[str, Any] = {setting.key: setting.default for setting in ROUTING}
    values |= {"routing.limit_ms": 5000, "extensions.pattern": r"\d{2,4}", "extensions.list": []}
    values |= {f"routing.{name}": value for name, value in changes.items()}
    hours = Hours.parse("Mon-Fri 09:00-18:00", [], [], UTC)
    return RouteSettings.of(values, hours, lambda raw: raw, spellings)


MakeRoute = Callable[..., Desk]


def said(routed: Routed) -> tuple[str, str]:
    """The extension and the reason of an answer."""
    return routed.decision.extension, routed.decision.reason
