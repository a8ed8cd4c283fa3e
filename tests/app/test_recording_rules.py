# SPDX-License-Identifier: GPL-3.0-or-later
"""Which recordings go to the portal, and how: line, then direction, then all."""

from __future__ import annotations

from typing import Any

import pytest

from itgrix_module.app.lines import Lines
from itgrix_module.app.ports import CallRow
from itgrix_module.app.recording_rules import Decided, Mode, RecordingRules
from itgrix_module.settings import Settings

SALES, HELP = "74950000001", "74950000002"
LINES = [{"match": SALES, "recordings": "off"}, {"match": HELP}, {"match": "beeline", "recordings": "link"}]


def rules(**changes: Any) -> RecordingRules:
    settings = Settings({"lines": LINES, **{f"recordings.{key}": value for key, value in changes.items()}})
    return RecordingRules.of(settings, Lines.of(settings["lines"]))


def call(direction: str = "incoming", line: str = HELP, trunk: str = "") -> CallRow:
    return CallRow("pbx1", "1.1", direction, "ended", line=line, trunk=trunk)


@pytest.mark.parametrize(
    ("wanted", "asked", "decided"),
    [
        (rules(), call(), Decided(Mode.UPLOAD, "recordings are uploaded")),
        (rules(mode="link"), call(), Decided(Mode.LINK, "recordings are linked")),
        (rules(mode="off"), call(), Decided(Mode.OFF, "recordings stay here")),
        (rules(incoming="off"), call(), Decided(Mode.OFF, "of incoming calls recordings stay here")),
        (rules(incoming="off"), call("outgoing"), Decided(Mode.UPLOAD, "recordings are uploaded")),
        (rules(outgoing="link"), call("outgoing"), Decided(Mode.LINK, "of outgoing calls recordings are linked")),
        (rules(incoming="link"), call(line=SALES), Decided(Mode.OFF, f"on line {SALES} recordings stay here")),
        (rules(incoming="link"), call(line="+7 495 000-00-01"), Decided(Mode.OFF, "")),
        (
            rules(mode="off"),
            call(line="", trunk="beeline"),
            Decided(Mode.LINK, "on line beeline recordings are linked"),
        ),
        (rules(mode="off"), call("unknown", line="x"), Decided(Mode.OFF, "recordings stay here")),
    ],
)
def test_narrowest_rule_decides_and_says_why(wanted: RecordingRules, asked: CallRow, decided: Decided) -> None:
    found = wanted.decide(asked)
    assert found.mode is decided.mode
    assert found.why == decided.why or not decided.why


def test_recordings_are_wanted_when_any_rule_wants_one() -> None:
    assert rules(mode="off").are_wanted
    without = RecordingRules.of(Settings({"recordings.mode": "off"}), Lines())
    assert not without.are_wanted
    assert RecordingRules.of(Settings({"recordings.mode": "off", "recordings.incoming": "link"}), Lines()).are_wanted
    both_off = {"recordings.incoming": "off", "recordings.outgoing": "off"}
    assert not RecordingRules.of(Settings(both_off), Lines()).are_wanted


def test_word_of_another_version_counts_as_not_said() -> None:
    assert RecordingRules(mode="cloud", incoming="tape").decide(call()).mode is Mode.UPLOAD
