# SPDX-License-Identifier: GPL-3.0-or-later
"""The composition root: everything that runs, started from top to bottom and stopped in reverse order."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from itgrix_module import vitals
from itgrix_module.aftercare import Aftercare
from itgrix_module.app import hook_inputs
from itgrix_module.app.attaching import Customs, Linking
from itgrix_module.app.call_full import Known
from itgrix_module.app.clients import Clients, Question
from itgrix_module.app.crm_records import candidate
from itgrix_module.app.customizing import Customizer
from itgrix_module.app.deliver import Deliverer
from itgrix_module.app.directory import Directory, Names
from itgrix_module.app.health import Health
from itgrix_module.app.hook_inputs import Scene
from itgrix_module.app.line_sync import LineSync
from itgrix_module.app.ports import CallRow, PortalSide
from itgrix_module.app.standing import Standing
from itgrix_module.app.track import Tracker
from itgrix_module.app.upload import Uploader
from itgrix_module.app.workers import Ending, Troubles, Wake, Worker
from itgrix_module.bitrix24.address import host_of, on_host
from itgrix_module.bitrix24.errands import BitrixErrands
from itgrix_module.bitrix24.recordings import BitrixRecordings
from itgrix_module.core import Core, open_core, owner_name
from itgrix_module.hooks.scripts import Scripts
from itgrix_module.inheritance import take_back
from itgrix_module.jobs import timetable
from itgrix_module.library import Library
from itgrix_module.live import portal_of
from itgrix_module.pbx_door import PbxDoor, RecordsDoor
from itgrix_module.place import Place, heard_at
from itgrix_module.portal_door import PortalDoor
from itgrix_module.pump import INBOX_SIZE, Pump
from itgrix_module.routine import jobs
from itgrix_module.routing import RouteDoor, RouteSight, Routing
from itgrix_module.settings import Settings, SettingsError
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.employees import SqlEmployeeStore
from itgrix_module.storage.portal_lines import SqlLineStore
from itgrix_module.storage.turns import SqlTurns
from itgrix_module.surroundings import Surroundings

log = logging.getLogger("itgrix.service")

VERSION = "1.0.0.dev0"
_LINK_LABELS = {"ru": "Запись разговора", "en": "Recording"}
DELIVERY_WORKERS = 4
MORE_WORKERS = 8  # while customizations are on: one that thinks must not keep other calls waiting
_SIDE_LOOK = 1.0  # seconds between looks of those who only help
_BEAT = 1.0  # seconds between two notes that the PBX was heard


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
            SqlEmployeeStore(core.database), portal, settings.directory, settings.options, time.time, self._turn
        )
        self._turns = SqlTurns(core.database)
        sight = RouteSight(lambda: portal.live)
        self.clients = Clients(sight.source, time.time)
        self.hooks = Scripts(core.place.hooks, settings.hooks)
        self.customizer = Customizer(self.hooks, self.known)
        self.noted = threading.Event()
        self.routing = Routing(
            core,
            sight,
            self.clients,
            self.directory,
            lambda: pbx.link,
            self.hooks,
            Names(self.directory),
            self.known,
            self.noted.set,
        )
        self.route_door = RouteDoor(self.routing.answer, lambda: self.routing.router.limit)
        self.lines = LineSync(
            portal,
            SqlLineStore(core.database),
            lambda: settings.house.lines.rules,
            lambda: bool(settings.current["calls.create_outgoing"]),
            self.clock,
        )
        errand_portal = BitrixErrands(lambda: portal.client)
        self.aftercare = Aftercare(core, errand_portal, self.hooks, Names(self.directory), self.standing, self.known)
        self.tracker = Tracker(
            SqlCallStore(core.database),
            self.node,
            settings.rules,
            settings.timing,
            time.time,
            self.wake,
            settings.annotated,
        )
        self.deliverer = Deliverer(
            outbox,
            portal,
            self.directory,
            self.clients,
            self.customizer,
            settings.options,
            self.standing,
            time.time,
            random.random,
            owner_name(core.place),
            self.aftercare.follow,
        )
        self.library = Library(core.place, lambda: settings.current, core.calls.story, ending.event)
        self.uploader = Uploader(
            outbox,
            portal,
            self.library,
            self.standing,
            time.time,
            random.random,
            f"{owner_name(core.place)}:up",
            rules=lambda: settings.house.recordings,
            linking=Linking(self.library, BitrixRecordings(lambda: portal.client), errand_portal, self._link_label),
            customs=Customs(self.hooks, self._scene_of_recording),
        )

    def _link_label(self) -> str:
        """What stands before a link in the portal."""
        return _LINK_LABELS[self.core.settings.current["portal.language"]]

    def _scene_of_recording(self, call: CallRow, side: PortalSide, url: str) -> Scene:
        return hook_inputs.scene(call, side, replace(self.known(call), record=url))

    @staticmethod
    def clock() -> float:
        """Epoch seconds."""
        return time.time()

    def _turn(self, way: str, count: int) -> int:
        """Whose turn it is to take a missed call."""
        return self._turns.next("missed", count) if way == "round_robin" else random.randrange(count)  # noqa: S311

    def is_own_mobile(self, number: str) -> bool:
        """Is this outside number an employee's, so that it counts as an extension?"""
        return self.core.settings.house.mobiles.matches(number) or self.directory.owns(number)

    def known(self, call: CallRow) -> Known:
        """What a call is shown to customizations with."""
        story = self.core.calls.story(call.node, call.linkedid)
        records = self.clients.known(Question(call.number)) or ()
        return Known(
            Names(self.directory),
            self.core.settings.zone(),
            story.timeline if story else (),
            tuple(map(candidate, records)),
        )

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
        """The file of a call's recording, our copy or the PBX's, if it is there."""
        return self.library.copies.find(call) or next(iter(self.library.sources(call)), None)

    def health(self) -> Health:
        """How each part is."""
        return vitals.health(self, VERSION)


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
        _start_routing(stack, service)
        stack.enter_context(timetable(jobs(service), service.troubles, ending))
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
        self._portal = portal_of(service.core.settings.current)

    def __call__(self, settings: Settings) -> None:
        portal = portal_of(settings)
        is_other = bool(self._portal) and portal != self._portal
        self._portal = portal
        self._service.directory.ask_again(other_portal=is_other)
        if is_other:
            self._service.clients.forget_all()
            self._service.routing.forget_portal()
        self._service.resume()


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
    customizer, errands = service.customizer, service.aftercare.errands

    def more_work() -> int:
        return work() if customizer.is_active else 0

    for number in range(DELIVERY_WORKERS, DELIVERY_WORKERS + MORE_WORKERS):
        name = f"delivery-{number + 1}"
        stack.enter_context(_worker(service, name, more_work, service.wake.event(), lambda: _SIDE_LOOK))
    stack.enter_context(_worker(service, "errands", errands.run_due, service.wake.event(), errands.idle))
    stack.callback(customizer.close)
    stack.callback(service.library.close)
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
    settings = service.core.settings
    pbx.sides.is_own = service.is_own_mobile
    vote = lambda: str(settings.current["calls.vote_variable"])  # noqa: E731
    pump = Pump(inbox, service.tracker, pbx.sides, pbx.recording_path, heard, records.ends, beat, vote)
    stack.callback(pump.close)
    tracker = _worker(service, "tracker", pump.pump, threading.Event(), lambda: 0.0)
    stack.callback(lambda: None if tracker.is_alive else pump.drain())
    stack.enter_context(tracker)
    stack.callback(pbx.close)
    service.core.settings.on_change(pbx.configure)


def _start_routing(stack: ExitStack, service: Service) -> None:
    notes = service.routing.notes
    stack.callback(service.routing.close)
    stack.enter_context(_worker(service, "route-notes", notes.store_due, service.noted, notes.idle))
    stack.callback(service.route_door.close)
    service.core.settings.on_change(service.route_door.configure)


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
