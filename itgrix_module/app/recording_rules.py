# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to the recording of a call: given to the portal, linked, or left where it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from itgrix_module.app.lines import Lines
from itgrix_module.app.ports import CallRow


class Mode(StrEnum):
    """``upload``: the portal gets the file; ``link``: it gets a link to our copy; ``off``: neither."""

    UPLOAD = "upload"
    LINK = "link"
    OFF = "off"


@dataclass(frozen=True)
class Decided:
    """``why``: one line for the call's timeline."""

    mode: Mode
    why: str


_WORDS = {
    Mode.UPLOAD: "recordings are uploaded",
    Mode.LINK: "recordings are linked",
    Mode.OFF: "recordings stay here",
}


@dataclass(frozen=True)
class RecordingRules:
    """The administrator's wishes; empty text: as the wider rule says. ``to_activity``: links go into the activity.

    ``keep_days``: days that our copies are kept; ``link_days``: days that people's links live.
    """

    mode: str = Mode.UPLOAD
    incoming: str = ""
    outgoing: str = ""
    lines: Lines = field(default_factory=Lines)
    to_activity: bool = False
    keep_days: int = 30
    link_days: int = 365

    @classmethod
    def of(cls, settings: Mapping[str, Any], lines: Lines) -> RecordingRules:
        """From the settings; ``lines``: those of the setting ``lines``."""
        return cls(
            mode=settings["recordings.mode"],
            incoming=settings["recordings.incoming"],
            outgoing=settings["recordings.outgoing"],
            lines=lines,
            to_activity=settings["recordings.link_to"] == "activity",
            keep_days=settings["recordings.keep_days"],
            link_days=settings["recordings.link_days"],
        )

    @property
    def are_wanted(self) -> bool:
        """May any call's recording go to the portal? Only then is it decided for each call."""
        ways = {self.incoming or self.mode, self.outgoing or self.mode}
        ways |= {rule.recordings for rule in self.lines.rules if rule.recordings in set(Mode)}
        return ways != {Mode.OFF}

    def decide(self, call: CallRow) -> Decided:
        """The rule of the line first, then that of the direction, then the general one."""
        rule = self.lines.rule(call.line, call.trunk)
        of_line = _mode(rule.recordings) if rule else None
        if of_line:
            return Decided(of_line, f"on line {call.line or call.trunk} {_WORDS[of_line]}")
        ways = {"incoming": self.incoming, "outgoing": self.outgoing}
        of_way = _mode(ways.get(call.direction, ""))
        if of_way:
            return Decided(of_way, f"of {call.direction} calls {_WORDS[of_way]}")
        general = _mode(self.mode) or Mode.UPLOAD
        return Decided(general, _WORDS[general])


def _mode(text: str) -> Mode | None:
    """None for nothing, and for what another version may have written."""
    return Mode(text) if text in set(Mode) else None
