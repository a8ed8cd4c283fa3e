# SPDX-License-Identifier: GPL-3.0-or-later
"""What the CRM must hear of a call. Six kinds; each is a decision, its delivery may take a week."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Priority(IntEnum):
    """Who goes first when the portal's budget is short; a smaller number goes first."""

    CARD = 1
    FINISH = 2
    RECORD = 3  # a call that is registered after it ended
    TASK = 4
    UPLOAD = 5
    LATE = 6  # reprocessing of the past


def urgency(waiting: Iterable[tuple[str, int]]) -> int:
    """How urgent a call is. ``waiting``: kind and priority of each step that waits, in order; at least one.

    As its first step, unless that is a card and the end of the call waits behind it: nobody looks at that card any
    more, so the call does not stand before those that ring.
    """
    (kind, first), *rest = waiting
    if first != Priority.CARD:
        return first
    for later, priority in rest:
        if priority == Priority.FINISH:
            return Priority.RECORD if kind == "register" else Priority.FINISH
        if later == "attach":
            break
    return first


@dataclass(frozen=True, slots=True)
class Step:
    """``at``: when it was decided, epoch seconds UTC. ``why``: one line for the call's timeline."""

    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Register(Step):
    """Tell the portal of the call. ``employees``: whose cards open with it, the first is the one it is for.

    ``order``: ``click`` or ``callback`` when somebody in the portal ordered the call, else empty; ``line``: the
    portal's line that it was ordered for.
    """

    employees: tuple[str, ...]
    order: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Show(Step):
    """Open the card for these employees."""

    employees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hide(Step):
    """Close the card of these employees."""

    employees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finish(Step):
    """Close the call. ``employee``: who it is finished for (empty: the default user); ``talk``: seconds.

    ``order`` as in ``Register``; ``failure``: why an order did not come about, a code, empty when it did.
    """

    employee: str
    talk: float
    status: str
    order: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Attach(Step):
    """Give the portal the recording. ``paths``: files as the PBX names them, to be joined in this order."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note(Step):
    """Nothing for the portal: a decision that the timeline shows (``why``)."""
