# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's REST interface: its tokens, the shared account of its limits, commands and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Tokens:
    """OAuth pair of the portal's application. Times in epoch seconds, UTC.

    ``server_endpoint``: ``https://HOST/rest/`` of the authorisation server, as the portal gave it.
    """

    access_token: str
    refresh_token: str
    expires_at: float
    member_id: str
    domain: str
    client_endpoint: str
    server_endpoint: str
    application_token: str = ""
    scope: frozenset[str] = frozenset()
    user_id: int | None = None


class TokenStore(Protocol):
    """Keeps the pair, encrypted at rest."""

    def load(self) -> Tokens | None: ...

    def save(self, tokens: Tokens) -> None:
        """Durable when it returns: a refreshed pair is stored before its first use."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Held by one thread of one process at a time; bounds every refresh."""


@dataclass(frozen=True)
class LimitState:
    """Shared account of the portal's limits; one row per portal, the same for all nodes.

    ``level``: fill of the leaky bucket at ``at`` (epoch seconds). ``operating``: per method, seconds used in the
    portal's window and the epoch second when the oldest minute leaves it. ``blocked_until``: epoch seconds, per
    method; the key ``*`` blocks the portal.
    """

    level: float = 0.0
    at: float = 0.0
    operating: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    blocked_until: Mapping[str, float] = field(default_factory=dict)


class LimitStore(Protocol):
    """Read-modify-write of LimitState under one lock across threads and processes."""

    def locked(self) -> AbstractContextManager[None]: ...

    def load(self) -> LimitState: ...

    def save(self, state: LimitState) -> None: ...


@dataclass(frozen=True)
class Command:
    """One REST method for the portal. ``key`` names it inside a batch; params may hold ``$result[key][field]``."""

    key: str
    method: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the portal said to one Command: ``result`` or ``failure``, never both."""

    key: str
    result: Any = None
    failure: Exception | None = None
    total: int | None = None
    next: int | None = None


class Rest(Protocol):
    """The portal's REST interface with authorisation, limits and error table applied."""

    def call(self, method: str, params: Mapping[str, Any] | None = None, *, priority: int = 5) -> Any:
        """Result of one method. Raises domain.failures.Failure."""

    def batch(self, commands: Sequence[Command], *, priority: int = 5) -> list[Answer]:
        """Up to 50 commands in one request, answers in the same order, each settled by itself.

        Raises domain.failures.Failure when the request as a whole failed.
        """
