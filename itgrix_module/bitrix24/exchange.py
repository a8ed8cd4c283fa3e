# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP attempt, for timelines, counters and the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from itgrix_module.bitrix24.masking import mask


@dataclass(frozen=True)
class Exchange:
    """What was sent and how it ended.

    ``status``: HTTP status, 0 when there was no answer. ``code``: error code of the table, empty for success.
    ``batch``: commands in a batch, else 0. ``params`` hold no secrets when they are reported.
    """

    method: str
    params: Mapping[str, Any]
    status: int
    code: str
    milliseconds: float
    batch: int = 0

    def __str__(self) -> str:
        size = f" of {self.batch}" if self.batch else ""
        return f"{self.method}{size} {self.status or '-'} {self.code or 'ok'} {self.milliseconds:.0f} ms"

    def masked(self, secrets: Iterable[str]) -> Exchange:
        """The same without secrets."""
        return replace(self, params=mask(self.params, secrets))
