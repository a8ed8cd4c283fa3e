# SPDX-License-Identifier: GPL-3.0-or-later
"""A test of the ways to people: side by side, bounded, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from itgrix_module.app.alert_trial import TEST, Trials
from itgrix_module.app.alerts import Alert
from itgrix_module.domain.failures import NeedsOwner, Permanent, Temporary

LONG = 20.0  # seconds that nobody is expected to wait


@dataclass
class FakeWay:
    """``opens``: it answers when this is set; ``fault``: then raised."""

    name: str
    fault: Exception | None = None
    opens: threading.Event | None = None
    begun: threading.Event = field(default_factory=threading.Event)
    heard: list[Alert] = field(default_factory=list)

    def tell(self, alert: Alert) -> None:
        self.heard.append(alert)
        self.begun.set()
        if self.opens is not None:
            self.opens.wait(LONG)
        if self.fault is not None:
            raise self.fault


@contextmanager
def hanging(name: str) -> Iterator[FakeWay]:
    """A way that does not answer before the block is left."""
    way = FakeWay(name, opens=threading.Event())
    assert way.opens is not None
    try:
        yield way
    finally:
        way.opens.set()


def trials(*ways: FakeWay, patience: float = LONG, rest: float = 0.0) -> Trials:
    return Trials(lambda: ways, lambda: 1000.0, patience, rest)


def test_every_way_gets_one_message_that_is_no_alert_of_a_part() -> None:
    ways = FakeWay("user 1"), FakeWay("mail a@example.org, b@example.org")
    trial = trials(*ways)()
    assert trial.at == 1000.0
    assert trial.sent == ["user 1", "mail a@example.org, b@example.org"]
    assert trial.failed == []
    assert [(alert.part, alert.until) for way in ways for alert in way.heard] == [(TEST, None)] * 2
    assert trial.outcomes[1].way.to == "a@example.org, b@example.org"


def test_ways_are_tried_side_by_side() -> None:
    opens = threading.Event()
    first, second = FakeWay("user 1", opens=opens), FakeWay("mail a@example.org")
    run = trials(first, second)
    thread = threading.Thread(target=run)
    thread.start()
    assert second.begun.wait(LONG)
    opens.set()
    thread.join(LONG)
    assert run.last is not None
    assert len(run.last.sent) == 2


def test_failure_says_what_to_do_even_where_it_does_not_know() -> None:
    told = NeedsOwner("licence", "the licence has ended", "Renew it.")
    ways = (
        FakeWay("user 1", told),
        FakeWay("chat chat1", Permanent("x", "the portal refuses", "Be somebody.")),
        FakeWay("mail a@b.org"),
    )
    trial = trials(*ways)()
    assert trial.failed == ["user 1", "chat chat1"]
    assert trial.sent == ["mail a@b.org"]
    assert trial.outcomes[0].hint == "Renew it."
    assert "alerts.chat" in trial.outcomes[1].hint
    assert trial.outcomes[2].hint == ""


def test_fault_of_our_own_is_an_answer_too() -> None:
    trial = trials(FakeWay("user 1", RuntimeError("boom")))()
    failure = trial.outcomes[0].failure
    assert failure is not None
    assert failure.code == "fault"
    assert "boom" not in str(failure)


def test_way_that_hangs_keeps_nobody_waiting_and_gets_no_second_message() -> None:
    with hanging("mail a@b.org") as stuck:
        good = FakeWay("user 1")
        run = trials(stuck, good, patience=0.3)
        for times in (1, 2):
            trial = run()
            failure = trial.outcomes[0].failure
            assert isinstance(failure, Temporary)
            assert failure.code == "no_answer"
            assert "alerts.mail_tls" in trial.outcomes[0].hint
            assert (len(stuck.heard), len(good.heard)) == (1, times)


def test_way_that_answers_later_is_tried_anew() -> None:
    with hanging("mail a@b.org") as stuck:
        run = trials(stuck, patience=0.1)
        assert run().failed
    while run().failed:  # it has been let go
        assert len(stuck.heard) < 3
    run()
    assert len(stuck.heard) > 1


def test_way_whose_settings_were_mended_is_not_held_up_by_the_test_before() -> None:
    with hanging("mail a@b.org") as stuck:
        ways = [stuck]
        run = Trials(lambda: ways, lambda: 0.0, patience=0.1, rest=0.0)
        assert run().failed == ["mail a@b.org"]
        ways[:] = [mended := FakeWay("mail a@b.org")]
        run()
        assert mended.begun.wait(LONG)
        assert len(stuck.heard) == 1


def test_second_test_at_the_same_time_is_refused() -> None:
    with hanging("mail a@b.org") as stuck:
        run = trials(stuck)
        thread = threading.Thread(target=run)
        thread.start()
        assert stuck.begun.wait(LONG)
        with pytest.raises(Temporary, match="under way"):
            run()
    thread.join(LONG)
    assert run.last is not None
    assert len(stuck.heard) == 1


def test_tests_follow_one_another_with_a_pause() -> None:
    way = FakeWay("user 1")
    run = trials(way, rest=LONG)
    first = run()
    with pytest.raises(Temporary, match="a moment ago"):
        run()
    assert len(way.heard) == 1
    assert run.last is first


def test_nobody_named_is_said_and_costs_no_pause() -> None:
    ways: list[FakeWay] = []
    run = Trials(lambda: ways, lambda: 0.0, rest=LONG)
    with pytest.raises(NeedsOwner, match="nobody is named"):
        run()
    ways.append(FakeWay("user 1"))
    assert run().sent == ["user 1"]
