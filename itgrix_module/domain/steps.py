# SPDX-License-Identifier: GPL-3.0-or-later
"""What the CRM must hear of a call. Six kinds; each is a decision, its delivery may take a week."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Step:
    """``at``: when it was decided, epoch seconds UTC. ``why``: one line for the call's timeline."""

    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Register(Step):
    """Tell the portal of the call. ``employees``: whose cards open with it, the first is the one it is for."""

    employees: tuple[str, ...]


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
    """Close the call. ``employee``: who it is finished for (empty: the default user); ``talk``: seconds."""

    employee: str
    talk: float
    status: str


@dataclass(frozen=True, slots=True)
class Attach(Step):
    """Give the portal the recording. ``paths``: files as the PBX names them, to be joined in this order."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note(Step):
    """Nothing for the portal: a decision that the timeline shows (``why``)."""
