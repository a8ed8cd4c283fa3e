# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings that are uploaded, linked or left alone, as the rules and the customizations say."""

from __future__ import annotations

from pathlib import Path

import pytest

from itgrix_module.app.hooking import Said
from itgrix_module.app.ports import PortalSide
from itgrix_module.app.recording_rules import RecordingRules
from itgrix_module.app.upload import OWNER_PAUSE
from itgrix_module.domain.failures import Permanent, Temporary
from tests.app.attaching_house import (
    ACTIVITY,
    BROKEN,
    CANCEL,
    FILE,
    LINK,
    MISSING,
    NO_ADDRESS,
    OFF,
    PLAYER,
    SIDE,
    UNREACHED,
    UPLOAD,
    URL,
    House,
    said,
)
from tests.app.desk import Desk, Portal, Shelf, attach


def test_recording_that_stays_here_is_settled_with_the_reason() -> None:
    here = House(OFF)
    here.run()
    assert here.state == "done"
    assert here.told() == ["recordings stay here"]
    assert (here.uploaded, here.fetching.fields, here.desk.shelf.deadlines) == ([], [], [])


def test_recording_sent_by_hand_goes_whatever_the_rules_say() -> None:
    here = House(OFF, by_hand=True)
    here.run()
    assert here.uploaded == [("C", "x.mp3")]


def test_uploaded_recording_is_left_to_the_archive() -> None:
    here = House(UPLOAD)
    here.run()
    assert (here.uploaded, here.copies.kept, here.copies.over) == ([("C", "x.mp3")], [], ["/copies/x.mp3"])


def test_portal_fetches_a_linked_recording_that_is_kept_before_it_is_asked() -> None:
    here = House(PLAYER)
    here.run()
    assert here.fetching.fields == [{"CALL_ID": "C", "FILENAME": "x.mp3", "RECORD_URL": LINK}]
    assert here.copies.kept == ["/copies/x.mp3"]
    assert (here.state, here.desk.side.record_file_id) == ("done", "99")


def test_link_itself_never_stands_in_the_timeline() -> None:
    here = House(PLAYER)
    here.run()
    assert here.state == "done"
    assert LINK not in repr(here.desk.stores.timeline_of("pbx1", "1.1"))


def test_link_is_written_into_the_activity_behind_what_stands_there() -> None:
    here = House(ACTIVITY)
    here.fetching.activity = {"DESCRIPTION": "call back at five", "DESCRIPTION_TYPE": "1"}
    here.run()
    assert here.fetching.activity["DESCRIPTION"] == f"call back at five\nRecording: {LINK}"
    assert (here.state, here.uploaded, here.fetching.fields) == ("done", [], [])
    assert here.told() == ["the link to the recording is in the call's activity"]


def test_link_whose_writing_got_no_answer_is_there_once() -> None:
    here = House(ACTIVITY)
    here.fetching.activity = {"DESCRIPTION": f"Recording: {LINK}"}
    here.run()
    assert (here.state, here.fetching.writes) == ("done", 0)


def test_call_without_activity_has_no_place_for_a_link() -> None:
    here = House(ACTIVITY, side=PortalSide(call_id="C", finished=True))
    here.run()
    assert here.state == "done"
    assert "no activity" in here.told()[0]
    assert here.copies.kept == []


def test_refused_activity_fails_the_step_and_nothing_else() -> None:
    here = House(ACTIVITY)
    here.fetching.answers = [Permanent("insufficient_scope", "no crm")]
    here.run()
    assert here.state == "failed"
    assert here.desk.standing.state.is_up


@pytest.mark.parametrize("rules", [PLAYER, ACTIVITY])
def test_links_without_public_address_wait_and_nothing_else_does(rules: RecordingRules) -> None:
    here = House(rules)
    here.copies.wrong = NO_ADDRESS
    here.run(5)
    assert here.state == "waiting"
    assert here.desk.uploader.state.reason is NO_ADDRESS
    assert here.desk.standing.state.is_up
    assert here.desk.shelf.deadlines == []  # nothing was converted in vain
    here.rules = UPLOAD
    here.desk.call("1.2", attach(), side=SIDE)
    here.run(5)
    assert here.desk.states("1.2") == {"attach": "done"}


def test_links_go_on_when_the_address_is_set() -> None:
    here = House(PLAYER)
    here.copies.wrong = NO_ADDRESS
    here.run(5)
    here.copies.wrong = None
    here.desk.uploader.resume()
    here.run(2 * OWNER_PAUSE)
    assert (here.state, here.desk.uploader.state.is_up) == ("done", True)


def test_waiting_for_an_address_for_days_fills_neither_timeline_nor_time() -> None:
    here = House(PLAYER)
    here.copies.wrong = NO_ADDRESS
    here.run(20_000)
    assert here.state == "waiting"
    assert len(here.told()) < 10
    assert here.desk.step("attach").step.attempts < 100


def test_portal_that_cannot_fetch_one_is_not_asked_to_fetch_the_others() -> None:
    here = House(PLAYER)
    here.fetching.answers = [UNREACHED]
    for number in range(2, 6):
        here.desk.call(f"1.{number}", attach(), side=SIDE)
    here.run(60)
    assert len(here.fetching.fields) == 1
    assert here.desk.uploader.state.reason is UNREACHED
    assert here.desk.standing.state.is_up
    here.run(1200)
    assert {here.desk.states(f"1.{number}")["attach"] for number in range(1, 6)} == {"done"}
    assert here.desk.uploader.state.is_up


def test_call_that_the_portal_is_not_told_of_gets_no_recording() -> None:
    here = House(UPLOAD, side=PortalSide(left_out="customization need_registration"))
    here.run()
    assert (here.state, here.uploaded) == ("done", [])


def test_lost_answer_of_a_second_sending_is_not_taken_for_the_first_one() -> None:
    lost = Temporary("read_timeout", "no answer", executed=True)
    side = PortalSide(call_id="C", finished=True, record_file_id="77")
    here = House(UPLOAD, side=side, portal=Portal(uploads=[lost], records={"C": "77"}))
    here.run(30)
    assert here.uploaded == [("C", "x.mp3")]


# -- customizations


def test_customization_sees_the_files_when_they_are_complete_and_once() -> None:
    here = House(UPLOAD, {FILE: said({"path": "/tmp"})}, shelf=Shelf())
    here.copies.incomplete = [MISSING, MISSING]
    here.run(1)
    assert here.scripts.asked == []
    here.run(30)
    (asked,) = here.scripts.asked
    assert asked[1]["paths"] == ["/real/monitor/x.wav"]


def test_file_that_a_customization_made_is_attached(tmp_path: Path) -> None:
    made = tmp_path / "better.mp3"
    made.touch()
    here = House(UPLOAD, {FILE: said({"path": str(made)})})
    here.run()
    assert here.copies.given == [str(made)]
    assert here.uploaded == [("C", "given.mp3")]
    assert here.desk.shelf.deadlines == []


def test_repeated_upload_does_not_convert_again(tmp_path: Path) -> None:
    made = tmp_path / "better.mp3"
    made.touch()
    away = Temporary("timeout", "no answer", retry_after=2.0)
    here = House(UPLOAD, {FILE: said({"path": str(made)})}, portal=Portal(uploads=[away, away]))
    here.run(60)
    assert here.state == "done"
    assert [name for name, _ in here.scripts.asked] == [FILE]


def test_customization_may_keep_the_recording_here() -> None:
    here = House(UPLOAD, {FILE: CANCEL})
    here.run()
    assert (here.state, here.uploaded) == ("done", [])
    assert here.told() == [f"customization {FILE}: the recording stays here"]


@pytest.mark.parametrize("name", [FILE, URL])
@pytest.mark.parametrize("answer", [BROKEN, said({"path": "/no/such/file", "FILENAME": 5}), said("nonsense")])
def test_broken_customization_lets_the_default_go_ahead_and_is_told(name: str, answer: Said) -> None:
    here = House(UPLOAD, {name: answer})
    here.run()
    assert here.uploaded == [("C", "x.mp3")]
    assert "the default goes ahead" in here.told()[0]


def test_customization_names_the_file() -> None:
    here = House(UPLOAD, {URL: said({"params": {"FILENAME": "Разговор.mp3"}})})
    here.run()
    assert here.uploaded == [("C", "Разговор.mp3")]
    assert here.told()[0] == f"customization {URL} changed FILENAME"


@pytest.mark.parametrize("name", ["x.exe", "../x.mp3", "a\r\nb.mp3", "x" * 300 + ".mp3"])
def test_name_that_is_no_name_is_not_used(name: str) -> None:
    here = House(UPLOAD, {URL: said({"FILENAME": name})})
    here.run()
    assert here.uploaded == [("C", "x.mp3")]


def test_customization_is_told_the_link() -> None:
    here = House(PLAYER, {URL: said({})})
    here.run()
    ((_, params),) = here.scripts.asked
    assert params["RECORD_URL"] == params["call_full"]["record"] == LINK


def test_customization_may_not_attach_at_all() -> None:
    here = House(PLAYER, {URL: CANCEL})
    here.run()
    assert (here.state, here.fetching.fields, here.uploaded) == ("done", [], [])
    assert here.told() == [f"customization {URL}: the recording is not attached"]


def test_customization_may_choose_upload_for_a_linked_recording() -> None:
    here = House(PLAYER, {URL: said({"RECORD_URL": None})})
    here.run()
    assert (here.uploaded, here.fetching.fields) == ([("C", "x.mp3")], [])


def test_customization_may_let_the_portal_fetch_from_elsewhere() -> None:
    here = House(UPLOAD, {URL: said({"RECORD_URL": "https://store.example/1.mp3"})})
    here.run()
    assert here.fetching.fields[0]["RECORD_URL"] == "https://store.example/1.mp3"
    assert (here.uploaded, here.copies.kept) == ([], [])


def test_address_that_is_none_is_not_given_to_the_portal() -> None:
    here = House(UPLOAD, {URL: said({"RECORD_URL": "file:///etc/passwd"})})
    here.run()
    assert (here.uploaded, here.fetching.fields) == ([("C", "x.mp3")], [])


def test_without_links_files_are_uploaded_as_ever() -> None:
    desk = Desk(Portal())
    desk.call("1.1", attach(), side=SIDE)
    desk.uploader.upload_due()
    assert desk.portal.attached == [("C", "x.mp3")]
