# SPDX-License-Identifier: GPL-3.0-or-later
"""The composition root: everything that runs, started from top to bottom and stopped in reverse order."""

from __future__ import annotations

import logging
import os
import queue
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itgrix_module import vitals
from itgrix_module.app.deliver import Deliverer
from itgrix_module.app.directory import Directory
from itgrix_module.app.health import Health
from itgrix_module.app.ports import CallRow, PreparedRecording
from itgrix_module.app.track import Tracker
from itgrix_module.app.upload import Uploader
from itgrix_module.app.workers import Wake, Worker
from itgrix_module.domain.steps import Priority
from itgrix_module.doors import PbxDoor, PortalDoor, RecordsDoor
from itgrix_module.jobs import Job, timetable
from itgrix_module.live import LiveSettings
from itgrix_module.media.find import locate
from itgrix_module.media.prepare import prepare
from itgrix_module.place import Place, heard_at
from itgrix_module.pump import INBOX_SIZE, Pump
from itgrix_module.settings import BY_KEY, Settings
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.employees import SqlEmployeeStore
from itgrix_module.storage.engine import Database, open_engine
from itgrix_module.storage.limits import SqlLimitStore
from itgrix_module.storage.migrate import upgrade
from itgrix_module.storage.outbox import SqlOutbox
from itgrix_module.storage.outbox_admin import OutboxAdmin
from itgrix_module.storage.queries import Calls
from itgrix_module.storage.settings_store import SqlSettingStore
from itgrix_module.storage.tokens import SqlTokenStore
from itgrix_module.storage.vault import open_vault

log = logging.getLogger("itgrix.service")

VERSION = "1.0.0.dev0"
DELIVERY_WORKERS = 4
_IDLE = 0.25  # seconds between looks at the outbox when nobody has woken us
_BEAT = 5.0  # seconds between two notes that the PBX was heard


@dataclass(frozen=True)
class Core:
    """What commands and the panel use whether the service runs or not."""

    place: Place
    database: Database
    outbox: SqlOutbox
    settings: LiveSettings
    tokens: SqlTokenStore
    limits: SqlLimitStore
    calls: Calls
    deliveries: OutboxAdmin


@contextmanager
def open_core(place: Place) -> Iterator[Core]:
    """Home, database brought to this version, settings. Raises Failure with what to do."""
    place.prepare()
    upgrade(place.database_url)
    database = Database(open_engine(place.database_url))
    try:
        vault = open_vault(place.key_file)
        store = SqlSettingStore(database, vault, lambda key: key in BY_KEY and BY_KEY[key].secret)
        yield Core(
            place,
            database,
            SqlOutbox(database),
            LiveSettings(store),
            SqlTokenStore(database, vault),
            SqlLimitStore(database),
            Calls(database),
            OutboxAdmin(database),
        )
    finally:
        database.close()


class Service:
    """The running service. ``core``: storage and settings."""

    def __init__(self, core: Core, pbx: PbxDoor, portal: PortalDoor, stopping: threading.Event) -> None:
        self.core, self.pbx, self.portal = core, pbx, portal
        self.started = time.time()
        self.wake = Wake()
        settings = core.settings
        self.node: str = settings.current["pbx.node"]
        self.directory = Directory(
            SqlEmployeeStore(core.database), portal, settings.directory, settings.options, time.time
        )
        self.tracker = Tracker(
            SqlCallStore(core.database), self.node, settings.rules, settings.timing, time.time, self.wake
        )
        owner = f"{socket.gethostname()}:{os.getpid()}"
        self.deliverer = Deliverer(
            core.outbox, portal, self.directory, settings.options, time.time, random.random, owner
        )
        self.uploader = Uploader(core.outbox, portal, Recordings(core), time.time, random.random, f"{owner}:up")
        self.stopping = stopping

    def retry(self, steps: Sequence[int] | None, who: str) -> int:
        """Try steps (None: all that failed) again now; returns how many."""
        count = self.core.deliveries.retry(steps, time.time(), who)
        self.deliverer.resume()
        self.wake()
        return count

    def drop(self, steps: Sequence[int], who: str) -> int:
        """Give steps up; returns how many."""
        return self.core.deliveries.drop(steps, time.time(), who)

    def recording_file(self, call: CallRow) -> Path | None:
        """The file of a call's recording on the PBX, if it is there."""
        settings = self.core.settings.current
        story = self.core.calls.story(call.node, call.linkedid)
        paths = [
            path for step in (story.steps if story else ()) if step.kind == "attach" for path in step.payload["paths"]
        ]
        found = (locate(path, settings["recordings.directory"], call.started) for path in paths)
        return next((path for path in found if path is not None), None)

    def health(self) -> Health:
        """How each part is."""
        return vitals.health(self, VERSION)


class Recordings:
    """Fulfils ``app.ports.Recordings`` with the settings of this moment."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def prepare(self, paths: Sequence[str], name: str, started: float) -> PreparedRecording:
        """See the port."""
        settings = self._core.settings.current
        made = prepare(
            paths,
            directory=settings["recordings.directory"],
            work_dir=self._core.place.work,
            bitrate=settings["recordings.bitrate"],
            name=name,
            started=started,
        )
        return PreparedRecording(str(made.path), made.filename, made.seconds)


@contextmanager
def running(place: Place, on_ready: Callable[[Service], None] = lambda _: None) -> Iterator[Service]:
    """The whole service but the panel, until the block is left."""
    stopping = threading.Event()
    inbox: queue.Queue[Any] = queue.Queue(INBOX_SIZE)
    with ExitStack() as stack:
        place.prepare()
        stack.enter_context(place.alone())
        core = stack.enter_context(open_core(place))
        portal = PortalDoor(core.tokens, core.limits, time.time, stopping.wait)
        stack.callback(portal.close)
        pbx = PbxDoor(inbox, time.time)
        core.settings.on_change(portal.configure)
        service = Service(core, pbx, portal, stopping)
        _start_delivery(stack, service)
        _start_tracking(stack, service, inbox)
        stack.enter_context(timetable(_jobs(service)))
        stack.callback(stopping.set)
        on_ready(service)
        log.info("service %s started, node %s, home %s", VERSION, service.node, place.home)
        yield service
        log.info("service stops")


def _start_delivery(stack: ExitStack, service: Service) -> None:
    def idle() -> float:
        return min(_IDLE, max(0.005, _until_due(service)))

    def work() -> int:
        # Without the employees every call would go to the default user.
        return service.deliverer.deliver_due() if service.directory.is_ready else 0

    for number in range(DELIVERY_WORKERS):
        stack.enter_context(Worker(f"delivery-{number + 1}", work, service.wake.event(), idle))
    stack.enter_context(Worker("upload", service.uploader.upload_due, service.wake.event(), lambda: 1.0))


def _until_due(service: Service) -> float:
    due = service.core.outbox.next_due(time.time(), Priority.CARD, Priority.TASK)
    return _IDLE if due is None else due - time.time()


def _start_tracking(stack: ExitStack, service: Service, inbox: queue.Queue[Any]) -> None:
    pbx, heartbeat = service.pbx, service.core.place.heartbeat
    beat = Beat(lambda: pbx.state.phase == "up", heartbeat.touch)
    records = RecordsDoor()
    stack.callback(records.close)
    service.core.settings.on_change(records.configure)
    pump = Pump(inbox, service.tracker, pbx.sides, pbx.recording_path, lambda: heard_at(heartbeat), records.ends, beat)
    stack.callback(pump.close)
    stack.enter_context(Worker("tracker", pump.pump, threading.Event(), lambda: 0.0))
    stack.callback(pbx.close)
    service.core.settings.on_change(pbx.configure)


class Beat:
    """Notes every few seconds that the PBX is heard, so that after a crash the last moment is known."""

    def __init__(self, is_up: Callable[[], bool], note: Callable[[], None]) -> None:
        self._is_up, self._note = is_up, note
        self._at = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if now - self._at >= _BEAT and self._is_up():
            self._at = now
            self._note()


def _jobs(service: Service) -> list[Job]:
    return [
        Job("settings", 2.0, service.core.settings.poll),
        Job("employees", 5.0, lambda: _refresh_employees(service), at_start=True),
    ]


def _refresh_employees(service: Service) -> None:
    settings: Settings = service.core.settings.current
    if service.directory.wants_refresh(settings["directory.refresh_minutes"] * 60.0):
        service.directory.refresh()
