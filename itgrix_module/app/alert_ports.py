# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page of alerts needs from the outside: which alerts stand now, and a test of the ways to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from itgrix_module.domain.failures import Failure

USER, CHAT, MAIL = "user", "chat", "mail"


@dataclass(frozen=True)
class Way:
    """A way to people. ``kind``: USER, CHAT or MAIL; ``to``: id of the user, the chat, mail addresses."""

    kind: str
    to: str

    @classmethod
    def of(cls, name: str) -> Way:
        """Of a channel's name (``user 1``)."""
        kind, _, to = name.partition(" ")
        return cls(kind, to)

    def __str__(self) -> str:
        return f"{self.kind} {self.to}"


@dataclass(frozen=True)
class Outcome:
    """What became of a test by one way. ``failure``: why it was not sent; ``hint``: what to do then, English."""

    way: Way
    failure: Failure | None = None
    hint: str = ""


@dataclass(frozen=True)
class Trial:
    """A test of all ways. ``at``: epoch seconds when it began."""

    at: float
    outcomes: tuple[Outcome, ...]

    @property
    def sent(self) -> list[str]:
        """Names of the ways that took it."""
        return [str(each.way) for each in self.outcomes if each.failure is None]

    @property
    def failed(self) -> list[str]:
        """Names of those that did not."""
        return [str(each.way) for each in self.outcomes if each.failure is not None]


@dataclass(frozen=True)
class StandingAlert:
    """A part that people were told of. ``since``: epoch seconds, broken since then.

    ``text``: what is wrong with it, English; empty when it is well again, which is told a minute later.
    ``is_watched``: False for a part that nobody looks at any more.
    """

    part: str
    since: float
    text: str
    is_watched: bool = True


class AlertDesk(Protocol):
    """All that the page of alerts works with."""

    def standing(self) -> Sequence[StandingAlert]:
        """The longest first. Raises Failure of the database."""

    def ways(self) -> Sequence[Way]:
        """As saved."""

    def last(self) -> Trial | None:
        """The last test since the start of the service."""

    def test(self) -> Trial:
        """One test by each way, within some seconds.

        Raises NeedsOwner when no way is set, Temporary when another test is under way or was made a moment ago.
        """
