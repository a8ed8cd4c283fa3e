# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots: asked for, and found in recorded sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.asterisk.listings import seconds
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.resync import Snapshot, SnapshotCollector, collect, with_snapshots
from itgrix_module.asterisk.transcript import read
from itgrix_module.domain.failures import Temporary
from tests.asterisk.support import TRACES, Receiver, logged_in
from tests.fakes.ami_server import AmiServer

TRUNK = {
    "Channel": "PJSIP/trunk1-000000e9",
    "ChannelStateDesc": "Up",
    "CallerIDNum": "79161234567",
    "CallerIDName": "<unknown>",
    "ConnectedLineNum": "102",
    "Context": "macro-exten-vm",
    "Exten": "s",
    "Uniqueid": "1795220673.502",
    "Linkedid": "1795220673.502",
    "Application": "Dial",
    "Duration": "00:01:07",
    "BridgeId": "a1ae98dd",
}
PHONE = {"Channel": "PJSIP/102-000000eb", "Uniqueid": "1795220677.504", "Linkedid": "1795220673.502"}


@pytest.fixture
def ami() -> Iterator[AmiServer]:
    with AmiServer() as server:
        yield server


def survey(ami: AmiServer) -> Snapshot:
    with logged_in(ami, Receiver()) as session:
        return collect(session, lambda: 1795220681.0)


def test_channel_is_told_by_both_lists_together(ami: AmiServer) -> None:
    status = {**TRUNK, "Seconds": "68", "DNID": "74950000001", "BridgeID": "a1ae98dd", "AccountCode": "101"}
    variables = ["MIXMONITOR_FILENAME=/monitor/in.wav", "FROM_DID=(null)"]
    ami.lists = {"CoreShowChannels": [TRUNK, PHONE], "Status": [{**status, "Variable": variables}]}
    snapshot = survey(ami)
    trunk, phone = snapshot.channels
    assert (trunk.channel, trunk.state, trunk.context, trunk.exten) == (TRUNK["Channel"], "Up", "macro-exten-vm", "s")
    assert (trunk.caller_num, trunk.caller_name, trunk.connected_num) == ("79161234567", "", "102")
    assert (trunk.duration, trunk.dnid, trunk.bridge_id, trunk.account) == (68, "74950000001", "a1ae98dd", "101")
    assert trunk.variables == {"MIXMONITOR_FILENAME": "/monitor/in.wav"}
    assert (phone.uniqueid, phone.linkedid, phone.duration) == ("1795220677.504", "1795220673.502", 0)
    assert snapshot.at == 1795220681.0
    assert ami.seen("Status")[0].get("Variables") == "MIXMONITOR_FILENAME,FROM_DID"


def test_bridges_name_their_channels_from_both_sources(ami: AmiServer) -> None:
    ami.lists = {
        "CoreShowChannels": [TRUNK],
        "BridgeList": [{"BridgeUniqueid": "a1ae98dd", "BridgeType": "basic", "BridgeTechnology": "simple_bridge"}],
        "BridgeInfo": [PHONE, TRUNK],
    }
    (bridge,) = survey(ami).bridges
    assert (bridge.id, bridge.type, bridge.technology) == ("a1ae98dd", "basic", "simple_bridge")
    assert bridge.channels == ("1795220677.504", "1795220673.502")


def test_bridge_that_vanished_meanwhile_is_kept_without_fuss(ami: AmiServer) -> None:
    ami.lists = {"BridgeList": [{"BridgeUniqueid": "gone", "BridgeType": "basic"}]}
    ami.on("BridgeInfo", lambda session, action: session.respond(action, "Error", Message="No such bridge"))
    snapshot = survey(ami)
    assert snapshot.bridges[0].channels == ()
    assert snapshot.missing == ()


def test_waiting_and_parked_callers_are_listed(ami: AmiServer) -> None:
    entry = {"Queue": "700", "Position": "2", "Channel": "PJSIP/trunk1-1", "Uniqueid": "1.1", "Wait": "33"}
    parked = {"ParkeeChannel": "PJSIP/trunk1-2", "ParkeeUniqueid": "1.2", "ParkingSpace": "71", "Parkinglot": "default"}
    parked |= {"ParkerDialString": "PJSIP/101", "ParkingTimeout": "45", "ParkingDuration": "5"}
    ami.lists = {"QueueStatus": [entry], "ParkedCalls": [parked]}
    snapshot = survey(ami)
    (waiting,) = snapshot.queue_entries
    assert (waiting.queue, waiting.uniqueid, waiting.position, waiting.wait) == ("700", "1.1", 2, 33)
    (row,) = snapshot.parked
    assert (row.uniqueid, row.space, row.lot, row.parker) == ("1.2", "71", "default", "PJSIP/101")
    assert (row.timeout, row.duration) == (45, 5)


def test_core_tells_version_and_start(ami: AmiServer) -> None:
    snapshot = survey(ami)
    assert (snapshot.startup, snapshot.asterisk_version) == ("2026-11-21T00:49:13", "16.28.0")


@pytest.mark.parametrize("denied", ["CoreStatus", "CoreSettings", "CoreShowChannels", "Status", "BridgeList"])
def test_one_missing_right_leaves_the_rest(ami: AmiServer, denied: str) -> None:
    ami.lists = {"CoreShowChannels": [TRUNK], "Status": [TRUNK]}
    ami.denied.add(denied)
    snapshot = survey(ami)
    assert snapshot.missing == (denied,)
    assert snapshot.channels_known
    assert len(snapshot.channels) == 1


def test_without_any_list_of_channels_nothing_is_known_about_them(ami: AmiServer) -> None:
    ami.denied |= {"CoreShowChannels", "Status"}
    snapshot = survey(ami)
    assert not snapshot.channels_known
    assert snapshot.channels == ()


def test_module_that_is_not_loaded_is_named(ami: AmiServer) -> None:
    unknown = "Invalid/unknown command: ParkedCalls. Use Action: ListCommands to show available commands."
    ami.on("ParkedCalls", lambda session, action: session.respond(action, "Error", Message=unknown))
    assert survey(ami).missing == ("ParkedCalls",)


def test_loss_in_the_middle_is_raised(ami: AmiServer) -> None:
    ami.on("Status", lambda session, _: session.drop())
    with pytest.raises(Temporary) as lost:
        survey(ami)
    assert lost.value.code == "lost"


@pytest.mark.parametrize(
    ("text", "value"),
    [("00:00:07", 7), ("100:00:01", 360_001), ("67", 67), ("", 0), ("x", 0), ("-1", 0), ("1:²", 0)],
)
def test_durations_are_read(text: str, value: int) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("version", ["16", "22"])
def test_recorded_resync_becomes_one_snapshot(version: str) -> None:
    items = list(with_snapshots(read(TRACES / f"{version}_ami_reconnect.part2.ami.gz")))
    snapshots = [item for item in items if isinstance(item, Snapshot)]
    assert len(snapshots) == 1
    snapshot = snapshots[0]
    trunk, phone = sorted(snapshot.channels, key=lambda row: row.uniqueid)
    assert (trunk.channel.partition("-")[0], phone.channel.partition("-")[0]) == ("PJSIP/trunk1", "PJSIP/102")
    assert (trunk.duration, phone.duration, trunk.dnid) == (7, 4, "74950000001")
    assert len({row.linkedid for row in snapshot.channels}) == 1
    talk = next(bridge for bridge in snapshot.bridges if bridge.type == "basic")
    assert talk.channels == tuple(row.uniqueid for row in snapshot.channels)
    assert (snapshot.queue_entries, snapshot.parked) == ((), ())
    assert snapshot.channels_known


@pytest.mark.parametrize("version", ["16", "22"])
def test_recorded_resync_gives_no_list_answer_away_as_live_event(version: str) -> None:
    items = list(with_snapshots(read(TRACES / f"{version}_ami_reconnect.part2.ami.gz")))
    live = [item for item in items if isinstance(item, Message)]
    assert [item.event for item in live][:1] == ["FullyBooted"]
    assert "Hangup" in {item.event for item in live}
    assert not {"CoreShowChannel", "Status", "QueueMember", "QueueParams", "QueueSummary"} & {i.event for i in live}
    assert not [item for item in live if item.event.endswith("Complete") and item.event != "AgentComplete"]
    place = next(number for number, item in enumerate(items) if isinstance(item, Snapshot))
    hangup = next(n for n, item in enumerate(items) if isinstance(item, Message) and item.event == "Hangup")
    assert place < hangup


@pytest.mark.parametrize("version", ["16", "22"])
def test_recorded_restart_gives_an_empty_snapshot_with_the_start(version: str) -> None:
    items = list(with_snapshots(read(TRACES / f"{version}_pbx_restart.part2.ami.gz")))
    (snapshot,) = [item for item in items if isinstance(item, Snapshot)]
    assert snapshot.channels == ()
    assert snapshot.channels_known
    assert snapshot.startup.startswith("2026-11-21T")


@pytest.mark.parametrize("path", sorted(TRACES.glob("*in_*.ami.gz")), ids=lambda path: path.name)
def test_recording_without_resync_passes_unchanged(path: Path) -> None:
    events = [message for message in read(path) if message.event]
    assert list(with_snapshots(iter(events))) == events


def feed(collector: SnapshotCollector, *headers: dict[str, str], at: float = 100.0) -> list[Snapshot | None]:
    return [collector.feed(Message(one, at)) for one in headers]


START = {"Response": "Success", "ActionID": "x-1", "EventList": "start", "Message": "Channels will follow"}
END = {"Event": "CoreShowChannelsComplete", "ActionID": "x-1", "EventList": "Complete"}


def test_live_events_between_the_lists_do_not_end_the_snapshot() -> None:
    collector = SnapshotCollector()
    row = {"Event": "CoreShowChannel", "ActionID": "x-1", **PHONE}
    assert feed(collector, START, {"Event": "Hangup"}, row, END, {"Event": "Hangup"}) == [None] * 5
    status = {"Event": "Status", "ActionID": "x-2", "Seconds": "9", **PHONE}
    assert feed(collector, status, {"Event": "StatusComplete", "ActionID": "x-2", "EventList": "Complete"}, at=100.1)
    (snapshot,) = feed(collector, {"Event": "Hangup"}, at=101.0)
    assert snapshot is not None
    assert (snapshot.at, snapshot.channels[0].duration) == (100.0, 9)
    assert collector.finish() is None


def test_other_answer_ends_the_snapshot_at_once() -> None:
    collector = SnapshotCollector()
    *_, snapshot = feed(collector, START, END, {"Response": "Success", "Ping": "Pong"})
    assert snapshot is not None


def test_second_survey_begins_a_second_snapshot() -> None:
    collector = SnapshotCollector()
    first = feed(collector, START, END, {**START, "ActionID": "x-9"})
    assert first[-1] is not None
    feed(collector, {"Event": "CoreShowChannel", "ActionID": "x-9", **PHONE}, {**END, "ActionID": "x-9"})
    second = collector.finish()
    assert second is not None
    assert len(second.channels) == 1


def test_live_parked_call_is_no_list_item_and_a_listed_one_is() -> None:
    collector = SnapshotCollector()
    live = {"Event": "ParkedCall", "Privilege": "call,all", "ParkeeUniqueid": "1.1"}
    feed(collector, START, live, END)
    assert not collector.took or collector.collecting
    feed(collector, {"Response": "Success", "ActionID": "x-7", "EventList": "start"})
    feed(collector, {"Event": "ParkedCall", "ActionID": "x-7", "ParkeeUniqueid": "1.2"})
    feed(collector, {"Event": "ParkedCallsComplete", "ActionID": "x-7", "EventList": "Complete"})
    snapshot = collector.finish()
    assert snapshot is not None
    assert [row.uniqueid for row in snapshot.parked] == ["1.2"]


def test_bridge_members_are_kept_apart_by_action_id() -> None:
    collector = SnapshotCollector()
    items = [{"Event": "BridgeListItem", "ActionID": "l", "BridgeUniqueid": name} for name in ("b1", "b2")]
    infos = [
        {"Event": "BridgeInfoChannel", "ActionID": "i2", "Uniqueid": "2.1"},
        {"Event": "BridgeInfoChannel", "ActionID": "i1", "Uniqueid": "1.1"},
        {"Event": "BridgeInfoComplete", "ActionID": "i2", "BridgeUniqueid": "b2", "EventList": "Complete"},
        {"Event": "BridgeInfoComplete", "ActionID": "i1", "BridgeUniqueid": "b1", "EventList": "Complete"},
    ]
    feed(collector, START, END, *items, *infos)
    snapshot = collector.finish()
    assert snapshot is not None
    assert {bridge.id: bridge.channels for bridge in snapshot.bridges} == {"b1": ("1.1",), "b2": ("2.1",)}


def test_list_that_never_ends_does_not_hold_the_stream_up_for_ever() -> None:
    stream = [Message(START, 100.0), Message({"Event": "Hangup"}, 100.5), Message({"Event": "Newchannel"}, 140.0)]
    items = list(with_snapshots(iter(stream)))
    assert [item.event for item in items if isinstance(item, Message)] == ["Hangup", "Newchannel"]


def test_recording_that_ends_in_the_survey_gives_what_was_listed() -> None:
    stream = [Message(START, 100.0), Message({"Event": "CoreShowChannel", "ActionID": "x-1", **PHONE}, 100.0)]
    assert list(with_snapshots(iter(stream))) == []
    whole = list(with_snapshots(iter([*stream, Message(END, 100.0), Message({"Event": "Hangup"}, 100.1)])))
    assert [type(item) for item in whole] == [Snapshot, Message]
