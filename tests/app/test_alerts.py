# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts: once when a part has been broken for a while, once when it is well again, to everybody who is to know."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from itgrix_module.app.alerts import STEADY, Alert, Alerts
from itgrix_module.app.health import Check, Level
from itgrix_module.domain.failures import Permanent, Temporary

AFTER = 300.0
WELL = Check("pbx", Level.OK, "ami_up", "connected")
DOWN = Check("pbx", Level.ERROR, "refused", "the PBX refuses the connection", "Check that Asterisk runs.")


class Kept:
    """Remembers over restarts; may be away."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self.is_away = False

    def load(self) -> Mapping[str, float]:
        self._look()
        return self.parts

    def put(self, part: str, since: float) -> None:
        self._look()
        self.parts[part] = since

    def remove(self, part: str) -> None:
        self._look()
        self.parts.pop(part, None)

    def _look(self) -> None:
        if self.is_away:
            raise Temporary("database_lost", "lost")


@dataclass
class Person:
    name: str = "anna"
    heard: list[Alert] = field(default_factory=list)
    failure: Exception | None = None

    def tell(self, alert: Alert) -> None:
        if self.failure is not None:
            raise self.failure
        self.heard.append(alert)

    @property
    def story(self) -> list[str]:
        return ["back" if alert.until is not None else "down" for alert in self.heard]


class Desk:
    def __init__(self, *people: Person, kept: Kept | None = None) -> None:
        self.now = 1000.0
        self.checks: tuple[Check, ...] = (WELL,)
        self.people = people
        self.kept = kept or Kept()
        self.restart()

    def restart(self) -> None:
        self.alerts = Alerts(lambda: self.checks, lambda: self.people, lambda: AFTER, self.kept, lambda: self.now)

    def show(self, *checks: Check, seconds: float = 0.0) -> None:
        """These are the findings from now on, for so many seconds."""
        self.checks = checks
        until = self.now + seconds
        self.alerts()
        while self.now < until:
            self.now = min(until, self.now + 5.0)
            self.alerts()


def test_fault_that_lasts_is_told_once_down_and_once_back() -> None:
    anna = Person()
    desk = Desk(anna)
    desk.show(DOWN, seconds=AFTER - 5)
    assert anna.heard == []
    desk.show(DOWN, seconds=3600)
    desk.show(WELL, seconds=3600)
    assert anna.story == ["down", "back"]
    down, back = anna.heard
    assert (down.text, down.hint, down.since) == (DOWN.text, DOWN.hint, 1000.0)
    assert (back.text, back.since, back.until) == (DOWN.text, 1000.0, 1000.0 + AFTER - 5 + 3600)


def test_short_fault_is_told_to_nobody() -> None:
    anna = Person()
    desk = Desk(anna)
    for _ in range(10):
        desk.show(DOWN, seconds=AFTER - 10)
        desk.show(WELL, seconds=30)
    assert anna.heard == []


def test_fault_that_comes_and_goes_is_one() -> None:
    anna = Person()
    desk = Desk(anna)
    desk.show(DOWN, seconds=AFTER)
    for _ in range(20):
        desk.show(WELL, seconds=STEADY / 2)
        desk.show(DOWN, seconds=30)
    desk.show(WELL, seconds=STEADY)
    assert anna.story == ["down", "back"]


def test_restart_in_between_tells_nothing_twice() -> None:
    anna = Person()
    desk = Desk(anna)
    desk.show(DOWN, seconds=AFTER)
    desk.restart()
    desk.show(DOWN, seconds=AFTER * 2)
    assert anna.story == ["down"]
    desk.restart()
    desk.show(WELL, seconds=STEADY)
    assert anna.story == ["down", "back"]
    assert anna.heard[-1].since == 1000.0


def test_part_is_well_after_a_restart_for_which_nobody_was_told() -> None:
    anna = Person()
    desk = Desk(anna)
    desk.show(DOWN, seconds=AFTER / 2)
    desk.restart()
    desk.show(WELL, seconds=3600)
    assert anna.heard == []


def test_parts_are_told_of_apart() -> None:
    anna = Person()
    disk = Check("disk", Level.WARNING, "disk_low", "little room")
    desk = Desk(anna)
    desk.show(DOWN, disk, seconds=AFTER)
    assert sorted(alert.part for alert in anna.heard) == ["disk", "pbx"]


def test_warning_that_can_wait_is_not_told() -> None:
    anna = Person()
    desk = Desk(anna)
    desk.show(Check("employees", Level.WARNING, "extension_unknown", "no user for 105"), seconds=AFTER * 3)
    assert anna.heard == []


def test_channel_that_is_away_hears_later_and_does_not_hold_up_the_others() -> None:
    anna, boris = Person("anna", failure=Temporary("mail_server", "away")), Person("boris")
    desk = Desk(anna, boris)
    desk.show(DOWN, seconds=AFTER + 60)
    assert (anna.story, boris.story) == ([], ["down"])
    anna.failure = None
    desk.show(DOWN, seconds=60)
    assert anna.story == ["down"]


def test_channel_that_was_away_for_the_whole_fault_hears_one_sentence_about_it() -> None:
    portal = Person("portal", failure=Temporary("unreachable", "away"))
    desk = Desk(portal)
    desk.show(DOWN, seconds=AFTER + 600)
    desk.show(WELL, seconds=STEADY + 60)
    portal.failure = None
    desk.show(WELL, seconds=60)
    assert portal.story == ["back"]
    assert portal.heard[0].since == 1000.0


def test_alert_that_nobody_takes_is_given_up() -> None:
    anna = Person(failure=Permanent("no_user", "there is no such user"))
    desk = Desk(anna)
    desk.show(DOWN, seconds=AFTER + 60)
    anna.failure = None
    desk.show(DOWN, seconds=60)
    assert anna.heard == []


def test_database_that_is_away_keeps_nobody_from_hearing_of_it() -> None:
    anna, kept = Person(), Kept()
    kept.is_away = True
    desk = Desk(anna, kept=kept)
    desk.show(Check("database", Level.ERROR, "database_unreachable", "it does not answer"), seconds=AFTER + 600)
    assert anna.story == ["down"]


def test_without_anybody_to_tell_a_later_person_hears_of_what_is_still_broken() -> None:
    desk, anna = Desk(), Person()
    desk.show(DOWN, seconds=AFTER * 2)
    desk.people = (anna,)
    desk.show(DOWN, seconds=AFTER + 5)
    assert anna.story == ["down"]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([1, 20, 59, 61, 299, 301, 1000])), max_size=30))
def test_down_and_back_always_take_turns(history: list[tuple[bool, int]]) -> None:
    anna = Person()
    desk = Desk(anna)
    for is_well, seconds in history:
        desk.show(WELL if is_well else DOWN, seconds=seconds)
    assert all(before != after for before, after in itertools.pairwise(anna.story))
    assert anna.story[:1] in ([], ["down"])
