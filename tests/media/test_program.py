# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that hang, flood, crash or leave children never hold us up and never outlive us."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.media.program import Program, Watch
from tests.media.conftest import Only


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def test_what_is_written_is_what_is_read(only: Only, tmp_path: Path) -> None:
    script = str(only(cat="exec /bin/cat") / "cat")
    data = os.urandom(300_000)
    (tmp_path / "in").write_bytes(data)
    with (tmp_path / "in").open("rb") as file, Program([script], Watch(20), source=file, reads=True) as program:
        got = b"".join(iter(program.read, b""))
        assert program.finish() == 0
    assert got == data


def test_flood_of_words_does_not_stop_the_work_and_only_its_end_is_kept(only: Only) -> None:
    flood = "i=0; while [ $i -lt 20000 ]; do echo noise noise noise $i >&2; i=$((i+1)); done"
    script = str(only(loud=f"{flood}; /bin/cat > /dev/null; echo 'the end' >&2; exit 3") / "loud")
    with Program([script], Watch(60)) as program:
        assert program.write(bytes(500_000))
        assert program.finish() == 3
    assert program.said.endswith("the end")
    assert len(program.said) <= 300


def test_words_for_people_hold_no_control_characters(only: Only) -> None:
    script = str(only(rude="printf 'one\\033[2J\\r\\ntwo\\001' >&2; exit 1") / "rude")
    with Program([script], Watch(20)) as program:
        assert program.finish() == 1
    assert program.said == "one?[2J? | two?"


def test_program_that_stops_reading_takes_no_more(only: Only) -> None:
    script = str(only(lazy="exit 4") / "lazy")
    with Program([script], Watch(20)) as program:
        assert not program.write(bytes(1_000_000))
        assert program.finish() == 4


@pytest.mark.parametrize(
    "text", ["exec /bin/sleep 600", "exec 2>&-; exec /bin/sleep 600", "exec 0<&- 2>&-; /bin/sleep 600"]
)
def test_program_that_hangs_ends_with_its_time(only: Only, text: str) -> None:
    script = str(only(hang=text) / "hang")
    with pytest.raises(Temporary) as caught, Program([script], Watch(5, clock=count().__next__)) as program:
        program.finish()
    assert caught.value.code == "encoder_timeout"
    assert program.finish() < 0


def test_full_pipe_to_a_program_that_hangs_ends_with_its_time(only: Only) -> None:
    script = str(only(hang="exec /bin/sleep 600") / "hang")
    with pytest.raises(Temporary) as caught, Program([script], Watch(5, clock=count().__next__)) as program:
        program.write(bytes(1_000_000))
    assert caught.value.code == "encoder_timeout"


def test_stop_kills_the_program_and_its_children(only: Only, tmp_path: Path) -> None:
    mark = tmp_path / "child"
    script = str(only(hang=f"/bin/sleep 600 & echo $! > {mark}.new; /bin/mv {mark}.new {mark}; wait") / "hang")
    stop = threading.Event()

    def stopping() -> None:
        within(20, mark.exists)
        stop.set()

    thread = threading.Thread(target=stopping)
    thread.start()
    with pytest.raises(Temporary) as caught, Program([script], Watch(60, stop)) as program:
        program.finish()
    thread.join()
    assert caught.value.code == "stopped"
    assert within(10, lambda: is_gone(int(mark.read_text())))


def test_fault_of_ours_kills_the_program(only: Only) -> None:
    script = str(only(hang="exec /bin/sleep 600") / "hang")
    with pytest.raises(ZeroDivisionError), Program([script], Watch(60)) as program:
        raise ZeroDivisionError
    assert program.finish() == -9


def test_program_works_nicely_apart_from_our_group_and_with_little_of_our_environment(
    only: Only, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITGRIX_DATABASE_URL", "mysql+pymysql://secret")
    out = tmp_path / "out"
    # reads a line first, so that its priority is set by then
    script = str(
        only(tell=f"read line; /usr/bin/nice > {out}; /usr/bin/env >> {out}; pwd >> {out}; echo $$ >> {out}") / "tell"
    )
    with Program([script], Watch(20)) as program:
        program.write(b"go\n")
        assert program.finish() == 0
    told = out.read_text()
    assert told.startswith("10\n")
    assert "secret" not in told
    assert "\n/\n" in told


def test_file_that_is_no_program_is_a_failure_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "lame").write_text("text")
    (tmp_path / "lame").chmod(0o755)
    for argv in ([str(tmp_path / "lame")], [str(tmp_path / "gone")]):
        with pytest.raises(Permanent) as caught, Program(argv, Watch(20)):
            pass
        assert caught.value.code == "encoder_failed"
        assert Path(argv[0]).name in caught.value.text
