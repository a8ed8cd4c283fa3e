# SPDX-License-Identifier: GPL-3.0-or-later
"""How each part is doing, as one value that the panel, ``/status``, ``itgrix check`` and the log read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Check:
    """One part: ``pbx``, ``portal``, ``database``, ``deliveries``, ``recordings``, ``employees`` ...

    ``code``: stable name of the finding, for translation, with ``params``; ``text`` and ``hint`` say it in English:
    what is the matter and what to do. ``since``: epoch seconds, UTC, None when always.
    """

    part: str
    level: Level
    code: str
    text: str
    hint: str = ""
    since: float | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """The whole service at one moment.

    ``counts``: ``live_calls``, ``steps_waiting``, ``steps_failed``, ``lanes``, ``employees`` ...; ``budget``: fill of
    the portal's request bucket 0..1.
    """

    version: str
    node: str
    started: float
    now: float
    checks: tuple[Check, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    budget: float = 0.0

    @property
    def level(self) -> Level:
        """The worst of all parts."""
        levels = [check.level for check in self.checks]
        return max(levels, key=list(Level).index, default=Level.OK)

    def as_data(self) -> dict[str, Any]:
        """JSON data for ``/status``."""
        data = asdict(self)
        data["level"] = self.level.value
        data["checks"] = {check.part: {**asdict(check), "level": check.level.value} for check in self.checks}
        return data
