# SPDX-License-Identifier: GPL-3.0-or-later
"""When the messages of a recording arrived, if the recording does not say so.

Asterisk stamps events only with ``timestampevents = yes``, our recorder adds ``X-Received``. Without either the best
evidence counts: creation times inside Uniqueid and the age of the channel beside it, clocks of security and RTCP
events, and CEL and CDR times, whose zone is learned from the Uniqueid beside them. The clock never runs backwards.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import datetime

from itgrix_module.asterisk.message import Message

RECEIVED = "X-Received"

_EVIDENCE = re.compile(
    rb"\r\n(Uniqueid|UniqueID|LinkedID|EventTV|SentNTP|EventTime|StartTime|EndTime|EventName|Timestamp|Duration|Seconds)"
    rb": ([^\r\n]+)"
)
_EPOCH = re.compile(r"(\d{9,11})\.\d+$")
_ZONE_STEP = 900  # seconds; zones differ by quarters of an hour
_DAY = 86_400


class StreamClock:
    """``now``: epoch seconds of the newest evidence, 0.0 before any. ``exact``: the recording has time stamps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.exact = False
        self._offset: int | None = None  # seconds that local times of CEL and CDR are ahead of UTC

    def settle(self, message: Message) -> None:
        """Take or give the arrival time of a parsed message."""
        received = _number(message.headers.pop(RECEIVED, ""))
        message.repeated.pop(RECEIVED, None)
        stamped = "Timestamp" in message.headers
        if received and not stamped:
            message.at = received
        elif not stamped:
            message.at = self.now
            return
        self.now = message.at
        self.exact = True

    def glance(self, block: bytes) -> str:
        """Look for evidence in a raw block; only worth while when nothing is stamped.

        Returns the Linkedid of the call that CEL or CDR tells about, else empty.
        """
        found: dict[bytes, str] = {name: value.decode("ascii", "replace") for name, value in _EVIDENCE.findall(block)}
        created = _created(found.get(b"Uniqueid") or found.get(b"UniqueID", ""))
        age = found.get(b"Seconds") or found.get(b"Duration", "")
        self._advance(created + _age(age) if created else 0.0)
        stamp = _number(found.get(b"Timestamp", ""))
        if stamp:
            self.now, self.exact = max(self.now, stamp), True
        self._advance(_number(found.get(b"SentNTP", "")))
        self._advance(_instant(found.get(b"EventTV", "")))
        begun = found.get(b"StartTime") or (found.get(b"EventTime") if found.get(b"EventName") == "CHAN_START" else "")
        if created and begun:
            self._learn_zone(created, _local(begun))
        if self._offset is not None:
            for name in (b"EventTime", b"EndTime"):
                told = _local(found.get(name, ""))
                self._advance(told - self._offset if told else 0.0)
            if b"EventTime" in found or b"EndTime" in found:
                return found.get(b"LinkedID") or found.get(b"UniqueID", "")
        return ""

    def _advance(self, at: float) -> None:
        if at > self.now and (not self.now or at - self.now < _DAY):
            self.now = at

    def _learn_zone(self, created: float, local: float) -> None:
        if self._offset is None and local and abs(local - created) < _DAY:
            self._offset = round((local - created) / _ZONE_STEP) * _ZONE_STEP


def _created(uniqueid: str) -> float:
    """Creation time inside a Uniqueid; 0.0 for one that the CRM chose."""
    match = _EPOCH.search(uniqueid)
    return float(match[1]) if match else 0.0


def _age(text: str) -> float:
    """``00:01:07`` or ``67`` in seconds; anything else is 0.0."""
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + _number(part)
    return total


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _instant(text: str) -> float:
    """``2026-11-21T00:24:41.753+0000``."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
    except ValueError:
        return 0.0


def _local(text: str) -> float:
    """``2026-11-21 00:24:41`` (fractions ignored) as if it were UTC."""
    try:
        return float(timegm(datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").timetuple()))  # noqa: DTZ007
    except ValueError:
        return 0.0
