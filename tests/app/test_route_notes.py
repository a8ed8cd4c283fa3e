# SPDX-License-Identifier: GPL-3.0-or-later
"""A decision of smart routing becomes a line in its call's timeline, as soon as the call is stored."""

from __future__ import annotations

import pytest

from itgrix_module.app.ports import TimelineEntry
from itgrix_module.app.route_notes import MOST, PATIENCE, RouteNotes, route_data, sentence, timeline_entry
from itgrix_module.app.route_ports import Asked, Routed
from itgrix_module.domain import routing
from itgrix_module.domain.failures import Temporary
from itgrix_module.domain.routing import Decision, Tried

BUSY = Decision("", "busy", "Иван", (Tried("deal", "", "no_deal"), Tried("responsible", "101", "busy")))
ROUTED = Routed(Asked("8916", "7495", "sales", "1.2"), BUSY, "+7916", True, 0.25, "customization decided")


class Histories:
    """Fulfils ``Timelines``."""

    def __init__(self) -> None:
        self.calls: dict[str, list[TimelineEntry]] = {}
        self.failure: Temporary | None = None

    def add(self, node: str, linkedid: str, entry: TimelineEntry) -> bool:
        assert node == "pbx1"
        if self.failure is not None:
            raise self.failure
        if linkedid not in self.calls:
            return False
        self.calls[linkedid].append(entry)
        return True


class Bench:
    def __init__(self) -> None:
        self.now, self.woken = 1000.0, 0
        self.histories = Histories()
        self.notes = RouteNotes(self.histories, "pbx1", lambda: self.now, self._wake)

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Decision("101", "responsible"), "smart routing: to 101, the client's responsible"),
        (Decision("101", "customized"), "smart routing: to 101, chosen by a customization"),
        (BUSY, "smart routing: the usual way, 101 is busy"),
        (Decision("", "unknown"), "smart routing: the usual way, the portal does not know the caller"),
        (
            Decision("", "absent", "", (Tried("last", "", "absent"),)),
            "smart routing: the usual way, who talked with the client last does not work here any more",
        ),
    ],
)
def test_decision_in_words(decision: Decision, words: str) -> None:
    assert sentence(decision) == words


def test_every_reason_has_words() -> None:
    names = [value for name, value in vars(routing).items() if name.isupper() and isinstance(value, str)]
    reasons = set(names) - {routing.FREE, routing.NOT_TOLD, *routing.CHOICES, routing.CUSTOMIZED}
    assert {"busy", "slow", "overload"} <= reasons
    for reason in reasons:
        assert not sentence(Decision("", reason, "", (Tried("deal", "102", reason),))).endswith(f", {reason}")


def test_entry_tells_all_about_it() -> None:
    entry = timeline_entry(ROUTED, 5.0)
    assert (entry.at, entry.kind, entry.text) == (5.0, "note", "smart routing: the usual way, 101 is busy")
    assert entry.data == {"routing": route_data(ROUTED)}
    assert route_data(ROUTED)["tried"] == [
        {"choice": "deal", "extension": "", "reason": "no_deal"},
        {"choice": "responsible", "extension": "101", "reason": "busy"},
    ]
    assert route_data(ROUTED)["stale"] is True


def test_note_is_stored_when_its_call_is(bench: Bench) -> None:
    bench.notes.note(ROUTED)
    assert bench.woken == 1
    assert bench.notes.store_due() == 0  # the dialplan was quicker than its events
    assert bench.notes.idle() < 1
    bench.histories.calls["1.2"] = []
    assert bench.notes.store_due() == 1
    assert [entry.text for entry in bench.histories.calls["1.2"]] == ["smart routing: the usual way, 101 is busy"]
    assert bench.notes.store_due() == 0
    assert bench.notes.idle() > 1


def test_note_of_a_call_that_never_came_is_dropped(bench: Bench) -> None:
    bench.notes.note(ROUTED)
    bench.now += PATIENCE + 1
    bench.notes.store_due()
    bench.histories.calls["1.2"] = []
    assert bench.notes.store_due() == 0


def test_note_waits_for_a_database_that_is_away(bench: Bench) -> None:
    bench.histories.calls["1.2"] = []
    bench.histories.failure = Temporary("database", "locked")
    bench.notes.note(ROUTED)
    assert bench.notes.store_due() == 0
    bench.histories.failure = None
    assert bench.notes.store_due() == 1


def test_question_without_a_call_leaves_no_note(bench: Bench) -> None:
    bench.notes.note(Routed(Asked("8916"), BUSY))
    assert bench.woken == 0


def test_notes_that_nobody_stores_do_not_pile_up(bench: Bench) -> None:
    for n in range(MOST + 10):
        bench.notes.note(Routed(Asked("8916", linkedid=str(n)), BUSY))
    bench.histories.calls |= {str(n): [] for n in range(MOST + 10)}
    assert bench.notes.store_due() == MOST
