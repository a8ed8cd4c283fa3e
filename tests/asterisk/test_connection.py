# SPDX-License-Identifier: GPL-3.0-or-later
"""One AMI session against a scripted manager: login, answers, lists, commands, events, loss."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asterisk import manager

from itgrix_module.asterisk.connection import Connection, LinkFault, NotAllowed, Rejected
from itgrix_module.asterisk.message import Message
from itgrix_module.domain.failures import NeedsOwner, Permanent, Temporary
from tests.asterisk.support import Receiver, connection, logged_in, wait_for
from tests.fakes.ami_server import Action, AmiServer, Session, block


@pytest.fixture
def ami() -> Iterator[AmiServer]:
    with AmiServer() as server:
        yield server


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def test_login_asks_for_the_event_mask_and_tells_the_protocol_version(ami: AmiServer, receiver: Receiver) -> None:
    session = connection(ami, receiver)
    session.open()
    answer = session.login(ami.username, ami.secret, "call,cdr")
    assert answer.get("Message") == "Authentication accepted"
    assert session.connected()
    assert session.version == "5.0.4"
    assert ami.seen("Login")[0].get("Events") == "call,cdr"
    session.close()
    assert not session.connected()


def test_wrong_secret_needs_the_owner_and_tells_no_loss(ami: AmiServer, receiver: Receiver) -> None:
    session = connection(ami, receiver)
    session.open()
    with pytest.raises(NeedsOwner) as refused:
        session.login(ami.username, "wr0ng")
    assert refused.value.code == "auth"
    assert ami.username in refused.value.text
    assert "wr0ng" not in f"{refused.value!r}{refused.value.hint}"
    assert "manager.conf" in refused.value.hint
    assert isinstance(refused.value, manager.ManagerAuthException)
    assert receiver.lost == []


def test_connection_lost_during_login_is_raised_not_told(ami: AmiServer, receiver: Receiver) -> None:
    ami.on("Login", lambda session, _: session.drop())
    session = connection(ami, receiver)
    session.open()
    with pytest.raises(Temporary) as lost:
        session.login(ami.username, ami.secret)
    assert lost.value.code == "lost"
    assert receiver.lost == []


def test_refused_right_needs_the_owner_and_names_the_action(ami: AmiServer, receiver: Receiver) -> None:
    ami.denied.add("Originate")
    with logged_in(ami, receiver) as session, pytest.raises(NotAllowed) as denied:
        session.action("Originate", {"Channel": "PJSIP/101"})
    assert denied.value.code == "permission"
    assert "Originate" in denied.value.hint


def test_refused_action_is_permanent_with_the_words_of_asterisk(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver) as session, pytest.raises(Permanent) as refused:
        session.action("Frobnicate")
    assert refused.value.text == "Invalid/unknown command: Frobnicate"
    assert isinstance(refused.value, manager.ManagerException)


def test_events_arrive_in_order_with_their_arrival_time(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver, clock=lambda: 1795220673.5):
        for number in range(50):
            ami.event("Newchannel", Uniqueid=f"1.{number}")
        ami.event("Hangup", Timestamp="1795220680.25")
        assert receiver.wait_for_event("Hangup").at == 1795220680.25
    created = [m for m in receiver.messages if m.event == "Newchannel"]
    assert [m.get("Uniqueid") for m in created] == [f"1.{number}" for number in range(50)]
    assert {m.at for m in created} == {1795220673.5}


def test_noise_is_dropped_before_it_is_parsed(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver) as session:
        ami.event("Newexten", Channel="x")
        ami.event("VarSet", Variable="DIALSTATUS", Value="ANSWER")
        ami.event("VarSet", Variable="__FROM_DID", Value="74950000001")
        ami.event("Hangup")
        receiver.wait_for_event("Hangup")
        assert session.skipped == 2
    assert receiver.events == ["FullyBooted", "VarSet", "Hangup"]


def test_without_sieve_everything_arrives(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver, skip=frozenset()):
        ami.event("Newexten", Channel="x")
        receiver.wait_for_event("Newexten")


def test_extra_empty_line_before_a_message_is_tolerated(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver):
        ami.raw(b"\r\n" + block("Event", "Hangup", [("Channel", "PJSIP/101-00000001")]))
        assert receiver.wait_for_event("Hangup").get("Channel") == "PJSIP/101-00000001"


def test_list_collects_its_items_and_leaves_live_events_alone(ami: AmiServer, receiver: Receiver) -> None:
    rows = [{"Channel": "PJSIP/101-00000001"}, {"Channel": "PJSIP/102-00000002"}]
    live = block("Event", "Hangup", [("Channel", "PJSIP/103-00000003")])
    ami.on("CoreShowChannels", lambda session, action: session.listing(action, rows, [live]))
    with logged_in(ami, receiver) as session:
        items = session.list_action("CoreShowChannels")
        assert [item.get("Channel") for item in items] == ["PJSIP/101-00000001", "PJSIP/102-00000002"]
        receiver.wait_for_event("Hangup")
    assert "CoreShowChannel" not in receiver.events


def test_list_of_what_is_noise_elsewhere_is_complete(ami: AmiServer, receiver: Receiver) -> None:
    def states(session: Session, action: Action) -> None:
        session.respond(action, EventList="start", Message="Device State Changes will follow")
        session.event("DeviceStateChange", ActionID=action.get("ActionID"), Device="PJSIP/101", State="INUSE")
        session.event("DeviceStateChange", Device="PJSIP/102", State="INUSE")
        session.event("DeviceStateListComplete", ActionID=action.get("ActionID"), EventList="Complete")

    ami.on("DeviceStateList", states)
    with logged_in(ami, receiver) as session:
        items = session.list_action("DeviceStateList")
        assert [item.get("Device") for item in items] == ["PJSIP/101"]
        assert session.skipped == 1


def test_list_that_is_refused_raises(ami: AmiServer, receiver: Receiver) -> None:
    ami.denied.add("Status")
    with logged_in(ami, receiver) as session, pytest.raises(NeedsOwner):
        session.list_action("Status")


def test_list_without_end_is_given_up_and_its_rest_is_no_live_event(ami: AmiServer, receiver: Receiver) -> None:
    asked: list[Action] = []

    def endless(session: Session, action: Action) -> None:
        asked.append(action)
        session.respond(action, EventList="start")
        session.event("CoreShowChannel", ActionID=action.get("ActionID"), Channel="PJSIP/101-00000001")

    ami.on("CoreShowChannels", endless)
    with logged_in(ami, receiver) as session:
        with pytest.raises(LinkFault) as late:
            session.list_action("CoreShowChannels", timeout=0.2)
        assert late.value.code == "timeout"
        ami.event("CoreShowChannel", ActionID=asked[0].get("ActionID"))
        ami.event("Hangup")
        receiver.wait_for_event("Hangup")
    assert "CoreShowChannel" not in receiver.events


def test_originate_response_reaches_everybody_though_it_has_our_action_id(ami: AmiServer, receiver: Receiver) -> None:
    def originate(session: Session, action: Action) -> None:
        session.respond(action, Message="Originate successfully queued")
        session.event("OriginateResponse", ActionID=action.get("ActionID"), Response="Failure", Reason=3)

    ami.on("Originate", originate)
    with logged_in(ami, receiver) as session:
        answer = session.action("Originate", {"Channel": "PJSIP/101", "ActionID": "crm-77", "Variable": ["A=1", "B=2"]})
        assert (answer.response, answer.get("ActionID")) == ("Success", "crm-77")
        event = receiver.wait_for_event("OriginateResponse")
    assert (event.get("ActionID"), event.get("Reason")) == ("crm-77", "3")
    assert [value for key, value in ami.seen("Originate")[0].pairs if key == "Variable"] == ["A=1", "B=2"]


def test_old_command_answer_keeps_its_text_and_swallows_no_event(ami: AmiServer, receiver: Receiver) -> None:
    text = "Name: x\nsecond line\r\n\r\nafter an empty line\n--END COMMAND--\r\n\r\n"

    def old(session: Session, action: Action) -> None:
        head = f"Response: Follows\r\nPrivilege: Command\r\nActionID: {action.get('ActionID')}\r\n"
        session.send(head.encode() + text.encode())
        session.event("Hangup")

    ami.on("Command", old)
    with logged_in(ami, receiver) as session:
        assert session.command("sip show peers") == "Name: x\nsecond line\n\nafter an empty line"
        receiver.wait_for_event("Hangup")


def test_old_command_answer_without_its_end_does_not_hide_events(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver):
        ami.raw(b"Response: Follows\r\nPrivilege: Command\r\ncut short\r\n\r\n")
        ami.event("Hangup")
        receiver.wait_for_event("Hangup")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Channel": "a\r\nAction: Command"}, "line break"),
        ({"Chan\nnel": "a"}, "line break"),
        ({"Channel": "a\0b"}, "line break"),
        ({"Channel: x": "a"}, "not a header name"),
        ({"": "a"}, "not a header name"),
        ({"Variable": ["A=1", "B=2\r\nAction: Ping"]}, "line break"),
        ({"Channel": "x" * 1100}, "longer"),
        ({"Variable": ["A=1"] * 200}, "more than"),
        ({"ActionID": "a\r\nAction: Command"}, "line break"),
    ],
)
def test_action_that_would_break_the_protocol_is_refused(
    ami: AmiServer, receiver: Receiver, headers: dict[str, Any], reason: str
) -> None:
    with logged_in(ami, receiver) as session:
        with pytest.raises(Rejected) as refused:
            session.action("Ping", headers)
        assert (refused.value.code, refused.value.executed) == ("bad_header", False)
        assert reason in refused.value.text
        with pytest.raises(Rejected):
            session.action("Ping\r\nAction: Command")
    assert not ami.seen("Ping")
    assert not ami.seen("Command")


def test_secret_with_a_line_break_is_refused(ami: AmiServer, receiver: Receiver) -> None:
    session = connection(ami, receiver)
    session.open()
    with pytest.raises(Rejected) as refused:
        session.login(ami.username, "s3cret\r\nEvents: on")
    assert "s3cret" not in str(refused.value)
    assert not ami.seen("Login")


def test_loss_ends_every_wait_and_is_told_once(ami: AmiServer, receiver: Receiver) -> None:
    ami.muted |= {"Ping", "Status"}
    failures: list[Temporary] = []

    def ask(call: Callable[[], object]) -> None:
        try:
            call()
        except Temporary as failure:
            failures.append(failure)

    with logged_in(ami, receiver) as session:
        calls = (lambda: session.action("Ping", timeout=30), lambda: session.list_action("Status", timeout=30))
        threads = [threading.Thread(target=ask, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        ami.wait_for(lambda: ami.seen("Ping") and ami.seen("Status"))
        ami.drop_all()
        for thread in threads:
            thread.join(10)
        assert [(failure.code, failure.executed) for failure in failures] == [("lost", True)] * 2
        with pytest.raises(LinkFault) as gone:
            session.action("Ping")
        assert (gone.value.code, gone.value.executed) == ("lost", False)
    assert receiver.lost == ["the PBX closed the connection"]


def test_close_is_no_loss_says_goodbye_and_may_be_repeated(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver) as session:
        session.close()
        session.close()
        ami.wait_for(lambda: ami.seen("Logoff"))
    assert receiver.lost == []


def test_shut_tells_the_reason_given(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver) as session:
        session.shut("no answer to Ping")
        receiver.wait_for(lambda: receiver.lost)
    assert receiver.lost == ["no answer to Ping"]


def test_close_from_the_receiver_itself_does_not_hang(ami: AmiServer) -> None:
    closed = threading.Event()
    session: list[Connection] = []

    def close(message: Message) -> None:
        if message.event == "Shutdown":
            session[0].close()
            closed.set()

    session.append(Connection("127.0.0.1", ami.port, on_message=close, on_lost=print))
    session[0].open()
    session[0].login(ami.username, ami.secret)
    ami.event("Shutdown")
    assert closed.wait(10)
    session[0].close()


def test_flood_without_end_of_message_ends_the_session(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver):
        ami.raw(b"x" * (5 * 1024 * 1024))
        receiver.wait_for(lambda: receiver.lost)
    assert "no end of message" in receiver.lost[0]


def test_connection_is_single_use(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver) as session, pytest.raises(manager.ManagerException):
        session.open()


def test_forgotten_connection_that_was_never_opened_is_harmless(ami: AmiServer, receiver: Receiver) -> None:
    session = connection(ami, receiver)
    del session
    gc.collect()
    assert ami.sessions == []


def test_action_before_open_says_not_connected(ami: AmiServer, receiver: Receiver) -> None:
    with pytest.raises(LinkFault) as refused:
        connection(ami, receiver).action("Ping")
    assert (refused.value.code, refused.value.executed) == ("lost", False)


def test_tap_sees_every_block_and_its_failure_harms_nothing(ami: AmiServer, receiver: Receiver) -> None:
    taped: list[tuple[bytes, float]] = []

    def tap(data: bytes, at: float) -> None:
        taped.append((data, at))
        if data.startswith(b"Event: Shutdown"):
            raise OSError("disk full")

    with logged_in(ami, receiver, tap=tap, clock=lambda: 17.0):
        ami.event("Newexten", Channel="x")
        ami.event("Shutdown")
        ami.event("Hangup")
        receiver.wait_for_event("Hangup")
    starts = [data.partition(b"\r\n")[0] for data, _ in taped]
    expected = [b"Response: Success", b"Event: FullyBooted", b"Event: Newexten", b"Event: Shutdown"]
    assert starts == expected
    assert {at for _, at in taped} == {17.0}


def test_vocabulary_of_pyst2_works_on_our_engine(ami: AmiServer, receiver: Receiver) -> None:
    with logged_in(ami, receiver) as session:
        answer = session.originate("PJSIP/101", "79161234567", context="from-internal", priority="1", run_async=True)
        assert answer.get_header("Message") == "Originate successfully queued"
        with pytest.raises(manager.ManagerException):
            session.register_event("*", print)
    assert ami.seen("Originate")[0].get("Exten") == "79161234567"


def test_many_threads_share_one_session(ami: AmiServer, receiver: Receiver) -> None:
    ami.on("Getvar", lambda session, action: session.respond(action, Value=action.get("Variable")))
    wrong: list[str] = []

    with logged_in(ami, receiver) as session:

        def ask(name: int) -> None:
            for number in range(20):
                asked = f"V{name}-{number}"
                if session.action("Getvar", {"Variable": asked}).get("Value") != asked:
                    wrong.append(asked)

        threads = [threading.Thread(target=ask, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert wrong == []
    assert len(ami.seen("Getvar")) == 160


def test_large_action_against_a_slow_reader_does_not_block_the_caller(ami: AmiServer, receiver: Receiver) -> None:
    gate = threading.Event()

    def stuck(session: Session, action: Action) -> None:
        gate.wait(20)
        session.respond(action)

    ami.on("Ping", stuck)
    with logged_in(ami, receiver) as session:
        sender = threading.Thread(target=session.action, args=("Ping",), kwargs={"timeout": 20.0})
        sender.start()
        ami.wait_for(lambda: session.idle is False)
        for _ in range(3000):
            with pytest.raises(LinkFault):
                session.action("Frobnicate", {"Filler": "x" * 1000}, timeout=0.0)
        gate.set()
        sender.join(20)
        wait_for(lambda: session.idle)
        session.ping()
