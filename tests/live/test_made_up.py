# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that makes up conversations: what it plays agrees with tracking, and it would say so if it did not."""

from __future__ import annotations

import json
from pathlib import Path

from tests.live.made_up.__main__ import judge, play

PARKED, ANSWERED = 2, 3  # what these seeds make up: a parked and fetched client beside another call; a plain call


def test_made_up_conversations_are_played_recorded_and_judged(tmp_path: Path) -> None:
    assert play("22", tmp_path, PARKED, ANSWERED) == 0
    told = tmp_path / f"made_up_{ANSWERED}.json"
    truth = json.loads(told.read_text())
    assert truth["calls"][0]["outcome"] == "answered"
    assert judge(tmp_path) == 0

    truth["calls"][0]["answered_by"] = "199"
    told.write_text(json.dumps(truth))

    assert judge(tmp_path) == 2, "one recording with all rights and one with the least"
