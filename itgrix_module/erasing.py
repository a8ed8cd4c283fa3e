# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes out or takes away all that this installation stores about one client number."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from itgrix_module.app.backups import Backup
from itgrix_module.app.erasure import SURE, Erased, Found, Sought, sought
from itgrix_module.app.ports import CallRow
from itgrix_module.keeping import Keeping
from itgrix_module.media.cache import plain_name
from itgrix_module.place import Place
from itgrix_module.storage.engine import Database
from itgrix_module.storage.erasure import SqlErasure
from itgrix_module.storage.rows import call_row

log = logging.getLogger("itgrix.operations")


class Erasure:
    """``forget``: takes a number out of the memory of the running service. ``backups``: those that there are."""

    def __init__(
        self,
        place: Place,
        database: Database,
        log_files: Callable[[], Iterable[Path]],
        backups: Callable[[], Iterable[Backup]],
        forget: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._place, self._store, self._clock = place, SqlErasure(database), clock
        self._log_files, self._backups, self._forget = log_files, backups, forget
        self._copies = Keeping(place.home / "recordings")

    def find(self, number: str) -> Found:
        """What there is. Raises NeedsOwner for what is no number."""
        wanted = sought(number)
        spellings = self._store.spellings(wanted)
        own = self._store.own_calls(spellings)
        ids = [row["id"] for row in own]
        return Found(
            spellings=spellings,
            calls=len(own),
            live=sum(bool(row["live"]) for row in own),
            recordings=sum(self._copies.find(_call(row)) is not None for row in own),
            tasks=len(self._store.tasks(spellings)),
            others=len(self._store.mentions(wanted, ids)),
            settings=self._store.settings(wanted),
        )

    def export(self, number: str) -> dict[str, Any]:
        """All of it, as JSON data. Times are epoch seconds, UTC."""
        wanted = sought(number)
        spellings = self._store.spellings(wanted)
        own = self._store.own_calls(spellings)
        return {
            "number": number.strip(),
            "spellings": spellings,
            "made_at": self._clock(),
            "calls": [self._told(row) for row in own],
            "tasks": self._store.tasks(spellings),
            "mentions": self._store.mentions(wanted, [row["id"] for row in own]),
            "settings": self._store.settings(wanted),
        }

    def _told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        copy = self._copies.find(_call(row))
        data = {name: value for name, value in row.items() if name not in ("id", "state", "work")}
        return {**data, **self._store.story(row["id"]), "recording": str(copy) if copy else ""}

    def erase(self, number: str) -> Erased:
        """Take it away. What the portal and the PBX have of the client is theirs and stays there."""
        wanted = sought(number)
        spellings = self._store.spellings(wanted)
        own = self._store.own_calls(spellings)
        ended = [row for row in own if not row["live"]]
        live = [row["id"] for row in own if row["live"]]
        recordings = sum(self._remove_sound(_call(row)) for row in ended)
        deliveries = self._store.erase_calls([row["id"] for row in ended])
        kept = {spelling for row in own if row["live"] for spelling in (row["client"], row["number"])}
        tasks = self._store.erase_tasks([spelling for spelling in spellings if spelling not in kept])
        others = self._store.erase_mentions(wanted, live)
        for spelling in spellings:
            self._forget(spelling)
        return Erased(
            calls=len(ended),
            recordings=recordings,
            deliveries=deliveries,
            tasks=tasks,
            others=others,
            log_lines=self._erase_log(wanted),
            live=len(live),
            settings=self._store.settings(wanted),
            backups=[backup.name for backup in self._backups()],
        )

    def _remove_sound(self, call: CallRow) -> bool:
        was_there = self._copies.find(call) is not None
        self._copies.remove(call)
        for file in self._place.work.glob(f"{plain_name(f'{call.node}-{call.linkedid}')}*"):
            with suppress(OSError):
                file.unlink()
        return was_there

    def _erase_log(self, wanted: Sought) -> int:
        """In place and of the same length: the service goes on writing to the file meanwhile."""
        if len(wanted.digits) < SURE:
            return 0
        return sum(_struck_out(file, wanted) for file in self._log_files())


def _call(row: Mapping[str, Any]) -> CallRow:
    return call_row(row)  # type: ignore[arg-type] # a plain mapping has all that is read of a row


def _struck_out(file: Path, wanted: Sought) -> int:
    pattern = re.compile(wanted.anywhere.pattern.encode())
    count = 0
    try:
        with file.open("r+b") as log_file:
            position = 0
            for line in iter(log_file.readline, b""):
                struck = pattern.sub(lambda found: b"x" * len(found[0]), line)
                if struck != line:
                    log_file.seek(position)
                    log_file.write(struck)
                    log_file.seek(position + len(line))
                    count += 1
                position += len(line)
    except OSError as error:
        log.warning("the log file %s could not be cleaned: %s", file.name, error.strerror)
    return count
