# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever calls were lost: afterwards the books hold all of them once, and comparing again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itgrix_module.app import shapes
from itgrix_module.app.ports import CallRow, NewStep, PortalSide, TimelineEntry
from itgrix_module.app.reconcile import Reconciler, Surroundings
from itgrix_module.app.reconcile_ports import KnownCall, KnownStep, Order, Progress
from itgrix_module.asterisk.record_rows import parties_of
from itgrix_module.asterisk.sides import Sides
from itgrix_module.domain.call import Leg
from itgrix_module.domain.facts import LegEnded, Side
from itgrix_module.domain.policy import Rules
from itgrix_module.domain.rebuilding import rebuilt
from itgrix_module.domain.records import Story
from itgrix_module.domain.steps import Priority
from tests.journeys.written import TRANSCRIPTS, rows_of, stories

NODE, LATER = "pbx1", 10_000_000_000.0
SITUATIONS = (
    "in_direct_answered", "in_caller_cancel", "in_queue_ringall", "in_xfer_att_refer", "in_xfer_blind_refer",
    "in_pickup_directed", "c2c_local", "out_answered", "out_busy", "int_answered", "in_voicemail", "in_rg_answered",
)  # fmt: skip


def every_story() -> list[Story]:
    found = [stories(*rows_of(TRANSCRIPTS / "fpbx17" / f"{name}.ami.gz")) for name in SITUATIONS]
    return [story for some in found for story in some]


STORIES = every_story()
TRUTH = {told.call.id: told.call for story in STORIES for told in rebuilt(story, parties_of(Sides()))}


class Books:
    """In memory; counts what would go to the portal."""

    def __init__(self) -> None:
        self.rows: dict[str, KnownCall] = {}
        self.registered: list[str] = []
        self.writes = 0

    def known(self, node: str, linkedids: Collection[str]) -> Mapping[str, KnownCall]:
        assert node == NODE
        return {name: self.rows[name] for name in linkedids if name in self.rows}

    def write(
        self, row: CallRow | None, node: str, linkedid: str, steps: Sequence[NewStep], told: Sequence[TimelineEntry]
    ) -> None:
        assert (node, bool(told)) == (NODE, True)
        self.writes += 1
        before = self.rows.get(linkedid)
        row = row or (before.row if before else None)
        assert row is not None
        old = before.steps if before else ()
        new = tuple(KnownStep(len(old) + n, step.kind, "waiting") for n, step in enumerate(steps))
        assert all(step.payload["late"] for step in steps)
        assert all(step.priority == Priority.LATE for step in steps if step.kind != "attach")
        self.registered += [linkedid for step in steps if step.kind == "register"]
        self.rows[linkedid] = KnownCall(row, before.portal if before else PortalSide(), (*old, *new))

    def retry(self, steps: Iterable[int], now: float) -> int:
        assert now
        return len(list(steps))


class Present:
    def __init__(self, legs: Collection[str] | None = ()) -> None:
        self.live = legs
        self.told: list[LegEnded] = []

    def legs(self) -> Collection[str] | None:
        return self.live

    def close(self, facts: Sequence[LegEnded]) -> bool:
        self.told += facts
        return True


class Written:
    exist = True

    def __init__(self, some: Sequence[Story]) -> None:
        self._some = some

    def stories(self, since: float, until: float) -> Iterator[Story]:
        yield from (story for story in self._some if since <= story.started < until)

    def of(self, linkedid: str) -> Story | None:
        return next((story for story in self._some if linkedid in story.calls), None)


def reconciler(books: Books, present: Present | None = None, now: float = LATER, rules: Rules = Rules()) -> Reconciler:  # noqa: B008
    around = Surroundings(lambda: rules, lambda row: row, lambda: parties_of(Sides()), lambda: now, lambda: 30.0)
    return Reconciler(NODE, books, present or Present(), around)


def run(books: Books, some: Sequence[Story] = STORIES, order: Order = Order(0.0, LATER)) -> Progress:  # noqa: B008
    return reconciler(books).run(order, Written(some))


def tracked(names: Iterable[str]) -> Books:
    """As if these calls had been heard and delivered."""
    books = Books()
    for name in names:
        call = TRUTH[name]
        kinds = ("register", "finish", "attach") if call.has_client else ()
        side = PortalSide(call_id=f"portal-{name}", finished=True, record_file_id="7") if kinds else PortalSide()
        steps = tuple(KnownStep(n, kind, "done") for n, kind in enumerate(kinds))
        books.rows[name] = KnownCall(shapes.row(NODE, call), side, steps)
    return books


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(sorted(TRUTH))), st.permutations(STORIES))
def test_any_calls_lost_are_found_once_and_a_second_time_nothing_changes(heard: set[str], some: list[Story]) -> None:
    books = tracked(heard)
    run(books, some)
    assert books.rows.keys() == TRUTH.keys()
    told = [name for name, call in TRUTH.items() if call.has_client and name not in heard]
    assert sorted(books.registered) == sorted(told)
    writes = books.writes
    again = run(books, some)
    assert (books.writes, again.counts["same"]) == (writes, len(TRUTH))


def after(questions: int) -> Callable[[], bool]:
    """Told to stop after so many questions whether to."""
    left = iter(range(questions))
    return lambda: next(left, None) is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, len(STORIES)), max_size=4))
def test_being_stopped_anywhere_loses_and_doubles_nothing(stops: list[int]) -> None:
    books = Books()
    some = sorted(STORIES, key=lambda story: story.started)
    for stop in stops:
        found = reconciler(books).run(Order(0.0, LATER), Written(some), after(stop))
        assert found.judged <= min((s.started for s in some[stop:]), default=LATER)
    run(books, some)
    assert books.rows.keys() == TRUTH.keys()
    assert len(books.registered) == len(set(books.registered))


def one(name: str) -> Story:
    return next(story for story in stories(*rows_of(TRANSCRIPTS / "fpbx17" / f"{name}.ami.gz")))


def test_call_whose_rows_are_half_written_waits_and_holds_the_mark_back() -> None:
    story = one("in_direct_answered")
    half = replace(story, events=story.events[:8], attempts=())
    books = Books()
    live = Present({story.calls[0]})
    found = reconciler(books, live, story.last + 100).run(Order(0.0, LATER), Written([half]))
    assert (found.counts["open"], found.judged, books.rows) == (1, story.started, {})


def test_call_of_a_pbx_that_died_is_added_once_nothing_of_it_lives() -> None:
    story = one("in_direct_answered")
    half = replace(story, events=story.events[:8], attempts=())
    books = Books()
    found = reconciler(books, Present(), story.last + 100).run(Order(0.0, LATER), Written([half]))
    assert found.counts["added"] == 1
    assert books.rows[story.calls[0]].row.outcome == "answered"


@pytest.mark.parametrize("age", [0.0, 29.0])
def test_call_that_has_just_ended_is_left_for_later(age: float) -> None:
    story = one("in_direct_answered")
    books = Books()
    found = reconciler(books, now=story.last + age).run(Order(0.0, LATER), Written([story]))
    assert found.counts["open"] == 1


def test_open_call_is_closed_by_its_tracker_with_the_written_times() -> None:
    story = one("in_direct_answered")
    call = TRUTH[story.calls[0]]
    books = tracked([call.id])
    leg = Leg(call.root, Side.OUTSIDE, call.trunk, "PJSIP/beeline-msk-1", call.started, calling=True)
    state = shapes.dump(replace(call, ended=None, legs={leg.id: leg}))
    known = books.rows[call.id]
    books.rows[call.id] = replace(known, row=replace(known.row, live=True, state=state))
    present = Present({call.root})
    found = reconciler(books, present).run(Order(0.0, LATER), Written([story]))
    assert (found.counts["closed"], books.writes) == (1, 0)
    assert present.told == [LegEnded(story.last, call.root)]


def test_recording_that_was_never_sent_is_attached_and_nothing_else() -> None:
    story = one("in_direct_answered")
    books = tracked([story.calls[0]])
    known = books.rows[story.calls[0]]
    books.rows[story.calls[0]] = replace(known, portal=replace(known.portal, record_file_id=""), steps=known.steps[:2])
    assert run(books, [story]).counts["completed"] == 1
    assert [step.kind for step in books.rows[story.calls[0]].steps] == ["register", "finish", "attach"]
    assert books.registered == []


def test_failed_steps_are_tried_again_only_by_hand() -> None:
    story = one("in_direct_answered")
    books = tracked([story.calls[0]])
    known = books.rows[story.calls[0]]
    failed = (*known.steps[:2], KnownStep(9, "attach", "failed"))
    books.rows[story.calls[0]] = replace(known, steps=failed)
    assert run(books, [story]).counts["same"] == 1
    assert run(books, [story], Order(0.0, LATER, by_hand=True)).counts["retried"] == 1


def test_what_was_guessed_in_a_gap_is_corrected_once() -> None:
    story = one("in_xfer_blind_refer")
    books = tracked([story.calls[0]])
    known = books.rows[story.calls[0]]
    wrong = replace(known.row, last_talker="101", talk=1.0)
    books.rows[story.calls[0]] = replace(known, row=wrong, guessed=True)
    found = run(books, [story])
    assert found.counts["corrected"] == 1
    assert books.rows[story.calls[0]].row.last_talker == "102"
    assert books.registered == []


def test_lines_that_are_ignored_are_stored_but_not_told() -> None:
    story = one("in_direct_answered")
    books = Books()
    rules = Rules(ignores_line=lambda line, trunk: bool(line or trunk))
    reconciler(books, rules=rules).run(Order(0.0, LATER), Written([story]))
    assert books.rows[story.calls[0]].steps == ()


def test_unknown_linkedid_is_reported() -> None:
    found = run(Books(), [], Order(calls=("1.2",)))
    assert (found.counts["failed"], found.found[0].linkedid) == (1, "1.2")
