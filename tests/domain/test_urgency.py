# SPDX-License-Identifier: GPL-3.0-or-later
"""How urgent a call is, by what waits of it."""

from __future__ import annotations

import pytest

from itgrix_module.domain.steps import urgency

RING, SHOW, HIDE, END, FILE, TASK = (
    ("register", 1), ("show", 1), ("hide", 1), ("finish", 2), ("attach", 5), ("task", 4)
)  # fmt: skip


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        ([RING], 1),
        ([RING, SHOW], 1),
        ([RING, HIDE, END, FILE], 3),
        ([SHOW, END, FILE], 2),
        ([HIDE], 1),
        ([END, FILE], 2),
        ([FILE], 5),
        ([FILE, SHOW], 5),
        ([TASK, FILE], 4),
        ([SHOW, FILE, END], 1),
        ([("register", 3), END], 3),
        ([("register", 6), ("finish", 6)], 6),
    ],
)
def test_call_that_ended_before_it_was_told_of_does_not_stand_before_those_that_ring(
    waiting: list[tuple[str, int]], expected: int
) -> None:
    assert urgency(waiting) == expected
