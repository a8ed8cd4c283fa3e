# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of recordings: uploaded, linked or left where they are, by line and by direction."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.rules.conftest import Open, in_one_mode
from tests.journeys.rules.talk import said

IN, OUT, MISSED = "22/in_direct_answered", "22/out_answered", "22/in_direct_noanswer"
TOLD_IN = "register 101 +79161234567 in create\n& show 101\nfinish 101 200 5s\n"
TOLD_OUT = "register 101 +79161234567 out\n& show 101\nfinish 101 200 5s\n"
UPLOAD = "attach file\nupload"
LINE = {"match": "74950000001"}


@in_one_mode
@pytest.mark.parametrize(
    ("settings", "incoming", "outgoing"),
    [
        ({"mode": "upload"}, True, True),
        ({"mode": "off"}, False, False),
        ({"mode": "upload", "incoming": "off"}, False, True),
        ({"mode": "upload", "outgoing": "off"}, True, False),
        ({"mode": "off", "incoming": "upload"}, True, False),
        ({"mode": "off", "outgoing": "upload"}, False, True),
    ],
    ids=str,
)
def test_recording_by_direction(house: Open, settings: dict[str, str], incoming: bool, outgoing: bool) -> None:
    made = house(**{f"recordings__{key}": value for key, value in settings.items()})
    said(made.play(IN), TOLD_IN + UPLOAD * incoming)
    said(made.play(OUT), TOLD_OUT + UPLOAD * outgoing)


@in_one_mode
@pytest.mark.parametrize(
    ("line", "settings", "uploaded"),
    [
        ("off", {"recordings__mode": "upload"}, False),
        ("off", {"recordings__mode": "off", "recordings__incoming": "upload"}, False),
        ("upload", {"recordings__mode": "off"}, True),
        ("upload", {"recordings__mode": "upload", "recordings__incoming": "off"}, True),
        ("", {"recordings__mode": "upload"}, True),
    ],
)
def test_line_decides_before_the_direction(house: Open, line: str, settings: dict[str, Any], uploaded: bool) -> None:
    made = house(lines=[{**LINE, "recordings": line}], **settings)
    said(made.play(IN), TOLD_IN + UPLOAD * uploaded)


def test_upload_comes_after_all_else(house: Open) -> None:
    made = house(recordings__mode="upload", extra__activity={"DESCRIPTION": "{{ line }}"})
    said(made.play(IN), f"{TOLD_IN}activity.update DESCRIPTION=74950000001\n{UPLOAD}")
    call = made.call()
    assert (call.records, call.record is not None) == (1, True)


def test_missed_call_has_no_recording(house: Open) -> None:
    made = house(recordings__mode="upload")
    assert made.play(MISSED).lines[-1] == "finish 101 304 0s"


def test_several_segments_are_one_recording(house: Open) -> None:
    made = house(recordings__mode="upload")
    talk = made.play("more22/recording_restarted")
    assert talk.lines[-2:] == ["attach file", "upload"]
    record = made.call().record
    assert record is not None
    assert record.seconds == pytest.approx(2.0, abs=0.3)  # each of the two files has one second


def test_portal_gets_a_link_that_it_fetches_itself(house: Open) -> None:
    """Nobody answers there: the link is asked for once and then again later, the call itself is closed."""
    made = house(recordings__mode="link", portal__public_url="http://127.0.0.1:9")
    talk = made.play(IN, settle=False)
    said(talk, f"{TOLD_IN}attach link")
    (asked,) = {entry.method: entry for entry in made.portal.requests if entry.method.endswith("attachrecord")}.values()
    assert str(asked.params["RECORD_URL"]).startswith("http://127.0.0.1:9/recordings/")
    assert made.call().finished


def test_link_stands_in_the_activity(house: Open) -> None:
    made = house(recordings__mode="link", recordings__link_to="activity", portal__public_url="https://pbx.example.com")
    talk = made.play(IN)
    said(talk, f"{TOLD_IN}crm.activity.get\n{talk.lines[-1]}")
    assert talk.lines[-1].startswith("activity.update DESCRIPTION=")
    (activity,) = made.portal.activities
    assert str(activity.fields["DESCRIPTION"]).count("https://pbx.example.com/recordings/") == 1


@in_one_mode
def test_links_wait_for_an_address_and_the_call_does_not(house: Open) -> None:
    made = house(recordings__mode="link")
    said(made.play(IN, settle=False), TOLD_IN)
    made.step(120)
    assert [entry for entry in made.portal.requests if "attach" in entry.method] == []
    assert made.service.uploader.state.reason is not None
    made.rule(recordings__mode="upload")
    made.settle()
    assert made.call().records == 1
