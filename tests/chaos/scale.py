# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of everything: a little in the quick suite, all of it with ``ITGRIX_CHAOS=long`` (``make chaos``)."""

from __future__ import annotations

import os

IS_LONG = os.environ.get("ITGRIX_CHAOS") == "long"


def amount(short: int, long: int) -> int:
    """``short`` in the quick suite, else ``long``, or what ``ITGRIX_CHAOS_SHARE`` (0..1) leaves of it."""
    if not IS_LONG:
        return short
    share = float(os.environ.get("ITGRIX_CHAOS_SHARE", "1"))
    return max(short, round(long * share))
