# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX restarts, dies, falls silent and sends nonsense, one after the other, while calls go on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from itgrix_module.sandbox.pbx import Truth
from tests.chaos.scale import amount
from tests.service.house import House, house, short, until

ROUNDS = amount(1, 10)
DOWN = 1.2  # seconds: unique ids hold the second in which they were made, and no Asterisk starts within one


def lone(here: House, client: str) -> None:
    """The portal holds one call of this client, closed."""
    found = [call for call in here.portal.calls() if call.phone.lstrip("+") == client]
    assert len(found) == 1, found
    assert found[0].finished
    assert not found[0].open_cards


def is_back(here: House, since: float) -> bool:
    """The link was lost since then, is up again, and nobody talks any more."""
    state = here.service.pbx.state
    return state.phase == "up" and state.since != since and not here.service.tracker.live_calls


def talking(here: House, client: str, extension: str) -> None:
    here.pbx.begin(short(client=client, extension=extension, talk=60.0))
    until(lambda: any(call.phone.lstrip("+") == client and call.cards for call in here.portal.calls()))


@pytest.mark.timeout(600)
def test_every_call_is_closed_whatever_the_pbx_does(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        whole: list[Truth] = []
        cut: list[str] = []
        for number in range(ROUNDS):
            for place, spoil in enumerate((here.pbx.faults.restart, here.pbx.faults.kill)):
                client = f"7916{number:04d}{place:03d}"
                talking(here, client, str(101 + place))
                before = here.service.pbx.state.since
                spoil(DOWN)
                cut.append(client)
                until(partial(is_back, here, before), 40, lambda: here.service.pbx.state)
            here.pbx.faults.garbage()
            during = here.pbx.begin(short(client=f"7917{number:07d}", extension="103", talk=2.0))
            here.pbx.faults.silence()
            here.pbx.faults.silence(False)
            whole.append(during.wait())
            here.wait_ready()
            whole.append(here.ring(client=f"7918{number:07d}", extension="104"))
        for truth in whole:
            here.wait_finished(truth, 40)
        here.wait_delivered(40)
        for client in (*cut, *(truth.client for truth in whole)):
            lone(here, client)
        assert len(here.portal.calls()) == len(cut) + len(whole)
