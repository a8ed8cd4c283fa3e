# SPDX-License-Identifier: GPL-3.0-or-later
"""The rig itself: what the phones say happened is what Asterisk's bridges, files and call records say."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.links import LoopThread
from itgrix_module.sandbox.rig.manager import AmiError, Manager
from itgrix_module.sandbox.rig.pbx import PbxError, RealPbx, remove_orphans, runs
from itgrix_module.sandbox.rig.play_click import click_to_call
from itgrix_module.sandbox.rig.rig import Played, Rig, Situation
from itgrix_module.sandbox.rig.rootfs import Version
from itgrix_module.sandbox.rig.situations import ALL, BY_NAME
from itgrix_module.sandbox.rig.truth import Truth
from itgrix_module.sandbox.rig.witness import Witness

pytestmark = pytest.mark.live

Evenings = dict[Version, dict[str, Played]]

CLOCKS = 0.6  # seconds that the phones' clocks and the arrival of events may differ on a busy machine
STATUS = {"busy": "BUSY", "cancelled": "CANCEL", "declined": "NOANSWER", "failed": "NOANSWER", "no_answer": "NOANSWER"}


@pytest.mark.parametrize("situation", ALL, ids=lambda situation: situation.name)
def test_truth_agrees_with_the_bridges(situation: Situation, version: Version, rig: Rig, played: Evenings) -> None:
    calls = played[version][situation.name].calls()
    assert calls
    for truth in calls:
        assert_seen(truth, rig)
        assert_recorded(truth)


def assert_seen(truth: Truth, rig: Rig) -> None:
    seen = rig.seen(truth)
    told = (truth.direction, truth.trunk, truth.did, truth.answered_by, truth.last_talker, truth.rang)
    assert told == (seen.direction, seen.trunk, seen.did, seen.answered_by, seen.last_talker, seen.rang)
    assert truth.wait == pytest.approx(seen.wait, abs=CLOCKS)
    assert truth.talk == pytest.approx(seen.talk, abs=CLOCKS)
    if truth.outcome == "answered":
        assert seen.talk > 0
    elif truth.direction == "outgoing":
        assert STATUS[truth.outcome] in seen.dial_statuses


def assert_recorded(truth: Truth) -> None:
    sound = sum(recording.seconds for recording in truth.recordings)
    if truth.sound is None:
        assert sound > 0
    else:
        assert sound == pytest.approx(truth.sound, abs=CLOCKS)
    assert all(recording.path.is_file() for recording in truth.recordings)


def test_click_in_the_crm_rings_the_employee_and_then_the_client(pbx: RealPbx, rig: Rig) -> None:
    def click(extension: str, number: str) -> None:
        with Manager(pbx.ami) as link:
            link.ask(
                "Originate",
                Channel=f"Local/{extension}@from-internal",
                Context="from-internal",
                Exten=number,
                Priority="1",
                CallerID=number,
                Async="true",
            )

    for done in rig.play(*click_to_call(click)).values():
        for truth in done.calls():
            seen = rig.seen(truth)
            assert (seen.direction, seen.answered_by) == ("outgoing", truth.answered_by)
            assert truth.talk == pytest.approx(seen.talk, abs=CLOCKS)
            assert truth.wait == pytest.approx(seen.wait, abs=CLOCKS)


def test_every_call_is_in_the_call_records(version: Version, pbx: RealPbx, played: Evenings) -> None:
    rows = records(pbx, "SELECT linkedid, did FROM cdr")
    events = {linkedid for (linkedid,) in records(pbx, "SELECT linkedid FROM cel")}
    for name, done in played[version].items():
        if name == "pbx_killed":  # the dead write no records
            continue
        for truth in done.calls():
            did = "" if truth.did in (None, plan.UNROUTED_DID) else truth.did
            assert (truth.linkedid, did) in rows, truth
            assert truth.linkedid in events


def records(pbx: RealPbx, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(pbx.cdr_url.removeprefix("sqlite:///"))) as database:
        return database.execute(query).fetchall()


def test_the_products_ami_user_may_do_no_more_than_it_needs(pbx: RealPbx) -> None:
    with Manager(pbx.ami) as link:
        assert link.ask("CoreSettings")["AsteriskVersion"].startswith(pbx.version)
        with pytest.raises(AmiError, match="Permission denied"):
            link.ask("Command", Command="core show channels")


def test_a_cut_ami_link_drops_and_refuses_until_it_is_healed(pbx: RealPbx) -> None:
    with Manager(pbx.ami) as link:
        assert pbx.ami_users >= 1
        pbx.cut_ami()
        link.until_closed()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((pbx.ami.host, pbx.ami.port)).close()
    pbx.heal_ami()
    with Manager(pbx.ami) as link:
        assert link.ask("Ping")["Response"] == "Success"


def test_a_cut_is_over_when_the_product_is_back_and_hides_what_happened_in_it(pbx: RealPbx, rig: Rig) -> None:
    product = Witness(pbx.ami)
    thread = LoopThread("product")
    try:
        watching = thread.run(start_to_watch(product))
        around, inside = (BY_NAME[name] for name in ("ami_cut_in_talk", "ami_cut_around_a_call"))
        done = rig.play(around, inside)
        assert not watching.done()
        assert pbx.ami_users >= 1
    finally:
        thread.close()
    (survivor,), (hidden,) = done[around.name].calls(), done[inside.name].calls()
    assert product.linkedid(survivor) == survivor.linkedid
    assert product.linkedid(hidden) is None


async def start_to_watch(witness: Witness) -> asyncio.Task[None]:
    task = asyncio.create_task(witness.watch())
    await witness.watching.wait()
    return task


def test_console_commands_are_answered(pbx: RealPbx) -> None:
    assert pbx.command("core show version").startswith(f"Asterisk {pbx.version}.")
    assert "0 active channels" in pbx.command("core show channels")


def threads_of_rigs() -> int:
    """The product, which runs beside them for the whole session, has threads of its own that come and go."""
    return sum(thread.name.startswith("rig-") for thread in threading.enumerate())


ORPHAN = """
import os, pathlib, sys
from itgrix_module.sandbox.rig.pbx import PbxError, RealPbx, remove_orphans, runs
pbx = RealPbx("22", pathlib.Path(sys.argv[1]))
pbx.start()
print(pbx.folders.outer, (pbx.folders.outer / "run" / "pid").read_text(), flush=True)
os._exit(1)
"""


def test_an_asterisk_whose_session_died_is_ended_by_the_next_one(tmp_path: Path, pbx22: RealPbx) -> None:
    died = subprocess.run([sys.executable, "-c", ORPHAN, tmp_path], capture_output=True, text=True, check=False)
    folder, pid = died.stdout.split()
    assert Path("/proc", pid, "root").resolve() == pbx22.root
    remove_orphans(pbx22.root)
    assert not Path(folder).exists()
    assert not runs(int(pid))
    assert pbx22.running


def test_an_asterisk_that_does_not_boot_is_an_error_with_its_log_and_leaves_nothing(tmp_path: Path) -> None:
    threads = threads_of_rigs()
    pbx = RealPbx("22", tmp_path)
    config = pbx.folders.outer / "etc" / "asterisk.conf"
    config.write_text(config.read_text().replace("astmoddir => ", "astmoddir => /nowhere"))
    with pytest.raises(PbxError, match="has not booted"), pbx:
        pass
    assert not pbx.folders.outer.exists()
    assert threads_of_rigs() == threads


def test_nothing_is_left_when_it_closes(tmp_path: Path) -> None:
    threads = threads_of_rigs()
    with RealPbx("22", tmp_path) as pbx, Rig(pbx):
        pid = int((pbx.folders.outer / "run" / "pid").read_text())
    assert not runs(pid)
    assert not pbx.folders.outer.exists()
    assert threads_of_rigs() == threads
    assert (tmp_path / "asterisk-22" / "log" / "full").stat().st_size
