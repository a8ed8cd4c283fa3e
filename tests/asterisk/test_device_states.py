# SPDX-License-Identifier: GPL-3.0-or-later
"""States of phones: by hint, by device, from events, and how long each counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import pytest

from itgrix_module.asterisk.device_states import FRESH, HEARD, Actions, DeviceStates, extension_of, of_hint
from itgrix_module.asterisk.message import Message
from itgrix_module.domain.failures import Failure, Permanent, Temporary
from tests.asterisk.support import Receiver, logged_in
from tests.fakes.ami_server import Action, AmiServer, Session


class Bench:
    def __init__(self, ami: AmiServer, link: Actions) -> None:
        self.ami, self.now = ami, 1000.0
        self.hints: dict[str, int] = {}
        self.states = DeviceStates(lambda: link, lambda: "ext-local", lambda: self.now)
        ami.on("ExtensionState", self._answer)

    def _answer(self, session: Session, action: Action) -> None:
        status = self.hints.get(action.get("Exten"), -1) if action.get("Context") == "ext-local" else -1
        session.respond(action, Message="Extension Status", Exten=action.get("Exten"), Status=status)

    def asked(self, extension: str) -> str | None:
        self.states.ask(extension)
        return self.state(extension)

    def state(self, extension: str, since: float | None = None) -> str | None:
        """For a caller who comes now, or who came at ``since``."""
        return self.states.state(extension, self.now + 0.001 if since is None else since)

    def devices(self, **states: str) -> None:
        """``PJSIP_101="INUSE"``."""
        items = [{"Device": name.replace("_", "/"), "State": state} for name, state in states.items()]

        def answer(session: Session, action: Action) -> None:
            session.respond(action, EventList="start", Message="Device State Changes will follow")
            for item in items:
                session.event("DeviceStateChange", {"ActionID": action.get("ActionID"), **item}.items())
            done = {"ActionID": action.get("ActionID"), "EventList": "Complete", "ListItems": len(items)}
            session.event("DeviceStateListComplete", done.items())

        self.ami.on("DeviceStateList", answer)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with AmiServer() as ami, logged_in(ami, Receiver()) as link:
        yield Bench(ami, link)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("0", "NOT_INUSE"),
        ("1", "INUSE"),
        ("2", "BUSY"),
        ("3", "BUSY"),
        ("4", "UNAVAILABLE"),
        ("8", "RINGING"),
        ("9", "RINGINUSE"),
        ("16", "ONHOLD"),
        ("17", "INUSE"),
        ("-1", None),
        ("-2", None),
        ("", None),
        ("x", None),
    ],
)
def test_state_of_a_hint(status: str, state: str | None) -> None:
    assert of_hint(status) == state


@pytest.mark.parametrize(
    ("device", "extension"),
    [("PJSIP/101", "101"), ("SIP/101", "101"), ("Queue:701_avail", ""), ("Local/101@x", ""), ("", "")],
)
def test_extension_of_a_device(device: str, extension: str) -> None:
    assert extension_of(device) == extension


def test_hint_is_asked_and_counts_for_a_moment(bench: Bench) -> None:
    bench.hints["101"] = 1
    assert bench.state("101") is None
    assert bench.asked("101") == "INUSE"
    bench.now += FRESH + 0.1
    assert bench.state("101") is None
    assert bench.ami.seen("DeviceStateList") == []


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ({"PJSIP_101": "INUSE", "PJSIP_102": "NOT_INUSE"}, "INUSE"),
        ({"PJSIP_101": "NOT_INUSE", "SIP_101": "UNAVAILABLE"}, "NOT_INUSE"),
        ({"PJSIP_101": "UNAVAILABLE"}, "UNAVAILABLE"),
        ({"PJSIP_102": "INUSE"}, "UNKNOWN"),
    ],
)
def test_extension_without_a_hint_is_looked_for_among_the_devices(
    bench: Bench, states: dict[str, str], state: str
) -> None:
    bench.devices(**states)
    assert bench.asked("101") == state


def test_list_of_devices_is_asked_once_for_several(bench: Bench) -> None:
    bench.devices(PJSIP_101="INUSE", PJSIP_102="NOT_INUSE")
    assert [bench.asked("101"), bench.asked("102")] == ["INUSE", "NOT_INUSE"]
    assert len(bench.ami.seen("DeviceStateList")) == 1


def event(name: str, **headers: str) -> Message:
    return Message({"Event": name, **headers})


def test_event_of_a_hint_counts_longer_and_without_asking(bench: Bench) -> None:
    bench.states.hear(event("ExtensionStatus", Exten="101", Context="ext-local", Status="8"))
    bench.states.hear(event("ExtensionStatus", Exten="102", Context="elsewhere", Status="8"))
    bench.now += HEARD
    assert (bench.state("101"), bench.state("102")) == ("RINGING", None)
    assert bench.ami.seen("ExtensionState") == []
    bench.now += 1
    assert bench.state("101") is None


def test_event_of_a_device_makes_what_is_known_old(bench: Bench) -> None:
    bench.hints["101"] = 0
    bench.asked("101")
    bench.states.hear(event("DeviceStateChange", Device="Queue:701_avail", State="INUSE"))
    assert bench.state("101") == "NOT_INUSE"
    bench.states.hear(event("DeviceStateChange", Device="PJSIP/101", State="INUSE"))
    assert bench.state("101") is None


def test_answer_counts_for_the_caller_for_whom_it_was_asked_however_long_the_rest_takes(bench: Bench) -> None:
    came = bench.now
    bench.hints["101"] = 0
    bench.asked("101")
    bench.now += 4
    assert bench.state("101", since=came) == "NOT_INUSE"
    assert bench.state("101") is None


@pytest.mark.parametrize("has_hint", [True, False])
def test_phone_to_which_a_call_was_sent_is_asked_again(bench: Bench, has_hint: bool) -> None:
    bench.devices(PJSIP_101="NOT_INUSE")
    if has_hint:
        bench.hints["101"] = 0
    assert bench.asked("101") == "NOT_INUSE"
    bench.states.sent("101")
    bench.hints["101"] = 8
    assert bench.state("101") is None
    assert bench.asked("101") == "RINGING"


def test_lost_link_makes_all_old(bench: Bench) -> None:
    bench.states.hear(event("ExtensionStatus", Exten="101", Context="ext-local", Status="0"))
    bench.states.forget()
    assert bench.state("101") is None


def test_pbx_that_knows_no_such_action_is_told_as_a_failure(bench: Bench) -> None:
    def refuse(session: Session, action: Action) -> None:
        session.respond(action, "Error", Message="Invalid/unknown command: DeviceStateList.")

    bench.ami.on("DeviceStateList", refuse)
    with pytest.raises(Permanent):
        bench.states.ask("101")
    assert bench.state("101") is None


def test_extension_that_is_no_header_is_refused(bench: Bench) -> None:
    with pytest.raises(Failure):
        bench.states.ask("101\r\nAction: Originate")
    assert bench.ami.seen("Originate") == []


def test_no_link_is_a_failure() -> None:
    def none() -> NoReturn:
        raise Temporary("down", "the AMI link is down")

    with pytest.raises(Temporary):
        DeviceStates(none, lambda: "ext-local").ask("101")
