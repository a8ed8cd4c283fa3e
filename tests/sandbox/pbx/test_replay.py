# SPDX-License-Identifier: GPL-3.0-or-later
"""What the product understands of each situation is what was played."""

from __future__ import annotations

import pytest

from itgrix_module.sandbox.pbx import KINDS, Click, JumpClock, Pace, PbxConfig, Player, Situation, record
from itgrix_module.sandbox.pbx.plots.click import Order
from itgrix_module.sandbox.pbx.stage import Stage
from tests.sandbox.pbx.replaying import as_played, as_read, calls_of, originated

# with the class dialplan, so that the paths of recordings are in the stream
RIGHTS = ("call", "cdr", "agent", "system", "dialplan")

CASES = [Situation(kind) for kind in KINDS] + [
    Situation("incoming", ends="employee", client="79039876543", trunk="mts-backup", did="74950000009"),
    Situation("incoming", recorded=False),
    Situation("queue", rounds=2),
    Situation("queue", ends="employee", extension="102", members=("102", "105")),
    Situation("queue_abandoned", rounds=1),
    Situation("group", ends="employee", extension="101"),
    Situation("park", ends="employee"),
    Situation("pickup", ends="employee", target="104"),
    Situation("attended_transfer", ends="employee", target="107"),
    Situation("outgoing", ends="employee", extension="103", trunk="mts-backup"),
    Situation("outgoing", target="78005553535"),
    Situation("outgoing_transfer", ends="employee"),
    Situation("follow_me", ends="employee"),
    Situation("internal", ends="employee", extension="104", target="103"),
]


@pytest.mark.parametrize("situation", CASES, ids=lambda item: f"{item.kind}-{item.ends}-{item.rounds}")
def test_replayed_situation_gives_its_truth(situation: Situation) -> None:
    data, (truth,) = record([situation], rights=RIGHTS)
    assert [as_read(call) for call in calls_of(data)] == [as_played(truth)]


def test_a_busy_day_is_understood_call_by_call() -> None:
    player = Player(Stage(PbxConfig(), JumpClock()), seed=7, pace=Pace(ring=(0.5, 9), talk=(1, 30)))
    plan = [(number * 2.0, item) for number, item in enumerate(player.situations(PbxConfig(), 150))]
    data, truths = record(plan, rights=RIGHTS)
    read = {call.id: as_read(call) for call in calls_of(data)}
    assert read == {truth.linkedid: as_played(truth) for truth in truths}


CLICKS = [
    Click(),
    Click(ends="client"),
    Click(agent="busy"),
    Click(agent="no_answer"),
    Click(client="busy"),
    Click(client="no_answer"),
    Click(client="wrong"),
]


@pytest.mark.parametrize("channel", ["Local/101@from-internal/n", "PJSIP/101"])
@pytest.mark.parametrize("click", CLICKS, ids=lambda click: f"{click.agent}-{click.client}-{click.ends}")
def test_replayed_click_to_call_gives_its_truth(channel: str, click: Click) -> None:
    order = Order(channel, "79161234567", number="79161234567", action_id="crm-1", timeout=20)
    data, truth = originated(order, click, PbxConfig(), RIGHTS)
    read = [as_read(call) for call in calls_of(data)]
    assert read == [as_played(truth)]
