# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's way in, put together: its application, its events and who hears of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from itgrix_module import event_ways
from itgrix_module.app.application import Application, Mended
from itgrix_module.app.event_pace import pause
from itgrix_module.app.happenings import Happening, Inbox, Taken
from itgrix_module.app.health import Check
from itgrix_module.app.joining import NONE, POLL, PUSH, Lack, Overview, Trial, events_check
from itgrix_module.app.workers import Worker
from itgrix_module.bitrix24.application import BitrixApplication, OurApplication, domain_of
from itgrix_module.bitrix24.events import INSTALL, TEST, UNINSTALL, UPDATE
from itgrix_module.bitrix24.handlers import USER_ADD
from itgrix_module.bitrix24.intake import Door, opened
from itgrix_module.bitrix24.selftest import examine
from itgrix_module.bitrix24.shapes import mapping, text
from itgrix_module.core import Core
from itgrix_module.domain.failures import Failure
from itgrix_module.duty import Duty
from itgrix_module.event_poll import Poller
from itgrix_module.event_ways import Handlers
from itgrix_module.live import portal_of
from itgrix_module.portal_door import PortalDoor
from itgrix_module.settings import Settings
from itgrix_module.storage.events import SqlHappenings
from itgrix_module.storage.leases import SqlLeases

if TYPE_CHECKING:
    from itgrix_module.service import Service

KEPT_DAYS = 7  # of events that are over: as long as a repetition must be known
_DAY = 86400.0
_RECENT = 20


class WayIn:
    """``inbox``: for whoever wants to hear of events. ``joined``, ``left``: told of a new and of a lost authorisation.

    ``clock``: epoch seconds.
    """

    def __init__(
        self,
        core: Core,
        portal: PortalDoor,
        joined: Callable[[], None],
        left: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._core, self._portal, self._clock = core, portal, clock
        self._told_joined, self._told_left = joined, left
        self._settings: Callable[[], Settings] = lambda: core.settings.current
        self._vault = core.tokens.vault
        self.woken = tuple(threading.Event() for _ in range(3))
        self.store = SqlHappenings(core.database, str(core.settings.current["pbx.node"]))
        self.inbox = Inbox(self.store, clock, self._wake)
        proof = BitrixApplication(lambda: ours(core.settings.current))
        self.application = Application(core.tokens, proof, self._joined, self._left, clock)
        known = self.application.known
        self.handlers = Handlers(lambda: portal.client, self._settings, known, self.store, clock, self._wake)
        offset = lambda: self.handlers.state.offset or 0.0  # noqa: E731
        self._door = Door(self.inbox, self._vault, known, self.application.check, offset, clock)
        self.duty = Duty(SqlLeases(core.database), "events-poll", str(core.settings.current["pbx.node"]), clock)
        self.poller = Poller(lambda: portal.client, self.inbox, self._is_polling, self._pace, clock)
        for name in (INSTALL, UPDATE, TEST):
            self.inbox.on(name, self._claimed)
        self.inbox.on(UNINSTALL, lambda _: self.application.uninstall())

    def take(self, body: bytes) -> Taken:
        """An event as it came over HTTP."""
        return self._door.take(body)

    def authorise(self) -> str:
        """Where a person agrees in the portal. Raises NeedsOwner."""
        return self.application.authorise()

    def authorised(self, state: str, code: str, server: str = "") -> str:
        """The person agreed; the portal's domain. ``server``: as the portal's page named it. Raises Failure."""
        return self.application.authorised(state, code, server).domain

    def test(self) -> Trial:
        """Try what the authorisation allows, without any effect in the portal. Raises Failure."""
        found = examine(self._portal.client, str(self._settings()["portal.mode"]))
        lacks = tuple(Lack(each.text, each.hint, each.required) for each in found.missing)
        return Trial(found.is_enough, found.user_id, found.is_admin, tuple(sorted(found.scopes)), lacks)

    def mend(self) -> Mended:
        """Compare our handlers in the portal with what we want, and mend them, now. Raises Failure."""
        return self.handlers.mend()

    def overview(self, *, recent: bool = False) -> Overview:
        """How the portal is joined. Raises Failure of the database."""
        settings, state = self._settings(), self.handlers.state
        way, counted = event_ways.way(settings), self.store.counted()
        known = self.application.known() if settings["portal.mode"] == "app" else None
        handler, problem = event_ways.handler(settings)
        return Overview(
            mode=settings["portal.mode"],
            way=way,
            portal=portal_of(settings),
            is_set_up=ours(settings).is_complete if settings["portal.mode"] == "app" else _has_webhook(settings),
            is_authorised=known is not None,
            domain=known.domain if known else "",
            user_id=state.user_id or (known.user_id if known else None),
            is_admin=state.is_admin,
            is_installed=state.is_installed,
            scope=tuple(sorted(known.scope)) if known else (),
            knows_sender=bool(known and known.application_token),
            handler=handler,
            problem=problem if way == PUSH else "",
            bound=state.bound,
            missing={name: str(failure) for name, failure in state.missing.items()},
            looked_at=self.handlers.looked_at,
            failure=self.handlers.failure or self.poller.failure,
            offset=state.offset,
            delay=self.poller.delay if way == POLL else None,
            waiting=counted.waiting,
            failed=counted.failed,
            last_at=counted.last_at,
            recent=self.store.recent(_RECENT) if recent else (),
        )

    def check(self) -> Check | None:
        """For the health; None where there are no events."""
        if event_ways.way(self._settings()) == NONE:
            return None
        try:
            return events_check(self.overview())
        except Failure:
            return None  # the database says so itself

    def prune(self) -> None:
        """Forget events that are long over."""
        self.store.prune(self._clock() - KEPT_DAYS * _DAY)

    def _is_polling(self) -> bool:
        if event_ways.way(self._settings()) != POLL or not self.handlers.are_settled:
            return False
        return self.duty.held(self._pace(more=False))

    def _pace(self, *, more: bool) -> float:
        house = self._core.settings.house
        working = house.hours.is_open(self._clock()) or not any(house.hours.week)
        return pause(self._portal.limits.rate, self._portal.pressure(), is_working=working, more=more)

    def _claimed(self, happening: Happening) -> None:
        if not happening.sealed:
            return
        claim = opened(self._vault, happening)
        if happening.name == TEST:
            self.application.learn(claim)
            self._door.forget()
        else:
            self.application.install(claim, is_update=happening.name == UPDATE)

    def _joined(self) -> None:
        self._door.forget()
        self.handlers.doubt()  # an installation and an update take all of them away
        self._told_joined()
        self._wake()

    def _left(self) -> None:
        self._door.forget()
        self._told_left()

    def _wake(self) -> None:
        for event in self.woken:
            event.set()


def ours(settings: Settings) -> OurApplication:
    """The portal's application as the settings describe it."""
    return OurApplication(
        settings["portal.mode"] == "app",
        settings["portal.client_id"].strip(),
        settings["portal.client_secret"].strip(),
        domain_of(settings["portal.domain"]),
        settings["portal.oauth_host"],
        settings["portal.ca_file"] or settings["portal.verify_tls"],
    )


def _has_webhook(settings: Settings) -> bool:
    return bool(settings["portal.webhook_url"])


def way_in_of(service: Service) -> WayIn:
    """The way in of a service, with those who hear of events, besides those who bring listeners of their own."""

    def joined() -> None:
        service.directory.ask_again()
        service.resume()

    def changed(happening: Happening) -> None:
        fields = mapping(happening.data.get("FIELDS"))
        service.routing.warmth.heard(happening.name, text(fields.get("ID")))

    way_in = WayIn(service.core, service.portal, joined, service.resume, service.clock)
    way_in.inbox.on("ONCRM*", changed)
    way_in.inbox.on(USER_ADD, lambda _: service.directory.ask_again())
    return way_in


def start(stack: ExitStack, service: Service) -> None:
    """Its workers, until the stack is left."""
    inbox, poller, dialling = service.way_in.inbox, service.way_in.poller, service.dialling
    calls, rest, storing = service.way_in.woken

    def worker(name: str, work: Callable[[], int], wake: threading.Event, idle: Callable[[], float]) -> None:
        stack.enter_context(Worker(name, work, wake, idle, service.troubles, service.ending))

    worker("events-calls", lambda: inbox.work(calls=True), calls, lambda: dialling.idle(inbox.idle(calls=True)))
    worker("events", lambda: inbox.work(calls=False), rest, lambda: inbox.idle(calls=False))
    worker("events-store", inbox.store_all, storing, lambda: 1.0)
    stack.callback(service.way_in.duty.release)
    worker("events-poll", poller.poll, threading.Event(), poller.idle)
