# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of a call's story, as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Line:
    """``text``: what happened, in words. ``why``: the reason; ``hint``: what a person can do.

    ``kind``: ``fact`` (the PBX), ``step`` (our decision), ``attempt`` (the portal) or ``note``. ``tone``: empty,
    ``ok``, ``warning`` or ``error``. ``technical``: of no interest to most. ``name`` and ``data``: the entry as it
    was stored; ``request`` and ``answer``: the talk with the portal. ``at``: epoch seconds, UTC.
    """

    at: float
    kind: str
    icon: str
    text: str
    why: str = ""
    hint: str = ""
    tone: str = ""
    technical: bool = False
    name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    request: Any = None
    answer: Any = None
