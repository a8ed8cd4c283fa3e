# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's budget under pressure: who goes first, what shares a request, which method is slowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from itgrix_module.app.recording_ports import Recording
from itgrix_module.domain.steps import Priority
from tests.app.desk import Shelf
from tests.chaos.office import START, Ring, office
from tests.chaos.scale import amount

FINISH, REGISTER, SHOW = (f"telephony.externalCall.{name}" for name in ("finish", "register", "show"))
# Seconds of the portal's time, twice those that its documentation shows: 170 calls fill the window of ten minutes.
COST = {FINISH.casefold(): 2.82, REGISTER.casefold(): 2.24}
WINDOW = 600.0
PAST = amount(260, 2000)
LIVE = 5


@pytest.mark.timeout(1800)
def test_more_calls_than_the_budget_has_requests_for_share_requests(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        here.expect(*(Ring(n * 0.02, n, 20.0, 5.0) for n in range(amount(120, 400))))
        here.run()
        here.assert_whole()
        requests = [request for request in here.portal.requests if not request.via_batch]
        assert len(requests) < len(here.played) * 1.5, "alone they would be two each"
        assert not [request for request in here.portal.requests if request.error]
        assert max(here.delays(range(len(here.played)))) < 20.0


@pytest.mark.timeout(1800)
def test_recordings_wait_until_calls_are_told_of(tmp_path: Path) -> None:
    sound = tmp_path / "sound.mp3"
    sound.write_bytes(b"\xff\xfb\x90\x00" * 1000)
    with office(tmp_path) as here:
        here.uploader = here.uploader_with(Shelf(Recording(str(sound), "sound.mp3", 5.0)))
        here.expect(*(Ring(n * 0.02, n, 20.0, 5.0, "/monitor/x.wav") for n in range(amount(80, 300))))
        here.run()
        here.assert_whole()
        done = [request.method for request in here.portal.requests]
        crowd = [place for place, method in enumerate(done) if "attach" in method.casefold()]
        last_finish = max(place for place, method in enumerate(done) if method.casefold() == FINISH.casefold())
        assert sum(place > last_finish for place in crowd) > len(crowd) / 2, "most recordings come last"


@pytest.mark.timeout(3600)
def test_method_near_its_limit_is_slowed_for_calls_of_the_past_and_not_for_live_ones(tmp_path: Path) -> None:
    with office(tmp_path, operating_cost=COST) as here:
        here.portal.faults.outage(True)
        here.expect(*(Ring(n * 0.5, n, 3.0, 5.0) for n in range(PAST)))
        here.skip(PAST * 0.5 + 60)
        here.portal.faults.outage(False)
        begins = here.clock.true - START + 30
        live = range(PAST, PAST + LIVE)
        here.expect(*(Ring(begins + 100.0 * (n - PAST), n, 6.0, 10.0) for n in live))
        here.run()
        here.assert_whole()
        assert len(here.delays(live)) == len(live)
        assert here.delays(live)[-1] <= 3.0, here.delays(live)
        assert here.clock.true - START - begins > WINDOW / 2, "it was slowed"
        refused = [request.method for request in here.portal.requests if request.error == "OPERATION_TIME_LIMIT"]
        assert refused == []


@pytest.mark.timeout(600)
def test_card_whose_ringing_ended_before_there_was_room_is_not_sent(tmp_path: Path) -> None:
    with office(tmp_path, bucket_burst=6.0, bucket_drain=0.2) as here:
        here.settle_limits(rate=0.2, burst=6)
        here.expect(*(Ring(n * 0.1, n, 4.0, 0.0) for n in range(40)))
        here.run()
        here.assert_whole()
        assert len(here.delays(range(40))) < 40, "there was no room for all"
        assert here.outbox.next_due(0.0, Priority.CARD, Priority.LATE) is None
