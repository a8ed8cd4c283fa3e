# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a phone free? Asked of the PBX when somebody wants to know, or heard from its events where they come.

Hints are asked first (``ExtensionState``): on FreePBX they join all devices of an extension and its do-not-disturb.
An extension without a hint is looked for among the devices (``DeviceStateList``). Both actions need one of the rights
``call`` and ``reporting``, which the product has anyway (seen on Asterisk 16 and 22).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.wire import Headers

FRESH = 0.2  # seconds for which an answer counts for callers who come after it
HEARD = 30.0  # seconds for which a state counts that an event told
DEVICES_FRESH = 1.0  # seconds for which a list of all devices counts
WAIT = 1.0  # seconds for an answer of the PBX
MOST = 10_000  # extensions that are remembered

# AST_EXTENSION_* of Asterisk are bits; what is not here is written as UNKNOWN.
_INUSE, _BUSY, _UNAVAILABLE, _RINGING, _ONHOLD = 1, 2, 4, 8, 16
_TECHNOLOGIES = frozenset(("PJSIP", "SIP", "IAX2", "SCCP", "DAHDI", "DPMA"))
# Of several devices of one extension the first of these says it: one that talks, one that is free, one that is away.
_ORDER = (
    *("BUSY", "RINGINUSE", "INUSE", "RINGING", "ONHOLD"),
    *("NOT_INUSE", "UNKNOWN", "UNAVAILABLE", "INVALID"),
)

_NO_DEVICES: tuple[float, dict[str, str]] = (float("-inf"), {})  # when they were listed, and their states


class Actions(Protocol):
    """The part of the link that is needed."""

    def action(self, name: str, headers: Headers = (), timeout: float = 5.0) -> Message: ...

    def list_action(
        self, name: str, headers: Headers = (), timeout: float = 10.0, complete: str = ""
    ) -> list[Message]: ...


@dataclass(frozen=True)
class _Seen:
    state: str
    at: float
    counts: float  # seconds


class DeviceStates:
    """Fulfils ``app.route.Devices``. Thread-safe.

    ``link``: to the PBX now; raises Failure when there is none. ``context``: where the hints are. ``clock``: seconds
    that never go back.
    """

    def __init__(
        self,
        link: Callable[[], Actions],
        context: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link, self._context, self._clock = link, context, clock
        self._seen: dict[str, _Seen] = {}
        self._devices = _NO_DEVICES
        self._lock = threading.Lock()

    def state(self, extension: str, since: float) -> str | None:
        """See the port."""
        seen = self._seen.get(extension)
        if seen is None:
            return None
        return seen.state if seen.at >= since or self._clock() <= seen.at + seen.counts else None

    def ask(self, extension: str) -> None:
        """See the port."""
        answer = self._link().action("ExtensionState", [("Exten", extension), ("Context", self._context())], WAIT)
        state = of_hint(answer.get("Status"))
        self._put(extension, state if state is not None else self._of_devices(extension), FRESH)

    def hear(self, message: Message) -> None:
        """An event of the PBX; quick, and nothing happens for events about other things.

        Of an extension whose hint was asked only ``ExtensionStatus`` says more, so a device's own event makes what is
        known of it old.
        """
        if message.event == "ExtensionStatus" and message.get("Context") == self._context():
            self._put(message.get("Exten"), of_hint(message.get("Status")) or "UNKNOWN", HEARD)
        elif message.event == "DeviceStateChange":
            extension = extension_of(message.get("Device"))
            with self._lock:
                self._seen.pop(extension, None)
                self._devices = _NO_DEVICES

    def sent(self, extension: str) -> None:
        """See the port."""
        with self._lock:
            self._seen.pop(extension, None)
            self._devices = _NO_DEVICES

    def forget(self) -> None:
        """The link was lost: events may have been missed."""
        with self._lock:
            self._seen.clear()

    def _put(self, extension: str, state: str, seconds: float) -> None:
        seen = _Seen(state, self._clock(), seconds)
        with self._lock:
            if len(self._seen) >= MOST:
                self._seen.clear()
            self._seen[extension] = seen

    def _of_devices(self, extension: str) -> str:
        at, known = self._devices
        now = self._clock()
        if now - at > DEVICES_FRESH:
            known = by_extension(self._link().list_action("DeviceStateList", timeout=WAIT))
            with self._lock:
                self._devices = (now, known)
        return known.get(extension, "UNKNOWN")


def of_hint(status: str) -> str | None:
    """The state of a hint in the words for devices; None where there is no hint."""
    try:
        bits = int(status)
    except ValueError:
        return None
    if bits < 0:
        return None
    if bits & _BUSY:
        return "BUSY"
    if bits & _INUSE:
        return "RINGINUSE" if bits & _RINGING else "INUSE"
    if bits & _RINGING:
        return "RINGING"
    if bits & _ONHOLD:
        return "ONHOLD"
    return "UNAVAILABLE" if bits & _UNAVAILABLE else "NOT_INUSE"


def by_extension(items: Iterable[Message]) -> dict[str, str]:
    """States of extensions by those of their devices (``PJSIP/101``)."""
    found: dict[str, set[str]] = {}
    for item in items:
        extension = extension_of(item.get("Device"))
        if extension:
            found.setdefault(extension, set()).add(item.get("State").upper())
    return {extension: next((s for s in _ORDER if s in states), "UNKNOWN") for extension, states in found.items()}


def extension_of(device: str) -> str:
    """``PJSIP/101`` is a phone of 101; empty for queues, hints, Local channels and the like."""
    technology, _, name = device.partition("/")
    return name if technology in _TECHNOLOGIES else ""
