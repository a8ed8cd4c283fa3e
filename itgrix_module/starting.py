# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's threads: what runs beside what, and in which order it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from itgrix_module.app.lookout import Found, Lookout
from itgrix_module.app.workers import Worker
from itgrix_module.place import heard_at
from itgrix_module.pump import Pump

if TYPE_CHECKING:
    from itgrix_module.service import Service

DELIVERY_WORKERS = 4
MORE_WORKERS = 8  # while customizations are on: one that thinks must not keep other calls waiting
_SIDE_LOOK = 1.0  # seconds between looks of those who only help
_BEAT = 1.0  # seconds between two notes that the PBX was heard


def start_delivery(stack: ExitStack, service: Service) -> None:
    deliverer, directory = service.deliverer, service.directory

    def work(found: Found) -> int:
        return deliverer.deliver_due(found) if directory.is_ready else 0

    lookout = Lookout(work, deliverer.idle, service.wake.event(), service.ending.event.is_set)
    customizer, errands = service.customizer, service.aftercare.errands

    def more_work() -> int:
        return lookout.turn() if customizer.is_active else 0

    def more_idle() -> float:
        return 0.0 if customizer.is_active else _SIDE_LOOK

    for number in range(1, DELIVERY_WORKERS + MORE_WORKERS + 1):
        is_usual = number <= DELIVERY_WORKERS
        turn, idle = (lookout.turn, _at_once) if is_usual else (more_work, more_idle)
        stack.enter_context(_worker(service, f"delivery-{number}", turn, threading.Event(), idle))
    stack.enter_context(_worker(service, "errands", errands.run_due, service.wake.event(), errands.idle))
    stack.callback(customizer.close)
    stack.callback(service.library.close)
    stack.callback(service.operations.close)
    stack.callback(service.updates.close)
    stack.callback(service.notices.close)
    uploader = service.uploader
    stack.enter_context(_worker(service, "upload", uploader.upload_due, service.wake.event(), uploader.idle))


def _at_once() -> float:
    """For who has waited in his turn already."""
    return 0.0


def _worker(
    service: Service, name: str, work: Callable[[], int], wake: threading.Event, idle: Callable[[], float]
) -> Worker:
    return Worker(name, work, wake, idle, service.troubles, service.ending)


def start_tracking(stack: ExitStack, service: Service) -> None:
    pbx, place = service.pbx, service.core.place
    beat = Beat(lambda: pbx.state.phase == "up", place.beat)
    records = service.records
    stack.callback(records.close)
    stack.callback(service.reconciling.close)
    service.core.settings.on_change(records.configure)
    heard = lambda: heard_at(place.heartbeat)  # noqa: E731
    settings = service.core.settings
    pbx.sides.is_own = service.is_own_mobile
    vote = lambda: str(settings.current["calls.vote_variable"])  # noqa: E731
    pump = Pump(pbx.inbox, service.tracker, pbx.sides, pbx.recording_path, heard, records.ends, beat, vote)
    stack.callback(pump.close)
    tracker = _worker(service, "tracker", pump.pump, threading.Event(), lambda: 0.0)
    stack.callback(lambda: None if tracker.is_alive else pump.drain())
    stack.enter_context(tracker)
    stack.callback(pbx.close)
    service.core.settings.on_change(pbx.configure)


def start_routing(stack: ExitStack, service: Service) -> None:
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
