# SPDX-License-Identifier: GPL-3.0-or-later
"""The player: lively at once, then calm; or as many calls as asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from itgrix_module.sandbox.pbx import (
    HandClock,
    JumpClock,
    Pace,
    PbxConfig,
    Player,
    SandboxPbx,
    Situation,
    WallClock,
)
from itgrix_module.sandbox.pbx.stage import Stage
from tests.sandbox.pbx.conftest import Connect, MakePbx


def started(pbx: SandboxPbx) -> list[float]:
    """When each call so far began, in seconds since the PBX was started."""
    running = [played.truth for played in pbx.stage.running.values()]
    return sorted(truth.started - 1_795_000_000.0 for truth in [*pbx.truths, *running])


def test_demo_begins_within_a_second_and_shows_several_kinds_within_ten(pbx: SandboxPbx) -> None:
    pbx.run(Player(pbx.stage).demo())
    pbx.advance(10.0)
    assert started(pbx)[0] <= 1.0
    running = [played.truth for played in pbx.stage.running.values()]
    assert len({truth.kind for truth in [*pbx.truths, *running]}) >= 4


def test_demo_goes_on_calmly_with_three_calls_at_most(pbx: SandboxPbx) -> None:
    pbx.run(Player(pbx.stage, seed=3).demo())
    most = 0
    for _ in range(1800):
        pbx.advance(1.0)
        most = max(most, len(pbx.stage.running))
    assert most == 3
    gaps = [later - earlier for earlier, later in pairwise(started(pbx)[6:])]
    assert min(gaps) >= 6.0
    assert 6.0 <= sum(gaps) / len(gaps) <= 12.0
    assert len({truth.kind for truth in pbx.truths}) >= 15
    lengths = [truth.ended - truth.started for truth in pbx.truths if truth.ended]
    assert sum(lengths) / len(lengths) <= 20.0
    assert not pbx.stage.timeline.errors


def test_nobody_is_called_who_is_on_the_phone(pbx: SandboxPbx) -> None:
    pbx.run(Player(pbx.stage, at_once=5).demo())
    for _ in range(600):
        pbx.advance(1.0)
        talking = [
            channel.device
            for channel in pbx.stage.exchange.channels.values()
            if channel.state == "Up" and pbx.config.has_extension(channel.device.removeprefix("PJSIP/"))
        ]
        lines = [device for device in talking if talking.count(device) > 1]
        held = {call.situation.extension for call in pbx.stage.running if "transfer" in call.situation.kind}
        assert {device.removeprefix("PJSIP/") for device in lines} <= held  # a consultation takes a second line


def test_the_same_seed_plays_the_same_calls() -> None:
    def plan(seed: int) -> list[Situation]:
        return list(Player(Stage(PbxConfig(), JumpClock()), seed=seed).situations(PbxConfig(), 50))

    assert plan(5) == plan(5)
    assert plan(5) != plan(6)


def test_steady_plays_so_many_calls_at_that_rate(make_pbx: MakePbx) -> None:
    pbx = make_pbx(JumpClock())
    player = Player(pbx.stage, weights={"incoming": 1, "outgoing": 1}, at_once=1000, exclusive=False, pace=Pace())
    task = pbx.run(player.steady(rate=10, count=300))
    assert task.done.wait(30)
    assert pbx.idle()
    assert len(pbx.truths) == 300
    begun = sorted(truth.started for truth in pbx.truths)
    assert 300 / (begun[-1] - begun[0]) == pytest.approx(10, rel=0.2)
    assert {truth.kind for truth in pbx.truths} == {"incoming", "outgoing"}


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown situations: dance"):
        Player(Stage(PbxConfig(), JumpClock()), weights={"dance": 1})


@pytest.mark.parametrize(
    ("situation", "complaint"),
    [
        (Situation("dance"), "unknown situation 'dance'"),
        (Situation("incoming", extension="999"), "no extension '999'"),
        (Situation("blind_transfer", target="999"), "no extension '999'"),
        (Situation("incoming", trunk="none"), "no trunk 'none'"),
    ],
)
def test_senseless_situations_are_refused(pbx: SandboxPbx, situation: Situation, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        pbx.begin(situation)


def test_wall_clock_plays_in_real_time_many_times_faster(make_pbx: MakePbx, connect: Connect) -> None:
    pbx = make_pbx(WallClock(speed=50))
    client = connect(pbx)
    client.login()
    truth = pbx.play(Situation("incoming", ring=1, talk=10), timeout=20)
    assert truth.talk == pytest.approx(10, abs=3)
    client.event("Cdr")


def test_wait_that_takes_too_long_is_an_error(pbx: SandboxPbx) -> None:
    with pytest.raises(TimeoutError, match="incoming is not over"):
        pbx.begin(Situation("incoming")).wait(0.05)


def test_only_a_hand_clock_is_advanced(make_pbx: MakePbx) -> None:
    with pytest.raises(TypeError, match="HandClock"):
        make_pbx(JumpClock()).advance(1.0)


def test_steps_happen_at_their_own_time_however_far_the_clock_is_turned(make_pbx: MakePbx) -> None:
    near, far = make_pbx(HandClock()), make_pbx(HandClock())
    for pbx, step in ((near, 0.1), (far, 100.0)):
        pbx.begin(Situation("attended_transfer"))
        for _ in range(int(100 / step)):
            pbx.advance(step)
    assert near.truths == far.truths


def test_a_fault_inside_a_call_is_told_to_who_waits(
    pbx: SandboxPbx, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = pbx.begin(Situation("incoming"))
    monkeypatch.setattr(played.call, "config", None)
    pbx.advance(1.0)
    with pytest.raises(AttributeError):
        played.wait(5)
    assert "a call of the sandbox PBX failed" in caplog.text
