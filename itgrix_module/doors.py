# SPDX-License-Identifier: GPL-3.0-or-later
"""The two vendors as the settings describe them at this moment; rebuilt when their settings change."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Engine

from itgrix_module.app.ports import (
    CallOrder,
    CallReply,
    Employee,
    Finished,
    LimitStore,
    TokenStore,
)
from itgrix_module.asterisk import cdr
from itgrix_module.asterisk.link import Delivery, Link, LinkSettings, LinkState
from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.wire import TlsOptions
from itgrix_module.bitrix24.auth import AppAuth, Auth, WebhookAuth
from itgrix_module.bitrix24.calls import BitrixCalls
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.exchange import Exchange
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.limits import limits_for
from itgrix_module.bitrix24.people import BitrixPeople
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.settings import Settings

log = logging.getLogger("itgrix.service")

_GETVAR_TIMEOUT = 3.0  # seconds


class PortalDoor:
    """The portal; fulfils CallPortal and PeopleSource. Without usable settings every request is NeedsOwner."""

    def __init__(
        self,
        tokens: TokenStore,
        limits: LimitStore,
        clock: Callable[[], float],
        wait: Callable[[float], object],
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._tokens, self._limits, self._clock, self._wait = tokens, limits, clock, wait
        self._on_exchange = on_exchange
        self._client: PortalClient | None = None
        self._why: Failure = NeedsOwner(
            "not_configured", "no portal is set up", "Set portal.webhook_url, or install the local application."
        )

    def configure(self, settings: Settings) -> None:
        """Use these settings from now on."""
        old, self._client = self._client, None
        if old is not None:
            old.close()
        try:
            self._client = self._built(settings)
        except Failure as failure:
            self._why = failure

    def _built(self, settings: Settings) -> PortalClient:
        auth = self._auth(settings)
        rates = limits_for(
            settings["portal.domain"], rate=settings["limits.rate"], burst=float(settings["limits.burst"])
        )
        return PortalClient(
            auth,
            limits=Limiter(self._limits, self._clock, self._wait, limits=rates),
            verify=settings["portal.ca_file"] or settings["portal.verify_tls"],
            on_exchange=self._on_exchange,
        )

    def _auth(self, settings: Settings) -> Auth:
        if settings["portal.mode"] == "app":
            return AppAuth(
                self._tokens,
                settings["portal.client_id"],
                settings["portal.client_secret"],
                settings["portal.oauth_host"] or None,
            )
        if not settings["portal.webhook_url"]:
            raise self._why
        return WebhookAuth(settings["portal.webhook_url"])

    @property
    def client(self) -> PortalClient:
        """Raises NeedsOwner when there is none."""
        if self._client is None:
            raise self._why
        return self._client

    def close(self) -> None:
        """Close connections."""
        if self._client is not None:
            self._client.close()

    def send(self, orders: Sequence[CallOrder], priority: int) -> list[CallReply]:
        """See CallPortal."""
        return BitrixCalls(self.client).send(orders, priority)

    def finished_call(self, call_id: str) -> Finished | None:
        """See CallPortal."""
        return BitrixCalls(self.client).finished_call(call_id)

    def attach(self, call_id: str, file: str, filename: str) -> str:
        """See CallPortal."""
        return BitrixCalls(self.client).attach(call_id, file, filename)

    def pressure(self) -> float:
        """See CallPortal."""
        return self._client.limits.pressure() if self._client else 0.0

    def ready_in(self) -> float:
        """See CallPortal."""
        return self._client.limits.ready_in() if self._client else 0.0

    def employees(self) -> Sequence[Employee]:
        """See PeopleSource."""
        return BitrixPeople(self.client).employees()

    def own_user(self) -> int:
        """See PeopleSource."""
        return BitrixPeople(self.client).own_user()


class PbxDoor:
    """The AMI link; replaced when its settings change. ``inbox``: where its messages go."""

    def __init__(self, inbox: queue.Queue[Delivery], clock: Callable[[], float]) -> None:
        self._inbox, self._clock = inbox, clock
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._settings: LinkSettings | None = None
        self.sides = Sides()

    def configure(self, settings: Settings) -> None:
        """Use these settings from now on; the link is only replaced when they concern it."""
        self.sides.pattern = settings["extensions.pattern"]
        self.sides.know(settings["extensions.list"], settings["trunks.list"])
        wanted = link_settings(settings)
        with self._lock:
            if wanted == self._settings:
                return
            old, self._link, self._settings = self._link, None, wanted
            if old is not None:
                old.stop()
            self._link = Link(wanted, self._inbox, clock=self._clock)
            self._link.start()

    @property
    def state(self) -> LinkState:
        """How the link is."""
        link = self._link
        return link.state if link else LinkState()

    @property
    def link(self) -> Link:
        """Raises NeedsOwner before the first settings."""
        if self._link is None:
            raise NeedsOwner("not_configured", "the PBX is not set up", "Set ami.username and ami.secret.")
        return self._link

    def recording_path(self, channel: str) -> str:
        """Path of the recording that runs on a channel, empty when the PBX has none. Raises Failure."""
        answer = self.link.action(
            "Getvar", [("Channel", channel), ("Variable", "MIXMONITOR_FILENAME")], timeout=_GETVAR_TIMEOUT
        )
        return answer.get("Value")

    def close(self) -> None:
        """End the link."""
        with self._lock:
            if self._link is not None:
                self._link.stop()
                self._link = None


class RecordsDoor:
    """The PBX's call records; none without ``cdr.url``."""

    def __init__(self) -> None:
        self._url = ""
        self._engine: Engine | None = None

    def configure(self, settings: Settings) -> None:
        """Use these settings from now on."""
        if settings["cdr.url"] == self._url:
            return
        self.close()
        self._url = settings["cdr.url"]

    def ends(self, legs: Mapping[str, float]) -> Mapping[str, float]:
        """When legs ended that began at these times, as far as the records know. Raises Failure."""
        if not self._url:
            return {}
        if self._engine is None:
            self._engine = cdr.open_records(self._url)
        return cdr.ends(self._engine, legs)

    def close(self) -> None:
        """Close connections."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


def link_settings(settings: Settings) -> LinkSettings:
    """The AMI part of the settings."""
    tls = None
    if settings["ami.tls"]:
        tls = TlsOptions(ca_file=settings["ami.tls_ca"], verify=settings["ami.tls_verify"])
    return LinkSettings(
        host=settings["ami.host"],
        port=settings["ami.port"],
        username=settings["ami.username"],
        secret=settings["ami.secret"],
        tls=tls,
    )
