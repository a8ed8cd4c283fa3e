# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls and their steps look like in the storage, and what the use cases need from it, as Protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from itgrix_module.domain.steps import urgency


@dataclass(frozen=True)
class StoredStep:
    """A step on its way to the portal.

    ``n``: its place in the order of its call. ``payload``: the decision as JSON data, the shape is the deliverer's.
    ``sent``: exact parameters of the first attempt, kept so that a repeat is the same request. ``unsure``: an
    attempt's answer was lost, so the portal may have executed it. Times in epoch seconds, UTC.
    """

    id: int
    n: int
    kind: str
    payload: Mapping[str, Any]
    priority: int
    due_at: float
    decided_at: float
    attempts: int = 0
    unsure: bool = False
    sent: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class NewStep:
    """A step to be stored; its ``n`` is the next of its call."""

    kind: str
    payload: Mapping[str, Any]
    priority: int
    due_at: float
    decided_at: float


@dataclass(frozen=True)
class CallRow:
    """A call as the panel, the reports and the deliverer see it; ``state`` is the tracker's own JSON data.

    ``caller``: the employee who began it, of an outgoing or internal call. ``client``: the number as the PBX shows
    it, ``number``: the same in the portal's normal form. ``source``: the lead source of its line. ``vote``: 1 to 5,
    the caller's rating. Empty text and None mean "not known". Times in epoch seconds, UTC; durations in seconds.
    """

    node: str
    linkedid: str
    direction: str
    phase: str
    client: str = ""
    number: str = ""
    client_name: str = ""
    line: str = ""
    source: str = ""
    trunk: str = ""
    caller: str = ""
    queue: str = ""
    started: float = 0.0
    answered: float | None = None
    ended: float | None = None
    outcome: str = ""
    status: str = ""
    wait: float | None = None
    talk: float = 0.0
    answered_by: str = ""
    last_talker: str = ""
    rang: tuple[str, ...] = ()
    live: bool = True
    merged_into: str = ""
    vote: int | None = None
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PortalSide:
    """What the portal answered for a call so far; part of the call's row, written by the deliverer only.

    ``left_out``: why the portal is not told of the call, when a customization decided so.
    """

    call_id: str = ""
    entity_type: str = ""
    entity_id: str = ""
    created: tuple[tuple[str, str], ...] = ()
    activity_id: str = ""
    record_file_id: str = ""
    registered_user: int | None = None
    registered_at: float | None = None
    finished: bool = False
    left_out: str = ""


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a call's timeline. ``kind``: ``fact``, ``step``, ``attempt`` or ``note``; ``data``: JSON data."""

    at: float
    kind: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lane:
    """All waiting steps of one call, in order, leased to one worker. The first is due."""

    call: CallRow
    portal: PortalSide
    steps: tuple[StoredStep, ...]

    @property
    def urgency(self) -> int:
        """Its place among others, see ``domain.steps.urgency``."""
        return urgency((step.kind, step.priority) for step in self.steps)


@dataclass(frozen=True)
class Settlement:
    """What became of one step. ``state``: ``done``, ``waiting`` (again at ``due_at``), ``failed`` or ``dropped``."""

    step: int
    state: str
    due_at: float = 0.0
    attempts: int = 0
    unsure: bool = False
    sent: Mapping[str, Any] | None = None
    code: str = ""
    text: str = ""
    answer: Mapping[str, Any] | None = None


class Work(Protocol):
    """One transaction of the tracker: state of calls and the steps that follow commit together or not at all."""

    def save_call(self, row: CallRow) -> None:
        """Insert or update by (node, linkedid); the portal's side is left alone."""

    def add_steps(self, node: str, linkedid: str, steps: Sequence[NewStep]) -> None: ...

    def hasten(self, node: str, linkedid: str, now: float) -> None:
        """Steps of a call that wait for company go now: somebody has answered. Those tried before keep their time."""

    def add_timeline(self, node: str, linkedid: str, entries: Sequence[TimelineEntry]) -> None: ...

    def merge_call(self, node: str, gone: str, kept: str) -> None:
        """Mark a call as part of another; its timeline moves there."""

    def see_line(self, line: str, trunk: str, at: float) -> None:
        """Count a line seen in traffic, for the panel's offer of unmapped lines."""


class CallStore(Protocol):
    """The tracker's side of the storage."""

    def work(self) -> AbstractContextManager[Work]:
        """Commits at a clean exit of the block, rolls back when an exception leaves it."""

    def live_calls(self, node: str) -> list[CallRow]:
        """Calls of a node that had not ended when it was last heard."""


class Outbox(Protocol):
    """The deliverer's side of the storage: lanes of steps, claimed by lease."""

    def claim(
        self, owner: str, now: float, lease: float, limit: int, first: int = 0, last: int = 99, node: str = ""
    ) -> list[Lane]:
        """Take up to ``limit`` calls whose first waiting step is due and which nobody holds.

        Only lanes with an urgency from ``first`` to ``last`` (inclusive), by urgency, then by due time; only those of
        ``node`` when one is named. No call is ever held by two owners.
        """

    def settle(
        self,
        owner: str,
        node: str,
        linkedid: str,
        settlements: Sequence[Settlement],
        portal: PortalSide | None,
        timeline: Sequence[TimelineEntry],
        now: float,
        follow: Sequence[NewStep] = (),
    ) -> bool:
        """Store what became of the steps of a claimed call, all in one transaction, and release it.

        ``follow``: steps that this leads to; they come before a recording that waits.

        False when the lease was lost in between; then nothing is stored.
        """

    def remember_sent(self, owner: str, step: int, sent: Mapping[str, Any]) -> None:
        """Store the exact request before it is sent for the first time."""

    def extend(self, owner: str, node: str, linkedid: str, until: float) -> bool: ...

    def next_due(self, now: float, first: int = 0, last: int = 99) -> float | None:
        """Epoch second when the next free lane of these priorities becomes due; None when nothing waits."""

    def counts(self) -> Mapping[str, int]:
        """Steps by state, and ``lanes``: calls that wait."""
