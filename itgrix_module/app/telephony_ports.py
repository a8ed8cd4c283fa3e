# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's telephony: what it must hear of a call, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class RegisterOrder:
    """A call for the portal to know. ``external_id``: ``<node>-<linkedid>``; ``started``: epoch seconds, UTC.

    ``entity``: kind and id of the CRM record that gets the call, where the portal is not to choose. ``params``: what a
    customization made of the whole request, in the portal's own words. ``callback``: the client had asked for it.
    """

    external_id: str
    user_id: int
    phone: str
    incoming: bool
    started: float
    line: str = ""
    create: bool = False
    source: str = ""
    entity: tuple[str, str] | None = None
    params: Mapping[str, Any] | None = None
    callback: bool = False


@dataclass(frozen=True)
class FinishOrder:
    """The end of a call. ``seconds``: talk time; ``status``: 200, 304, 603-S ...; ``vote``: 1 to 5.

    ``params``: what a customization made of the whole request, in the portal's own words. ``reason``: why the call
    did not come about, for people.
    """

    user_id: int
    seconds: int
    status: str
    vote: int | None = None
    params: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True)
class CallOrder:
    """Everything the portal must hear now of one call. ``call_id``: empty when ``register`` is to give it."""

    key: str
    call_id: str = ""
    register: RegisterOrder | None = None
    show: tuple[int, ...] = ()
    hide: tuple[int, ...] = ()
    finish: FinishOrder | None = None


@dataclass(frozen=True)
class Registered:
    """``created``: (type, id) of CRM objects made for the call; ``warning``: what the portal could not do."""

    call_id: str
    entity_type: str = ""
    entity_id: str = ""
    created: tuple[tuple[str, str], ...] = ()
    warning: str = ""


@dataclass(frozen=True)
class Finished:
    """``activity_id``: the call's activity in the CRM, empty when the number is bound to nothing."""

    activity_id: str = ""
    entity_type: str = ""
    entity_id: str = ""
    warning: str = ""


@dataclass(frozen=True)
class CallReply:
    """Each part of an order settled by itself: its result, a domain.failures.Failure, or None when not asked for."""

    key: str
    registered: Registered | Exception | None = None
    shown: bool | Exception | None = None
    hidden: bool | Exception | None = None
    finished: Finished | Exception | None = None


class CallPortal(Protocol):
    """Calls in the portal."""

    def send(self, orders: Sequence[CallOrder], priority: int) -> list[CallReply]:
        """All orders in one request where possible. Raises Failure when the request as a whole failed."""

    def finished_call(self, call_id: str) -> Finished | None:
        """What the portal's statistics know of a call that it has closed."""

    def attach(self, call_id: str, file: str, filename: str) -> str:
        """Upload a recording (path of the prepared file); returns the portal's file id. Repeating replaces it."""

    def pressure(self) -> float:
        """How full the request budget is, 0..1."""

    def ready_in(self, priority: int = 0) -> float:
        """Seconds until the budget allows a request of this priority; 0 when it does now."""
