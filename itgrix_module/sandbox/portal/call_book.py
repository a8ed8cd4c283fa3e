# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's calls, the keys that make a repeated register the same call, and the bytes of recordings."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from typing import Any

from itgrix_module.sandbox.portal import audio
from itgrix_module.sandbox.portal.model import Call, Record
from itgrix_module.sandbox.portal.shelf import Shelf

UPLOAD_TTL = 3600.0


class CallBook:
    """Calls by CALL_ID; at most ``keep`` of them and ``record_bytes`` of recordings."""

    def __init__(self, keep: int, record_bytes: int) -> None:
        self.all: Shelf[str, Call] = Shelf(keep, self._forgotten)
        self.statistic: Shelf[int, Call] = Shelf(keep)
        self._open: dict[tuple[Any, ...], str] = {}
        self._budget = record_bytes
        self._kept = 0
        self._files: Shelf[int, str] = Shelf(keep)
        self.uploads: Shelf[str, tuple[str, str, float]] = Shelf(keep)
        self.last_statistic = 0

    def new_id(self, now: float, kind: str = "externalCall") -> str:
        return f"{kind}.{secrets.token_hex(16)}.{int(now)}"

    def add(self, call: Call) -> None:
        self.all[call.call_id] = call
        self._open[call.key] = call.call_id

    def get(self, call_id: str) -> Call | None:
        return self.all.get(call_id)

    def open_call(self, call_id: str) -> Call | None:
        """The call if it is registered and not finished."""
        call = self.all.get(call_id)
        return call if call is not None and call.finish is None else None

    def same(self, key: tuple[Any, ...], now: float, window: float) -> Call | None:
        """The unfinished call that a register with this key means, if it is young enough."""
        call = self.open_call(self._open.get(key, ""))
        return call if call is not None and now - call.registered_at < window else None

    def open_calls(self) -> list[Call]:
        """Registered and not finished, newest first."""
        return [call for call_id in reversed(self._open.values()) if (call := self.open_call(call_id))]

    def overdue(self, before: float) -> list[Call]:
        """Clicked calls registered before this moment and never finished."""
        return [call for call in self.open_calls() if call.click_to_call and call.registered_at < before]

    def close(self, call: Call) -> int:
        """Take the call off the open ones; returns the number of its row in the statistics."""
        if self._open.get(call.key) == call.call_id:
            del self._open[call.key]
        self.last_statistic += 1
        self.statistic[self.last_statistic] = call
        return self.last_statistic

    def offer_upload(self, call: Call, filename: str, now: float) -> str:
        """A token for one upload."""
        token = secrets.token_hex(40)
        self.uploads[token] = (call.call_id, filename, now + UPLOAD_TTL)
        return token

    def take_upload(self, token: str, now: float) -> tuple[Call, str] | None:
        """The call and the file name of an upload; the token is spent."""
        call_id, filename, expires = self.uploads.pop(token, ("", "", 0.0))
        call = self.all.get(call_id)
        return None if call is None or now > expires else (call, filename)

    def attach(self, call: Call, file_id: int, filename: str, content: bytes, at: float, way: str) -> Record:
        """Replace the call's recording."""
        if call.record is not None:
            self._files.pop(call.record.file_id, None)
            self._kept -= len(call.record.content)
        digest = hashlib.sha256(content).hexdigest()
        call.record = Record(
            file_id, filename, audio.mime(filename), content, len(content), digest, audio.seconds(content), at, way
        )
        call.records += 1
        self._files[file_id] = call.call_id
        self._kept += len(content)
        self._shed()
        return call.record

    def by_file(self, file_id: int) -> Record | None:
        call = self.all.get(self._files.get(file_id, ""))
        record = call.record if call is not None else None
        return record if record is not None and record.file_id == file_id else None

    def _shed(self) -> None:
        """Forget the bytes of the oldest recordings; their facts stay."""
        while self._kept > self._budget and len(self._files) > 1:
            _, call_id = self._files.popitem(last=False)
            if (call := self.all.get(call_id)) is not None:
                self._strip(call)

    def _strip(self, call: Call) -> None:
        if call.record is not None:
            self._kept -= len(call.record.content)
            call.record = replace(call.record, content=b"")

    def _forgotten(self, _call_id: str, call: Call) -> None:
        if self._open.get(call.key) == call.call_id:
            del self._open[call.key]
        self._strip(call)
