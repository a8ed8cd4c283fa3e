# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings to the portal: waited for, given up, repeated without a second one."""

from __future__ import annotations

import pytest

from itgrix_module.app.ports import PortalSide
from itgrix_module.app.recording_ports import Recording
from itgrix_module.app.upload import LEASE, OWNER_PAUSE, PATIENCE, Uploader
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from tests.app.desk import START, Desk, Portal, Shelf, attach
from tests.fakes.failing import fails_first

CLOSED = PortalSide(call_id="C", finished=True)
MISSING = Temporary("recording_missing", "recording x.wav is not in /monitor", "check the folder", retry_after=5.0)
GONE = Permanent("recording_missing", "recording x.wav is not in /monitor", "check the folder")
NO_ROOM = Temporary("disk_full", "no space left in /copies", "free some", retry_after=300.0)
NO_ENCODER = Temporary("encoder_missing", "no program makes mp3", "apt-get install lame", retry_after=600.0)
LOST = Temporary("read_timeout", "no answer", executed=True)
AWAY = Temporary("refused", "nothing listens there", scope="portal")
MP3 = Recording("/copies/x.mp3", "x.mp3", 3.0)


def desk(*answers: Recording | Failure, side: PortalSide = CLOSED, portal: Portal | None = None) -> Desk:
    made = Desk(portal or Portal(), shelf=Shelf(*answers))
    made.call("1.1", attach(), side=side)
    return made


def upload(on: Desk, seconds: float) -> int:
    """As the worker does, looking once a second; returns how often something was tried."""
    tried, until = 0, on.clock.now + seconds
    while on.clock.now < until:
        tried += on.uploader.upload_due()
        on.clock.now += 1.0
    return tried


def test_recording_is_attached() -> None:
    here = desk()
    upload(here, 1)
    assert here.portal.attached == [("C", "x.mp3")]
    assert here.states() == {"attach": "done"}
    assert here.side.record_file_id == "file-1"


def test_file_that_appears_late_is_uploaded() -> None:
    here = desk(MISSING, MISSING, MP3)
    upload(here, 60)
    assert here.states() == {"attach": "done"}


def test_file_that_never_appears_is_given_up_with_a_hint() -> None:
    here = desk(*[MISSING] * 100, GONE)
    upload(here, PATIENCE + 60)
    while here.states() == {"attach": "waiting"}:
        upload(here, 60)
    assert here.shelf.deadlines[0] == START + PATIENCE
    assert here.states() == {"attach": "failed"}
    assert "check the folder" in here.step("attach").text


def test_looking_for_a_file_for_half_an_hour_fills_neither_timeline_nor_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "itgrix")
    here = desk(MISSING)
    tried = upload(here, PATIENCE)
    assert 20 < tried < 80
    assert len(here.told()) < 10
    assert len(caplog.records) < 10


@pytest.mark.parametrize("fault", [NO_ROOM, NO_ENCODER], ids=lambda fault: fault.code)
def test_fault_of_this_machine_pauses_all_recordings_and_goes_by_itself(fault: Failure) -> None:
    here = desk(fault, fault, MP3)
    here.call("1.2", attach(), side=CLOSED)
    upload(here, 5)
    assert here.uploader.state.reason is fault
    assert len(here.shelf.deadlines) == 1
    upload(here, 3 * OWNER_PAUSE)
    assert here.uploader.state.is_up
    assert (here.states("1.1"), here.states("1.2")) == ({"attach": "done"}, {"attach": "done"})


def test_mended_fault_is_tried_at_once() -> None:
    here = desk(NO_ROOM, MP3)
    upload(here, 1)
    here.uploader.resume()
    upload(here, OWNER_PAUSE)
    assert here.states() == {"attach": "done"}


def test_empty_recording_is_no_fault() -> None:
    here = desk(Permanent("recording_empty", "it holds no sound"))
    upload(here, 1)
    assert here.states() == {"attach": "done"}


def test_call_that_the_portal_has_not_closed_gets_no_recording() -> None:
    here = desk(side=PortalSide(call_id="C"))
    upload(here, 1)
    assert here.states() == {"attach": "failed"}
    assert here.portal.attached == []


def test_lost_answer_makes_no_second_recording() -> None:
    here = desk(portal=Portal(uploads=[LOST], records={"C": "77"}))
    upload(here, 30)
    assert here.states() == {"attach": "done"}
    assert here.side.record_file_id == "77"
    assert here.portal.attached == []


class PowerCut(BaseException):
    """The end of this process."""


class LastDeed(Portal):
    """Takes the recording of a service that is killed before it can store the answer."""

    def attach(self, call_id: str, file: str, filename: str) -> str:
        self.records[call_id] = super().attach(call_id, file, filename)
        raise PowerCut


def test_service_killed_after_the_upload_makes_no_second_recording() -> None:
    here = desk(portal=LastDeed())
    with pytest.raises(PowerCut):
        here.uploader.upload_due()
    upload(here, LEASE + 5)
    assert here.states() == {"attach": "done"}
    assert here.portal.attached == [("C", "x.mp3")]
    assert here.side.record_file_id == "file-1"


def test_upload_that_did_not_arrive_is_repeated() -> None:
    here = desk(portal=Portal(uploads=[LOST]))
    upload(here, 30)
    assert here.portal.attached == [("C", "x.mp3")]


def test_portal_that_is_away_gets_no_uploads() -> None:
    here = desk(portal=Portal(uploads=[AWAY]))
    here.call("1.2", attach(), side=CLOSED)
    here.uploader.upload_due()
    assert not here.standing.state.is_up
    assert here.uploader.upload_due() == 0
    upload(here, 60)
    assert (here.states("1.1"), here.states("1.2")) == ({"attach": "done"}, {"attach": "done"})


def test_upload_that_goes_through_shows_that_the_portal_is_back() -> None:
    here = desk(portal=Portal(uploads=[AWAY]))
    here.uploader.upload_due()
    assert not here.standing.state.is_up
    upload(here, 60)
    assert here.standing.state.is_up


def test_portal_that_has_not_closed_the_call_for_half_an_hour_will_not() -> None:
    late = Temporary("not_finished_yet", "not closed yet", retry_after=15.0)
    here = desk(portal=Portal(uploads=[late] * 1000))
    upload(here, PATIENCE + 60)
    assert here.states() == {"attach": "failed"}


def test_parts_that_could_not_be_had_stand_in_the_timeline() -> None:
    here = desk(Recording("/copies/x.mp3", "x.mp3", 3.0, ("recording y.wav is not there",)))
    upload(here, 1)
    assert here.told() == ["attach: uploaded, but recording y.wav is not there"]


def test_database_that_cannot_store_the_outcome_gets_it_later(monkeypatch: pytest.MonkeyPatch) -> None:
    here = desk()
    full = NeedsOwner("disk_full", "the disk with the database is full")
    fails_first(monkeypatch, here.stores.outbox, "settle", full, full)
    for _ in range(2):
        with pytest.raises(NeedsOwner):
            here.uploader.upload_due()
    here.uploader.upload_due()
    assert here.states() == {"attach": "done"}
    assert len(here.portal.attached) == 1


def test_recording_on_another_nodes_disk_is_left_to_that_node() -> None:
    here = desk(MP3)
    theirs = Uploader(
        here.stores.outbox, here.portal, here.shelf, here.standing, here.clock, lambda: 0.5, "them:up", node="other"
    )
    assert theirs.upload_due() == 0
    assert here.uploader.upload_due() == 1
