# SPDX-License-Identifier: GPL-3.0-or-later
"""A few places that several threads share."""

from __future__ import annotations

import pytest

from itgrix_module.app.slots import Slots


def test_nobody_waits_and_a_place_is_free_again_whatever_happened_in_it() -> None:
    slots = Slots(2)
    with slots.one() as first, slots.one() as second:
        assert (first, second, slots.is_free) == (True, True, False)
        with slots.one() as third:
            assert third is False
        assert slots.is_free is False, "who had none gives none back"
    with pytest.raises(RuntimeError), slots.one():
        raise RuntimeError
    with slots.one() as first, slots.one() as second:
        assert first
        assert second
