# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answers for a call, and which record it belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itgrix_module.domain.responsible import (
    MISSED_POLICIES,
    Choice,
    Record,
    chosen_record,
    first_responsible,
    missed_responsible,
    responsible_of,
)

LEAD = Record("LEAD", "5", responsible=3, created=300.0)
OLD_LEAD = Record("LEAD", "4", responsible=9, created=900.0, outcome="F")
CONTACT = Record("CONTACT", "7", responsible=2, created=100.0)
COMPANY = Record("COMPANY", "1", responsible=4, created=200.0)
ALL = (OLD_LEAD, LEAD, COMPANY, CONTACT)


def nobody() -> int:
    return 0


@pytest.mark.parametrize(
    ("policy", "employees", "found"),
    [
        ("portal", (2,), None),
        ("kind", (), CONTACT),
        ("newest", (), LEAD),  # a lead that is over is not the client's newest business
        ("talker", (4, 2), COMPANY),
        ("talker", (3,), LEAD),
        ("talker", (77,), None),
        ("smoke", (2,), None),
    ],
)
def test_record_is_chosen_by_the_policy(policy: str, employees: tuple[int, ...], found: Record | None) -> None:
    assert chosen_record(ALL, policy, employees) == found


@pytest.mark.parametrize("policy", ["kind", "newest", "talker", "portal"])
def test_one_record_needs_no_choice(policy: str) -> None:
    assert chosen_record((LEAD,), policy, (3,)) is None
    assert chosen_record((), policy, (3,)) is None


def test_only_closed_leads_are_still_a_choice() -> None:
    older = Record("LEAD", "2", created=1.0, outcome="F")
    assert chosen_record((older, OLD_LEAD), "newest", ()) == OLD_LEAD


def test_clients_responsible_is_that_of_the_chosen_record_else_of_the_first_kind() -> None:
    assert responsible_of(ALL, LEAD) == 3
    assert responsible_of(ALL) == 2
    assert responsible_of((Record("CONTACT", "1"), LEAD)) == 3
    assert responsible_of((Record("CONTACT", "1"),)) is None


def test_first_responsible_falls_back_in_order() -> None:
    assert first_responsible("ringing", (5, 6), 2, nobody) == Choice(5, "whose phone rang first")
    assert first_responsible("client", (5,), 2, nobody) == Choice(2, "the client's responsible")
    assert first_responsible("client", (5,), None, nobody) == Choice(5, "whose phone rang first")
    assert first_responsible("default", (5,), 2, lambda: 8) == Choice(8, "the default user")
    assert first_responsible("default", (5,), 2, nobody) == Choice(5, "whose phone rang first")
    assert first_responsible("client", (), None, lambda: 8) == Choice(8, "the default user")
    assert first_responsible("ringing", (), None, nobody) is None


def test_missed_responsible_starts_at_the_policy() -> None:
    assert missed_responsible("client", 2, 5, lambda: 8) == Choice(2, "the client's responsible")
    assert missed_responsible("client", None, 5, lambda: 8) == Choice(5, "whose phone rang last")
    assert missed_responsible("client", None, None, lambda: 8) == Choice(8, "the default user")
    assert missed_responsible("last_rung", 2, 5, lambda: 8) == Choice(5, "whose phone rang last")
    assert missed_responsible("last_rung", 2, None, lambda: 8) == Choice(8, "the default user")
    assert missed_responsible("default", 2, 5, lambda: 8) == Choice(8, "the default user")
    assert missed_responsible("default", 2, 5, nobody) is None


@given(st.sampled_from(MISSED_POLICIES), st.none() | st.integers(1, 9), st.none() | st.integers(1, 9))
def test_a_turn_is_only_used_up_when_nobody_comes_before(policy: str, client: int | None, rung: int | None) -> None:
    turns: list[int] = []

    def next_turn() -> int:
        turns.append(1)
        return 42

    choice = missed_responsible(policy, client, rung, next_turn)
    assert choice is not None
    assert (choice.user == 42) == bool(turns)
    assert len(turns) <= 1
