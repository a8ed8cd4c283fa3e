# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on demand, and that it goes wrong in just that way."""

from __future__ import annotations

import socket
import time

import pytest

from itgrix_module.sandbox.pbx import JumpClock, SandboxPbx, Situation, WallClock
from tests.sandbox.pbx.ami import DEADLINE, Ami
from tests.sandbox.pbx.conftest import Connect, MakePbx

TALK = Situation("incoming", ring=1, talk=60)


def refused(pbx: SandboxPbx) -> bool:
    try:
        socket.create_connection(("127.0.0.1", pbx.port), 2.0).close()
    except ConnectionRefusedError:
        return True
    return False


def again(pbx: SandboxPbx, connect: Connect) -> Ami:
    """Connect as soon as the PBX lets us."""
    deadline = time.monotonic() + DEADLINE
    while refused(pbx):
        assert time.monotonic() < deadline
    client = connect(pbx)
    assert client.login()["Response"] == "Success"
    return client


def test_cut_ends_connections_while_calls_go_on(pbx: SandboxPbx, ami: Ami, connect: Connect) -> None:
    pbx.begin(TALK)
    pbx.begin(Situation("incoming", extension="105", ring=1, talk=2))
    pbx.advance(2)
    pbx.faults.cut()
    assert ami.ended()
    pbx.advance(10)
    client = connect(pbx)
    client.login()
    assert {item["Linkedid"] for item in client.listed("CoreShowChannels")} == {"1795000000.0"}
    assert [truth.answered_by for truth in pbx.truths] == ["105"]


def test_cut_refuses_connections_for_a_while(pbx: SandboxPbx, ami: Ami, connect: Connect) -> None:
    port = pbx.port
    pbx.faults.cut(refuse=60)
    assert ami.ended()
    assert refused(pbx)
    pbx.faults.admit()
    again(pbx, connect)
    assert pbx.port == port


def test_connections_are_possible_again_when_the_time_is_over(pbx: SandboxPbx, ami: Ami, connect: Connect) -> None:
    pbx.faults.cut(refuse=0.2)
    assert ami.ended()
    again(pbx, connect)


def test_silent_pbx_keeps_the_connection_and_tells_all_late(pbx: SandboxPbx, ami: Ami) -> None:
    ami.event("FullyBooted")  # the last thing on its way
    pbx.faults.silence()
    mark = ami.send("Ping")
    pbx.begin(Situation("missed"))
    pbx.advance(10)
    assert ami.quiet(0.3)
    pbx.faults.silence(False)
    assert ami.until(lambda message: message.get("ActionID") == mark)["Ping"] == "Pong"
    ami.event("Hangup")


def test_restart_hangs_up_says_shutdown_and_counts_anew(pbx: SandboxPbx, ami: Ami, connect: Connect) -> None:
    before = ami.act("CoreStatus")
    pbx.begin(TALK)
    pbx.advance(4)
    pbx.faults.restart(down=0.1)
    assert ami.ended()
    names = [message["Event"] for message in ami.events() if message["Event"] not in ("VarSet", "DeviceStateChange")]
    assert [names.count("Hangup"), names.count("Cdr"), names.count("BridgeLeave")] == [2, 1, 2]
    assert ami.event("SoftHangupRequest")["Cause"] == "4"
    assert ami.event("Shutdown") == {
        "Event": "Shutdown",
        "Privilege": "system,all",
        "Shutdown": "Cleanly",
        "Restart": "True",
    }
    pbx.advance(10)
    client = again(pbx, connect)
    assert client.listed("CoreShowChannels") == []
    assert client.act("CoreStatus")["CoreStartupTime"] != before["CoreStartupTime"]
    pbx.begin(TALK)
    pbx.advance(1)
    first = client.event("Newchannel")
    assert first["Channel"] == "PJSIP/beeline-msk-00000000"
    assert first["Uniqueid"].endswith(".0")
    (truth,) = pbx.truths
    assert (truth.outcome, round(truth.talk, 2)) == ("answered", 2.85)


def test_kill_takes_everything_without_a_word(pbx: SandboxPbx, ami: Ami, connect: Connect) -> None:
    pbx.begin(TALK)
    pbx.advance(4)
    ami.event("BridgeEnter")
    pbx.faults.kill(down=0.1)
    assert ami.ended()
    assert not ami.events("Hangup")
    assert not ami.events("Shutdown")
    assert again(pbx, connect).listed("CoreShowChannels") == []
    assert [truth.outcome for truth in pbx.truths] == ["answered"]


def test_calls_planned_for_later_survive_a_restart(pbx: SandboxPbx, connect: Connect) -> None:
    played = pbx.begin(Situation("missed"), after=5)
    pbx.faults.restart(down=0.0)
    client = again(pbx, connect)
    pbx.advance(30)
    assert played.done
    client.event("Hangup")


def test_slow_writes_drip(pbx: SandboxPbx, ami: Ami) -> None:
    pbx.faults.slow(4000)
    first = len(ami.chunks)
    ami.listed("PJSIPShowEndpoints")
    pieces = ami.chunks[first:]
    assert sum(pieces) > 2500
    assert len(pieces) > 2
    pbx.faults.slow(None)
    assert ami.act("Ping")["Ping"] == "Pong"


def test_garbage_comes_in_the_middle_of_the_stream(pbx: SandboxPbx, ami: Ami) -> None:
    pbx.faults.garbage(b"\x16\x03\x01\xff\xfe no AMI\r\n\r\n")
    assert ami.act("Ping")["Ping"] == "Pong"
    assert b"\x16\x03\x01\xff\xfe no AMI" in ami.raw


@pytest.mark.parametrize("banner", [b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", b"220 mail.example.com ESMTP\r\n"])
def test_another_service_may_answer_at_the_port(pbx: SandboxPbx, connect: Connect, banner: bytes) -> None:
    pbx.faults.pose_as(banner)
    assert connect(pbx).greeting() == banner.decode().strip()
    pbx.faults.pose_as(None)
    assert connect(pbx).greeting().startswith("Asterisk Call Manager/")


def test_no_greeting_at_all(pbx: SandboxPbx, connect: Connect) -> None:
    pbx.faults.pose_as(b"")
    assert connect(pbx).quiet(0.3)


def test_a_reader_who_does_not_read_loses_the_session(make_pbx: MakePbx, connect: Connect) -> None:
    pbx = make_pbx(WallClock(), write_limit=100_000)
    connect(pbx).login()
    deadline = time.monotonic() + DEADLINE
    while pbx.connections:
        pbx.faults.garbage(b"x" * 65_536)
        assert time.monotonic() < deadline


def test_a_simulated_clock_waits_for_a_slow_reader(make_pbx: MakePbx, connect: Connect) -> None:
    pbx = make_pbx(JumpClock())
    client = connect(pbx)
    client.login()
    played = pbx.begin_all((number, Situation("queue", rounds=2)) for number in range(200))
    assert not played[-1].done  # 15 MB are on their way, far more than may wait
    client.await_count("Cdr", 200 * 18)
    assert pbx.idle()
    assert played[-1].done


def test_port_that_is_taken_is_an_error_and_leaves_nothing_open(pbx: SandboxPbx) -> None:
    other = SandboxPbx()
    with pytest.raises(OSError, match="in use"):
        other.start(port=pbx.port)


def test_stop_may_be_repeated() -> None:
    pbx = SandboxPbx().start()
    pbx.stop()
    pbx.stop()
    assert refused(pbx)
