# SPDX-License-Identifier: GPL-3.0-or-later
"""Which errands follow a call: rules of the house against calls."""

from __future__ import annotations

from typing import Any

import pytest

from itgrix_module.app.aftermath import AftermathRules, follow
from itgrix_module.app.ports import CallRow, NewStep, PortalSide
from itgrix_module.domain.steps import Priority
from itgrix_module.settings import Settings

NOW = 1_800_000_000.0
NUMBER = "+79161234567"
NEW_LEAD = PortalSide("C", "LEAD", "7", (("LEAD", "7"),), "70", finished=True)
KNOWN = PortalSide("C", "CONTACT", "5", (), "70", finished=True)
NOBODY = PortalSide("C", finished=True)
SIMPLE = PortalSide("C", "CONTACT", "5", (("CONTACT", "5"), ("DEAL", "6")), "70", finished=True)
ALL = AftermathRules(task=True, chat="chat1")


def call(**changes: Any) -> CallRow:
    values: dict[str, Any] = {"direction": "incoming", "number": NUMBER, "line": "L", "outcome": "missed"}
    return CallRow("pbx", "1.1", phase="ended", started=NOW - 60, **{**values, **changes})


def talk(**changes: Any) -> CallRow:
    return call(**{"outcome": "answered", "answered": NOW - 50, "talk": 9.0, "last_talker": "102"} | changes)


def steps(
    row: CallRow, side: PortalSide = NOBODY, rules: AftermathRules = ALL, *, opened: bool = True
) -> list[NewStep]:
    return follow(row, side, rules, lambda number: opened and number == NUMBER, lambda at: True, NOW, user=3)


def kinds(row: CallRow, side: PortalSide = NOBODY, rules: AftermathRules = ALL, *, opened: bool = True) -> list[str]:
    return [step.kind for step in steps(row, side, rules, opened=opened)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (call(), ["task"]),
        (call(number=""), []),
        (call(direction="outgoing", outcome="no_answer"), []),
        (call(direction="internal"), []),
        (talk(), ["close_tasks"]),
        (talk(direction="outgoing"), ["close_tasks"]),
        (talk(direction="internal"), []),
        (talk(number="+70000000000"), []),
        (talk(talk=0.0), ["task"]),
    ],
)
def test_tasks_follow_missed_calls_and_end_with_talks(row: CallRow, expected: list[str]) -> None:
    assert kinds(row) == expected


@pytest.mark.parametrize(
    ("clients", "side", "made"),
    [
        ("all", NOBODY, True), ("new", NOBODY, True), ("new", NEW_LEAD, True), ("new", KNOWN, False),
        ("known", KNOWN, True), ("known", NEW_LEAD, False), ("known", NOBODY, False), ("known", SIMPLE, False),
    ],
)  # fmt: skip
def test_tasks_are_made_for_the_clients_that_are_wished(clients: str, side: PortalSide, made: bool) -> None:
    assert ("task" in kinds(call(), side, AftermathRules(task=True, clients=clients))) is made


@pytest.mark.parametrize(
    ("hours", "working", "made"),
    [("always", False, True), ("working", True, True), ("working", False, False), ("off_hours", True, False)],
)
def test_hours_are_those_of_the_beginning_of_the_call(hours: str, working: bool, made: bool) -> None:
    asked: list[float] = []

    def is_working(at: float) -> bool:
        asked.append(at)
        return working

    found = follow(call(), NOBODY, AftermathRules(task=True, hours=hours), lambda _: False, is_working, NOW)
    assert bool(found) is made
    assert set(asked) <= {NOW - 60}


def test_nothing_is_closed_when_it_is_not_wished() -> None:
    assert kinds(talk(), NOBODY, AftermathRules(close=False)) == []


def test_call_that_the_portal_is_not_told_of_closes_tasks_only() -> None:
    left_out = PortalSide(left_out="a customization decided so")
    assert kinds(talk(), left_out) == ["close_tasks"]
    assert kinds(call(), left_out) == []


@pytest.mark.parametrize(("side", "told"), [(NEW_LEAD, True), (SIMPLE, True), (KNOWN, False), (NOBODY, False)])
def test_message_is_for_new_clients(side: PortalSide, told: bool) -> None:
    assert ("message" in kinds(talk(), side, AftermathRules(chat="chat1"), opened=False)) is told


@pytest.mark.parametrize(("side", "made"), [(NEW_LEAD, True), (SIMPLE, True), (KNOWN, True), (NOBODY, False)])
def test_deal_follows_a_line_with_a_funnel(side: PortalSide, made: bool) -> None:
    rules = AftermathRules(category=lambda row: {"L": 4}.get(row.line))
    assert (kinds(talk(), side, rules, opened=False) == ["deal"]) is made
    assert kinds(talk(line="other"), side, rules, opened=False) == []


def test_facts_go_where_a_template_or_a_customization_is() -> None:
    extra = AftermathRules(extra=frozenset({"lead", "activity", "deal"}))
    assert kinds(talk(), NEW_LEAD, extra, opened=False) == ["entity", "activity"]
    assert kinds(talk(), KNOWN, extra, opened=False) == ["activity"]
    found = steps(talk(), SIMPLE, extra, opened=False)
    assert found[0].payload["records"] == [["DEAL", "6"]]
    hooks = AftermathRules(hooks=frozenset({"customize_entity", "customize_activity"}))
    assert kinds(talk(), KNOWN, hooks, opened=False) == ["entity", "activity"]
    assert kinds(talk(), NOBODY, hooks, opened=False) == []


def test_every_step_has_its_reason_and_who_the_call_was_finished_for() -> None:
    rules = AftermathRules(task=True, chat="chat1", category=lambda _: 1, extra=frozenset({"lead", "activity"}))
    found = [*steps(call(), NEW_LEAD, rules), *steps(talk(), NEW_LEAD, rules)]
    assert {step.kind for step in found} == {"task", "close_tasks", "message", "deal", "entity", "activity"}
    for step in found:
        assert step.payload["why"]
        assert step.payload["user"] == 3
        assert (step.priority, step.due_at) == (Priority.TASK, NOW)


def test_rules_come_from_the_settings() -> None:
    given = {"missed.task.enabled": True, "missed.task.hours": "working", "extra.lead": {"COMMENTS": "x"}}
    rules = AftermathRules.of(Settings(given), lambda _: None, lambda name: name == "customize_activity")
    assert (rules.task, rules.hours, rules.extra) == (True, "working", frozenset({"lead"}))
    assert rules.hooks == frozenset({"customize_activity"})
