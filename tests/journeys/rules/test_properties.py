# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the rules are and in whatever order things that are independent happen: no call is lost, none is twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from operator import eq
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from itgrix_module.app.lines import LineRule, Lines
from itgrix_module.asterisk.transcript import read
from itgrix_module.domain import policy
from itgrix_module.domain.board import Board
from itgrix_module.domain.call import Call
from itgrix_module.domain.facts import AnyFact, DialEnded, Fact, LegAdded, LegEnded, LegRated, RecordingNamed
from itgrix_module.domain.policy import Rules
from itgrix_module.domain.steps import Attach, Finish, Hide, Note, Register, Show, Step
from itgrix_module.replay import Replay
from tests.journeys.rules.bench import bench
from tests.journeys.rules.ground import Ground
from tests.journeys.rules.state import assert_sound, crm_state
from tests.journeys.test_transcripts import FOLDER, sessions

NAMES = (
    "22/in_direct_answered",
    "22/in_direct_noanswer",
    "22/in_rg_answered",
    "22/in_rg_noanswer",
    "22/in_queue_abandon",
    "22/in_ivr_early_hangup",
    "22/in_xfer_blind_refer",
    "22/in_anonymous",
    "22/int_answered",
    "22/out_answered",
    "22/out_noanswer",
    "more22/recording_restarted",
    "more22/group_with_mobile_answered_outside",
    "more22/parked_and_retrieved"
    if (FOLDER / "more22/parked_and_retrieved.ami.gz").exists()
    else "more22/parked_twice",
    "more22/chain_of_transfers",
    "more22/code_comes_back",
    "more22/phone_to_queue",
    "more22/clients_joined",
    "more22/outgoing_other_trunk_helps",
    "more22/outgoing_blind",
    "more22/outgoing_blind_to_outside",
    "more22/redirected_outgoing",
    "more22/internal_sent_outside",
)
PEOPLE = [str(number) for number in range(101, 107)]
LINES = ["0005", "7495*"]
NUMBERS = ["79161234567", ""]
quick = settings(
    max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


class Heard(Replay):
    """Only listens: the facts of sessions."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[AnyFact] = []

    def _apply(self, facts: Iterable[AnyFact]) -> None:
        self.all.extend(facts)


@cache
def facts_of(name: str) -> tuple[AnyFact, ...]:
    heard = Heard()
    for path in sessions(Path(FOLDER / f"{name}.ami.gz")):
        heard.session(read(path))
    return tuple(heard.all)


@dataclass
class Told:
    """What became of a call."""

    call: Call
    steps: list[Step] = field(default_factory=list)


def told(facts: Iterable[AnyFact], rules: Rules) -> dict[str, Told]:
    board, found = Board(), dict[str, Told]()
    for fact in facts:
        for change in board.apply(fact):
            if change.after is None:
                assert change.before is not None
                found.pop(change.before.id, None)
                continue
            mine = found.setdefault(change.after.id, Told(change.after))
            mine.call = change.after
            mine.steps += policy.steps(change.before, change.after, rules)
    return found


def ignoring(lines: Sequence[str]) -> Callable[[str, str], bool]:
    table = Lines(LineRule(match, ignore=True) for match in lines)
    return lambda line, trunk: table.rule(line, trunk) is not None


def some(items: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(items), max_size=2))


@st.composite
def stories(draw: st.DrawFn, names: int = 1) -> tuple[list[str], Rules]:
    """Journeys and rules that speak of what happens in them, among other things."""
    chosen = draw(st.lists(st.sampled_from(NAMES), min_size=names, max_size=names, unique=True))
    calls = [one.call for name in chosen for one in told(facts_of(name), Rules()).values()]
    trunks = {dial.trunk for call in calls for dial in call.dials}
    lines = sorted({*LINES, *trunks, *(call.line for call in calls)} - {""})
    numbers = sorted({*NUMBERS, *(call.number for call in calls)})
    people = sorted({party for call in calls for party in (call.root_party, *call.rang)} - {""}) or PEOPLE
    ignored, left_out = draw(some(lines)), draw(some(numbers))
    rules = Rules(
        ignoring(sorted(ignored)),
        lambda number: number in left_out,
        draw(some(people)),
        draw(some(people)),
        draw(st.booleans()),
    )
    return chosen, rules


def check(one: Told, rules: Rules) -> None:
    """Registered once and finished once, cards in between, the recording last; or one line that says why not."""
    steps = [step for step in one.steps if not isinstance(step, Note)]
    if not one.call.has_client:
        assert one.steps == []
        return
    assert one.call.ended is not None
    if not steps:
        assert [type(step) for step in one.steps] == [Note]
        return
    kinds = [type(step) for step in steps]
    assert (kinds[0], kinds.count(Register), kinds.count(Finish)) == (Register, 1, 1)
    after = kinds[kinds.index(Finish) + 1 :]
    assert after in ([], [Attach])
    check_cards(steps, rules)


def check_cards(steps: Sequence[Step], rules: Rules) -> None:
    open_: set[str] = set()
    for step in steps:
        if isinstance(step, Register | Show):
            assert not open_ & set(step.employees), step
            assert all(map(rules.counts, step.employees)), step
            open_ |= set(step.employees)
        elif isinstance(step, Hide):
            assert set(step.employees) <= open_, step
            open_ -= set(step.employees)


def rules_one_by_one(name: str) -> Iterator[Rules]:
    """Each rule that something in the journey falls under, without the others."""
    calls = [one.call for one in told(facts_of(name), Rules()).values()]
    for call in calls:
        for line in {call.line, call.trunk, *(dial.trunk for dial in call.dials)} - {""}:
            yield Rules(ignores_line=ignoring([line]))
        for number in {call.number, *(dial.number for dial in call.dials)}:
            yield Rules(ignores_number=partial(eq, number))
        for party in {call.root_party, *call.rang, *(talk.party for talk in call.talks)} - {""}:
            yield Rules(extensions_black=frozenset((party,)))
            yield Rules(extensions_white=frozenset((party,)))


@pytest.mark.parametrize("name", NAMES)
def test_rule_alone_neither_loses_nor_doubles_a_call(name: str) -> None:
    for rules in rules_one_by_one(name):
        for one in told(facts_of(name), rules).values():
            check(one, rules)


@quick
@given(stories())
def test_rules_neither_lose_nor_double_a_call(story: tuple[list[str], Rules]) -> None:
    (name,), rules = story
    for one in told(facts_of(name), rules).values():
        check(one, rules)


def test_every_journey_has_calls() -> None:
    for name in NAMES:
        assert told(facts_of(name), Rules()), name


@settings(quick, max_examples=40)
@given(stories(3), st.randoms())
def test_calls_that_happen_at_once_are_told_as_each_alone(story: tuple[list[str], Rules], chance: Random) -> None:
    names, rules = story
    alone = [told(facts_of(name), rules) for name in names]
    assume(sum(map(len, alone)) == len({call for each in alone for call in each}))
    waiting = [list(facts_of(name)) for name in names]
    together: list[AnyFact] = []
    while any(waiting):
        together.append(chance.choice([facts for facts in waiting if facts]).pop(0))
    found = told(together, rules)
    for each in alone:
        assert each == {call: found[call] for call in each}


# -- facts of one call that do not depend on one another


def _is_loose(fact: AnyFact) -> bool:
    """A recording's bare name is the PBX's call record, which comes last."""
    return isinstance(fact, LegRated) or (isinstance(fact, RecordingNamed) and "/" in fact.path)


def shuffled(facts: Sequence[AnyFact], chance: Random) -> list[AnyFact]:
    """Each loose fact anywhere in the life of its leg; neighbours that speak of two phones which gave up, swapped."""
    found = [fact for fact in facts if not _is_loose(fact)]
    for fact in facts:
        if not _is_loose(fact):
            continue
        assert isinstance(fact, Fact)
        born = next(place for place, each in enumerate(found) if isinstance(each, LegAdded) and each.leg == fact.leg)
        last = next(place for place, each in enumerate(found) if place > born and _is_late(each))
        found.insert(chance.randint(born + 1, last), fact)
    for place in range(len(found) - 1):
        one, other = found[place : place + 2]
        if (
            isinstance(one, DialEnded)
            and isinstance(other, DialEnded)
            and _may_swap(one, other)
            and chance.random() < 0.5
        ):
            found[place : place + 2] = other, one
    return found


def _is_late(fact: AnyFact) -> bool:
    return isinstance(fact, LegEnded | RecordingNamed) and not _is_loose(fact)


def _may_swap(one: DialEnded, other: DialEnded) -> bool:
    return one.leg != other.leg and "ANSWER" not in (one.status, other.status)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "more22/recording_restarted"])
def test_order_of_independent_facts_changes_nothing(name: str) -> None:
    right = told(facts_of(name), Rules())

    @settings(quick, max_examples=10)
    @given(st.randoms())
    def same(chance: Random) -> None:
        found = told(shuffled(facts_of(name), chance), Rules())
        assert {call: ends(each) for call, each in found.items()} == {call: ends(each) for call, each in right.items()}
        for each in found.values():
            check(each, Rules())

    same()


def ends(one: Told) -> list[Any]:
    """The request that begins it without the order of phones, its end and its recording."""
    return [
        sorted(step.employees) if isinstance(step, Register) else step
        for step in one.steps
        if isinstance(step, Register | Finish | Attach)
    ]


# -- the portal's state

CALLS = ("22/in_direct_answered", "22/in_rg_noanswer", "22/out_answered", "22/in_ivr_early_hangup")
HOUSE = {"missed.task.enabled": True, "leads.chat": "chat1", "calls.default_user": 5, "recordings.mode": "upload"}
_VARIES = re.compile(r"1795\d{6}\.\d+|\d\d\.\d\d\.\d{4} \d\d:\d\d|pbx1-\S+\.mp3|/details/\d+/")


def timeless(state: dict[str, Any]) -> dict[str, list[str]]:
    return {kind: sorted(_VARIES.sub("*", str(item)) for item in items) for kind, items in state.items()}


@pytest.mark.parametrize(("mode", "order"), [(1, (3, 2, 1, 0)), (2, (2, 3, 0, 1))])
def test_portal_holds_the_same_whichever_of_several_clients_called_first(
    tmp_path: Path, ground: Ground, mode: int, order: tuple[int, ...]
) -> None:
    states = []
    for place, each in enumerate((range(4), order)):
        (folder := tmp_path / str(place)).mkdir()
        with bench(ground, folder, HOUSE, mode) as made:
            made.portal.state.chats[1].users.add(900)
            for number in each:
                made.play(CALLS[number], swap={"79161234567": f"7916000000{number}"})
            assert_sound(made.portal)
            states.append(timeless(crm_state(made.portal)))
    assert states[0] == states[1]
    assert len(states[0]["calls"]) == 4
    assert len(states[0]["tasks"]) == 2
