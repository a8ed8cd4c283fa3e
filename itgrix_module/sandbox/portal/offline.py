# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline queue of one application: the last state per event and object, taken or reserved in portions."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from itgrix_module.sandbox.portal.shelf import Shelf

KEEP = 10_000
MAX_PORTION = 100


@dataclass
class Item:
    """One waiting event. ``process``: the reservation it belongs to, empty when it is free."""

    id: int
    event: str
    message: str
    data: Any
    connector: str
    at: str
    process: str = ""
    error: bool = False

    def row(self) -> dict[str, Any]:
        return {
            "ID": str(self.id),
            "TIMESTAMP_X": self.at,
            "EVENT_NAME": self.event,
            "EVENT_DATA": self.data,
            "EVENT_ADDITIONAL": False,
            "MESSAGE_ID": self.message,
        }

    def full_row(self) -> dict[str, Any]:
        return self.row() | {"PROCESS_ID": self.process or None, "ERROR": int(self.error)}


class OfflineQueue:
    """Not thread-safe: the state's lock guards it."""

    def __init__(self) -> None:
        self._items: Shelf[int, Item] = Shelf(KEEP)
        self._latest: Shelf[tuple[str, str], int] = Shelf(KEEP)
        self._numbers = itertools.count(1)

    def put(self, event: str, data: Mapping[str, Any], connector: str, at: str) -> None:
        """Add an event; a free one about the same object gives way."""
        message = f"{event}:{_object(data)}"
        number = next(self._numbers)
        earlier = self._items.get(self._latest.get((message, connector), 0))
        if earlier is not None and not earlier.process:
            del self._items[earlier.id]
        self._latest[(message, connector)] = number
        self._items[number] = Item(number, event, message, dict(data), connector, at)

    def free(self, connector: str, error: bool = False) -> list[Item]:
        """What can be taken."""
        return [
            item
            for item in self._items.values()
            if item.connector == connector and item.error == error and (error or not item.process)
        ]

    def reserved(self, process: str) -> list[Item]:
        return [item for item in self._items.values() if process and item.process == process]

    def all(self) -> list[Item]:
        return list(self._items.values())

    def take(self, items: Collection[Item]) -> None:
        for item in items:
            self._items.pop(item.id, None)

    def reserve(self, items: Collection[Item]) -> str:
        """Keep the items for one process; returns its name."""
        process = secrets.token_hex(16)
        for item in items:
            item.process, item.error = process, False
        return process

    def clear(self, process: str, ids: Collection[str], messages: Collection[str]) -> None:
        """Drop what the process is done with; without names, all of it."""
        chosen = [item for item in self.reserved(process) if str(item.id) in ids or item.message in messages]
        self.take(chosen if ids or messages else self.reserved(process))

    def fail(self, process: str, messages: Collection[str]) -> None:
        """Mark what the process could not do."""
        for item in self.reserved(process):
            item.error = item.error or item.message in messages


def _object(data: Mapping[str, Any]) -> str:
    fields = data.get("FIELDS") or data.get("FIELDS_AFTER") or data
    if not isinstance(fields, Mapping):
        return ""
    return str(fields.get("ID") or fields.get("CALL_ID") or secrets.token_hex(8))
