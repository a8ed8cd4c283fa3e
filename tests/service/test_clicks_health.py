# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status page says of calls from the CRM: a PBX that is ready is of no use while no click reaches it."""

from __future__ import annotations

import pytest

from itgrix_module.app.health import Check, Level
from itgrix_module.vitals import clicks_check

READY = Check("dialling", Level.OK, "dial_ok", "calls can be made from the CRM")
REFUSED = Check("dialling", Level.ERROR, "originate_right", "the manager user may not make calls")


@pytest.mark.parametrize(
    ("mode", "events", "code"),
    [
        ("app", "auto", "dial_ok"),
        ("app", "poll", "dial_ok"),
        ("app", "off", "dial_unheard"),
        ("webhook", "auto", "dial_unheard"),
    ],
)
def test_ready_only_where_clicks_arrive(mode: str, events: str, code: str) -> None:
    found = clicks_check(READY, {"portal.mode": mode, "portal.events": events})
    assert (found.part, found.level, found.code) == ("dialling", Level.OK, code)


def test_what_is_broken_is_told_in_any_case() -> None:
    assert clicks_check(REFUSED, {"portal.mode": "webhook", "portal.events": "auto"}) is REFUSED
