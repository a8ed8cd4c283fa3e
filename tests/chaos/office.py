# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracker and deliverer over a real database and a sandbox portal, on a clock that is turned by hand.

A week passes in minutes: nothing sleeps, the portal counts its limits by the same clock, requests go over a socket.
"""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itgrix_module.app.call_full import Known as KnownOfCall
from itgrix_module.app.clients import Clients
from itgrix_module.app.customizing import Customizer
from itgrix_module.app.deliver import Deliverer
from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.hooking import NoHooks
from itgrix_module.app.orders import Options
from itgrix_module.app.standing import Standing
from itgrix_module.app.track import CardTiming, Tracker
from itgrix_module.app.upload import Uploader
from itgrix_module.domain.facts import DialEnded, Fact, LegAdded, LegDialled, LegEnded, LegJoined, RecordingNamed, Side
from itgrix_module.domain.policy import Rules
from itgrix_module.portal_door import PortalDoor
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.views import CallView
from itgrix_module.settings import Settings
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.limits import SqlLimitStore
from itgrix_module.storage.outbox import SqlOutbox
from itgrix_module.storage.tokens import SqlTokenStore
from itgrix_module.storage.vault import open_vault
from tests.app.desk import Shelf, Staff
from tests.fakes.migrated import migrated
from tests.service.house import portal_config, user_of

NODE = "pbx1"
START = 1_795_000_000.0
LATENCY = 0.15  # seconds that a request takes
LOOKS = 100  # at the portal, while it is skipped over
TALKED, MISSED = "200", "304"


@dataclass
class Clock:
    """Epoch seconds. ``offset``: how far the system's clock is set wrong."""

    true: float = START
    offset: float = 0.0

    def __call__(self) -> float:
        return self.true + self.offset

    def wait(self, seconds: float) -> bool:
        self.true += seconds
        return False


@dataclass(frozen=True)
class Ring:
    """A call to come. ``at``: seconds after the beginning; ``talk`` 0: nobody answers within ``ring`` seconds."""

    at: float
    number: int
    ring: float = 6.0
    talk: float = 30.0
    recording: str = ""

    @property
    def linkedid(self) -> str:
        return f"{int(START + self.at)}.{self.number}"

    @property
    def extension(self) -> str:
        return str(101 + self.number % 9)

    @property
    def client(self) -> str:
        return f"7916{self.number:07d}"

    def beginning(self, at: float) -> list[Fact]:
        """A client calls, a phone rings."""
        line, phone = f"{self.linkedid}-t", f"{self.linkedid}-a"
        outside = LegAdded(
            at, line, self.linkedid, f"PJSIP/trunk-{line}", Side.OUTSIDE, "trunk", self.client,
            dialled="74950000001", calling=True,
        )  # fmt: skip
        employee = LegAdded(at, phone, self.linkedid, f"PJSIP/{self.extension}-{phone}", Side.EMPLOYEE, self.extension)
        recorded = [RecordingNamed(at, line, self.recording)] if self.recording else []
        return [outside, *recorded, employee, LegDialled(at, phone, by=line)]

    def answer(self, at: float) -> list[Fact]:
        """The employee takes it."""
        line, phone = f"{self.linkedid}-t", f"{self.linkedid}-a"
        return [
            DialEnded(at, phone, line, "ANSWER"),
            LegJoined(at, line, f"b-{line}"),
            LegJoined(at, phone, f"b-{line}"),
        ]

    def end(self, at: float) -> list[Fact]:
        """The client hangs up, before an answer or after it."""
        line, phone = f"{self.linkedid}-t", f"{self.linkedid}-a"
        given_up = [] if self.talk else [DialEnded(at, phone, line, "CANCEL")]
        return [*given_up, LegEnded(at, phone, 16), LegEnded(at, line, 16)]


@dataclass
class Office:
    """Everything; ``restart`` is what a kill and a new start are. ``latency``: seconds that a delivery takes.

    One worker does all: what several at once manage to deliver is a shorter time for each.
    """

    database: Database
    portal: SandboxPortal
    clock: Clock
    key_file: Path
    node: str = NODE
    options: Options = field(default_factory=Options)
    shelf: Shelf = field(default_factory=Shelf)
    latency: float = LATENCY
    _due: list[tuple[float, int, Callable[[float], Sequence[Fact]]]] = field(default_factory=list)
    played: list[Ring] = field(default_factory=list)
    _events: int = 0

    def __post_init__(self) -> None:
        self.outbox = SqlOutbox(self.database)
        self.door: PortalDoor | None = None
        self.starts = 0
        self.restart()

    def restart(self) -> None:
        """All that lives in memory is gone."""
        if self.door is not None:
            self.door.close()
        self.starts += 1
        clock, chance = self.clock, lambda: 0.5
        tokens = SqlTokenStore(self.database, open_vault(self.key_file))
        self.door = door = PortalDoor(tokens, SqlLimitStore(self.database), clock, clock.wait)
        door.configure(Settings(self._settings()))
        store = SqlCallStore(self.database)
        self.tracker = Tracker(store, self.node, Rules, CardTiming, clock)
        self.standing = Standing(clock, chance)
        customizer = Customizer(NoHooks(), lambda _: KnownOfCall(Roster(())))
        owner = f"{self.node}:{self.starts}"
        self.deliverer = Deliverer(
            self.outbox, door, Staff(900), Clients(door, clock), customizer, lambda: self.options, self.standing, clock,
            chance, owner,
        )  # fmt: skip
        self.uploader = self.uploader_with(self.shelf)

    def uploader_with(self, shelf: Shelf) -> Uploader:
        """One that finds these recordings."""
        assert self.door is not None
        owner = f"{self.node}:{self.starts}:up"
        return Uploader(self.outbox, self.door, shelf, self.standing, self.clock, lambda: 0.5, owner, node=self.node)

    def settle_limits(self, rate: float, burst: int) -> None:
        """As an administrator enters the limits of his portal."""
        assert self.door is not None
        self.door.configure(Settings({**self._settings(), "limits.rate": rate, "limits.burst": burst}))

    def _settings(self) -> dict[str, Any]:
        return {"portal.webhook_url": self.portal.webhook_url(), "pbx.node": self.node}

    def expect(self, *rings: Ring) -> None:
        """These calls will come."""
        for ring in rings:
            self.played.append(ring)
            self._at(ring.at, ring.beginning)
            if ring.talk:
                self._at(ring.at + ring.ring, ring.answer)
            self._at(ring.at + ring.ring + ring.talk, ring.end)

    def _at(self, seconds: float, facts: Callable[[float], Sequence[Fact]]) -> None:
        self._events += 1
        heapq.heappush(self._due, (START + seconds, self._events, facts))

    def track_due(self) -> None:
        """What has happened on the PBX by now, by true time; facts are stamped by the clock as it is set."""
        facts: list[Fact] = []
        while self._due and self._due[0][0] <= self.clock.true:
            at, _, make = heapq.heappop(self._due)
            facts.extend(make(at + self.clock.offset))
        if facts:
            self.tracker.track(facts)

    def skip(self, until: float) -> None:
        """The PBX goes on and the deliverer looks now and then, while nothing can be delivered anyway."""
        pace = (START + until - self.clock.true) / LOOKS
        for _ in range(LOOKS):
            self.clock.true += pace
            self.track_due()
            self.deliverer.deliver_due()

    def run(self, until: float = float("inf"), turn: Callable[[], object] = lambda: None) -> None:
        """As it comes, until nothing is left to do, or so many seconds after the beginning. ``turn``: at each look."""
        while self.clock.true < START + until:
            self.track_due()
            turn()
            if self.deliverer.deliver_due() or self.uploader.upload_due():
                self.clock.true += self.latency
            else:
                next_event = self._due[0][0] if self._due else float("inf")
                is_done = self.outbox.next_due(self.clock()) is None
                if is_done and not self._due:
                    return
                pause = float("inf") if is_done else max(0.005, self.deliverer.idle())
                self.clock.true = min(next_event, START + until, self.clock.true + pause)

    def delays(self, numbers: range) -> list[float]:
        """Seconds from the ringing to the card, of those that got one."""
        calls = self.by_id()
        found = [calls.get(f"{self.node}-{ring.linkedid}") for ring in self.played if ring.number in numbers]
        return sorted(call.cards[0].at - call.started for call in found if call is not None and call.cards)

    def by_id(self) -> dict[str, CallView]:
        """The portal's calls by our id; fails when there are two."""
        calls = self.portal.calls()
        found = {call.external_call_id: call for call in calls}
        assert len(found) == len(calls), "a call is there twice"
        return found

    def assert_whole(self) -> None:
        """Every call once, as it was, none besides, and no card outside of its ringing."""
        calls = self.by_id()
        assert len(calls) == len(self.played)
        for ring in self.played:
            self._assert_call(calls[f"{self.node}-{ring.linkedid}"], ring)
        assert self.outbox.counts()["failed"] == 0

    def _assert_call(self, call: CallView, ring: Ring) -> None:
        assert call.finish is not None, ring
        assert (call.registers, call.refused_finishes) == (1, 0), (ring, call)
        assert call.finish.status == (TALKED if ring.talk else MISSED), (ring, call.finish)
        assert abs(call.finish.duration - ring.talk) <= 1, (ring, call.finish)
        assert call.phone.lstrip("+") == ring.client
        if ring.talk:
            assert call.finish.user_id == user_of(ring.extension), (ring, call.finish)
        ringing_ends = START + ring.at + ring.ring + self.clock.offset
        for card in call.cards:
            assert not card.opened or ring.talk or card.at <= ringing_ends + 1, (ring, call.cards)
        assert not call.open_cards, (ring, call.cards)
        assert call.records == bool(ring.recording), (ring, call.records)


@contextmanager
def office(folder: Path, url: str = "", *, options: Options | None = None, **portal: Any) -> Iterator[Office]:
    """``url``: of an empty database, else SQLite in the folder; ``portal``: changes of the portal's configuration."""
    url = url or f"sqlite:///{folder / 'office.db'}"
    migrated(url)
    clock = Clock()
    plan = {"bucket_burst": None, "bucket_drain": None, "keep_calls": 1_000_000, "keep_entities": 1_000_000}
    config = dataclasses.replace(portal_config(**{**plan, "keep_requests": 20_000}), **portal)
    with SandboxPortal(config, clock=clock) as made, closing(open_database(url)) as database:
        here = Office(database, made, clock, folder / "key", options=options or Options(create_incoming=False))
        with closing_door(here):
            yield here


@contextmanager
def closing_door(here: Office) -> Iterator[None]:
    """The last door is closed, whichever that is."""
    try:
        yield
    finally:
        assert here.door is not None
        here.door.close()
