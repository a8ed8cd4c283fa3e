# SPDX-License-Identifier: GPL-3.0-or-later
"""A call's timeline as a story: who rang, who answered, what the portal was asked, what it said, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

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
    return list(_hints_once(_TELLERS.get(entry.kind, portal.tell_note)(scene, entry) for entry in entries))


def _hints_once(lines: Iterable[Line]) -> Iterator[Line]:
    """What to do is said the first time; a call that is refused ten times needs the advice once."""
    given: set[str] = set()
    for line in lines:
        yield replace(line, hint="") if line.hint in given else line
        given.add(line.hint)


__all__ = ["Line", "tell"]
