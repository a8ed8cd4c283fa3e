# SPDX-License-Identifier: GPL-3.0-or-later
"""Times in the PBX's records are its wall clock: without a zone, to the second, one hour twice each autumn.

A channel's Uniqueid holds the epoch second of its birth. It settles which of the two hours was meant, and mends the
zone where the settings (or this machine) have another one than the PBX.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

_BORN = re.compile(r"(?:^|-)(\d{9,11})\.\d{1,9}$", re.ASCII)
_STEP = 900  # seconds: zones differ by quarters of an hour
_MOST = 26 * 4  # steps: no two zones are further apart
_CLOSE = 5.0  # seconds between the birth of a channel and what is written of it


def born_at(uniqueid: str) -> float | None:
    """Epoch second at which a channel was made, None for a Uniqueid that somebody else chose."""
    found = _BORN.search(uniqueid)
    return float(found[1]) if found else None


class WallClock:
    """Reads successive rows. ``zone``: of the PBX; None: that of this machine."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._shift = 0.0
        self._last: float | None = None

    def at(self, written: object, born: float | None = None, *, sure: bool = True) -> float | None:
        """Epoch seconds; None for what is no time. ``born``: when the channel was made.

        ``sure``: the row tells of that very moment, so that it shows how far off the zone is.
        """
        moment = self.parsed(written)
        if moment is None:
            return None
        if moment.tzinfo is not None:
            return moment.timestamp()
        choices = sorted({self._epoch(moment.replace(fold=fold)) for fold in (0, 1)})
        if born is not None and sure:
            self._learn(choices, born)
        near = born if born is not None else self._last
        shifted = [choice + self._shift for choice in choices]
        self._last = shifted[0] if near is None else min(shifted, key=lambda choice: abs(choice - near))
        return self._last

    def settle(self, pairs: Iterable[tuple[object, float | None]]) -> None:
        """Put the zone right by what most of these say: when something was written, and when its channel was made."""
        votes = Counter(shift for written, born in pairs if (shift := self._shift_of(written, born)) is not None)
        if votes:
            self._shift = votes.most_common(1)[0][0]

    def _shift_of(self, written: object, born: float | None) -> float | None:
        moment = self.parsed(written)
        if moment is None or born is None or moment.tzinfo is not None:
            return None
        return _whole_quarters([self._epoch(moment.replace(fold=fold)) for fold in (0, 1)], born)

    def local(self, at: float) -> datetime:
        """What the PBX's clock shows then."""
        at -= self._shift
        if self._zone is None:
            return datetime.fromtimestamp(at)  # noqa: DTZ006 # the PBX writes local time without its zone
        return datetime.fromtimestamp(at, UTC).astimezone(self._zone).replace(tzinfo=None)

    def _epoch(self, moment: datetime) -> float:
        return (moment if self._zone is None else moment.replace(tzinfo=self._zone)).timestamp()

    def _learn(self, choices: list[float], born: float) -> None:
        """Whole quarters of an hour between the two are another zone; anything else is another clock, or a lie."""
        if any(abs(choice + self._shift - born) < _CLOSE for choice in choices):
            return
        shift = _whole_quarters(choices, born)
        self._shift = self._shift if shift is None else shift

    @staticmethod
    def parsed(written: object) -> datetime | None:
        """A column of the database, an ISO text, or epoch seconds with a fraction (``cel_custom``)."""
        if isinstance(written, datetime):
            return written
        text = str(written or "").strip()
        try:
            if re.fullmatch(r"\d{9,11}(\.\d{1,9})?", text, re.ASCII):
                return datetime.fromtimestamp(float(text), UTC)
            return datetime.fromisoformat(text) if text[:1].isdigit() and text[:4] != "0000" else None
        except (ValueError, OverflowError, OSError):
            return None


def _whole_quarters(choices: list[float], born: float) -> float | None:
    away = min((born - choice for choice in choices), key=abs)
    steps = round(away / _STEP)
    return float(steps * _STEP) if abs(away - steps * _STEP) < _CLOSE and abs(steps) <= _MOST else None
