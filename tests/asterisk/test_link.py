# SPDX-License-Identifier: GPL-3.0-or-later
"""The link against a scripted manager: snapshot first, live events after it, healing, state, one line each way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import NoReturn

import pytest

from itgrix_module.asterisk.connection import LinkFault, NotAllowed
from itgrix_module.asterisk.link import LinkSettings
from itgrix_module.asterisk.link_state import pause
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.snapshot import Snapshot
from tests.asterisk.link_rig import Rig, names
from tests.asterisk.support import wait_for
from tests.fakes.ami_server import Action, AmiServer, Session, block

CHANNEL = {"Channel": "PJSIP/101-00000001", "Uniqueid": "1795220673.1", "Duration": "00:00:07"}


@pytest.fixture
def ami() -> Iterator[AmiServer]:
    with AmiServer() as server:
        yield server


@pytest.fixture
def rig(ami: AmiServer) -> Iterator[Rig]:
    rig = Rig(ami)
    yield rig
    rig.link.stop()


def test_first_delivery_is_a_snapshot_then_live_events_follow(rig: Rig) -> None:
    rig.ami.lists["CoreShowChannels"] = [CHANNEL]
    rig.link.start()
    rig.wait_for_phase("up")
    rig.ami.event("Hangup", Uniqueid="1795220673.1")
    taken = rig.take_until("Hangup")
    assert names(taken) == ["snapshot", "FullyBooted", "Hangup"]
    snapshot = taken[0]
    assert isinstance(snapshot, Snapshot)
    assert [(row.uniqueid, row.duration) for row in snapshot.channels] == [("1795220673.1", 7)]
    assert snapshot.booted_at == rig.pace.now - 60
    assert snapshot.lost_at is None


def test_events_during_the_snapshot_come_after_it_in_order(rig: Rig) -> None:
    live = [block("Event", "Newchannel", [("Uniqueid", f"1.{number}")]) for number in range(5)]
    rig.ami.on("CoreShowChannels", lambda session, action: session.listing(action, [CHANNEL], live))
    rig.link.start()
    rig.wait_for_phase("up")
    rig.ami.event("Hangup")
    taken = rig.take_until("Hangup")
    assert names(taken) == ["snapshot", "FullyBooted", *["Newchannel"] * 5, "Hangup"]
    assert [one.get("Uniqueid") for one in taken[2:-1] if isinstance(one, Message)] == [f"1.{n}" for n in range(5)]


def test_state_tells_versions_filter_and_latency(rig: Rig) -> None:
    rig.link.start()
    rig.wait_for_phase("up")
    wait_for(lambda: rig.link.state.latency is not None)
    state = rig.link.state
    assert (state.asterisk_version, state.protocol_version) == ("16.28.0", "5.0.4")
    assert (state.filtered, state.dialplan, state.missing, state.since) == (True, True, (), rig.pace.now)
    assert "s3cret" not in repr(rig.link._settings)


def test_login_asks_for_few_classes_and_takes_dialplan_only_behind_the_filter(rig: Rig) -> None:
    rig.link.start()
    rig.wait_for_phase("up")
    order = [action.name for action in rig.ami.actions]
    assert rig.ami.seen("Login")[0].get("Events") == "call,cdr,agent,system,user"
    assert rig.ami.seen("Events")[0].get("EventMask") == "call,cdr,agent,system,user,dialplan"
    assert max(n for n, name in enumerate(order) if name == "Filter") < order.index("Events")


def test_without_the_right_to_filter_the_link_works_without_dialplan(rig: Rig) -> None:
    rig.ami.denied.add("Filter")
    rig.link.start()
    rig.wait_for_phase("up")
    assert (rig.link.state.filtered, rig.link.state.dialplan) == (False, False)
    assert not rig.ami.seen("Events")


def test_missing_rights_are_named_and_leave_the_channels_unknown(rig: Rig) -> None:
    rig.ami.denied |= {"CoreShowChannels", "Status", "CoreStatus"}
    rig.link.start()
    snapshot = rig.take()
    assert isinstance(snapshot, Snapshot)
    assert not snapshot.channels_known
    rig.wait_for_phase("up")
    assert rig.link.state.missing == ("CoreStatus", "CoreShowChannels", "Status")


def test_account_without_system_class_gets_no_fully_booted_and_still_comes_up(ami: AmiServer) -> None:
    ami.booted = False
    rig = Rig(ami, boot_wait=0.05)
    with rig.link:
        rig.wait_for_phase("up")
        assert isinstance(rig.take(), Snapshot)


def test_asterisk_that_boots_later_is_asked_again(ami: AmiServer) -> None:
    ami.booted = False
    rig = Rig(ami, boot_wait=0.05)
    with rig.link:
        rig.wait_for_phase("up")
        rig.take()
        ami.event("FullyBooted", Uptime=0)
        assert names([rig.take(), rig.take()]) in (["FullyBooted", "snapshot"], ["snapshot", "FullyBooted"])


def test_loss_heals_with_a_new_snapshot_that_knows_when_the_gap_began(rig: Rig) -> None:
    rig.link.start()
    rig.wait_for_phase("up")
    rig.ami.event("Newchannel", Timestamp="1795220100.5")
    rig.take_until("Newchannel")
    rig.ami.lists["CoreShowChannels"] = [CHANNEL]
    rig.ami.drop_all()
    snapshot = rig.take()
    assert isinstance(snapshot, Snapshot)
    assert snapshot.lost_at == 1795220100.5
    assert len(snapshot.channels) == 1


def test_answered_ping_is_a_sign_of_life_before_the_gap(rig: Rig) -> None:
    rig.link.start()
    rig.wait_for_phase("up")
    rig.take_until("FullyBooted")
    rig.pace.now += 500
    answered = len(rig.ami.seen("Ping"))
    rig.ami.wait_for(lambda: len(rig.ami.seen("Ping")) > answered + 1)
    rig.ami.muted.add("Ping")
    muted = len(rig.ami.seen("Ping"))
    rig.ami.wait_for(lambda: len(rig.ami.seen("Ping")) > muted)  # so the one before was answered and noted
    rig.pace.now += 100
    rig.ami.drop_all()
    snapshot = rig.take()
    assert isinstance(snapshot, Snapshot)
    assert snapshot.lost_at == 1795220500.0


def test_restart_of_asterisk_shows_in_the_snapshots(rig: Rig) -> None:
    rig.link.start()
    before = rig.take()
    rig.wait_for_phase("up")
    rig.ami.startup = ("2026-11-21", "01:00:00")
    rig.ami.drop_all()
    after = wait_for(lambda: next((one for one in [rig.take()] if isinstance(one, Snapshot)), None))
    assert isinstance(before, Snapshot)
    assert before.startup != after.startup == "2026-11-21T01:00:00"


def test_silent_peer_is_noticed_by_two_missed_pings(ami: AmiServer) -> None:
    rig = Rig(ami, ping_timeout=0.05)
    with rig.link:
        rig.wait_for_phase("up")
        ami.muted.add("Ping")
        ami.wait_for(lambda: len(ami.seen("Login")) >= 2)
        ami.muted.clear()
        rig.wait_for_phase("up")
    assert len(ami.seen("Ping")) >= 2


def test_one_missed_ping_is_forgiven(ami: AmiServer) -> None:
    rig = Rig(ami, ping_timeout=1.0)
    skipped: list[Action] = []

    def first_missed(session: Session, action: Action) -> None:
        if skipped:
            session.respond(action, Ping="Pong")
        skipped.append(action)

    ami.on("Ping", first_missed)
    with rig.link:
        ami.wait_for(lambda: len(skipped) > 5)
    assert len(ami.seen("Login")) == 1


def test_one_line_when_down_and_one_when_back(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "itgrix.asterisk")
    rig.link.start()
    rig.wait_for_phase("up")
    rig.ami.on("Login", lambda session, _: session.drop())
    rig.ami.drop_all()
    rig.ami.wait_for(lambda: len(rig.ami.seen("Login")) > 4)
    assert rig.link.state.phase == "down"
    assert rig.link.state.reason
    rig.ami.on("Login", rig.ami._do_login)
    rig.wait_for_phase("up")
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert [part for line, part in zip(lines, ("is up", "is down", "is back"), strict=True) if part in line] == [
        "is up",
        "is down",
        "is back",
    ]
    assert rig.link.state.reason == ""


def test_wrong_secret_is_tried_slowly_and_heals_when_it_is_mended(rig: Rig) -> None:
    rig.ami.secret = "another"
    rig.link.start()
    rig.wait_for_phase("refused")
    state = rig.link.state
    assert (state.code, bool(state.hint)) == ("auth", True)
    rig.ami.wait_for(lambda: len(rig.ami.seen("Login")) > 1)
    pauses = [seconds for seconds in rig.pace.waits if seconds not in (3.0, 10.0)]
    assert pauses
    assert min(pauses) >= 30.0
    rig.ami.secret = "s3cret"
    rig.wait_for_phase("up")


def test_refused_link_answers_actions_at_once_without_bothering_the_pbx(rig: Rig) -> None:
    rig.ami.secret = "another"
    rig.link.start()
    rig.wait_for_phase("refused")
    logins = len(rig.ami.sessions)
    with pytest.raises(NotAllowed) as refused:
        rig.link.action("Ping")
    assert refused.value.code == "auth"
    assert not rig.ami.seen("Ping")
    assert len(rig.ami.sessions) - logins <= 1


def test_unreachable_pbx_is_down_not_refused(ami: AmiServer) -> None:
    rig = Rig(ami)
    ami.refuse()
    with rig.link:
        rig.wait_for_phase("down")
        assert rig.link.state.code == "refused"
        with pytest.raises(LinkFault):
            rig.link.action("Ping")


def test_back_off_grows_with_full_jitter_and_is_bounded() -> None:
    settings = LinkSettings()
    highest = [pause(settings, failures, refused=False, draw=lambda: 1.0) for failures in range(1, 12)]
    assert highest[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(highest) == highest[-1] == 30.0
    assert pause(settings, 10**6, refused=False, draw=lambda: 0.5) == 15.0
    assert pause(settings, 5, refused=False, draw=lambda: 0.0) == 0.0
    assert pause(settings, 1, refused=True, draw=lambda: 0.0) == 30.0


def test_back_off_starts_anew_after_a_stable_connection(rig: Rig) -> None:
    rig.ami.on("Login", lambda session, _: session.drop())
    rig.link.start()
    rig.ami.wait_for(lambda: len(rig.ami.seen("Login")) > 4)
    rig.ami.on("Login", rig.ami._do_login)
    rig.wait_for_phase("up")
    assert max(seconds for seconds in rig.pace.waits if seconds != 10.0) >= 2.0
    rig.pace.now += LinkSettings().stable_after
    rig.pace.waits.clear()
    rig.ami.drop_all()
    wait_for(lambda: [seconds for seconds in rig.pace.waits if seconds != 10.0])
    assert next(seconds for seconds in rig.pace.waits if seconds != 10.0) == 0.25


def test_full_queue_drops_unneeded_events_and_counts_them(ami: AmiServer) -> None:
    rig = Rig(ami, size=4)
    with rig.link:
        rig.wait_for_phase("up")
        for _ in range(10):
            ami.event("FutureEvent")
        wait_for(lambda: rig.link.intake.received == 11)
        assert rig.link.intake.noise_dropped == 8
        assert rig.link.intake.needed_dropped == 0
        assert len(ami.seen("CoreShowChannels")) == 1


def test_full_queue_that_loses_a_needed_event_asks_for_a_snapshot(ami: AmiServer) -> None:
    rig = Rig(ami, size=4)
    with rig.link:
        rig.wait_for_phase("up")
        for _ in range(10):
            ami.event("Hangup")
        wait_for(lambda: rig.link.intake.received == 11)
        assert rig.link.intake.needed_dropped == 8
        assert len(ami.seen("CoreShowChannels")) == 1  # not before there is room
        taken = [rig.take() for _ in range(5)]
    assert names(taken) == ["snapshot", "FullyBooted", "Hangup", "Hangup", "snapshot"]


def test_reader_is_not_blocked_while_the_snapshot_waits_for_room(ami: AmiServer) -> None:
    rig = Rig(ami, size=1)
    rig.inbox.put(Message({"Event": "Old"}))
    with rig.link:
        ami.wait_for(lambda: ami.seen("ParkedCalls"))
        for _ in range(3):
            ami.event("Hangup")
        wait_for(lambda: rig.link.intake.received == 4)
        rig.take()
        assert names([rig.take()]) == ["snapshot"]


def test_snapshot_on_request(rig: Rig) -> None:
    rig.link.start()
    rig.wait_for_phase("up")
    rig.link.request_resync()
    rig.ami.wait_for(lambda: len(rig.ami.seen("CoreShowChannels")) == 2)
    taken = [rig.take() for _ in range(3)]
    assert names(taken) == ["snapshot", "FullyBooted", "snapshot"]
    assert len(rig.ami.seen("Login")) == 1


def test_loss_during_the_snapshot_still_delivers_what_was_heard(rig: Rig) -> None:
    def die(session: Session, action: Action) -> None:
        session.event("Hangup")
        session.drop()

    rig.ami.on("Status", die)
    rig.link.start()
    assert names(rig.take_until("Hangup")) == ["FullyBooted", "Hangup"]
    rig.ami.on("Status", lambda session, action: session.listing(action, []))
    rig.wait_for_phase("up")


def is_asked(ami: AmiServer, muted: str) -> bool:
    return muted == "none" or bool(ami.seen(muted))


def test_stop_ends_the_thread_at_once_in_every_phase(ami: AmiServer) -> None:
    for muted in ("Login", "CoreShowChannels", "Ping", "none"):
        ami.muted = {muted}
        rig = Rig(ami, ping_timeout=30.0, resync_timeout=30.0)
        rig.link.start()
        ami.wait_for(partial(is_asked, ami, muted))
        rig.link.stop(timeout=5.0)
        assert not rig.link._thread.is_alive()
        assert rig.link.state.reason == "stopped"
        ami.actions.clear()


def test_bug_in_our_own_code_is_logged_and_the_link_heals(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def poisoned(*_: object) -> NoReturn:
        calls.append(1)
        raise RuntimeError("poison")

    monkeypatch.setattr("itgrix_module.asterisk.link.narrow", poisoned)
    rig.link.start()
    wait_for(lambda: len(calls) > 1)
    assert rig.link.state.code == "internal"
    monkeypatch.undo()
    rig.wait_for_phase("up")
