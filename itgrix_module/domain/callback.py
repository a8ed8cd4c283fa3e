# SPDX-License-Identifier: GPL-3.0-or-later
"""When a client who asked to be called back is tried again, and when he is given up. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# No further try would come to anything else.
HOPELESS = frozenset(("bad_number", "no_route", "no_destination", "bad_order", "forbidden", "no_right", "off"))


@dataclass(frozen=True)
class CallbackRules:
    """``tries``: at most; ``pause``: seconds between two; ``patience``: seconds in which the last one may begin.

    ``next_open``: the next moment at which clients are called back, None when there never is one.
    """

    tries: int = 3
    pause: float = 300.0
    patience: float = 3600.0
    next_open: Callable[[float], float | None] = float


def first_try(received: float, rules: CallbackRules) -> tuple[float, float]:
    """When a form is tried, and its deadline. One from the night has the whole patience in the morning."""
    due = rules.next_open(received)
    due = received if due is None else max(received, due)
    return due, due + rules.patience


def is_last(tries: int, now: float, deadline: float, rules: CallbackRules) -> bool:
    """Will there be no try after the one that begins now? ``tries``: before it."""
    return tries + 1 >= rules.tries or next_try(tries + 1, "", now, deadline, rules) is None


def next_try(tries: int, failure: str, now: float, deadline: float, rules: CallbackRules) -> float | None:
    """When a client is tried again after so many tries; None when he is given up."""
    if tries >= rules.tries or failure in HOPELESS:
        return None
    due = rules.next_open(now + rules.pause)
    return due if due is not None and due <= deadline else None
