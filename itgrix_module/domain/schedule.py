# SPDX-License-Identifier: GPL-3.0-or-later
"""When to try again. Pure: chance comes from the caller."""

from __future__ import annotations

FIRST = 1.0  # seconds
LONGEST = 300.0  # seconds between attempts of one request
LONGEST_PORTAL = 20.0  # seconds between looks at a portal that is away


def back_off(attempts: int, chance: float, longest: float = LONGEST) -> float:
    """Seconds to wait after ``attempts`` failures: doubling, with jitter. ``chance``: 0..1."""
    ceiling = min(longest, FIRST * 2.0 ** min(max(attempts - 1, 0), 16))
    return ceiling * (0.5 + 0.5 * chance)
