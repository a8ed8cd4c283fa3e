# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks for missed calls that are open: one for each client number, known to all nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

OURS, OTHER = "ours", "other"


@dataclass(frozen=True)
class OpenTask:
    """The open task of a number and the missed call that it is for.

    ``task_id``: empty until the portal has told it. ``missed_at``: when that call began, epoch seconds UTC; None when
    the call is no longer stored. ``is_coming``: that call's step still waits, so the task may yet be made.
    """

    number: str
    node: str
    linkedid: str
    task_id: str
    missed_at: float | None
    is_coming: bool


class OpenTasks(Protocol):
    """Shared by all nodes; every change is atomic."""

    def claim(self, number: str, node: str, linkedid: str, now: float) -> str:
        """``ours`` when the task of the number is this call's to make or its own, ``other`` when another call has it.

        A claim without a task whose call makes none any more is taken over.
        """

    def set_task(self, number: str, node: str, linkedid: str, task_id: str) -> bool:
        """The portal has told the id of the task of this call's claim; False when the claim is gone."""

    def give_up(self, number: str, node: str, linkedid: str) -> None:
        """This call makes no task; a task that is made stays."""

    def of(self, number: str) -> OpenTask | None:
        """The open task of a number, claimed or made."""

    def close(self, number: str, task_id: str) -> None:
        """The task is closed or gone; another one of the same number stays."""

    def is_open(self, number: str) -> bool:
        """Is there a task, or is one being made?"""

    def later_success(self, number: str, after: float) -> bool:
        """Did anybody talk with the number in a call that began after this moment, on any node, in either direction?"""
