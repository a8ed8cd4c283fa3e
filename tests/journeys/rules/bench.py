# SPDX-License-Identifier: GPL-3.0-or-later
"""The service between recorded sessions and the sandbox portal: real storage, real requests, the recording's time.

Only the manager socket of the PBX is replaced, by transcripts. Nothing waits: when something is due in a second, the
clock goes on by a second.
"""

from __future__ import annotations

import queue
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from itgrix_module.app.workers import Ending
from itgrix_module.asterisk.listings import with_snapshots
from itgrix_module.asterisk.transcript import read
from itgrix_module.domain.steps import Priority
from itgrix_module.pbx_door import PbxDoor, link_settings
from itgrix_module.portal_change import PortalChange
from itgrix_module.portal_door import PortalDoor
from itgrix_module.pump import Pump
from itgrix_module.routine import Employees, Lines
from itgrix_module.sandbox.portal.views import CallView, EntityView
from itgrix_module.service import Service
from tests.journeys.rules.ground import START, Ground, tokens_of
from tests.journeys.rules.talk import Talk
from tests.journeys.test_transcripts import FOLDER, sessions
from tests.journeys.wire import STAMP, text_of
from tests.media.sounds import tone, wav

PATIENCE = 3600.0  # seconds of the recording's time that everything may take to be delivered
_TICK = 0.5  # seconds
_TOGETHER = 0.004  # seconds of messages that are taken at once, as the service takes what has come
_MOMENT = re.compile(rb"\b1795[0-9]{6}(?=\.[0-9])")  # in time stamps and in ids of channels alike
_SOUND = tone(1.0)


class Bench:
    """One service, one node, one portal."""

    def __init__(self, ground: Ground, folder: Path, stack: ExitStack) -> None:
        self._ground, self._folder, self._stack = ground, folder, stack
        self.portal, self.clock = ground.portal, ground.clock
        core, clock = ground.core(folder / "home"), ground.clock
        self._inbox: queue.Queue[Any] = queue.Queue()
        door = PortalDoor(core.tokens, core.limits, clock, clock.wait)
        pbx = PbxDoor(self._inbox, clock)
        core.settings.on_change(door.configure)
        self.service = service = Service(core, pbx, door, Ending())
        self.door = door
        pbx.sides.is_own = service.is_own_mobile
        vote = lambda: str(core.settings.current["calls.vote_variable"])  # noqa: E731
        nothing = lambda _: ""  # noqa: E731
        self._pump = Pump(self._inbox, service.tracker, pbx.sides, nothing, lambda: None, lambda _: {}, vote=vote)
        self._wake = service.wake.event()
        self._jobs = (Employees(service), Lines(service))
        core.settings.on_change(PortalChange(service))
        self._due: float | None = None
        stack.callback(self.close)

    def close(self) -> None:
        """End what runs; a second time does no harm."""
        self._pump.close()
        self.service.routing.close()
        self.service.customizer.close()
        self.service.library.close()
        self.door.close()

    def again(self) -> Bench:
        """The service after a restart."""
        self.close()
        return self._another()

    def node(self, name: str) -> Bench:
        """The service of another PBX with the same database and the same portal."""
        self.rule(pbx__node=name)
        return self._another()

    def _another(self) -> Bench:
        return Bench(self._ground, self._folder, self._stack)

    # -- what the administrator and others do

    def rule(self, **settings: Any) -> Bench:
        """Settings, with ``__`` for a dot, in force at once."""
        self.service.core.settings.save({key.replace("__", "."): value for key, value in settings.items()})
        self.jobs()
        return self

    def jobs(self) -> None:
        """The timetable: employees and lines."""
        for job in self._jobs:
            job()

    def script(self, name: str, answer: str) -> None:
        """A customization, switched on: ``answer`` is Python that makes ``data`` of ``given``."""
        hooks = self.service.core.place.hooks
        (hooks / f"{name}.py").write_text(
            "import json, sys\ngiven = json.load(sys.stdin)\n"
            f"data = {answer}\nprint(json.dumps({{'state': 'success', 'data': data}}))\n"
        )
        active = [*self.service.core.settings.current["hooks.active"], name]
        self.rule(hooks__enabled=True, hooks__seconds=10.0, hooks__active=active)

    def client(self, kind: str = "contact", phone: str = "+79161234567", **fields: Any) -> int:
        """A record in the CRM."""
        phones = [{"VALUE": phone, "VALUE_TYPE": "WORK"}]
        with self.portal.state.lock:
            stamp = self.portal.state.iso()
            fields = {key: str(value) if isinstance(value, int) else value for key, value in fields.items()}
            return int(self.portal.state.crm.add(kind.upper(), {"PHONE": phones, **fields}, 900, stamp))

    # -- calls

    def play(
        self,
        name: str,
        *,
        at: float | None = None,
        swap: Mapping[str, str] | None = None,
        change: Callable[[bytes], bytes] = bytes,
        settle: bool = True,
    ) -> Talk:
        """A recorded session from its beginning to its end, and what the portal was asked because of it.

        ``at``: seconds from START to its begin, else a minute from now; ``swap``: text for text; ``settle``: until all
        is delivered.
        """
        self.service.core.settings.poll()
        before = len(self.portal.requests)
        texts = [change(text_of(path)) for path in sessions(FOLDER / f"{name}.ami.gz")]
        wanted = self.clock.now + 60 if at is None else START + at
        assert wanted >= self.clock.now
        shift = int(wanted - begin(texts[0]))
        for number, text in enumerate(texts):
            self._session(changed(text, shift, swap or {}), number)
        if settle:
            self.settle()
        else:
            self.step(1.0)
        return Talk(self.portal.requests[before:])

    def _session(self, text: bytes, number: int) -> None:
        self._record(text)
        path = self._folder / f"{number}.ami"
        path.write_bytes(text)
        wanted = link_settings(self.service.core.settings.current).wanted.variables
        last = 0.0
        for item in with_snapshots(read(path, variables=wanted)):
            if item.at > last + _TOGETHER:
                self._track()
                self._until(item.at)
                last = item.at
            self._inbox.put(item)
        self._track()

    def _track(self) -> None:
        if not self._inbox.empty():
            self._pump.pump()
        if self._wake.is_set():
            self._wake.clear()
            self._due = self._next()

    def _record(self, text: bytes) -> None:
        """The files that the PBX wrote in the meantime."""
        for name in set(re.findall(rb"[\w+.-]+\.wav\b", text)):
            wav(self._folder / "monitor" / name.decode(), _SOUND)

    def _next(self) -> float | None:
        outbox = self.service.core.outbox
        return outbox.next_due(self.clock.now, Priority.CARD, Priority.LATE)

    def _until(self, at: float) -> None:
        """Do all that is due before this moment, each thing when it is due."""
        while self._due is not None and self._due <= at:
            self.clock.reach(self._due)
            if not self._work():
                self.clock.wait(max(_TICK, self.service.standing.pause()))
            self._due = self._next()
        self.clock.reach(at)

    def _work(self) -> int:
        service = self.service
        return service.deliverer.deliver_due() or service.aftercare.errands.run_due() or service.uploader.upload_due()

    def settle(self) -> None:
        """Until nothing is left to do for the portal; fails when that takes too long."""
        last = self.clock.now + PATIENCE
        while self.service.core.outbox.counts()["lanes"]:
            self._due = self._next()
            self._until(self._due if self._due and self._due > self.clock.now else self.clock.now)
            self.jobs()
            assert self.clock.now < last, self.service.core.deliveries.steps("waiting")

    def step(self, seconds: float) -> None:
        """Let so much time pass."""
        self._due = self._next()
        self._until(self.clock.now + seconds)

    # -- what came of it

    def call(self) -> CallView:
        """The portal's only call."""
        (found,) = self.portal.calls()
        return found

    def made(self) -> dict[str, EntityView]:
        """Records that calls made, by kind."""
        created = [item for call in self.portal.calls() for item in call.created]
        return {each.kind: each for kind, number in created for each in self.portal.entities(kind) if each.id == number}

    def told(self) -> str:
        """The timelines of all calls, a line for each entry."""
        calls = self.service.core.calls
        found = [calls.story(item.call.node, item.call.linkedid) for item in calls.newest(100)]
        return "\n".join(entry.text for story in found if story for entry in story.timeline)


def begin(text: bytes) -> float:
    """When a session began, epoch seconds."""
    found = STAMP.search(text)
    assert found is not None
    return float(found[2])


def changed(text: bytes, shift: int, swap: Mapping[str, str]) -> bytes:
    """The session so many seconds later, with other numbers."""
    for old, new in swap.items():
        text = text.replace(old.encode(), new.encode())
    return _MOMENT.sub(lambda found: b"%d" % (int(found[0]) + shift), text)


@contextmanager
def bench(ground: Ground, folder: Path, settings: Mapping[str, Any], mode: int = 1) -> Iterator[Bench]:
    """Everything fresh, in ``folder``; ``mode``: of the CRM."""
    (folder / "monitor").mkdir()
    ground.portal_anew(mode)
    portal = ground.portal
    usual = {
        "portal.webhook_url": portal.webhook_url(),
        "recordings.directory": str(folder / "monitor"),
        "recordings.mode": "off",
        "limits.rate": 500.0,
        "limits.burst": 5000,
        "portal.domain": portal.url,
        "portal.client_id": portal.config.apps[0].client_id,
        "portal.client_secret": portal.config.apps[0].client_secret,
        "portal.oauth_host": portal.oauth_url,
    }
    with patch.object(time, "time", ground.clock), ExitStack() as stack:
        ground.empty()
        core = ground.core(folder / "home")
        core.settings.save({**usual, **settings})
        if core.settings.current["portal.mode"] == "app":
            core.tokens.save(tokens_of(portal))
        made = Bench(ground, folder, stack)
        made.jobs()
        yield made
