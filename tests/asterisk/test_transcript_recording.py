# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing transcripts: what is written is read back, secrets are not in it, faults do not reach the session."""

from __future__ import annotations

import gzip
import os
import queue
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.asterisk.link import Delivery, Link, LinkSettings
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.redaction import redact
from itgrix_module.asterisk.resync import Snapshot, with_snapshots
from itgrix_module.asterisk.transcript import Recorder, read
from itgrix_module.asterisk.transcript_file import TranscriptFile
from tests.asterisk.support import TRACES, Receiver, logged_in, wait_for
from tests.fakes.ami_server import AmiServer
from tests.known import known

HANGUP = b"Event: Hangup\r\nChannel: PJSIP/101-00000001\r\nUniqueid: 1795220673.1"


@pytest.fixture
def ami() -> Iterator[AmiServer]:
    with AmiServer() as server:
        yield server


@pytest.mark.parametrize("name", ["session.ami", "session.ami.gz"])
def test_live_session_is_recorded_and_read_back(ami: AmiServer, tmp_path: Path, name: str) -> None:
    receiver, path = Receiver(), tmp_path / name
    with Recorder(path) as recorder:
        with logged_in(ami, receiver, tap=recorder.tap, clock=lambda: 1795220673.25):
            ami.event("Newchannel", CallerIDName="Иван", Uniqueid="1795220673.1")
            ami.event("Newexten", Uniqueid="1795220673.1")
            ami.event("Hangup", Uniqueid="1795220673.1")
            receiver.wait_for_event("Hangup")
        assert recorder.messages >= 5
    messages = list(read(path))
    assert [message for message in messages if message.event] == receiver.messages
    assert {message.at for message in messages} == {1795220673.25}
    assert (path.read_bytes()[:2] == b"\x1f\x8b") is name.endswith(".gz")


def test_recorded_trace_survives_another_recording(tmp_path: Path) -> None:
    source, copy = TRACES / "16_in_park_retrieve.ami.gz", tmp_path / "copy.ami.gz"
    with Recorder(copy) as recorder:
        for number, text in enumerate(TranscriptFile(source, [])):
            recorder.tap(text, 1795220000.0 + number)
    assert [m.headers for m in read(copy, frozenset())] == [m.headers for m in read(source, frozenset())]


def test_file_appears_under_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "session.ami"
    recorder = Recorder(path)
    recorder.tap(HANGUP, 1.0)
    assert not path.exists()
    recorder.close()
    recorder.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["session.ami"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    recorder.tap(HANGUP, 2.0)
    assert len(list(read(path))) == 1


@pytest.mark.parametrize("name", ["session.ami", "session.ami.gz"])
def test_what_was_heard_is_on_disk_before_the_end(tmp_path: Path, name: str) -> None:
    recorder = Recorder(tmp_path / name, flush_every=2.0)
    for second in range(10):
        recorder.tap(HANGUP, 100.0 + second)
    data = (tmp_path / f"{name}.part").read_bytes()
    if name.endswith(".gz"):
        with gzip.open(tmp_path / f"{name}.part") as file:
            data = file.read1(100_000)
    assert data.count(b"Event: Hangup") >= 8
    recorder.close()


def test_full_disk_ends_the_recording_not_the_session(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(tmp_path / "session.ami", flush_every=0.0)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, known(recorder._raw).fileno())
    os.close(full)
    for second in range(3):
        recorder.tap(HANGUP, float(second))
    assert "No space left" in recorder.failure
    assert len(caplog.records) == 1
    with pytest.raises(OSError, match="No space left"):
        recorder.close()


def test_folder_that_does_not_exist_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Recorder(tmp_path / "absent" / "session.ami")


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Secret: abc123", "Secret: ***"),
        ("Password: abc123", "Password: ***"),
        ("Key: abc123", "Key: ***"),
        ("AuthToken: abc123", "AuthToken: ***"),
        ("Challenge: abc123", "Challenge: ***"),
        ("ChanVariable: API_TOKEN=abc123", "ChanVariable: API_TOKEN=***"),
        ("DestChanVariable: __sipsecret=abc123", "DestChanVariable: __sipsecret=***"),
        ("Variable: PORTAL_PASSWORD=abc123", "Variable: PORTAL_PASSWORD=***"),
        ("ChanVariable(PJSIP/101): ACCESS_KEY=abc123", "ChanVariable(PJSIP/101): ACCESS_KEY=***"),
        ("AppData: __TOKEN=abc123", "AppData: __TOKEN=***"),
        ("AppData: RES=${CURL(https://b.example/rest/?auth_token=abc123&n=1)}", None),
        ("AppData: https://user:abc123@example.com/x", "AppData: https://***@example.com/x"),
        ("AppData: PJSIP_HEADER(add,Authorization)=Basic abc123", None),
        ('Value: Digest username="101",realm="asterisk",response="abc123"', "Value: Digest ***"),
        ("Output: secret               : abc123", "Output: secret               : ***"),
        ("Output: Authorization: Bearer abc123", "Output: Authorization: ***"),
    ],
)
def test_secret_is_masked(line: str, left: str | None) -> None:
    done = redact(f"Event: X\r\n{line}\r\nUniqueid: 1.1".encode()).decode()
    assert "abc123" not in done
    assert done.startswith("Event: X\r\n")
    assert done.endswith("\r\nUniqueid: 1.1")
    if left:
        assert done.split("\r\n")[1] == left


@pytest.mark.parametrize("variable", ["SIP_SECRET", "__TOKEN", "API_KEY", "KEY", "VM_PIN", "passwd"])
def test_value_of_a_secret_variable_is_masked(variable: str) -> None:
    done = redact(f"Event: VarSet\r\nVariable: {variable}\r\nValue: abc123".encode())
    assert done.endswith(b"Value: ***")


@pytest.mark.parametrize(
    "text",
    [
        b"Event: VarSet\r\nVariable: MIXMONITOR_FILENAME\r\nValue: /monitor/in-key-1.wav",
        b"Event: VarSet\r\nVariable: KEYS_PRESSED\r\nValue: 12",
        b"Event: SuccessfulAuth\r\nUsingPassword: 0\r\nAccountID: itgrix",
        b"Event: Newchannel\r\nCallerIDName: Monkey Keypad\r\nChanVariable: FROM_DID=74950000001",
        b"Event: Hangup\r\nCause-txt: Normal Clearing",
    ],
)
def test_harmless_message_is_left_alone(text: bytes) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("path", sorted(TRACES.glob("*.ami.gz")), ids=lambda path: path.name)
def test_masking_leaves_what_the_tracker_needs(path: Path) -> None:
    for text in TranscriptFile(path, []):
        if not text.startswith((b"Event: ChallengeSent", b"Event: VarSet", b"Event: Newexten")):
            assert redact(text) == text


def test_recorded_link_gives_the_same_snapshot_and_events_when_replayed(ami: AmiServer, tmp_path: Path) -> None:
    channel = {"Channel": "PJSIP/101-00000001", "Uniqueid": "1795220673.1", "Duration": "00:00:07"}
    ami.lists = {
        "CoreShowChannels": [channel],
        "Status": [{**channel, "Seconds": "8", "Variable": "FROM_DID=74950000001"}],
        "BridgeList": [{"BridgeUniqueid": "b1", "BridgeType": "basic"}],
        "BridgeInfo": [channel],
        "QueueStatus": [{"Queue": "700", "Uniqueid": "1795220673.1", "Wait": "3"}],
        "ParkedCalls": [{"ParkeeUniqueid": "1795220673.9", "ParkingSpace": "71"}],
    }
    inbox: queue.Queue[Delivery] = queue.Queue()
    settings = LinkSettings(port=ami.port, username=ami.username, secret=ami.secret)
    with (
        Recorder(tmp_path / "link.ami") as recorder,
        Link(settings, inbox, clock=lambda: 1795220700.0, tap=recorder.tap) as link,
    ):
        wait_for(lambda: link.state.phase == "up")
        ami.event("Hangup", Uniqueid="1795220673.1")
        wait_for(lambda: inbox.qsize() == 3)
    live = [inbox.get_nowait() for _ in range(3)]
    replayed = list(with_snapshots(read(tmp_path / "link.ami")))
    assert [one for one in replayed if isinstance(one, Snapshot)] == [live[0]]
    assert [one for one in replayed if isinstance(one, Message)] == live[1:]
