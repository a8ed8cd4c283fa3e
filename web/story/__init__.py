# SPDX-License-Identifier: GPL-3.0-or-later
"""A call's timeline as a story: who rang, who answered, what the portal was asked, what it said, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from itgrix_module.app.ports import CallRow, TimelineEntry
from web.people import People
from web.story import facts, portal
from web.story.line import Line
from web.story.scene import Scene

_TELLERS: dict[str, Callable[[Scene, TimelineEntry], Line]] = {
    "fact": facts.tell,
    "step": portal.tell_step,
    "attempt": portal.tell_attempt,
}


def tell(call: CallRow, entries: Iterable[TimelineEntry], people: People) -> list[Line]:
    """The lines in the order of the entries, which is that of time."""
    scene = Scene(call, people)
    return [_TELLERS.get(entry.kind, portal.tell_note)(scene, entry) for entry in entries]


__all__ = ["Line", "tell"]
