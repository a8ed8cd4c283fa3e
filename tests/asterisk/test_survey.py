# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels that are met in the middle of their life: who calls, who is dialled, and of whom neither is known yet."""

from __future__ import annotations

import pytest

from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.snapshot import ChannelRow, Snapshot
from itgrix_module.asterisk.survey import channels_seen

AT = 1_795_000_000.0


@pytest.mark.parametrize(
    ("state", "application", "duration", "calling", "dialled"),
    [
        ("Up", "Dial", 5, True, False),
        ("Ring", "", 0, True, False),
        ("Ringing", "AppDial", 2, False, True),
        ("Down", "AppDial", 0, False, True),
        ("Down", "", 3, False, True),  # an account that may not see applications
        ("Ringing", "", 0, False, True),
        ("Down", "", 0, False, False),  # made this moment: who dials it is said next
    ],
)
def test_channel_is_calling_dialled_or_neither(
    state: str, application: str, duration: int, calling: bool, dialled: bool
) -> None:
    name, unique = "SIP/beeline-msk-0000003c", "1794999999.2"
    row = ChannelRow(name, unique, "1794999990.1", state, "from-trunk", application=application, duration=duration)
    seen = channels_seen(Snapshot(AT, (row,)), AT - 1, Sides(trunks=frozenset({"beeline-msk"})))
    assert [fact.calling for fact in seen.added] == [calling]
    assert [fact.leg for fact in seen.dialled] == [unique] * dialled
