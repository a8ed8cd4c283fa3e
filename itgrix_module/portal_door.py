# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal as the settings describe it at this moment; rebuilt when its settings change."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itgrix_module.app.clients import Question
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.rest_ports import LimitState, LimitStore, TokenStore
from itgrix_module.app.settling import Known
from itgrix_module.app.telephony_ports import CallOrder, CallReply, Finished
from itgrix_module.bitrix24 import limits as budget
from itgrix_module.bitrix24.address import host_of, is_loopback
from itgrix_module.bitrix24.application import domain_of
from itgrix_module.bitrix24.auth import AppAuth, Auth, WebhookAuth
from itgrix_module.bitrix24.calls import BitrixCalls
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.exchange import Exchange
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.limits import CLOUD, Limits, limits_for
from itgrix_module.bitrix24.lines import BitrixLines
from itgrix_module.bitrix24.oauth import OAuthServer
from itgrix_module.bitrix24.people import BitrixPeople
from itgrix_module.bitrix24.search import BitrixSearch
from itgrix_module.bitrix24.wire import Wire
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent
from itgrix_module.domain.responsible import Record
from itgrix_module.settings import Settings

log = logging.getLogger("itgrix.service")

_NOT_CONFIGURED = NeedsOwner(
    "not_configured", "No portal is set up.", "Set portal.webhook_url, or install the local application."
)
_PORTAL_KEYS = ("portal.", "limits.")
_GLANCE = 0.02  # seconds


@dataclass(frozen=True)
class _Ways:
    """Two clients of one portal, with one budget.

    ``live`` is for calls: what finds no room now goes back to the outbox, because a card that waits is a card too
    late. ``slow`` is for the rest and waits: a call of the past that is looked up before it is sent would else use up
    the room that it needs itself, again and again.
    """

    live: PortalClient
    slow: PortalClient

    def close(self) -> None:
        self.live.close()
        self.slow.close()


class PortalDoor:
    """The portal; fulfils the ports of calls and people. Without usable settings every request is NeedsOwner.

    ``clock``: epoch seconds. ``wait``: sleeps so many seconds, true when the service stops. ``on_renamed``: told the
    portal's new address, after it answered there.
    """

    def __init__(
        self,
        tokens: TokenStore,
        limits: LimitStore,
        clock: Callable[[], float],
        wait: Callable[[float], object],
        on_exchange: Callable[[Exchange], None] | None = None,
        on_renamed: Callable[[str], None] | None = None,
    ) -> None:
        self._tokens, self._limits, self._clock, self._wait = tokens, limits, clock, wait
        self._glance = (float("-inf"), LimitState())
        self._on_exchange, self._on_renamed = on_exchange, on_renamed
        self._wanted: object = None
        self._ways: _Ways | None = None
        self._rates = CLOUD
        self._own_rate: float | None = None
        self._own_burst: float | None = None
        self._licence_wanted = False
        self._domain = ""
        self._why: Failure = _NOT_CONFIGURED

    def tell_of_exchanges(self, listener: Callable[[Exchange], None]) -> None:
        """Somebody counts requests; to be said before the first settings."""
        self._on_exchange = listener

    def configure(self, settings: Settings) -> None:
        """Use these settings from now on; connections are only replaced when they concern them."""
        wanted = {key: settings[key] for key in settings if key.startswith(_PORTAL_KEYS)}
        if wanted == self._wanted:
            return
        self._wanted = wanted
        built: _Ways | None = None
        try:
            built = self._built(settings)
        except Failure as failure:
            self._why = failure
        # Never none in between: a call that looked just then would be told that no portal is set up.
        old, self._ways = self._ways, built
        if old is not None:
            old.close()

    def _built(self, settings: Settings) -> _Ways:
        auth = self._auth(settings)
        self._domain = _domain(settings)
        self._own_rate = settings["limits.rate"] if "limits.rate" in settings.given else None
        self._own_burst = float(settings["limits.burst"]) if "limits.burst" in settings.given else None
        self._licence_wanted = settings["portal.mode"] == "app"
        self._rates = self._limits_for("")
        common: dict[str, Any] = {
            "verify": settings["portal.ca_file"] or settings["portal.verify_tls"],
            "on_exchange": self._on_exchange,
            "on_renamed": self._on_renamed,
        }
        hasty = Limiter(self._limits, self._clock, self._wait, limits=self._rates, patience=0.0)
        patient = Limiter(self._limits, self._clock, self._wait, limits=self._rates)
        return _Ways(PortalClient(auth, limits=hasty, **common), PortalClient(auth, limits=patient, **common))

    def _limits_for(self, family: str) -> Limits:
        return limits_for(self._domain, family, self._own_rate, self._own_burst)

    def _auth(self, settings: Settings) -> Auth:
        if settings["portal.mode"] == "app":
            return AppAuth(self._tokens, "", "", server=oauth_server(settings))
        if not settings["portal.webhook_url"]:
            raise _NOT_CONFIGURED.with_traceback(None)
        return WebhookAuth(settings["portal.webhook_url"])

    def _open(self) -> _Ways:
        ways = self._ways
        if ways is None:
            raise self._why.with_traceback(None)
        return ways

    def _way(self, priority: int) -> PortalClient:
        return self._open().live if priority <= budget.LIVE else self._open().slow

    @property
    def live(self) -> PortalClient:
        """For what a person waits for: without room in the budget it fails at once. Raises NeedsOwner."""
        return self._open().live

    @property
    def client(self) -> PortalClient:
        """For whatever is no live call. Raises NeedsOwner when there is none."""
        return self._open().slow

    @property
    def limits(self) -> Limits:
        """The budget as it is believed to be."""
        return self._rates

    def close(self) -> None:
        """Close connections."""
        if self._ways is not None:
            self._ways.close()

    def send(self, orders: Sequence[CallOrder], priority: int) -> list[CallReply]:
        """See CallPortal."""
        return BitrixCalls(self._way(priority)).send(orders, priority)

    def finished_call(self, call_id: str) -> Finished | None:
        """See CallPortal."""
        return BitrixCalls(self.client).finished_call(call_id)

    def finished_as(self, external_id: str) -> Known | None:
        """See app.lost_answers.Portal."""
        return BitrixCalls(self.client).finished_as(external_id)

    def search(self, questions: Sequence[Question], priority: int) -> list[tuple[Record, ...]]:
        """See app.clients.ClientSource."""
        return BitrixSearch(self._way(priority)).search(questions, priority)

    def external_lines(self) -> Mapping[str, str]:
        """See app.line_sync.LinePortal."""
        return BitrixLines(self.client).external_lines()

    def add_line(self, number: str, name: str, create: bool) -> None:
        """See app.line_sync.LinePortal."""
        BitrixLines(self.client).add_line(number, name, create)

    def rename_line(self, number: str, name: str, create: bool) -> None:
        """See app.line_sync.LinePortal."""
        BitrixLines(self.client).rename_line(number, name, create)

    def remove_line(self, number: str) -> None:
        """See app.line_sync.LinePortal."""
        BitrixLines(self.client).remove_line(number)

    def record_of(self, call_id: str) -> str:
        """See app.recording_ports.RecordingPortal."""
        return BitrixCalls(self.client).record_of(call_id)

    def attach(self, call_id: str, file: str, filename: str) -> str:
        """See CallPortal."""
        return BitrixCalls(self.client).attach(call_id, file, filename)

    def pressure(self) -> float:
        """See CallPortal. Only looks: it is asked often, and the account's lock is one for all."""
        return budget.pressure(self._account(), self._clock(), self._rates)

    def ready_in(self, priority: int = 0) -> float:
        """See CallPortal. Only looks."""
        return budget.reserve(self._account(), self._clock(), 1.0, priority, self._rates)[1]

    def _account(self) -> LimitState:
        """As it is, or was a moment ago: several questions of one look are answered by one reading."""
        now, seen = time.monotonic(), self._glance
        if now - seen[0] > _GLANCE:
            self._glance = seen = (now, self._limits.load())
        return seen[1]

    def employees(self) -> Sequence[Employee]:
        """See PeopleSource."""
        self._learn_licence()
        return BitrixPeople(self.client).employees()

    def own_user(self) -> int:
        """See PeopleSource."""
        return BitrixPeople(self.client).own_user()

    def _learn_licence(self) -> None:
        """An enterprise portal allows more; what the administrator set himself counts before that."""
        ways = self._open()
        if not self._licence_wanted:
            return
        try:
            family = BitrixPeople(ways.slow).licence_family()
        except Permanent as failure:
            log.info("the portal does not tell its plan, the usual limits count: %s", failure)
            family = ""
        self._licence_wanted = False
        self._rates = self._limits_for(family)
        ways.live.limits.limits = ways.slow.limits.limits = self._rates


def oauth_server(settings: Settings) -> OAuthServer:
    """The authorisation server; one of the company's own has a certificate of the company's own, as the portal has."""
    host = settings["portal.oauth_host"] or None
    verify = (settings["portal.ca_file"] or settings["portal.verify_tls"]) if host else True
    return OAuthServer(
        settings["portal.client_id"], settings["portal.client_secret"], host, wire=Wire(pool=1, verify=verify)
    )


def _domain(settings: Settings) -> str:
    """The portal's host for its limits; empty on this machine, where only a sandbox is, with the limits of a cloud."""
    host = domain_of(settings["portal.domain"]) or host_of(settings["portal.webhook_url"])
    name = host.rpartition(":")[0] or host
    return "" if is_loopback(name.strip("[]")) else host
