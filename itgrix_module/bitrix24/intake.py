# SPDX-License-Identifier: GPL-3.0-or-later
"""The door for events that the portal sends: nothing is believed that does not hold the application's token.

An installation and an update bring a new token, so they cannot be known by one: what speaks for them is looked at
here, what proves them is asked of the portal later (see ``application``). Their tokens wait sealed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Protocol

from itgrix_module.app.happenings import STALE, Happening, Inbox, Taken
from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24.encoding import BadForm
from itgrix_module.bitrix24.events import INSTALL, TEST, UPDATE, PortalEvent, install_tokens, is_from, read_event, same
from itgrix_module.domain.failures import Failure

log = logging.getLogger("itgrix.events")

PATIENCE = 0.04  # seconds that an answer may wait for the store; the portal wants to be answered at once
CLAIMS, CLAIMS_SECONDS = 6, 60.0  # installations that are looked into, in so many seconds
KNOWN_SECONDS = 2.0  # that the stored authorisation is believed without reading it again
TELL_SECONDS = 60.0  # between two complaints about strangers
CLOCKS = 300.0  # seconds that clocks may differ without an event being taken for old


class Seal(Protocol):
    """Keeps secrets."""

    def seal(self, secret: str) -> str: ...

    def open(self, sealed: str) -> str: ...


class Door:
    """Thread-safe. ``known``: the stored authorisation; ``check``: raises for a claim that cannot be true.

    ``offset``: seconds that the portal's clock is ahead of ours. ``clock``: epoch seconds.
    """

    def __init__(
        self,
        inbox: Inbox,
        seal: Seal,
        known: Callable[[], Tokens | None],
        check: Callable[[Tokens], None],
        offset: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._inbox, self._seal, self._load, self._check = inbox, seal, known, check
        self._offset, self._clock = offset, clock
        self._lock = threading.Lock()
        self._seen: tuple[float, Tokens | None] = (float("-inf"), None)
        self._claims: list[float] = []
        self._strangers, self._told = 0, float("-inf")

    def take(self, body: bytes) -> Taken:
        """What came in a request, of any content."""
        try:
            event = read_event(body)
        except BadForm:
            return Taken.SENSELESS
        if event.name in (INSTALL, UPDATE):
            return self._claimed(event)
        known = self._known()
        if known is None:
            return self._stranger()
        if not is_from(event, known.member_id, known.application_token):
            return self._unknown(event, known)
        return self._from_portal(event)

    def forget(self) -> None:
        """The stored authorisation has changed."""
        self._seen = (float("-inf"), None)

    def _known(self) -> Tokens | None:
        at, known = self._seen
        now = time.monotonic()
        if now - at < KNOWN_SECONDS:
            return known
        try:
            known = self._load()
        except Failure as failure:
            log.debug("the stored authorisation cannot be read now, the one read last counts: %s", failure)
        self._seen = (now, known)
        return known

    def _from_portal(self, event: PortalEvent) -> Taken:
        now = self._clock()
        if event.name == TEST or not self._inbox.hears(event.name):
            return Taken.IGNORED
        age = 0.0 if event.ts is None else now + self._offset() - event.ts
        if not -STALE <= age <= STALE + CLOCKS:
            log.warning("%s is %.0f s old by the clocks of the portal and of this server: ignored", event.name, age)
            return Taken.IGNORED
        sent = now - max(0.0, age)
        happening = Happening(event.name, event.data, sent, now, event.dedup_key())
        return Taken.TAKEN if self._inbox.take(happening, PATIENCE) else Taken.CROWDED

    def _unknown(self, event: PortalEvent, known: Tokens) -> Taken:
        """While no token is known, an event that brings a token of its own may prove whose it is."""
        if known.application_token or not same(event.auth.member_id, known.member_id):
            return self._stranger()
        return self._claimed(event, TEST)

    def _claimed(self, event: PortalEvent, name: str = "") -> Taken:
        claim = _claim(event, self._clock(), trial=bool(name))
        if claim is None:
            return self._stranger()
        try:
            self._check(claim)
        except Failure as failure:
            log.warning("an installation was refused: %s", failure)
            return Taken.REFUSED
        if not self._has_room():
            return Taken.CROWDED
        now = self._clock()
        values = {**asdict(claim), "scope": sorted(claim.scope)}
        digest = hashlib.sha256(f"{claim.access_token} {claim.application_token}".encode()).hexdigest()
        key = f"{name or event.name}:{digest}"
        sealed = self._seal.seal(json.dumps(values))
        self._inbox.take(Happening(name or event.name, {}, now, now, key, sealed), PATIENCE)
        return Taken.TAKEN

    def _has_room(self) -> bool:
        now = time.monotonic()
        with self._lock:
            self._claims = [at for at in self._claims if now - at < CLAIMS_SECONDS]
            if len(self._claims) >= CLAIMS:
                return False
            self._claims.append(now)
            return True

    def _stranger(self) -> Taken:
        now = time.monotonic()
        with self._lock:
            self._strangers += 1
            count, is_due = self._strangers, now - self._told >= TELL_SECONDS
            if is_due:
                self._told, self._strangers = now, 0
        if is_due:
            log.warning("%d events were refused: they do not hold the token of our application", count)
        return Taken.REFUSED


def opened(seal: Seal, happening: Happening) -> Tokens:
    """The claim of an installation. Raises Failure when the key file has changed since."""
    values = json.loads(seal.open(happening.sealed))
    return Tokens(**{**values, "scope": frozenset(values["scope"])})


def _claim(event: PortalEvent, now: float, *, trial: bool) -> Tokens | None:
    if trial:
        auth = event.auth
        if not auth.access_token or not auth.application_token:
            return None
        ends = (auth.domain, auth.client_endpoint, auth.server_endpoint)
        return Tokens(auth.access_token, "", now, auth.member_id, *ends, application_token=auth.application_token)
    return install_tokens(event, now)
