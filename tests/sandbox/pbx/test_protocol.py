# SPDX-License-Identifier: GPL-3.0-or-later
"""How the PBX talks: greeting, login, rights, filters, errors."""

from __future__ import annotations

import hashlib

import pytest

from itgrix_module.sandbox.pbx import AmiUser, JumpClock, SandboxPbx, Situation
from tests.sandbox.pbx.ami import Ami
from tests.sandbox.pbx.conftest import Connect, MakePbx

MINIMUM = AmiUser("crm", "s", read=("call", "cdr", "agent", "system"), write=("originate", "call", "reporting"))


def test_greets_like_asterisk_and_reports_fully_booted_after_login(pbx: SandboxPbx, connect: Connect) -> None:
    client = connect(pbx)
    assert client.greeting() == "Asterisk Call Manager/11.0.0"
    answer = client.login()
    assert answer["Message"] == "Authentication accepted"
    assert list(client.event("FullyBooted")) == ["Event", "Privilege", "Uptime", "LastReload", "Status"]


def test_wrong_secret_is_refused_after_a_delay_and_the_connection_ends(pbx: SandboxPbx, connect: Connect) -> None:
    client = connect(pbx)
    assert client.login(secret="wrong") == {
        "Response": "Error",
        "ActionID": "test-1",
        "Message": "Authentication failed",
    }
    assert client.ended()


def test_the_delay_before_a_refusal_is_a_setting(make_pbx: MakePbx, connect: Connect) -> None:
    client = connect(make_pbx(auth_delay=30.0))
    client.greeting()
    client.send("Login", Username="itgrix", Secret="wrong")
    assert client.quiet(0.3)


def test_login_by_challenge(pbx: SandboxPbx, connect: Connect) -> None:
    client = connect(pbx)
    challenge = client.act("Challenge", AuthType="MD5")["Challenge"]
    key = hashlib.md5(f"{challenge}sandbox-secret".encode()).hexdigest()
    assert client.act("Login", AuthType="MD5", Username="itgrix", Key=key)["Response"] == "Success"


def test_nothing_goes_before_login(pbx: SandboxPbx, connect: Connect) -> None:
    assert connect(pbx).act("CoreStatus")["Message"] == "Permission denied"


def test_unknown_action_is_named_in_the_answer(ami: Ami) -> None:
    answer = ami.act("Frobnicate")
    assert answer["Response"] == "Error"
    assert answer["Message"].startswith("Invalid/unknown command: Frobnicate.")


def test_action_names_and_headers_are_case_insensitive(ami: Ami) -> None:
    ami.write(b"aCTION: pInG\r\nactionid: 7\r\n\r\n")
    assert ami.until(lambda message: message.get("ActionID") == "7")["Ping"] == "Pong"


def test_bare_line_feeds_and_split_packets_are_understood(ami: Ami) -> None:
    for piece in (b"Action: Pi", b"ng\nActionID: a\n", b"\nAction: Ping\r\nActionID: b\r\n\r\n"):
        ami.write(piece)
    assert ami.until(lambda message: message.get("ActionID") == "a")["Ping"] == "Pong"
    assert ami.until(lambda message: message.get("ActionID") == "b")["Ping"] == "Pong"


def test_missing_action_is_an_error(ami: Ami) -> None:
    ami.write(b"ActionID: 9\r\n\r\n")
    assert ami.until(lambda message: message.get("ActionID") == "9")["Message"] == "Missing action in request"


def test_logoff_ends_the_connection(ami: Ami) -> None:
    assert ami.act("Logoff")["Response"] == "Goodbye"
    assert ami.ended()


@pytest.mark.parametrize(
    ("action", "headers"),
    [
        ("Filter", {"Operation": "Add", "Filter": "!Event: Newstate"}),
        ("Command", {"Command": "core show version"}),
        ("PJSIPShowEndpoints", {}),
    ],
)
def test_actions_beyond_the_rights_are_denied(
    make_pbx: MakePbx, connect: Connect, action: str, headers: dict[str, str]
) -> None:
    client = connect(make_pbx(users=(MINIMUM,)))
    client.login("crm", "s")
    assert client.act(action, **headers)["Message"] == "Permission denied"
    assert client.act("Getvar", Variable="X")["Response"] == "Success"


def test_sessions_hear_only_the_classes_of_their_account(make_pbx: MakePbx, connect: Connect) -> None:
    pbx = make_pbx(JumpClock(), users=(MINIMUM, AmiUser("all", "s", read=("all",), write=("all",))))
    minimum, everything = connect(pbx), connect(pbx)
    minimum.login("crm", "s")
    everything.login("all", "s")
    pbx.play(Situation("incoming"))
    for client in (minimum, everything):
        client.event("Cdr")
    assert {message["Privilege"] for message in minimum.events()} <= {"call,all", "cdr,all", "agent,all", "system,all"}
    assert everything.events("VarSet")


def test_event_mask_narrows_and_off_silences(make_pbx: MakePbx, connect: Connect) -> None:
    pbx = make_pbx(JumpClock())
    cdr, off = connect(pbx), connect(pbx)
    cdr.login(Events="off")
    assert cdr.act("Events", EventMask="cdr")["Events"] == "On"
    off.login()
    assert off.act("Events", EventMask="off")["Events"] == "Off"
    pbx.play(Situation("incoming"))
    cdr.event("Cdr")
    assert {message["Event"] for message in cdr.events()} == {"Cdr"}
    off.act("Ping")
    assert {message["Event"] for message in off.events()} == {"FullyBooted"}


def test_event_mask_without_meaning_is_refused(ami: Ami) -> None:
    assert ami.act("Events", EventMask="nonsense")["Message"] == "Invalid event mask"


def test_filters_exclude_and_include_over_the_whole_event(make_pbx: MakePbx, connect: Connect) -> None:
    pbx = make_pbx(JumpClock())
    black, white = connect(pbx), connect(pbx)
    black.login()
    black.act("Filter", Operation="Add", Filter="!^Event: (VarSet|DeviceStateChange|ExtensionStatus)[^A-Za-z]")
    white.login()
    white.act("Filter", Operation="Add", Filter="^Event: Hangup[^A-Za-z]")
    white.act("Filter", Operation="Add", Filter="^Event: VarSet[^A-Za-z].*Variable: _*(MIXMONITOR_FILENAME)")
    white.act("Filter", Operation="Add", Filter="!Channel: PJSIP/101")
    pbx.play(Situation("incoming"))
    black.event("Cdr")
    white.event("Hangup")
    heard = {message["Event"] for message in black.events()}
    assert {"Newchannel", "Hangup"} <= heard
    assert not heard & {"VarSet", "DeviceStateChange", "ExtensionStatus"}
    assert [message["Event"] for message in white.events()[1:]] == ["VarSet", "Hangup"]


def test_filter_that_does_not_compile_is_refused(ami: Ami) -> None:
    assert "did not compile" in ami.act("Filter", Operation="Add", Filter="(")["Message"]
    assert ami.act("Filter", Operation="Drop", Filter="x")["Message"] == "Unknown operation"


def test_filters_of_the_account_count_from_the_login(make_pbx: MakePbx, connect: Connect) -> None:
    pbx = make_pbx(JumpClock(), users=(AmiUser("crm", "s", filters=("^Event: Cdr",)),))
    client = connect(pbx)
    client.login("crm", "s")
    pbx.play(Situation("incoming"))
    client.event("Cdr")
    assert [message["Event"] for message in client.events()] == ["FullyBooted", "Cdr"]


def test_list_commands_names_what_the_account_may_do(make_pbx: MakePbx, connect: Connect) -> None:
    client = connect(make_pbx(users=(MINIMUM,)))
    client.login("crm", "s")
    answer = client.act("ListCommands")
    assert "Originate" in answer
    assert "Filter" not in answer


def test_secrets_are_not_kept_with_the_actions(pbx: SandboxPbx, ami: Ami) -> None:
    ami.act("Ping")
    assert [item.headers["action"] for item in pbx.actions] == ["Login", "Ping"]
    assert "sandbox-secret" not in str(list(pbx.actions))


def test_time_stamps_are_optional(make_pbx: MakePbx, connect: Connect) -> None:
    for stamped in (False, True):
        pbx = make_pbx(JumpClock(), timestamps=stamped)
        client = connect(pbx)
        client.login()
        pbx.play(Situation("missed"))
        assert ("Timestamp" in client.event("Hangup")) is stamped


def test_values_are_utf_8(make_pbx: MakePbx, connect: Connect) -> None:
    pbx = make_pbx(JumpClock())
    client = connect(pbx)
    client.login()
    pbx.play(Situation("incoming", name="Иван Кузнецов"))
    assert client.event("Newchannel")["CallerIDName"] == "Иван Кузнецов"


def test_an_endless_action_does_not_fill_the_memory(ami: Ami) -> None:
    ami.write(b"Action: Ping\r\nX: " + b"x" * 200_000 + b"\r\n\r\n")
    assert ami.act("Ping")["Ping"] == "Pong"
