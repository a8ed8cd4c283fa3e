# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole portal in memory, behind one lock."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from typing import Any

from itgrix_module.sandbox.portal.call_book import CallBook
from itgrix_module.sandbox.portal.config import AppSeed, PortalConfig, UserSeed
from itgrix_module.sandbox.portal.crm_store import CrmStore
from itgrix_module.sandbox.portal.limits import OperatingTime, RateBucket
from itgrix_module.sandbox.portal.log import RequestLog
from itgrix_module.sandbox.portal.model import (
    App,
    Chat,
    Comment,
    Line,
    Message,
    Notification,
    OutgoingWebhook,
    User,
    Webhook,
)
from itgrix_module.sandbox.portal.offline import OfflineQueue
from itgrix_module.sandbox.portal.shelf import Shelf
from itgrix_module.sandbox.portal.tokens import TokenBook

GENERAL_CHAT = 1


class Switches:
    """Conditions of a whole portal that its owner or vendor brings about."""

    def __init__(self) -> None:
        self.overload = False
        self.portal_deleted = False
        self.no_commercial_plan = False
        self.payment_required = False
        self.wrong_client = False
        self.renamed_to = ""


class State:
    """Everything the portal knows. Hold ``lock`` to read or write; ``touch`` wakes those who wait for a change."""

    def __init__(self, config: PortalConfig, clock: Callable[[], float] = time.time) -> None:
        self.config = config
        self.clock = clock
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.revision = 0
        self.url = ""
        self.oauth_url = ""
        self.member_id = _secret()
        self.zone = timezone(timedelta(hours=config.utc_offset_hours))
        self.method_scopes: Mapping[str, tuple[str, ...]] = {}
        self.method_hidden: Callable[[str], bool] = lambda _name: False
        self.publish: Callable[[str, Mapping[str, Any], int, str], None] = lambda *_args: None
        self.log = RequestLog(config.keep_requests)
        self._fill_access()
        self.fill()

    def fill(self) -> None:
        """Start over: people, calls, CRM. Applications with their lines and subscriptions, and every key, stay."""
        config = self.config
        self.ids = itertools.count(9001)
        self.switches = Switches()
        self.bucket = RateBucket(config.burst, config.drain)
        self.operating = OperatingTime(config.operating_limit, dict(config.operating_cost))
        self.users: dict[int, User] = {seed.id: _user(seed) for seed in config.users}
        self.departments = list(config.departments)
        self.calls = CallBook(config.keep_calls, config.keep_record_bytes)
        self._fill_crm()

    def _fill_access(self) -> None:
        config = self.config
        self.webhooks = {
            (seed.user_id, seed.code): Webhook(seed.user_id, seed.code, frozenset(seed.scopes), seed.expires)
            for seed in config.webhooks
        }
        self.apps = {seed.client_id: _app(seed, number) for number, seed in enumerate(config.apps, start=1)}
        self.outgoing = [
            OutgoingWebhook(number, seed.url, frozenset(map(str.upper, seed.events)), seed.token or _secret())
            for number, seed in enumerate(config.outgoing_webhooks, start=1)
        ]
        self.tokens = TokenBook(config)
        self.offline = {client_id: OfflineQueue() for client_id in self.apps}
        self._fill_lines()

    def _fill_crm(self) -> None:
        config = self.config
        self.crm_mode = config.crm_mode
        self.crm = CrmStore(config.keep_entities)
        self.activities: Shelf[int, dict[str, Any]] = Shelf(config.keep_entities)
        self.bindings: dict[int, list[tuple[int, int]]] = {}
        self.tasks: Shelf[int, dict[str, Any]] = Shelf(config.keep_entities)
        self.comments: Shelf[int, Comment] = Shelf(config.keep_messages)
        self.messages: Shelf[int, Message] = Shelf(config.keep_messages)
        self.notifications: Shelf[int, Notification] = Shelf(config.keep_messages)
        self.chats: Shelf[int, Chat] = Shelf(config.keep_messages)
        self.chats[GENERAL_CHAT] = Chat(GENERAL_CHAT, "Общий чат", set(self.users))
        for seed in config.clients:
            self.crm.add(seed.kind, seed.fields, 1, self.iso())

    def _fill_lines(self) -> None:
        owner = next(iter(self.apps.values()), None)
        self.lines = {
            seed.number: Line(number, seed.number, seed.name, seed.crm_auto_create)
            for number, seed in enumerate(self.config.lines, start=1)
        }
        if owner is not None:
            owner.lines.update(self.lines)

    @property
    def domain(self) -> str:
        """Host and port of the portal."""
        return self.url.partition("//")[2]

    def now(self) -> float:
        return self.clock()

    def iso(self, at: float | None = None) -> str:
        """Text of a moment in the portal's time zone."""
        return datetime.fromtimestamp(self.now() if at is None else at, self.zone).isoformat(timespec="seconds")

    def next_id(self) -> int:
        return next(self.ids)

    def touch(self) -> None:
        """Something changed."""
        with self.changed:
            self.revision += 1
            self.changed.notify_all()

    def user_by_extension(self, extension: str) -> User | None:
        return next((user for user in self.users.values() if extension and user.extension == extension), None)

    def default_app(self) -> App | None:
        """The application that outgoing calls of the portal go through."""
        return next((app for app in self.apps.values() if app.installed), None)

    def say(self, dialog: str, author: int, text: str) -> int:
        """Put a message into a chat; returns its id."""
        number = self.next_id()
        self.messages[number] = Message(number, dialog, author, text, self.now())
        return number


def _secret() -> str:
    return secrets.token_hex(16)


def _user(seed: UserSeed) -> User:
    return User(**{**asdict(seed), "departments": list(seed.departments)})


def _app(seed: AppSeed, number: int) -> App:
    return App(
        number=number,
        client_id=seed.client_id,
        client_secret=seed.client_secret,
        title=seed.title,
        scopes=frozenset(seed.scopes),
        install_url=seed.install_url,
        redirect_uri=seed.redirect_uri,
        application_token=seed.application_token or _secret(),
        installed=seed.installed,
    )
