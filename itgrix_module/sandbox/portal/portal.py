# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox portal as one object: start it, watch it, push it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from itgrix_module.sandbox.portal.app import create_app
from itgrix_module.sandbox.portal.config import PortalConfig
from itgrix_module.sandbox.portal.control import control_blueprint
from itgrix_module.sandbox.portal.couriers import Couriers, DeliveryView, Weather
from itgrix_module.sandbox.portal.dispatch import Dispatcher
from itgrix_module.sandbox.portal.events import EventDesk
from itgrix_module.sandbox.portal.faults import Faults
from itgrix_module.sandbox.portal.happenings import Happenings
from itgrix_module.sandbox.portal.log import RequestView
from itgrix_module.sandbox.portal.methods import method_table
from itgrix_module.sandbox.portal.model import App, Comment, Message, Notification, Token, User
from itgrix_module.sandbox.portal.oauth import AuthorisationServer, authorize_blueprint
from itgrix_module.sandbox.portal.pages import pages_blueprint
from itgrix_module.sandbox.portal.rest import RestDoor
from itgrix_module.sandbox.portal.server import PortalServer
from itgrix_module.sandbox.portal.snapshot import whole
from itgrix_module.sandbox.portal.state import State, Switches
from itgrix_module.sandbox.portal.views import (
    ActivityView,
    CallView,
    EntityView,
    TaskView,
    activity_view,
    call_view,
    entity_view,
    task_view,
)

T = TypeVar("T")
TICK = 1.0


class SandboxPortal:
    """A Bitrix24 portal in memory.

    ``faults`` spoils answers; ``switches`` are conditions of the whole portal; ``happenings`` is what people do in it
    (the usual ones are methods here); ``weather`` is how events travel; ``events`` can also forge one.
    ``clock``: epoch seconds.
    """

    def __init__(self, config: PortalConfig | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.config = config or PortalConfig()
        self.state = State(self.config, clock)
        self.faults = Faults()
        self.couriers = Couriers(_weather(self.config), self.state.now, self.config.seed)
        self.events = EventDesk(self.state, self.couriers)
        self.happenings = Happenings(self.state, self.events)
        methods = method_table()
        self.state.publish = self.events.publish
        self.state.method_scopes = {name: method.scopes for name, method in methods.items()}
        self.state.method_hidden = self.faults.missing
        door = RestDoor(self.state, self.faults, Dispatcher(self.state, self.faults, methods))
        self._oauth = AuthorisationServer(self.state, self.faults)
        self.app = create_app(
            door.blueprint(), authorize_blueprint(self.state), control_blueprint(self), pages_blueprint(self)
        )
        if not self.config.separate_oauth:
            self.app.register_blueprint(self._oauth.blueprint(with_app_info=False))
        self._servers: list[PortalServer] = []
        self._stopping = threading.Event()

    def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve in threads. Port 0 takes a free one; the authorisation server always takes a free one."""
        if self._servers:
            raise RuntimeError("the portal has been started already")
        self._stopping.clear()
        self._servers = [PortalServer(host, port, self.app)]
        if self.config.separate_oauth:
            self._servers.append(PortalServer(host, 0, create_app(self._oauth.blueprint(with_app_info=True))))
        self.state.url = f"http://{host}:{self._servers[0].port}"
        self.state.oauth_url = f"http://{host}:{self._servers[-1].port}"
        self.couriers.start()
        for server in self._servers:
            server.start()
        self._ticker = threading.Thread(target=self._tick_along, name="sandbox-clock")
        self._ticker.start()

    def stop(self) -> None:
        """Close every socket and end every thread; what was to be delivered is dropped."""
        if not self._servers:
            return
        self._stopping.set()
        self.state.touch()
        for server in self._servers:
            server.stop()
        self._servers = []
        self._ticker.join()
        self.couriers.stop()

    @property
    def running(self) -> bool:
        return bool(self._servers) and not self._stopping.is_set()

    @property
    def url(self) -> str:
        """Address of the portal without a slash at the end."""
        return self.state.url

    @property
    def oauth_url(self) -> str:
        """Address of the authorisation server without a slash at the end."""
        return self.state.oauth_url

    @property
    def switches(self) -> Switches:
        return self.state.switches

    @property
    def weather(self) -> Weather:
        return self.couriers.weather

    def webhook_url(self, number: int = 0) -> str:
        """Address of the n-th incoming webhook, ends with a slash."""
        seed = self.config.webhooks[number]
        return f"{self.url}/rest/{seed.user_id}/{seed.code}/"

    # what happens in the portal

    def install(self, client_id: str = "", url: str = "", extra: bool = False) -> Token:
        """See Happenings.install."""
        return self.happenings.install(client_id, url, extra)

    def uninstall(self, client_id: str = "", clean: bool = False) -> None:
        """See Happenings.uninstall."""
        self.happenings.uninstall(client_id, clean)

    def issue_tokens(self, client_id: str = "", user_id: int = 0) -> Token:
        """A pair of tokens without any ceremony."""
        return self.happenings.tokens(client_id, user_id)

    def expire_tokens(self) -> None:
        """Every access token is stale now; refresh tokens are good."""
        with self.state.lock:
            self.state.tokens.expire(self.state.now())

    def click_to_call(self, user: int | str, phone: str, line: str = "", crm: tuple[str, int] | None = None) -> str:
        """An employee (id, or extension as text) clicks a number in the CRM; returns CALL_ID."""
        call_id = self.happenings.click_to_call(user, phone, line, crm)
        self.state.touch()
        return call_id

    def callback_form(self, phone: str, line: str = "", text: str = "") -> None:
        """A visitor of the site asks to be called."""
        self.happenings.callback_form(phone, line, text)
        self.state.touch()

    def outage(self, on: bool, kind: str = "reset") -> None:
        """Take the portal away or bring it back; the control path and the page stay."""
        self.faults.outage(on, kind)
        self.state.touch()

    def tick(self) -> None:
        """Do what time brings; runs by itself once a second of real time."""
        self.happenings.tick()

    def reset(self) -> None:
        """Forget calls and what came of them, faults and the log. Who is connected stays connected."""
        with self.state.lock:
            self.faults.clear()
            self.state.fill()
            self.state.log.clear()
        self.state.touch()

    # what can be seen

    def calls(self) -> list[CallView]:
        """Every call, oldest first."""
        with self.state.lock:
            return [call_view(self.state, call) for call in self.state.calls.all.values()]

    def call(self, external_call_id: str) -> CallView:
        """The one call with this EXTERNAL_CALL_ID; LookupError when there is none or more than one."""
        found = [call for call in self.calls() if call.external_call_id == external_call_id]
        if len(found) != 1:
            raise LookupError(f"{len(found)} calls have EXTERNAL_CALL_ID {external_call_id!r}")
        return found[0]

    def wait(self, condition: Callable[[SandboxPortal], T], timeout: float = 10.0) -> T:
        """Wait until the condition gives something true; TimeoutError when it never does.

        Looks after each change, and ten times a second for what changes elsewhere.
        """
        deadline = time.monotonic() + timeout
        while not (found := condition(self)):
            if (left := deadline - time.monotonic()) <= 0:
                raise TimeoutError("the portal did not come to what was waited for")
            self._await_change(min(left, 0.1))
        return found

    @property
    def users(self) -> dict[int, User]:
        return self.state.users

    @property
    def leads(self) -> list[EntityView]:
        return self.entities("LEAD")

    @property
    def contacts(self) -> list[EntityView]:
        return self.entities("CONTACT")

    @property
    def companies(self) -> list[EntityView]:
        return self.entities("COMPANY")

    @property
    def deals(self) -> list[EntityView]:
        return self.entities("DEAL")

    def entities(self, kind: str) -> list[EntityView]:
        """CRM objects of one kind, oldest first."""
        with self.state.lock:
            return [entity_view(self.state, kind, fields) for fields in self.state.crm.objects[kind].values()]

    @property
    def activities(self) -> list[ActivityView]:
        with self.state.lock:
            return [activity_view(self.state, fields) for fields in self.state.activities.values()]

    @property
    def tasks(self) -> list[TaskView]:
        with self.state.lock:
            return [task_view(fields) for fields in self.state.tasks.values()]

    @property
    def messages(self) -> list[Message]:
        with self.state.lock:
            return list(self.state.messages.values())

    @property
    def notifications(self) -> list[Notification]:
        with self.state.lock:
            return list(self.state.notifications.values())

    @property
    def comments(self) -> list[Comment]:
        with self.state.lock:
            return list(self.state.comments.values())

    @property
    def requests(self) -> list[RequestView]:
        """The last requests and commands of batches, oldest first, secrets masked."""
        return self.state.log.entries()

    @property
    def http(self) -> Counter[str]:
        """HTTP requests so far: ``total``, ``rest`` (without batches), ``batch``, ``upload``, ``oauth``."""
        return Counter(self.state.log.http)

    @property
    def deliveries(self) -> list[DeliveryView]:
        """Events that were sent, or lost on purpose."""
        return self.couriers.deliveries()

    @property
    def refreshes(self) -> int:
        """How often a pair of tokens was renewed."""
        return self.state.tokens.refreshes

    def application(self, client_id: str = "") -> App:
        """The application with this id, or the first one."""
        return self.happenings.app(client_id)

    def snapshot(self) -> dict[str, Any]:
        """The whole state as JSON values."""
        return whole(self)

    def __enter__(self) -> SandboxPortal:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _await_change(self, seconds: float) -> None:
        with self.state.changed:
            self.state.changed.wait(seconds)

    def _tick_along(self) -> None:
        while not self._stopping.wait(TICK):
            self.tick()


def _weather(config: PortalConfig) -> Weather:
    return Weather(
        delay=config.event_delay,
        timeout=config.event_timeout,
        slow_after=config.event_slow_after,
        drop_rate=config.event_drop_rate,
        duplicate_rate=config.event_duplicate_rate,
        reorder=config.event_reorder,
    )
