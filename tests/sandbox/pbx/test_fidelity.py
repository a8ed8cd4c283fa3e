# SPDX-License-Identifier: GPL-3.0-or-later
"""The stream is what real PBXs sent in the same situation (``real/``, see ``derive``)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from itgrix_module.sandbox.pbx import KINDS, Click, Extension, Group, JumpClock, PbxConfig, Situation, record
from itgrix_module.sandbox.pbx.plots.click import Order
from tests.sandbox.pbx import canon
from tests.sandbox.pbx.replaying import originated

REAL = Path(__file__).with_name("real")
HEADERS: dict[str, list[str]] = json.loads((REAL / "headers.json").read_text("utf-8"))
RIGHTS = ("call", "cdr", "agent", "system")

# the PBX on which the recordings were made
LIKE_REAL = PbxConfig(
    extensions=(
        Extension("101", "Alice"),
        Extension("102", "Bob"),
        Extension("103", "Carol"),
        Extension("104", "Dmitry Orlov"),
        Extension("105", "Elena Mobile", mobile="79031110105"),
        Extension("106", "Fedor Voicemail", voicemail=True),
    ),
    group=Group("601", ("101", "102", "103")),
    queue=Group("701", ("102", "103", "104")),
    contact="sip:{0}@127.0.0.31:31{0}",
    timestamps=True,
)


def played(situation: Situation) -> bytes:
    return record([situation], LIKE_REAL, RIGHTS)[0]


def clicked(channel: str, click: Click, label: str = "") -> bytes:
    order = Order(channel, "79161234567", number="79161234567", label=label, action_id="crm-1", timeout=20)
    return originated(order, click, LIKE_REAL, RIGHTS)[0]


FREEPBX: dict[str, Callable[[], bytes]] = {
    "in_direct_answered": lambda: played(Situation("incoming")),
    "in_caller_cancel": lambda: played(Situation("missed", ring=4)),
    "in_rg_answered": lambda: played(Situation("group", extension="102")),
    "in_queue_ringall": lambda: played(Situation("queue", extension="104", ends="employee")),
    "in_ivr_to_ext": lambda: played(Situation("menu")),
    "in_voicemail": lambda: played(Situation("voicemail", ring=15, talk=10)),
    "in_pickup_directed": lambda: played(Situation("pickup", target="104", ends="employee")),
    "in_xfer_blind_refer": lambda: played(Situation("blind_transfer")),
    "in_xfer_att_refer": lambda: played(Situation("attended_transfer")),
    "in_followme_noanswer": lambda: played(Situation("follow_me_missed")),
    "out_answered": lambda: played(Situation("outgoing", ends="employee")),
    "out_busy": lambda: played(Situation("outgoing_busy")),
    "int_answered": lambda: played(Situation("internal", ends="employee")),
    "c2c_local": lambda: clicked("Local/101@from-internal/n", Click(), "CRM 79161234567"),
}
ASTERISK: dict[str, Callable[[], bytes]] = {
    "in_hold": lambda: played(Situation("hold")),
    "in_park_retrieve": lambda: played(Situation("park")),
    "in_ivr_early_hangup": lambda: played(Situation("menu_left")),
    "in_direct_busy": lambda: played(Situation("busy")),
    "out_cancel": lambda: played(Situation("outgoing_cancelled")),
    "out_noanswer": lambda: played(Situation("outgoing_no_answer")),
    "out_wrong_number": lambda: played(Situation("outgoing_wrong_number")),
    "out_xfer_att": lambda: played(Situation("outgoing_transfer", target="103")),
    "c2c_pjsip": lambda: clicked("PJSIP/101", Click(ends="client")),
    "c2c_agent_busy": lambda: clicked("Local/101@from-internal/n", Click(agent="busy")),
    "c2c_agent_noanswer": lambda: clicked("PJSIP/101", Click(agent="no_answer")),
    "c2c_bad_channel": lambda: clicked("PJSIP/999", Click()),
}


def by_role(text: str) -> dict[str, list[str]]:
    sections = re.split(r"^\[(.*)\]\n", text, flags=re.MULTILINE)
    return {role: lines.splitlines() for role, lines in zip(sections[1::2], sections[2::2], strict=True)}


@pytest.mark.parametrize("name", FREEPBX)
def test_every_channel_goes_through_what_it_did_on_freepbx(name: str) -> None:
    real = by_role((REAL / "freepbx17" / f"{name}.txt").read_text("utf-8"))
    assert canon.stories(FREEPBX[name]()) == real


@pytest.mark.parametrize("name", ASTERISK)
def test_every_channel_goes_through_what_it_did_on_asterisk(name: str) -> None:
    real = by_role(
        (REAL / "asterisk22" / f"{name}.txt").read_text("utf-8").replace("PJSIP/trunk1", "PJSIP/beeline-msk")
    )
    assert canon.outlines(ASTERISK[name]()) == real


@pytest.mark.parametrize("kind", KINDS)
def test_events_have_the_headers_of_real_ones_in_their_order(kind: str) -> None:
    data, _ = record([Situation(kind)], replace(LIKE_REAL, noise=1), (*RIGHTS, "dialplan"))
    seen = {(dict(message)["Event"], " ".join(canon.names(message))) for message in canon.messages(data)}
    assert {(event, names) for event, names in seen if names not in HEADERS.get(event, [])} == set()


def test_click_to_call_has_the_headers_of_real_ones() -> None:
    data = clicked("Local/101@from-internal/n", Click())
    names = {(dict(message)["Event"], " ".join(canon.names(message))) for message in canon.messages(data)}
    assert {(event, shown) for event, shown in names if shown not in HEADERS.get(event, [])} == set()


def test_unique_ids_are_seconds_and_a_counter() -> None:
    data, truths = record([Situation("incoming"), (2.5, Situation("outgoing"))], clock=JumpClock(1_795_000_000.0))
    assert [truth.linkedid for truth in truths] == ["1795000000.0", "1795000002.2"]
    assert b"Channel: PJSIP/beeline-msk-00000000\r\n" in data
    assert b"Channel: PJSIP/101-00000002\r\n" in data


def test_every_event_has_its_own_time() -> None:
    data, _ = record([Situation("queue")])
    stamps = [float(dict(message)["Timestamp"]) for message in canon.messages(data)]
    assert stamps == sorted(set(stamps))
    assert len(stamps) > 50


def test_a_stray_empty_line_follows_a_finished_recording() -> None:
    data, _ = record([Situation("incoming")])
    assert data.count(b"\r\n\r\n\r\n") == 1
    data, _ = record([Situation("incoming", recorded=False)])
    assert b"\r\n\r\n\r\n" not in data


def test_channel_variables_are_shown_where_asked_for() -> None:
    config = PbxConfig(channel_variables=("MIXMONITOR_FILENAME", "FROM_DID"))
    data, (truth,) = record([Situation("incoming")], config)
    assert f"ChanVariable: MIXMONITOR_FILENAME={truth.recordings[0]}\r\n".encode() in data
    assert b"DestChanVariable: FROM_DID=74950000001\r\n" in data


def test_dialplan_noise_can_be_turned_up() -> None:
    quiet, _ = record([Situation("incoming")], PbxConfig(noise=0), ("dialplan",))
    loud, _ = record([Situation("incoming")], PbxConfig(noise=50), ("dialplan",))
    assert loud.count(b"Event: ") - quiet.count(b"Event: ") == 200  # two channels, pairs of Newexten and VarSet
