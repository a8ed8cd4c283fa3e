# SPDX-License-Identifier: GPL-3.0-or-later
"""What comparing with the PBX's records needs, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from itgrix_module.app.ports import CallRow, NewStep, PortalSide, TimelineEntry
from itgrix_module.domain.facts import LegEnded
from itgrix_module.domain.records import Story

ADDED, COMPLETED, CORRECTED, CLOSED, RETRIED = "added", "completed", "corrected", "closed", "retried"
OPEN, SAME, FAILED = "open", "same", "failed"
KINDS = (ADDED, CLOSED, COMPLETED, CORRECTED, RETRIED, OPEN, SAME, FAILED)


class Records(Protocol):
    """CDR and CEL of the PBX."""

    @property
    def exist(self) -> bool:
        """Does the PBX keep any that we may read?"""

    def stories(self, since: float, until: float) -> Iterator[Story]:
        """Of calls that began within these epoch seconds, about in that order. Raises Failure."""

    def of(self, linkedid: str) -> Story | None:
        """Of one call, with all that belongs to it. Raises Failure."""


@dataclass(frozen=True)
class KnownStep:
    """A step of a call that we know."""

    id: int
    kind: str
    state: str


@dataclass(frozen=True)
class KnownCall:
    """A call that is stored. ``guessed``: part of it lay in a gap, so that something was concluded."""

    row: CallRow
    portal: PortalSide
    steps: tuple[KnownStep, ...] = ()
    guessed: bool = False

    def has(self, kind: str) -> bool:
        """Was a step of this kind ever decided?"""
        return any(step.kind == kind for step in self.steps)

    def failed(self) -> tuple[int, ...]:
        """Steps that the portal was not to be moved to take."""
        return tuple(step.id for step in self.steps if step.state == "failed")


class Books(Protocol):
    """What is stored of calls."""

    def known(self, node: str, linkedids: Collection[str]) -> Mapping[str, KnownCall]:
        """Those of the calls that are stored, by Linkedid; one that was merged is answered with the one it became."""

    def write(
        self, row: CallRow | None, node: str, linkedid: str, steps: Sequence[NewStep], told: Sequence[TimelineEntry]
    ) -> None:
        """All or nothing. ``row``: None leaves the call as it is."""

    def retry(self, steps: Iterable[int], now: float) -> int:
        """Try failed steps again; returns how many."""


class Present(Protocol):
    """What lives on the PBX now."""

    def legs(self) -> Collection[str] | None:
        """Unique ids of all channels; None when that is not known."""

    def close(self, facts: Sequence[LegEnded]) -> bool:
        """Let the tracker end what it still believes to live; False when nobody tracks here."""


@dataclass(frozen=True)
class Order:
    """What is to be compared. Epoch seconds; ``calls``: only these Linkedids, whenever they were.

    ``by_hand``: somebody asked for it: what failed is tried again, and what the rules left out then is judged by the
    rules of now. ``dry``: nothing is stored. ``who``: for the timeline.
    """

    since: float = 0.0
    until: float = 0.0
    calls: tuple[str, ...] = ()
    by_hand: bool = False
    dry: bool = False
    who: str = ""


@dataclass(frozen=True)
class Found:
    """What became of one call. ``kind``: one of ``KINDS``; ``why``: one line."""

    linkedid: str
    kind: str
    why: str
    started: float = 0.0
    direction: str = ""
    client: str = ""
    line: str = ""
    outcome: str = ""
    talk: float = 0.0


@dataclass
class Progress:
    """How far it has come. ``at``: start of the call that was looked at last, epoch seconds; 0 before the first.

    ``judged``: up to there everything that began was judged. ``state``: ``running``, ``done``, ``stopped``,
    ``failed``; ``problem``: why.
    """

    order: Order
    begun: float = 0.0
    ended: float | None = None
    at: float = 0.0
    looked: int = 0
    judged: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    found: list[Found] = field(default_factory=list)
    state: str = "running"
    problem: str = ""
    hint: str = ""

    @property
    def share(self) -> float:
        """Of the work, 0 to 1."""
        if self.state == "done":
            return 1.0
        if self.order.calls:
            return min(1.0, self.looked / len(self.order.calls))
        length = self.order.until - self.order.since
        return min(1.0, max(0.0, (self.at - self.order.since) / length)) if self.at and length > 0 else 0.0

    def data(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "state": self.state,
            "problem": self.problem,
            "hint": self.hint,
            "since": self.order.since,
            "until": self.order.until,
            "calls": list(self.order.calls),
            "dry": self.order.dry,
            "by_hand": self.order.by_hand,
            "begun": self.begun,
            "ended": self.ended,
            "at": self.at,
            "share": round(self.share, 3),
            "looked": self.looked,
            "counts": dict(self.counts),
        }


class Reprocessing(Protocol):
    """Comparisons by hand, as the panel orders them."""

    @property
    def progress(self) -> Progress | None:
        """Of the one that runs or ran last."""

    def begin(self, order: Order) -> Progress:
        """Start it in the background. Raises Failure when one runs, or when no records are known."""

    def halt(self) -> None:
        """End it after the call that it looks at."""


Listener = Callable[[Progress], None]
