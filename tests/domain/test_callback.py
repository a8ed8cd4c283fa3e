# SPDX-License-Identifier: GPL-3.0-or-later
"""When a client who asked to be called back is tried again."""

from __future__ import annotations

import pytest

from itgrix_module.domain.callback import HOPELESS, CallbackRules, first_try, is_last, next_try

RULES = CallbackRules(tries=3, pause=300.0, patience=3600.0)
MORNING = 50_000.0
NIGHT = CallbackRules(tries=3, pause=300.0, patience=3600.0, next_open=lambda at: max(at, MORNING))
NEVER = CallbackRules(next_open=lambda _: None)


def test_form_is_tried_at_once_and_given_up_after_its_patience() -> None:
    assert first_try(1000.0, RULES) == (1000.0, 4600.0)


def test_form_of_the_night_is_tried_in_the_morning_with_all_its_patience() -> None:
    assert first_try(1000.0, NIGHT) == (MORNING, MORNING + 3600)


def test_house_that_never_opens_answers_with_a_try_that_fails() -> None:
    assert first_try(1000.0, NEVER) == (1000.0, 4600.0)
    assert next_try(1, "", 1000.0, 9000.0, NEVER) is None


def test_next_try_comes_after_the_pause() -> None:
    assert next_try(1, "client_busy", 2000.0, 4600.0, RULES) == 2300.0


@pytest.mark.parametrize(("tries", "now"), [(3, 2000.0), (1, 4400.0)])
def test_tries_and_patience_end(tries: int, now: float) -> None:
    assert next_try(tries, "", now, 4600.0, RULES) is None


@pytest.mark.parametrize("code", sorted(HOPELESS))
def test_what_cannot_succeed_is_not_repeated(code: str) -> None:
    assert next_try(1, code, 2000.0, 4600.0, RULES) is None


def test_last_try_is_known_before_it_begins() -> None:
    assert [is_last(tries, 2000.0, 4600.0, RULES) for tries in (0, 1, 2)] == [False, False, True]
    assert is_last(0, 4400.0, 4600.0, RULES)
