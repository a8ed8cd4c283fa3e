# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX's records of past calls as the settings describe them: a database, files, or none."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from sqlalchemy import Engine

from itgrix_module.asterisk.cdr import CdrTable, open_records
from itgrix_module.asterisk.cdr_csv import CdrFiles, CelFile
from itgrix_module.asterisk.cel import CelTable
from itgrix_module.asterisk.stories import Stories
from itgrix_module.asterisk.wall_clock import WallClock
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.settings import Settings
from itgrix_module.zones import pbx_zone

_KEYS = ("cdr.url", "cdr.csv", "cel.csv", "pbx.time_zone")


class RecordsDoor:
    """Thread-safe: each question reads with a clock and tables of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: tuple[str, ...] = ("", "", "", "")
        self._engine: Engine | None = None
        self.version = 0  # grows when other records are named

    def configure(self, settings: Settings) -> None:
        """Use these settings from now on."""
        values = tuple(str(settings[key]) for key in _KEYS)
        with self._lock:
            if values == self._values:
                return
            old, self._engine, self._values = self._engine, None, values
            self.version += 1
        if old is not None:
            old.dispose()

    @property
    def is_set(self) -> bool:
        """Does any setting name records?"""
        return any(self._values[:3])

    def ends(self, legs: Mapping[str, float]) -> Mapping[str, float]:
        """When legs ended that began at these times, as far as the records know. Raises Failure."""
        engine = self._opened()
        if engine is None or not legs:
            return {}
        clock = self._clock()
        cdr, cel = CdrTable(engine, clock), CelTable(engine, clock)
        known = cdr.ends(legs) if cdr.exists else {}
        return known | (cel.ends(legs) if cel.exists else {})

    def stories(self) -> Stories:
        """What the PBX wrote, call by call. Raises Failure."""
        engine, (_, cdr_file, cel_file, _) = self._opened(), self._values
        events = CelFile(cel_file, self._clock()) if cel_file else None
        attempts = CdrFiles(cdr_file, self._clock()) if cdr_file else None
        if engine is None:
            return Stories(events, attempts)
        return Stories(events or CelTable(engine, self._clock()), attempts or CdrTable(engine, self._clock()))

    def close(self) -> None:
        """Close connections."""
        with self._lock:
            old, self._engine = self._engine, None
        if old is not None:
            old.dispose()

    def _clock(self) -> WallClock:
        return WallClock(pbx_zone(self._values[3]))

    def _opened(self) -> Engine | None:
        with self._lock:
            if self._engine is None and self._values[0]:
                self._engine = open_records(self._values[0])
            return self._engine


def unset() -> NeedsOwner:
    """What is said where no setting names records."""
    return NeedsOwner(
        "cdr_unset",
        "the PBX's call records are not known here",
        "Set cdr.url to the database with CDR and CEL, or cdr.csv and cel.csv to their files.",
    )
