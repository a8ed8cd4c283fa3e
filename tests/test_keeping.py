# SPDX-License-Identifier: GPL-3.0-or-later
"""Our copies of recordings on the disk: whole, private, and gone in time."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from itgrix_module.app.ports import CallRow
from itgrix_module.domain.failures import Temporary
from itgrix_module.keeping import IN_USE, LEFTOVER, RESERVE, Keeping, Note

START = 1_795_220_673.0  # 21 November 2026, UTC
DAY = 86_400.0
CALL = CallRow("pbx1", "1795220673.502", "incoming", "ended", started=START, ended=START + 60)
NOTE = Note("pbx1", "1795220673.502", START, ("/monitor/x.wav",), made_at=START)
LINKED = replace(NOTE, linked_until=START + 365 * DAY)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "work.mp3"
    path.write_bytes(b"mp3" * 1000)
    return path


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    (tmp_path / "home").mkdir()
    return Keeping(tmp_path / "home" / "recordings", lambda _: 2 * RESERVE)


def gone(_: Note) -> bool:
    return False


def there(_: Note) -> bool:
    return True


@pytest.mark.parametrize("ours", [True, False])
def test_copy_lies_in_the_folder_of_its_month_and_belongs_to_nobody_else(
    keeping: Keeping, source: Path, ours: bool
) -> None:
    path = keeping.keep(CALL, source, NOTE, ours=ours)
    assert path.parts[-3:] == ("2026", "11", "pbx1-1795220673.502.mp3")
    assert keeping.find(CALL) == path
    assert path.read_bytes() == source.read_bytes()
    assert keeping.note(CALL) == NOTE
    files = [path, path.with_suffix(".json")]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (*path.parents,)[:3]] == [0o700] * 3
    assert not list(path.parent.glob("*.part"))


def test_file_of_the_pbx_is_left_as_it_is(keeping: Keeping, source: Path) -> None:
    source.chmod(0o644)
    keeping.keep(CALL, source, NOTE, ours=False)
    assert stat.S_IMODE(source.stat().st_mode) == 0o644
    assert source.stat().st_nlink == 1


def test_our_own_file_takes_no_second_room(keeping: Keeping, source: Path) -> None:
    assert keeping.keep(CALL, source, NOTE, ours=True).stat().st_ino == source.stat().st_ino


def test_copy_made_again_takes_the_place_of_the_old_one_for_new_listeners_only(keeping: Keeping, source: Path) -> None:
    with keeping.keep(CALL, source, NOTE, ours=False).open("rb") as listening:
        source.write_bytes(b"new")
        path = keeping.keep(CALL, source, NOTE, ours=False)
        assert (listening.read(3), path.read_bytes()) == (b"mp3", b"new")


def test_call_with_a_hostile_name_stays_in_the_folder(keeping: Keeping, source: Path, tmp_path: Path) -> None:
    call = replace(CALL, linkedid="../../../etc/passwd\n", node="..")
    path = keeping.keep(call, source, NOTE, ours=False)
    assert path.resolve().is_relative_to(tmp_path / "home" / "recordings" / "2026" / "11")


def test_last_of_the_disk_is_never_taken(tmp_path: Path, source: Path) -> None:
    keeping = Keeping(tmp_path, lambda _: RESERVE + source.stat().st_size - 1)
    with pytest.raises(Temporary) as caught:
        keeping.keep(CALL, source, NOTE, ours=True)
    assert caught.value.code == "disk_full"
    assert keeping.find(CALL) is None


def test_folder_that_cannot_be_written_is_said(tmp_path: Path, source: Path) -> None:
    (tmp_path / "recordings").write_text("a file in its place")
    with pytest.raises(Temporary) as caught:
        Keeping(tmp_path / "recordings").keep(CALL, source, NOTE, ours=True)
    assert caught.value.code == "work_folder"


@pytest.mark.parametrize(
    ("note", "days", "age", "can_be_made", "stays"),
    [
        (NOTE, 30, 29 * DAY, gone, True),
        (NOTE, 30, 31 * DAY, gone, False),
        (NOTE, 0, IN_USE - 1, there, True),
        (NOTE, 0, IN_USE + 1, there, False),
        # people's links lead to it
        (LINKED, 30, 31 * DAY, gone, True),
        (LINKED, 30, 31 * DAY, there, False),
        (LINKED, 0, 2 * DAY, gone, True),
        (LINKED, 30, 366 * DAY, gone, False),
    ],
)
def test_copy_goes_when_its_time_has_come(
    keeping: Keeping,
    source: Path,
    note: Note,
    days: int,
    age: float,
    can_be_made: Callable[[Note], bool],
    stays: bool,
) -> None:
    keeping.keep(CALL, source, note, ours=False)
    removed = keeping.prune(START + age, days, can_be_made)
    assert (keeping.find(CALL) is not None, removed) == (stays, 0 if stays else 1)


def test_what_somebody_listens_to_stays(keeping: Keeping, source: Path) -> None:
    path = keeping.keep(CALL, source, NOTE, ours=False)
    keeping.use(path, START + 40 * DAY)
    assert keeping.prune(START + 40 * DAY + 60, 30, there) == 0
    assert keeping.prune(START + 40 * DAY + IN_USE + 60, 30, there) == 1


def test_full_disk_takes_young_copies_the_oldest_first_until_there_is_room(tmp_path: Path, source: Path) -> None:
    full = {"left": 2}
    keeping = Keeping(tmp_path, lambda _: 2 * RESERVE)
    calls = [replace(CALL, linkedid=f"1.{number}", started=START + number) for number in range(4)]
    for call in calls:
        note = replace(NOTE, linkedid=call.linkedid, made_at=call.started, linked_until=LINKED.linked_until)
        keeping.keep(call, source, note, ours=False)

    def made_room(_: Path) -> int:
        return RESERVE - 1 if keeping.find(calls[1]) else RESERVE + 1

    keeping._free = made_room
    assert keeping.prune(START + DAY, 30, there) == full["left"]
    assert [keeping.find(call) is not None for call in calls] == [False, False, True, True]
    keeping._free = lambda _: 0
    assert keeping.prune(START + DAY, 30, gone) == 0  # links would lead nowhere


def test_leftovers_of_a_crash_go_and_what_is_under_way_stays(keeping: Keeping, source: Path) -> None:
    path = keeping.keep(CALL, source, NOTE, ours=False)
    leftovers = [path.parent / name for name in ("copy-x.part", "lone.mp3", "lone2.json")]
    for file in leftovers:
        file.write_bytes(b"x")
        os.utime(file, (START, START))
    keeping.prune(START + LEFTOVER - 1, 30, gone)
    assert all(file.exists() for file in leftovers)
    keeping.prune(START + LEFTOVER + 1, 30, gone)
    assert not any(file.exists() for file in leftovers)
    assert keeping.find(CALL) == path


def test_folders_of_months_without_copies_go(keeping: Keeping, source: Path) -> None:
    path = keeping.keep(CALL, source, NOTE, ours=False)
    keeping.prune(START + 31 * DAY, 30, gone)
    assert not path.parent.exists()
    keeping.keep(CALL, source, NOTE, ours=False)
    keeping.remove(CALL)
    assert keeping.find(CALL) is None
    assert keeping.note(CALL) is None


def test_pruning_nothing_is_no_fault(tmp_path: Path) -> None:
    assert Keeping(tmp_path / "never made").prune(START, 30, gone) == 0


def test_damaged_note_counts_as_none(keeping: Keeping, source: Path) -> None:
    path = keeping.keep(CALL, source, NOTE, ours=False)
    path.with_suffix(".json").write_text("{")
    assert keeping.note(CALL) is None
    assert keeping.prune(START + DAY, 30, gone) == 0
