# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers about the state of the PBX, in mid-call."""

from __future__ import annotations

import json
import time

import pytest

from itgrix_module.sandbox.pbx import SandboxPbx, Situation
from tests.sandbox.pbx.ami import Ami
from tests.sandbox.pbx.conftest import Connect, MakePbx
from tests.sandbox.pbx.test_fidelity import HEADERS

LISTS = {
    "CoreShowChannels": "CoreShowChannel",
    "Status": "Status",
    "BridgeList": "BridgeListItem",
    "QueueSummary": "QueueSummary",
}


def in_talk(pbx: SandboxPbx) -> None:
    """A client has talked with 101 for a second."""
    pbx.begin(Situation("incoming", talk=60))
    pbx.advance(3.15)


@pytest.mark.parametrize("action", LISTS)
def test_items_have_the_headers_of_real_ones(pbx: SandboxPbx, ami: Ami, action: str) -> None:
    in_talk(pbx)
    items = ami.listed(action)
    event = LISTS[action]
    assert items
    assert {" ".join(item) for item in items} <= set(HEADERS[event]), json.dumps(HEADERS[event])
    ends = [message for message in ami.messages if message.get("EventList") == "Complete"]
    assert " ".join(ends[0]) in HEADERS[f"{action}Complete"]
    assert ends[0]["ListItems"] == str(len(items))


def test_channels_of_a_talk_share_a_bridge(pbx: SandboxPbx, ami: Ami) -> None:
    in_talk(pbx)
    trunk, phone = ami.listed("CoreShowChannels")
    assert (trunk["Channel"], phone["Channel"]) == ("PJSIP/beeline-msk-00000000", "PJSIP/101-00000001")
    assert trunk["Linkedid"] == phone["Linkedid"] == trunk["Uniqueid"]
    assert trunk["BridgeId"] == phone["BridgeId"] != ""
    assert trunk["Duration"] == "00:00:03"
    assert (phone["Application"], phone["ApplicationData"]) == ("AppDial", "(Outgoing Line)")


def test_status_shows_did_and_variables_and_says_null_for_what_is_not_set(pbx: SandboxPbx, ami: Ami) -> None:
    in_talk(pbx)
    trunk, phone = ami.listed("Status", Variables="MIXMONITOR_FILENAME,FROM_DID")
    assert trunk["DNID"] == "74950000001"
    assert trunk["Seconds"] == "3"
    path = trunk["Variable"].split("\n")[0].partition("=")[2]
    assert path.endswith(".wav")
    assert phone["Variable"] == "MIXMONITOR_FILENAME=(null)\nFROM_DID=74950000001"


def test_bridge_info_lists_its_members(pbx: SandboxPbx, ami: Ami) -> None:
    in_talk(pbx)
    bridge = ami.listed("BridgeList")[0]["BridgeUniqueid"]
    members = ami.listed("BridgeInfo", BridgeUniqueid=bridge)
    assert [member["Channel"] for member in members] == ["PJSIP/101-00000001", "PJSIP/beeline-msk-00000000"]
    assert ami.act("BridgeInfo", BridgeUniqueid="gone")["Response"] == "Error"


def test_queue_status_shows_members_and_who_waits(pbx: SandboxPbx, ami: Ami) -> None:
    pbx.begin(Situation("queue_abandoned", ring=60, client="79039876543"))
    pbx.advance(2.0)
    items = ami.listed("QueueStatus")
    by_event = {item["Event"]: item for item in items}
    assert " ".join(by_event["QueueParams"]) in HEADERS["QueueParams"]
    assert " ".join(by_event["QueueMember"]) in HEADERS["QueueMember"]
    assert [item["Location"] for item in items if item["Event"] == "QueueMember"] == [
        "Local/102@from-queue/n",
        "Local/103@from-queue/n",
        "Local/104@from-queue/n",
    ]
    assert {item["Status"] for item in items if item["Event"] == "QueueMember"} == {"6"}
    assert by_event["QueueEntry"]["CallerIDNum"] == "79039876543"
    assert ami.listed("QueueStatus", Queue="999") == []
    assert ami.listed("QueueSummary")[0]["Callers"] == "1"


def test_parked_calls_are_listed_while_they_are_parked(pbx: SandboxPbx, ami: Ami) -> None:
    pbx.begin(Situation("park", talk=1, pause=30))
    assert ami.listed("ParkedCalls") == []
    pbx.advance(10)
    (parked,) = ami.listed("ParkedCalls")
    assert (parked["ParkingSpace"], parked["ParkerDialString"]) == ("71", "PJSIP/101")
    assert parked["ParkeeChannel"] == "PJSIP/beeline-msk-00000000"
    pbx.advance(40)
    assert ami.listed("ParkedCalls") == []


def test_endpoints_tell_phones_and_trunks_and_who_is_on_the_phone(pbx: SandboxPbx, ami: Ami) -> None:
    in_talk(pbx)
    items = {item["ObjectName"]: item for item in ami.listed("PJSIPShowEndpoints")}
    assert {"101", "110", "beeline-msk", "mts-backup"} <= set(items)
    assert items["101"]["DeviceState"] == "In use"
    assert items["102"]["DeviceState"] == "Not in use"
    assert items["101"]["ActiveChannels"] == "PJSIP/101-00000001"


def test_extension_state_follows_the_phone(pbx: SandboxPbx, ami: Ami) -> None:
    assert ami.act("ExtensionState", Exten="101", Context="ext-local")["StatusText"] == "Idle"
    pbx.begin(Situation("incoming", ring=60))
    pbx.advance(1)
    assert ami.act("ExtensionState", Exten="101", Context="ext-local")["StatusText"] == "Ringing"
    assert ami.act("ExtensionState", Exten="999", Context="ext-local")["Status"] == "-1"


def test_core_status_and_settings_tell_start_and_version(pbx: SandboxPbx, ami: Ami) -> None:
    in_talk(pbx)
    status, settings = ami.act("CoreStatus"), ami.act("CoreSettings")
    assert status["CoreCurrentCalls"] == "1"
    assert status["CoreStartupDate"] == time.strftime("%Y-%m-%d", time.localtime(pbx.clock.now() - 3))
    assert settings["AsteriskVersion"] == "22.10.1"
    assert settings["AMIversion"] == "11.0.0"


def test_command_prints_lines_and_names_an_unknown_one(ami: Ami) -> None:
    assert ami.act("Command", Command="core show version")["Output"].startswith("Asterisk 22.10.1 ")
    assert ami.act("Command", Command="core show channels count")["Output"].split("\n")[1] == "0 active calls"
    answer = ami.act("Command", Command="rm -rf")
    assert answer["Response"] == "Error"
    assert answer["Output"].startswith("No such command 'rm -rf'")


def test_live_events_fall_between_the_items_of_a_list(make_pbx: MakePbx, connect: Connect) -> None:
    pbx = make_pbx(list_pause=0.05)
    ami = connect(pbx)
    ami.login()
    in_talk(pbx)
    mark = ami.send("CoreShowChannels")
    ami.until(lambda message: message.get("ActionID") == mark)
    pbx.begin(Situation("missed", extension="105"))
    pbx.advance(5)
    ami.until(lambda message: message.get("Event") == "CoreShowChannelsComplete")
    first = next(i for i, message in enumerate(ami.messages) if message.get("ActionID") == mark)
    last = next(i for i, message in enumerate(ami.messages) if message.get("Event") == "CoreShowChannelsComplete")
    between = {message.get("Event") for message in ami.messages[first:last] if "ActionID" not in message}
    assert "Newchannel" in between


def test_getvar_tells_the_recording_on_its_own_channel_only(pbx: SandboxPbx, ami: Ami) -> None:
    in_talk(pbx)
    trunk, phone = (item["Channel"] for item in ami.listed("CoreShowChannels"))
    path = ami.act("Getvar", Channel=trunk, Variable="MIXMONITOR_FILENAME")["Value"]
    name = ami.act("Getvar", Channel=phone, Variable="CALLFILENAME")["Value"]
    assert path.endswith(f"/{name}.wav")
    assert ami.act("Getvar", Channel=phone, Variable="MIXMONITOR_FILENAME")["Value"] == ""
    assert ami.act("Getvar", Channel=phone, Variable="FROM_DID")["Value"] == "74950000001"
    assert ami.act("Getvar", Channel="PJSIP/gone-1", Variable="X")["Message"] == "No such channel"
    assert ami.act("Getvar", Channel=trunk)["Message"] == "No variable specified"


def test_setvar_is_heard_and_kept(pbx: SandboxPbx, ami: Ami) -> None:
    in_talk(pbx)
    trunk = ami.listed("CoreShowChannels")[0]["Channel"]
    ami.act("Setvar", Channel=trunk, Variable="RATING", Value="5")
    assert ami.event("VarSet", Variable="RATING")["Value"] == "5"
    assert ami.act("Getvar", Channel=trunk, Variable="RATING")["Value"] == "5"
    assert ami.act("Setvar", Channel="none", Variable="X", Value="1")["Response"] == "Error"


@pytest.mark.parametrize("channel", ["PJSIP/101-00000001", "/^PJSIP/101-/"])
def test_hangup_ends_the_call(pbx: SandboxPbx, ami: Ami, channel: str) -> None:
    in_talk(pbx)
    assert ami.act("Hangup", Channel=channel)["Message"] == "Channel Hungup"
    pbx.advance(0)
    assert ami.event("SoftHangupRequest")["Channel"] == "PJSIP/101-00000001"
    ami.event("Hangup", Channel="PJSIP/101-00000001")
    ami.event("Hangup", Channel="PJSIP/beeline-msk-00000000")
    assert ami.listed("CoreShowChannels") == []
    (truth,) = pbx.truths
    assert (truth.outcome, round(truth.talk, 2)) == ("answered", 1.0)


def test_hangup_while_ringing_leaves_a_missed_call(pbx: SandboxPbx, ami: Ami) -> None:
    pbx.begin(Situation("group_missed", ring=60))
    pbx.advance(2)
    ami.act("Hangup", Channel="PJSIP/beeline-msk-00000000")
    pbx.advance(0)
    ami.event("Hangup", Channel="PJSIP/beeline-msk-00000000")
    assert len(ami.events("DialEnd")) == 3
    assert [truth.outcome for truth in pbx.truths] == ["missed"]
    assert ami.act("Hangup", Channel="PJSIP/none-1")["Message"] == "No such channel"
