# SPDX-License-Identifier: GPL-3.0-or-later
"""Twelve faults of pyst2 0.5.1, each shown on the bare library and shown to be gone behind our connection.

When a new pyst2 is released the first test fails; the others then tell which parts of the guard are still needed.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.asterisk.connection import Connection, LinkFault, Rejected
from itgrix_module.asterisk.message import Message
from tests.asterisk.support import Receiver, connection, logged_in, wait_for
from tests.fakes.ami_server import Action, AmiServer, Session, block

ROOT = Path(__file__).parents[2]
NEWCHANNEL = [("Channel", "PJSIP/trunk-00000001"), ("Uniqueid", "1795220673.1")]


@pytest.fixture
def ami() -> Iterator[AmiServer]:
    with AmiServer() as server:
        yield server


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def bare(row: str, port: int) -> dict[str, Any]:
    """What bare pyst2 makes of the scenario."""
    command = [sys.executable, "-m", "tests.asterisk.pyst2_probe", row, str(port)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def say(*messages: bytes) -> Callable[[Session, object], None]:
    """Answer to the probe's ``Go``: these messages, no response."""
    return lambda session, _: session.send(b"".join(messages))


def test_version_is_the_one_that_was_examined() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert importlib.metadata.version("pyst2") == "0.5.1"
    assert "pyst2==0.5.1" in project["dependencies"]


def test_row_1_caller_name_that_reads_status_will_follow_stops_nothing(ami: AmiServer, receiver: Receiver) -> None:
    name = [("CallerIDName", "status will follow")]
    evil = say(block("Event", "Newchannel", [*NEWCHANNEL, *name]), block("Event", "Hangup", NEWCHANNEL))
    ami.on("Go", evil)

    seen = bare("events", ami.port)
    assert "Hangup" not in seen["events"]
    assert seen["ping"] == "hung"
    assert seen["connected"]

    with logged_in(ami, receiver) as session:
        evil(ami.live[-1], None)
        receiver.wait_for_event("Hangup")
        assert receiver.events[-2:] == ["Newchannel", "Hangup"]
        assert session.ping().headers["Ping"] == "Pong"


def test_row_2_channel_variables_in_events_are_read(ami: AmiServer, receiver: Receiver) -> None:
    variables = [("ChanVariable", ["FROM_DID=74950000001", "CRM_CALL_ID=7"])]
    event = say(block("Event", "Newchannel", [*NEWCHANNEL, *variables]), block("Event", "Hangup", NEWCHANNEL))
    ami.on("Go", event)

    seen = bare("events", ami.port)
    assert "Newchannel" not in seen["events"]
    assert (seen["ping"], seen["connected"], seen["alive"]) == ("hung", True, True)

    with logged_in(ami, receiver) as session:
        event(ami.live[-1], None)
        assert receiver.wait_for_event("Newchannel").all("ChanVariable") == ["FROM_DID=74950000001", "CRM_CALL_ID=7"]
        assert session.ping().headers["Ping"] == "Pong"


def test_row_3_receiver_that_raises_does_not_end_delivery(ami: AmiServer) -> None:
    burst = say(*[block("Event", "Newchannel", NEWCHANNEL)] * 5)
    ami.on("Go", burst)

    seen = bare("callback", ami.port)
    assert len(seen["calls"]) == 1
    assert (seen["dispatcher"], seen["connected"]) == (False, True)
    assert seen["piled_up"] > 0

    calls: list[str] = []

    def fail(message: Message) -> None:
        calls.append(message.event)
        raise ValueError("the tracker has a bug")

    with_bug = Connection("127.0.0.1", ami.port, on_message=fail, on_lost=calls.append)
    with_bug.open()
    with_bug.login(ami.username, ami.secret)
    try:
        burst(ami.live[-1], None)
        wait_for(lambda: calls.count("Newchannel") == 5)
        assert with_bug.connected()
    finally:
        with_bug.close()


def test_row_4_loss_is_told_once_and_a_new_connection_works(ami: AmiServer, receiver: Receiver) -> None:
    ami.on("Go", lambda session, _: session.drop())

    seen = bare("closing", ami.port)
    assert seen["noticed"]
    assert set(seen["told"]) <= {"FullyBooted"}
    assert "threads can only be started once" in seen["again"]
    assert seen["connected"]  # though nothing reads any more

    with logged_in(ami, receiver) as session:
        ami.live[-1].drop()
        receiver.wait_for(lambda: receiver.lost)
        assert not session.connected()
        with pytest.raises(LinkFault):
            session.ping()
    assert receiver.lost == ["the PBX closed the connection"]
    with logged_in(ami, receiver) as session:
        assert session.connected()


def test_row_5_peer_that_does_not_answer_is_given_up(ami: AmiServer, receiver: Receiver) -> None:
    ami.muted.add("Ping")
    assert bare("silence", ami.port) == {"ping": "hung"}
    with AmiServer(greeting=b"") as mute:
        assert bare("no_greeting", mute.port) == {"connect": "hung"}

        with pytest.raises(LinkFault) as silent:
            connection(mute, receiver, connect_timeout=0.1).open()
        assert silent.value.code == "silent"
    with logged_in(ami, receiver) as session:
        with pytest.raises(LinkFault) as late:
            session.action("Ping", timeout=0.1)
        assert (late.value.code, late.value.executed) == ("timeout", True)


class Crossed:
    """Keeps actions and answers the newest first, one at each ``go``."""

    def __init__(self) -> None:
        self.kept: list[Action] = []

    def holds(self, number: int) -> bool:
        return len(self.kept) == number

    def keep(self, _: Session, action: Action) -> None:
        self.kept.append(action)

    def go(self, session: Session, _: Action | None = None) -> None:
        action = self.kept.pop()
        session.respond(action, Variable=action.get("Variable"), Value="")


def test_row_6_two_threads_get_their_own_answers(ami: AmiServer, receiver: Receiver) -> None:
    crossed = Crossed()
    ami.on("Getvar", crossed.keep)
    ami.on("Go", crossed.go)

    assert bare("two_threads", ami.port) == {"A": "B", "B": "A"}

    answers: dict[str, str] = {}
    with logged_in(ami, receiver) as session:

        def ask(name: str) -> None:
            answers[name] = session.action("Getvar", {"Variable": name}).get("Variable")

        threads = [threading.Thread(target=ask, args=(name,)) for name in ("A", "B")]
        for number, thread in enumerate(threads, 1):
            thread.start()
            ami.wait_for(partial(crossed.holds, number))
        for _ in threads:
            crossed.go(ami.live[-1])
        for thread in threads:
            thread.join(10)
    assert answers == {"A": "A", "B": "B"}


def test_row_7_action_by_keywords_carries_nothing_over(ami: AmiServer, receiver: Receiver) -> None:
    bare("keywords", ami.port)
    getvar, ping = ami.seen("Getvar")[0], ami.seen("Ping")[0]
    assert ping.get("Channel") == "PJSIP/101-00000001"
    assert ping.get("ActionID") == getvar.get("ActionID")

    with logged_in(ami, receiver) as session:
        session.send_action(Action="Getvar", Variable="X", Channel="PJSIP/101-00000001")
        session.send_action(Action="Ping")
    getvar, ping = ami.seen("Getvar")[-1], ami.seen("Ping")[-1]
    assert [key for key, _ in ping.pairs] == ["Action", "ActionID"]
    assert ping.get("ActionID") != getvar.get("ActionID")


def test_row_8_line_break_in_a_value_injects_no_action(ami: AmiServer, receiver: Receiver) -> None:
    bare("injection", ami.port)
    assert ami.seen("Command")[0].get("Command").startswith("core stop now")
    ami.actions.clear()

    with logged_in(ami, receiver) as session:
        for bad in ("101\r\n\r\nAction: Command\r\nCommand: core stop now", "101\n", "1\r", "1\0"):
            with pytest.raises(Rejected) as refused:
                session.extension_state(bad, "default")
            assert refused.value.code == "bad_header"
        session.ping()
    assert not ami.seen("Command")
    assert not ami.seen("ExtensionState")


def test_row_9_all_lines_of_a_command_arrive(ami: AmiServer, receiver: Receiver) -> None:
    lines = ["Name/username", "101/101", "2 peers"]
    ami.on("Command", lambda session, action: session.respond(action, Message="Command output follows", Output=lines))

    seen = bare("command", ami.port)
    assert seen["output"] == "2 peers"
    assert seen["data"] == ""

    with logged_in(ami, receiver) as session:
        assert session.command("sip show peers") == "\n".join(lines)


def test_row_10_repeated_headers_are_kept(ami: AmiServer, receiver: Receiver) -> None:
    event = say(block("Event", "UserEvent", [("Variable", ["A=1", "B=2"])]))
    ami.on("Go", event)

    assert bare("repeated", ami.port) == {"variable": "B=2"}

    with logged_in(ami, receiver):
        event(ami.live[-1], None)
        assert receiver.wait_for_event("UserEvent").all("Variable") == ["A=1", "B=2"]


class Counting(Connection):
    """Counts reads of the socket."""

    reads = 0
    size = 0

    def _on_data(self, data: bytes) -> None:
        self.reads += 1
        self.size += len(data)
        super()._on_data(data)


def test_row_11_reads_are_large(ami: AmiServer, receiver: Receiver) -> None:
    flood = say(block("Event", "Newchannel", NEWCHANNEL) * 500, block("Event", "Hangup", NEWCHANNEL))
    ami.on("Go", flood)

    seen = bare("reads", ami.port)
    assert seen["reads"] >= seen["bytes"] > 30_000

    session = Counting("127.0.0.1", ami.port, on_message=receiver.on_message, on_lost=receiver.on_lost)
    session.open()
    session.login(ami.username, ami.secret)
    try:
        flood(ami.live[-1], None)
        receiver.wait_for_event("Hangup")
        assert session.size > 30_000
        assert session.reads < session.size / 100
    finally:
        session.close()


def test_row_12_live_event_between_list_items_is_not_swallowed(ami: AmiServer, receiver: Receiver) -> None:
    entry = {"Queue": "700", "Position": 1, "Channel": "PJSIP/trunk-00000001", "Uniqueid": "1795220673.1"}

    def queue_status(session: Session, action: Action) -> None:
        session.respond(action, EventList="start", Message="Queue status will follow")
        session.event("QueueEntry", ActionID=action.get("ActionID"), **entry)
        session.event("Hangup", NEWCHANNEL)
        session.event("QueueStatusComplete", ActionID=action.get("ActionID"), EventList="Complete", ListItems=1)

    ami.on("QueueStatus", queue_status)

    seen = bare("queue_status", ami.port)
    assert "Hangup" not in seen["events"]
    assert "QueueEntry" not in seen["events"]

    with logged_in(ami, receiver) as session:
        items = session.list_action("QueueStatus")
        assert [item.get("Queue") for item in items] == ["700"]
        assert receiver.wait_for_event("Hangup").get("Channel") == "PJSIP/trunk-00000001"
