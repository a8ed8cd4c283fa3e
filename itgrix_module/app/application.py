# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's local application: joined, updated, taken out, authorised again.

Whoever reaches our address can send an installation, so one is hostile until the portal itself has proven it.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from itgrix_module.app.rest_ports import Tokens, TokenStore
from itgrix_module.domain.failures import Failure, NeedsOwner

log = logging.getLogger("itgrix.portal")

STATE_SECONDS = 600.0  # how long a person may take on the portal's page
_MOST_STATES = 20


@dataclass(frozen=True)
class Bound:
    """A handler of an event. ``offline``: the portal's queue; ``connector``: a queue of somebody's own."""

    event: str
    handler: str = ""
    offline: bool = False
    auth_type: int = 0
    connector: str = ""


@dataclass(frozen=True)
class Placed:
    """A place in the portal's pages that shows something of ours."""

    placement: str
    handler: str
    title: str = ""


@dataclass(frozen=True)
class Mended:
    """How our handlers in the portal are after a look. ``missing``: events that could not be bound, and why.

    ``is_clean``: nothing is left that we wanted to be gone. ``offset``: seconds that the portal's clock is ahead of
    ours, None when it does not tell. ``user_id``, ``is_admin``: whose authorisation is used.
    """

    bound: tuple[Bound, ...] = ()
    added: int = 0
    removed: int = 0
    missing: Mapping[str, Failure] = field(default_factory=dict)
    is_clean: bool = True
    offset: float | None = None
    user_id: int | None = None
    is_admin: bool = True
    is_installed: bool = True


class ForgettingTokens(TokenStore, Protocol):
    """A store of tokens that can lose them on purpose."""

    def forget(self) -> None:
        """Remove the pair."""


class Proof(Protocol):
    """The portal as it can be asked about somebody who says that he is it. All raise Failure."""

    def check(self, claim: Tokens, known: Tokens | None) -> None:
        """Refuse what cannot be true, without asking anybody. Raises NeedsOwner."""

    def prove(self, claim: Tokens, known: Tokens | None) -> Tokens:
        """Ask our portal with the claim's own token whether it is for our application; the pair as it may be kept."""

    def page(self, state: str) -> str:
        """Where a person agrees in the portal."""

    def exchange(self, code: str, server: str, known: Tokens | None) -> Tokens:
        """The pair for the code of that page. ``server``: authorisation server that the page named."""


class Application:
    """Keeps the authorisation. Thread-safe.

    ``joined``: told after a new authorisation is stored, ``left`` after it was taken away. ``clock``: epoch seconds.
    """

    def __init__(
        self,
        tokens: ForgettingTokens,
        proof: Proof,
        joined: Callable[[], None],
        left: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._tokens, self._proof = tokens, proof
        self._joined, self._left, self._clock = joined, left, clock
        self._states: dict[str, float] = {}
        self._lock = threading.Lock()

    def known(self) -> Tokens | None:
        """The authorisation that is stored. Raises Failure."""
        return self._tokens.load()

    def check(self, claim: Tokens) -> None:
        """Is it worth asking the portal about this claim? Raises NeedsOwner with what is wrong with it."""
        self._proof.check(claim, self.known())

    def install(self, claim: Tokens, *, is_update: bool = False) -> None:
        """The portal says that it installed or updated our application. Raises Failure.

        After an update the pair that is in use stays: it belongs to the person that was chosen for it.
        """
        known = self.known()
        pair = self._proof.prove(claim, known)
        if is_update and known is not None and known.access_token and known.member_id == pair.member_id:
            pair = replace(known, application_token=pair.application_token, scope=pair.scope or known.scope)
        self._keep(pair)
        log.warning("the application of %s is %s", pair.domain, "updated" if is_update else "installed")

    def learn(self, claim: Tokens) -> None:
        """An event whose sender proves to be our portal names the application's token: keep it. Raises Failure."""
        known = self.known()
        if known is None or known.application_token:
            return
        self._proof.prove(claim, known)
        if claim.application_token and known.member_id == claim.member_id:
            with self._tokens.exclusive():
                latest = self._tokens.load()
                if latest is not None:
                    self._tokens.save(replace(latest, application_token=claim.application_token))
            log.info("events of %s are known by their token now", known.domain)

    def uninstall(self) -> None:
        """The portal has taken our application out: nothing of its authorisation is of use any more."""
        with self._tokens.exclusive():
            self._tokens.forget()
        log.error("the application was taken out of the portal; calls wait until it is installed again")
        self._left()

    def authorise(self) -> str:
        """Address of the portal's page where a person agrees. Raises NeedsOwner when the settings lack something."""
        state = secrets.token_urlsafe(24)
        page = self._proof.page(state)
        now = self._clock()
        with self._lock:
            fresh = [(known, until) for known, until in self._states.items() if until > now]
            self._states = dict([*fresh[1 - _MOST_STATES :], (state, now + STATE_SECONDS)])
        return page

    def authorised(self, state: str, code: str, server: str = "") -> Tokens:
        """The person agreed: ``state`` must be one that was given out and not used, then the code is exchanged.

        Raises NeedsOwner ``state_unknown``, and whatever the portal says.
        """
        if not self._redeem(state):
            raise NeedsOwner(
                "state_unknown",
                "This authorisation was not begun here, or too long ago.",
                "Begin it again on the portal page, and confirm within ten minutes.",
            )
        known = self.known()
        pair = self._proof.prove(self._proof.exchange(code, server, known), known)
        if known is not None and known.member_id == pair.member_id:
            pair = replace(pair, application_token=pair.application_token or known.application_token)
        self._keep(pair)
        log.warning("the application is authorised at %s", pair.domain)
        return pair

    def _redeem(self, state: str) -> bool:
        """Each is good once."""
        given, now = state.encode("utf-8", "replace"), self._clock()
        with self._lock:
            found = [known for known in self._states if hmac.compare_digest(known.encode(), given)]
            until = self._states.pop(found[0]) if found else 0.0
        return until > now

    def _keep(self, pair: Tokens) -> None:
        with self._tokens.exclusive():
            self._tokens.save(pair)
        self._joined()
