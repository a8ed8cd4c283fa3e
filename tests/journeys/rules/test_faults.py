# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal fails at each single request of a journey: in the end it holds what it would have held without that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.scale import IS_LONG
from tests.journeys.rules.bench import Bench, bench
from tests.journeys.rules.conftest import Front
from tests.journeys.rules.ground import Ground
from tests.journeys.rules.state import assert_sound, crm_state

RULES: dict[str, Any] = {
    "recordings.mode": "upload",
    "missed.task.enabled": True,
    "missed.task.title": "Перезвонить {{ number }}",
    "leads.chat": "chat1",
    "extra.activity": {"DESCRIPTION": "{{ line }}"},
    "extra.lead": {"COMMENTS": "{{ line }}"},
    "lines": [{"match": "74950000001", "source": "ADVERTISING", "category": 1}],
}
SIMPLE, CLASSIC = 2, 1
# What the wire does: the answer is lost or spoiled after the portal has done its work, or something before it fails.
WIRE = ("lost_answer", "truncated", "html_502")
# What the portal says instead.
SAID = ("rate", "operating", "expired", "revoked")


def answered(made: Bench) -> None:
    made.play("22/in_direct_answered")


def customized(made: Bench) -> None:
    made.script("customize_activity", "{'SUBJECT': 'Разговор'}")
    made.play("22/in_direct_answered")


def transferred(made: Bench) -> None:
    made.client(NAME="Анна", ASSIGNED_BY_ID=9)
    made.play("22/in_xfer_blind_refer")


def missed(made: Bench) -> None:
    made.client(NAME="Анна", ASSIGNED_BY_ID=9)
    made.play("22/in_rg_noanswer")


def missed_then_called_back(made: Bench) -> None:
    made.play("22/in_rg_noanswer")
    made.play("22/out_answered", at=7200)  # however long the first one takes


def reached_nobody(made: Bench) -> None:
    made.play("22/in_ivr_early_hangup")


JOURNEYS = [
    (answered, SIMPLE, ("lost_answer", "html_502", "operating", "expired", "revoked")),
    (answered, CLASSIC, ("lost_answer",)),
    (customized, SIMPLE, ("lost_answer",)),
    (transferred, CLASSIC, ("lost_answer",)),
    (missed, SIMPLE, ("truncated", "revoked")),
    (missed_then_called_back, CLASSIC, ("lost_answer",)),
    (reached_nobody, SIMPLE, ("lost_answer", "rate")),
    (reached_nobody, CLASSIC, ("lost_answer",)),
]
CASES = [
    pytest.param(
        turn, journey, mode, kind, id=f"{journey.__name__}-{'classic' if mode == CLASSIC else 'simple'}-{kind}"
    )
    for journey, mode, kinds in JOURNEYS
    for turn, kind in enumerate(kinds)
]


class Stage:
    """Plays a journey again and again, each time from the beginning."""

    def __init__(self, folder: Path, ground: Ground, front: Front) -> None:
        self._folder, self._ground, self._count = folder, ground, 0
        self.portal, self.front = ground.portal, front

    def play(
        self,
        journey: Callable[[Bench], None],
        mode: int,
        kind: str = "",
        place: int = 0,
        mend: Callable[[Bench], None] = lambda _: None,
    ) -> dict[str, Any]:
        """What the portal holds in the end. ``kind``: of the fault at the request in this place, from 0."""
        self._count += 1
        (folder := self._folder / str(self._count)).mkdir()
        settings = {**RULES, "portal.mode": "app" if kind in ("expired", "usual") else "webhook"}
        with bench(self._ground, folder, settings, mode) as made:
            self.portal.state.chats[1].users.add(900)
            self._spoil(kind, place)
            journey(made)
            mend(made)
            failed = made.service.core.deliveries.steps("failed")
            assert not failed, failed
            assert_sound(self.portal)
            return crm_state(self.portal)

    def _spoil(self, kind: str, place: int) -> None:
        self.front.strike(kind if kind in (*SAID, "denied") else "", place if kind != "usual" else -1)
        if kind in WIRE:
            self.portal.faults.add("*", kind, after=place)


@pytest.fixture
def stage(tmp_path: Path, ground: Ground, front: Front) -> Stage:
    return Stage(tmp_path, ground, front)


def places(count: int, turn: int) -> range:
    """All of them in the long form; else every second one, and with the next kind of fault the others."""
    return range(count) if IS_LONG else range(turn % 2, count, 2)


@pytest.mark.parametrize(("turn", "journey", "mode", "kind"), CASES)
def test_one_fault_changes_nothing_in_the_end(
    stage: Stage, turn: int, journey: Callable[[Bench], None], mode: int, kind: str
) -> None:
    wanted = stage.play(journey, mode, "usual" if kind == "expired" else "")
    count = stage.front.count
    assert count >= 3
    for place in places(count, turn):
        assert stage.play(journey, mode, kind, place) == wanted, place
        assert stage.front.refused or kind in WIRE, place


def tried_again(made: Bench) -> None:
    """The administrator has given the right, and tries again what failed."""
    made.service.retry(None, "admin")
    made.settle()


def test_what_the_portal_refused_can_be_tried_again(stage: Stage) -> None:
    wanted = stage.play(answered, SIMPLE)
    for place in range(stage.front.count):
        assert stage.play(answered, SIMPLE, "denied", place, tried_again) == wanted, place
