# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions through the link: a second session, opened when needed, replaced when stuck."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from itgrix_module.domain.failures import NeedsOwner, Temporary
from tests.asterisk.link_rig import Rig
from tests.asterisk.support import wait_for
from tests.fakes.ami_server import Action, AmiServer, Session
from tests.known import known


@pytest.fixture
def ami() -> Iterator[AmiServer]:
    with AmiServer() as server:
        yield server


@pytest.fixture
def rig(ami: AmiServer) -> Iterator[Rig]:
    rig = Rig(ami)
    yield rig
    rig.link.stop()


def test_actions_go_over_a_second_session_without_events(rig: Rig) -> None:
    rig.ami.on("Getvar", lambda session, action: session.respond(action, Value="7" if session.events == "off" else ""))
    rig.ami.on("Command", lambda session, action: session.respond(action, Output=["a", "b"]))
    rig.link.start()
    rig.wait_for_phase("up")
    assert len(rig.ami.sessions) == 1
    assert rig.link.action("Getvar", {"Variable": "X"}).get("Value") == "7"
    assert rig.link.command("core show version") == "a\nb"
    assert rig.link.list_action("QueueStatus") == []
    assert len(rig.ami.sessions) == 2


def test_slow_action_does_not_hold_up_events(rig: Rig) -> None:
    gate = threading.Event()

    def slow(session: Session, action: Action) -> None:
        gate.wait(10)
        session.respond(action, Value="7")

    rig.ami.on("Getvar", slow)
    rig.link.start()
    rig.wait_for_phase("up")
    answers: list[str] = []
    asker = threading.Thread(target=lambda: answers.append(rig.link.action("Getvar").get("Value")))
    asker.start()
    rig.ami.wait_for(lambda: len(rig.ami.sessions) == 2)
    rig.ami.event("Hangup")
    rig.take_until("Hangup")
    assert answers == []
    gate.set()
    asker.join(10)
    assert answers == ["7"]


def test_second_session_is_opened_again_after_its_loss(rig: Rig) -> None:
    rig.link.start()
    rig.wait_for_phase("up")
    rig.link.action("Getvar")
    rig.ami.sessions[1].drop()
    wait_for(lambda: not known(rig.link._commands._connection).connected())
    rig.link.action("Getvar")
    assert len(rig.ami.sessions) == 3


def test_stuck_second_session_is_replaced(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("itgrix_module.asterisk.commands._PROBE", 0.05)
    rig.link.start()
    rig.wait_for_phase("up")
    gate = threading.Event()
    rig.ami.on("Getvar", lambda session, action: (gate.wait(10), None)[1])
    with pytest.raises(Temporary) as late:
        rig.link.action("Getvar", timeout=0.05)
    assert late.value.executed
    rig.ami.on("Getvar", rig.ami._do_getvar)
    rig.link.action("Getvar")
    gate.set()
    assert len(rig.ami.sessions) == 3


def test_action_that_is_only_slow_keeps_the_session(rig: Rig) -> None:
    rig.ami.muted.add("Getvar")
    rig.link.start()
    rig.wait_for_phase("up")
    for _ in range(2):
        with pytest.raises(Temporary):
            rig.link.action("Getvar", timeout=0.05)
    assert len(rig.ami.sessions) == 2


def test_refused_action_raises_what_the_account_lacks(rig: Rig) -> None:
    rig.ami.denied.add("Command")
    rig.link.start()
    rig.wait_for_phase("up")
    with pytest.raises(NeedsOwner):
        rig.link.command("core show version")


def test_stop_does_not_wait_for_a_session_that_is_being_opened(rig: Rig) -> None:
    gate = threading.Event()
    faults: list[Temporary] = []

    def ask() -> None:
        try:
            rig.link.action("Getvar")
        except Temporary as fault:
            faults.append(fault)

    def slow_login(session: Session, action: Action) -> None:
        gate.wait(20)
        rig.ami._do_login(session, action)

    rig.link.start()
    rig.wait_for_phase("up")
    rig.ami.on("Login", slow_login)
    asker = threading.Thread(target=ask)
    asker.start()
    rig.ami.wait_for(lambda: len(rig.ami.sessions) == 2)
    rig.link.stop()
    assert asker.is_alive()
    gate.set()
    asker.join(20)
    assert [fault.code for fault in faults] == ["stopped"]
    rig.ami.wait_for(lambda: rig.ami.sessions[1].closed.is_set())
    with pytest.raises(Temporary):
        rig.link.action("Getvar")
