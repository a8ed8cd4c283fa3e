# SPDX-License-Identifier: GPL-3.0-or-later
"""How the portal is joined, for people: what the panel, the command and the health say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from itgrix_module.app.application import Bound
from itgrix_module.app.event_pace import Delay
from itgrix_module.app.health import Check, Level
from itgrix_module.domain.failures import Failure

PUSH, POLL, OFF, NONE = "push", "poll", "off", "none"
CLOCKS = 120.0  # seconds that the portal's clock and ours may differ before it is worth a word
# What an incoming webhook cannot do (contract §17).
LACKS = (
    "Click-to-call: a click on a number in the portal does not reach the PBX.",
    "Call-back forms of the CRM do not reach the PBX.",
    "External lines are not made and named in the portal.",
    "Changes of clients and deals are not heard of: smart routing learns of them when its memory runs out.",
    "Some portals refuse to register calls for a webhook; then calls do not reach the CRM at all.",
    "Messages and tasks come in the name of the person who made the webhook.",
)


def way_of(mode: str, chosen: str, public_url: str) -> str:
    """How events come: push, poll, off; none for a webhook, which has no events."""
    if mode != "app":
        return NONE
    if chosen != "auto":
        return chosen
    return PUSH if public_url.strip() else POLL


@dataclass(frozen=True)
class Overview:
    """``mode``: webhook or app. ``way``: see ``way_of``. ``handler``: our address for events, empty for none.

    ``authorised``: whose pair is stored: ``domain``, ``user_id``, ``scope``, and whether the application's token is
    known, without which no event that is sent to us is believed. ``bound``: our handlers in the portal. ``missing``:
    events that could not be bound, and why. Times in epoch seconds.
    """

    mode: str
    way: str
    portal: str
    is_set_up: bool
    is_authorised: bool = False
    domain: str = ""
    user_id: int | None = None
    is_admin: bool = True
    is_installed: bool = True
    scope: tuple[str, ...] = ()
    knows_sender: bool = False
    handler: str = ""
    problem: str = ""
    bound: tuple[Bound, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    looked_at: float | None = None
    failure: Failure | None = None
    offset: float | None = None
    delay: Delay | None = None
    waiting: int = 0
    failed: int = 0
    last_at: float | None = None
    recent: Sequence[Mapping[str, Any]] = ()

    @property
    def lacks(self) -> tuple[str, ...]:
        """What this way of joining cannot do."""
        return LACKS if self.mode != "app" else ()

    def as_data(self) -> dict[str, Any]:
        """JSON data."""
        data = asdict(self) | {"lacks": list(self.lacks)}
        failure = self.failure
        data["failure"] = {"code": failure.code, "text": str(failure), "hint": failure.hint} if failure else None
        return data


@dataclass(frozen=True)
class Lack:
    """Something that the authorisation does not allow. ``required``: without it calls do not reach the CRM."""

    text: str
    hint: str
    required: bool


@dataclass(frozen=True)
class Trial:
    """What a trial of the connection found."""

    is_enough: bool
    user_id: int | None
    is_admin: bool
    scopes: tuple[str, ...]
    lacks: tuple[Lack, ...]


def events_check(seen: Overview) -> Check | None:
    """For the health; None where there are no events to hear of."""
    if seen.way in (NONE, OFF):
        return None
    if not seen.is_authorised:
        return _warn(
            "events_unauthorised", "the application is not authorised: no events of the portal come", _AUTHORISE
        )
    if seen.problem:
        return _warn("events_address", f"the portal cannot be told where to send events: {seen.problem}", _ADDRESS)
    if seen.failure is not None:
        return _warn(seen.failure.code, f"events of the portal: {seen.failure.text}", seen.failure.hint)
    if seen.domain and seen.portal and seen.domain.lower() != seen.portal.lower():
        text = f"the authorisation is of {seen.domain}, the settings name {seen.portal}"
        return _warn("events_other_portal", text, _AUTHORISE)
    if not seen.is_installed:
        text = "the installation of the application is not finished: no events come"
        return _warn(
            "events_not_installed", text, "Set the application to use the API only, or finish its installation."
        )
    if seen.missing:
        name, why = next(iter(seen.missing.items()))
        return _warn("events_missing", f"the event {name} is not sent to us: {why}", _RIGHTS)
    if seen.way == PUSH and not seen.knows_sender:
        text = "the sender of events cannot be known yet: the portal has not told the application's token"
        return _warn(
            "events_sender", text, "Check that the public address is reachable from the portal, then authorise."
        )
    if seen.offset is not None and abs(seen.offset) > CLOCKS:
        text = f"the clock of this server and the portal's differ by {abs(seen.offset):.0f} s"
        return _warn("events_clock", text, "Switch on the time synchronisation of this server.")
    return _well(seen)


_AUTHORISE = "Press Authorise on the portal page, or install the application in the portal again."
_ADDRESS = "Correct portal.public_url, or set portal.events to poll."
_RIGHTS = "Authorise as an administrator of the portal, and tick the permissions of the application."


def _warn(code: str, text: str, hint: str) -> Check:
    return Check("events", Level.WARNING, code, text, hint)


def _well(seen: Overview) -> Check:
    if seen.way == PUSH:
        return Check("events", Level.OK, "events_push", "the portal sends its events here")
    if seen.delay is None:
        return Check("events", Level.OK, "events_poll", "events are fetched from the portal's queue")
    late = f"{seen.delay.usual:.0f}", f"{seen.delay.longest:.0f}"
    text = f"events are fetched from the portal's queue, {late[0]} s late as a rule, {late[1]} s at most"
    return Check("events", Level.OK, "events_delay", text, params={"usual": late[0], "longest": late[1]})
