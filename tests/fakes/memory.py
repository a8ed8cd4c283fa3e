# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls and their steps in memory, as the tables would hold them. JSON data go through JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from itgrix_module.app.ports import CallRow, NewStep, PortalSide, StoredStep, TimelineEntry
from itgrix_module.domain.steps import urgency

Key = tuple[str, str]
STATES = ("waiting", "done", "failed", "dropped")


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False, default=dict))


@dataclass
class MemoryStep:
    step: StoredStep
    state: str = "waiting"
    code: str = ""
    text: str = ""
    answer: Mapping[str, Any] | None = None
    settled_at: float | None = None


@dataclass
class MemoryCall:
    row: CallRow
    portal: PortalSide = field(default_factory=PortalSide)
    steps: list[MemoryStep] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    owner: str = ""
    lease_until: float = 0.0

    def copy(self) -> MemoryCall:
        return replace(self, steps=[replace(stored) for stored in self.steps], timeline=list(self.timeline))

    def waiting(self) -> list[StoredStep]:
        return [stored.step for stored in self.steps if stored.state == "waiting"]

    def urgency(self) -> int:
        return urgency((step.kind, step.priority) for step in self.waiting())

    def ready_at(self) -> float:
        return self.lease_until if self.owner else self.waiting()[0].due_at

    def pull_forward(self) -> None:
        """A step never tried goes as soon as a later one of its call has to go."""
        earliest = float("inf")
        for stored in reversed(self.steps):
            if stored.state == "waiting":
                earliest = min(earliest, stored.step.due_at)
                if not stored.step.attempts:
                    stored.step = replace(stored.step, due_at=earliest)


@dataclass
class MemoryData:
    """What the stores share, as tables would be."""

    calls: dict[Key, MemoryCall] = field(default_factory=dict)
    lines: dict[Key, int] = field(default_factory=dict)
    step_ids: int = 0

    def append(self, call: MemoryCall, steps: Sequence[NewStep]) -> None:
        """New steps behind those that are there."""
        for new in steps:
            self.step_ids += 1
            call.steps.append(
                MemoryStep(
                    StoredStep(
                        id=self.step_ids,
                        n=len(call.steps) + 1,
                        kind=new.kind,
                        payload=through_json(new.payload),
                        priority=new.priority,
                        due_at=new.due_at,
                        decided_at=new.decided_at,
                    )
                )
            )
