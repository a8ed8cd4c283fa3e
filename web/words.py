# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and icons for the states that the engine names: outcome, direction, phase, delivery, health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask

from itgrix_module.app.health import Check
from itgrix_module.domain.call import Direction, Outcome, Phase
from itgrix_module.storage.queries import CallItem
from web.i18n import mark
from web.preferences import text


@dataclass(frozen=True)
class Word:
    """A state as people see it. ``tone``: class of the style sheet; icon and text say the same without the colour."""

    icon: str
    title: str
    tone: str = "quiet"
    context: str = ""

    @property
    def text(self) -> str:
        """In the reader's language."""
        return text(self.title, context=self.context)


_OUTCOME, _PHASE, _DIRECTION = "of a call", "of a running call", "direction"
OUTCOMES = {
    Outcome.ANSWERED: Word("answer", mark("Answered"), "ok", _OUTCOME),
    Outcome.MISSED: Word("missed", mark("Missed"), "error", _OUTCOME),
    Outcome.BUSY: Word("hold", mark("Busy"), "warning", _OUTCOME),
    Outcome.CANCELLED: Word("hangup", mark("Cancelled"), "quiet", _OUTCOME),
    Outcome.DECLINED: Word("hangup", mark("Declined"), "warning", _OUTCOME),
    Outcome.NO_ANSWER: Word("missed", mark("No answer"), "warning", _OUTCOME),
    Outcome.FAILED: Word("error", mark("Failed"), "error", _OUTCOME),
}
PHASES = {
    Phase.ARRIVING: Word("clock", mark("Arriving"), "live", _PHASE),
    Phase.RINGING: Word("ring", mark("Ringing"), "live", _PHASE),
    Phase.TALKING: Word("talk", mark("Talking"), "live", _PHASE),
    Phase.ENDED: Word("hangup", mark("Ended"), "quiet", _PHASE),
}
DIRECTIONS = {
    Direction.INCOMING: Word("in", mark("Incoming"), "quiet", _DIRECTION),
    Direction.OUTGOING: Word("out", mark("Outgoing"), "quiet", _DIRECTION),
    Direction.INTERNAL: Word("internal", mark("Internal"), "quiet", _DIRECTION),
    Direction.UNKNOWN: Word("unknown", mark("Unknown"), "quiet", _DIRECTION),
}
DELIVERIES = {
    "done": Word("ok", mark("In the portal"), "ok"),
    "waiting": Word("clock", mark("Waiting"), "live"),
    "failed": Word("error", mark("Not delivered"), "error"),
    "dropped": Word("drop", mark("Dropped"), "quiet"),
    "recording": Word("record", mark("Recording to come"), "live"),
    "partly": Word("warning", mark("Incomplete"), "warning"),
    "": Word("dot", mark("Not needed"), "quiet"),
}
LEVELS = {
    "ok": Word("ok", mark("Works"), "ok"),
    "warning": Word("warning", mark("Look at it"), "warning"),
    "error": Word("error", mark("Broken"), "error"),
}
# Parts that are well because nobody uses them: grey, neither good nor bad.
_UNUSED = {
    **dict.fromkeys(
        ("records_unused", "recordings_off", "dial_off", "dial_unheard"), Word("dot", mark("Not used"), "quiet")
    ),
    "version_alone": Word("dot", mark("Not known"), "quiet"),
}
PARTS = {
    "pbx": mark("PBX"),
    "portal": mark("Bitrix24"),
    "database": mark("Database"),
    "deliveries": mark("Deliveries"),
    "recordings": mark("Recordings"),
    "employees": mark("Employees"),
    "cdr": mark("Call records of the PBX"),
    "scopes": mark("Rights in the portal"),
    "lines": mark("Lines"),
    "hooks": mark("Customizations"),
    "routing": mark("Smart routing"),
    "dialling": mark("Click-to-call"),
    "events": mark("Events of the portal"),
    "disk": mark("Disk"),
    "version": mark("Version"),
    "service": mark("Service"),
}


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        outcome_word=outcome,
        direction_word=direction,
        delivery_word=delivery,
        level_word=level,
        check_word=of_check,
        part_title=part,
    )


def outcome(value: str, phase: str) -> Word:
    """How a call ended, or how far it has come."""
    if value:
        return _find(OUTCOMES, value)
    return _find(PHASES, phase)


def direction(value: str) -> Word:
    return _find(DIRECTIONS, value)


def delivery(item: CallItem) -> Word:
    """How much of a call the portal knows."""
    registered, state = bool(item.portal.call_id), item.delivery
    if state == "failed" and registered:
        state = "partly"
    elif state == "waiting" and item.portal.finished:
        state = "recording"
    elif state == "done" and not registered:
        state = "dropped"
    return _find(DELIVERIES, state)


def level(value: str) -> Word:
    return _find(LEVELS, value)


def of_check(check: Check) -> Word:
    """How a part is."""
    return _UNUSED.get(check.code) or level(check.level)


def part(name: str) -> str:
    """Title of a part of the service."""
    return text(PARTS[name]) if name in PARTS else name.replace("_", " ").capitalize()


def _find(table: Mapping[Any, Word], value: str) -> Word:
    return table.get(value) or Word("unknown", value)
