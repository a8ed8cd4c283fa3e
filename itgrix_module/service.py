# SPDX-License-Identifier: GPL-3.0-or-later
"""The composition root: everything that runs, started from top to bottom and stopped in reverse order."""

from __future__ import annotations

import hashlib
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
from itgrix_module.app.ports import CallRow
from itgrix_module.app.standing import Standing
from itgrix_module.app.track import Tracker
from itgrix_module.app.upload import Recording, Uploader
from itgrix_module.app.workers import Ending, Troubles, Wake, Worker
from itgrix_module.bitrix24.address import host_of, on_host
from itgrix_module.doors import PbxDoor, PortalDoor, RecordsDoor
from itgrix_module.inheritance import take_back
from itgrix_module.jobs import Job, timetable
from itgrix_module.live import LiveSettings
from itgrix_module.media.find import locate
from itgrix_module.media.prepare import prepare
from itgrix_module.place import Place, heard_at
from itgrix_module.pump import INBOX_SIZE, Pump
from itgrix_module.settings import BY_KEY, Settings, SettingsError
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
from itgrix_module.surroundings import Surroundings

log = logging.getLogger("itgrix.service")

VERSION = "1.0.0.dev0"
DELIVERY_WORKERS = 4
_BEAT = 1.0  # seconds between two notes that the PBX was heard


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
    """The running service. ``core``: storage and settings; ``ending``: told when it stops."""

    def __init__(self, core: Core, pbx: PbxDoor, portal: PortalDoor, ending: Ending) -> None:
        self.core, self.pbx, self.portal, self.ending = core, pbx, portal, ending
        self.started = time.time()
        self.wake, self.troubles = Wake(), Troubles()
        self.standing = Standing(time.time, random.random)
        settings, outbox = core.settings, core.outbox
        self.node: str = settings.current["pbx.node"]
        self.surroundings = Surroundings(core.place, lambda: settings.current)
        self.directory = Directory(
            SqlEmployeeStore(core.database), portal, settings.directory, settings.options, time.time
        )
        self.tracker = Tracker(
            SqlCallStore(core.database), self.node, settings.rules, settings.timing, time.time, self.wake
        )
        self.deliverer = Deliverer(
            outbox,
            portal,
            self.directory,
            settings.options,
            self.standing,
            time.time,
            random.random,
            owner_name(core.place),
        )
        recordings = Recordings(core, ending.event)
        owner = f"{owner_name(core.place)}:up"
        self.uploader = Uploader(outbox, portal, recordings, self.standing, time.time, random.random, owner)

    def resume(self) -> None:
        """Somebody may have mended what stood in the way: try at once."""
        self.standing.resume()
        self.uploader.resume()
        self.wake()

    def retry(self, steps: Sequence[int] | None, who: str) -> int:
        """Try steps (None: all that failed) again now; returns how many."""
        count = self.core.deliveries.retry(steps, time.time(), who)
        self.resume()
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


def owner_name(place: Place) -> str:
    """Who holds leases of deliveries: the service of this home, whichever process it is."""
    home = hashlib.sha256(str(place.home).encode()).hexdigest()[:12]
    return f"{socket.gethostname()[:40]}:{home}:{os.getpid()}"


class Recordings:
    """Fulfils ``app.upload.Preparer`` with the settings of this moment. ``stop``: set when the service stops."""

    def __init__(self, core: Core, stop: threading.Event) -> None:
        self._core, self._stop = core, stop

    def prepare(self, paths: Sequence[str], name: str, started: float, deadline: float) -> Recording:
        """See the port."""
        settings = self._core.settings.current
        made = prepare(
            paths,
            directory=settings["recordings.directory"],
            work_dir=self._core.place.work,
            bitrate=settings["recordings.bitrate"],
            name=name,
            started=started,
            deadline=deadline,
            stop=self._stop,
        )
        return Recording(str(made.path), made.filename, made.seconds, made.left_out)


@contextmanager
def running(place: Place, on_ready: Callable[[Service], None] = lambda _: None) -> Iterator[Service]:
    """The whole service but the panel, until the block is left; then it stops in the reverse order of its start."""
    ending = Ending()
    inbox: queue.Queue[Any] = queue.Queue(INBOX_SIZE)
    with ExitStack() as stack:
        place.prepare()
        stack.enter_context(place.alone())
        core = stack.enter_context(open_core(place))
        portal = PortalDoor(
            core.tokens, core.limits, time.time, ending.event.wait, on_renamed=lambda host: _moved(core, host)
        )
        stack.callback(portal.close)
        pbx = PbxDoor(inbox, time.time)
        core.settings.on_change(portal.configure)
        service = Service(core, pbx, portal, ending)
        take_back(core.database, owner_name(place).rpartition(":")[0])
        core.settings.on_change(PortalChange(service))
        _start_delivery(stack, service)
        _start_tracking(stack, service, inbox)
        stack.enter_context(timetable(_jobs(service), service.troubles, ending))
        stack.callback(service.wake)
        stack.callback(ending.begin)
        on_ready(service)
        log.info("service %s started, node %s, home %s", VERSION, service.node, place.home)
        yield service
        log.info("service stops")


class PortalChange:
    """Hears of changed settings: what waits for the portal is tried at once, another portal has other employees."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._portal = _portal_of(service.core.settings.current)

    def __call__(self, settings: Settings) -> None:
        portal = _portal_of(settings)
        is_other = bool(self._portal) and portal != self._portal
        self._portal = portal
        self._service.directory.ask_again(other_portal=is_other)
        self._service.resume()


def _portal_of(settings: Settings) -> str:
    return settings["portal.domain"] or host_of(settings["portal.webhook_url"])


def _moved(core: Core, host: str) -> None:
    """The portal has a new address: keep it, so that the next start finds the portal at once."""
    settings, changes = core.settings.current, {}
    if host_of(settings["portal.webhook_url"]):
        changes["portal.webhook_url"] = on_host(settings["portal.webhook_url"], host)
    if settings["portal.domain"]:
        changes["portal.domain"] = host
    try:
        core.settings.save(changes)
    except SettingsError as error:
        log.error("the portal's new address %s cannot be kept: %s", host, error)


def _start_delivery(stack: ExitStack, service: Service) -> None:
    def work() -> int:
        return service.deliverer.deliver_due() if service.directory.is_ready else 0

    for number in range(DELIVERY_WORKERS):
        name = f"delivery-{number + 1}"
        stack.enter_context(_worker(service, name, work, service.wake.event(), service.deliverer.idle))
    uploader = service.uploader
    stack.enter_context(_worker(service, "upload", uploader.upload_due, service.wake.event(), uploader.idle))


def _worker(
    service: Service, name: str, work: Callable[[], int], wake: threading.Event, idle: Callable[[], float]
) -> Worker:
    return Worker(name, work, wake, idle, service.troubles, service.ending)


def _start_tracking(stack: ExitStack, service: Service, inbox: queue.Queue[Any]) -> None:
    pbx, place = service.pbx, service.core.place
    beat = Beat(lambda: pbx.state.phase == "up", place.beat)
    records = RecordsDoor()
    stack.callback(records.close)
    service.core.settings.on_change(records.configure)
    heard = lambda: heard_at(place.heartbeat)  # noqa: E731
    pump = Pump(inbox, service.tracker, pbx.sides, pbx.recording_path, heard, records.ends, beat)
    stack.callback(pump.close)
    tracker = _worker(service, "tracker", pump.pump, threading.Event(), lambda: 0.0)
    stack.callback(lambda: None if tracker.is_alive else pump.drain())
    stack.enter_context(tracker)
    stack.callback(pbx.close)
    service.core.settings.on_change(pbx.configure)


class Beat:
    """Notes every second that the PBX is heard, so that after a crash the last moment is known."""

    def __init__(self, is_up: Callable[[], bool], note: Callable[[], None]) -> None:
        self._is_up, self._note = is_up, note
        self._at = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if now - self._at >= _BEAT and self._is_up():
            self._at = now
            self._note()


def _jobs(service: Service) -> list[Job]:
    watch = vitals.Watch(lambda: service.health().checks)
    return [
        Job("settings", 2.0, service.core.settings.poll),
        Job("employees", 2.0, lambda: _refresh_employees(service), at_start=True),
        Job("watch", 5.0, watch),
        Job("rights", 60.0, lambda: _ask_for_rights(service)),
    ]


def _ask_for_rights(service: Service) -> None:
    """Rights that the manager user lacked may have been given meanwhile; between calls a new login does no harm."""
    if service.pbx.state.missing and not service.tracker.live_calls:
        service.pbx.reconnect()


def _refresh_employees(service: Service) -> None:
    settings: Settings = service.core.settings.current
    if not service.directory.wants_refresh(settings["directory.refresh_minutes"] * 60.0):
        return
    failure = service.directory.refresh()
    if failure is None:
        service.standing.answered(a_call=False)
        service.wake()
    else:
        service.standing.failed(failure)
