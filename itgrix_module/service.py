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

from itgrix_module import clock_steps, dialling, vitals, way_in
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
from itgrix_module.app.workers import Ending, Troubles, Wake
from itgrix_module.bitrix24.errands import BitrixErrands
from itgrix_module.bitrix24.recordings import BitrixRecordings
from itgrix_module.core import Core, open_core, owner_name
from itgrix_module.dialling import dialling_of
from itgrix_module.hooks.scripts import Scripts
from itgrix_module.inheritance import take_back
from itgrix_module.jobs import run_all_now, timetable
from itgrix_module.library import Library
from itgrix_module.operations import Operations, health_data
from itgrix_module.pbx_door import PbxDoor
from itgrix_module.place import Place
from itgrix_module.portal_change import PortalChange, moved
from itgrix_module.portal_door import PortalDoor
from itgrix_module.pump import INBOX_SIZE
from itgrix_module.reconciling import Reconciling
from itgrix_module.records_door import RecordsDoor
from itgrix_module.restoring import restore_if_ordered
from itgrix_module.routine import jobs
from itgrix_module.routing import RouteDoor, RouteSight, Routing
from itgrix_module.starting import start_delivery, start_routing, start_tracking
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.employees import SqlEmployeeStore
from itgrix_module.storage.portal_lines import SqlLineStore
from itgrix_module.storage.turns import SqlTurns
from itgrix_module.surroundings import Surroundings
from itgrix_module.telemetry.counters import Counters
from itgrix_module.update_news import notices_of
from itgrix_module.updates import Updates

log = logging.getLogger("itgrix.service")

VERSION = "1.0.0.dev0"
HEADER = 64  # bytes; that of a wav file is 44
_LINK_LABELS = {"ru": "Запись разговора", "en": "Recording"}


class Service:
    """The running service. ``core``: storage and settings; ``ending``: told when it stops."""

    def __init__(self, core: Core, pbx: PbxDoor, portal: PortalDoor, ending: Ending) -> None:
        self.core, self.pbx, self.portal, self.ending = core, pbx, portal, ending
        self.started = time.time()
        self.said: Callable[[str, str], str] = lambda _language, text: text  # the panel brings the translations
        self.wake, self.troubles, self.counters = Wake(), Troubles(), Counters()
        portal.tell_of_exchanges(self.counters.asked)
        self.standing = Standing(time.time, random.random)
        settings, outbox = core.settings, core.outbox
        self.node: str = settings.current["pbx.node"]
        self.records = RecordsDoor()
        self.reconciling = Reconciling(
            core, self.records, pbx.sides, self.node, lambda: pbx.state, pbx.inbox, ending.event
        )
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
        self.way_in = way_in.way_in_of(self)
        self.dialling = dialling_of(self)
        self.tracker = Tracker(
            SqlCallStore(core.database),
            self.node,
            settings.rules,
            settings.timing,
            time.time,
            self.wake,
            self._annotated,
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
        data = lambda: health_data(self.health())  # noqa: E731
        self.operations = Operations(core, VERSION, data, self._forget_client, ending.event)
        self.updates = Updates(core.place.home, lambda: settings.current, VERSION)
        self.notices = notices_of(self)
        self.uploader = Uploader(
            outbox,
            portal,
            self.library,
            self.standing,
            time.time,
            random.random,
            f"{owner_name(core.place)}:up",
            node=self.node,
            rules=lambda: settings.house.recordings,
            linking=Linking(self.library, BitrixRecordings(lambda: portal.client), errand_portal, self._link_label),
            customs=Customs(self.hooks, self._scene_of_recording),
        )

    def _annotated(self, call: CallRow) -> CallRow:
        """A call with what the rules of the house say of it, counted when it has ended."""
        call = self.core.settings.annotated(call)
        self.counters.saw(call)
        return call

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

    def pause(self, is_paused: bool) -> None:
        """Send nothing to the portal from now on, or go on."""
        self.core.settings.save({"portal.paused": is_paused})

    def retry(self, steps: Sequence[int] | None, who: str) -> int:
        """Try steps (None: all that failed) again now; returns how many."""
        count = self.core.deliveries.retry(steps, time.time(), who)
        self.resume()
        return count

    def drop(self, steps: Sequence[int], who: str) -> int:
        """Give steps up; returns how many."""
        return self.core.deliveries.drop(steps, time.time(), who)

    def _forget_client(self, number: str) -> None:
        self.clients.forget(number)
        self.routing.forget_portal()

    def recording_file(self, call: CallRow) -> Path | None:
        """The file of a call's recording, our copy or the PBX's, if it is there."""
        return self.library.copies.find(call) or next(filter(_has_sound, self.library.sources(call)), None)

    def health(self) -> Health:
        """How each part is."""
        return vitals.health(self, VERSION)


def _has_sound(file: Path) -> bool:
    """Of a call that nobody answered the PBX leaves a file with a header only."""
    try:
        return file.stat().st_size > HEADER
    except OSError:
        return False


@contextmanager
def running(place: Place, on_ready: Callable[[Service], None] = lambda _: None) -> Iterator[Service]:
    """The whole service but the panel, until the block is left; then it stops in the reverse order of its start."""
    ending = Ending()
    inbox: queue.Queue[Any] = queue.Queue(INBOX_SIZE)
    with ExitStack() as stack:
        place.prepare()
        stack.enter_context(place.alone())
        restore_if_ordered(place)
        core = stack.enter_context(open_core(place))
        portal = PortalDoor(
            core.tokens, core.limits, time.time, ending.event.wait, on_renamed=lambda host: moved(core, host)
        )
        stack.callback(portal.close)
        pbx = PbxDoor(inbox, time.time)
        core.settings.on_change(portal.configure)
        service = Service(core, pbx, portal, ending)
        clock_steps.set_back_while_away(core)
        take_back(core.database, owner_name(place).rpartition(":")[0])
        core.settings.on_change(PortalChange(service))
        for start in (start_delivery, start_tracking, start_routing, dialling.start, way_in.start):
            start(stack, service)
        scheduler = stack.enter_context(timetable(jobs(service), service.troubles, ending))
        stack.enter_context(clock_steps.watching(service, lambda: run_all_now(scheduler)))
        stack.callback(service.wake)
        stack.callback(ending.begin)
        service.updates.begin()
        on_ready(service)
        log.info("service %s started, node %s, home %s", VERSION, service.node, place.home)
        yield service
        log.info("service stops")
