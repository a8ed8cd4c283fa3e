# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that somebody names for a restore or for a backup: what is wrong with them is said, nothing is left."""

from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from itgrix_module import archives, backing
from itgrix_module.app import backups as rules
from itgrix_module.cli import main
from itgrix_module.domain.failures import Failure
from itgrix_module.path_faults import hint_at_home, hint_to_read, hint_to_write, who
from itgrix_module.restoring import restore
from tests.backups.installations import FURNISHED, home, looked, place_of

NOBODY = 65534


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A furnished installation, which the commands work on."""
    with home(tmp_path / "kept") as kept:
        kept.furnish()
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path / "kept"))
    monkeypatch.delenv("ITGRIX_DATABASE_URL", raising=False)
    return tmp_path / "kept"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def refusal(*words: str | Path) -> dict[str, str]:
    """Code, text and hint."""
    done = run(*words, "--json")
    assert done.exit_code == 1, done.output
    found = json.loads(done.output)["error"]
    assert isinstance(found, dict)
    return found


def all_files(folder: Path) -> dict[str, bytes]:
    """Without what SQLite keeps beside an open database."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("itgrix.db")
    }


@contextmanager
def nobody() -> Iterator[None]:
    """As a user without rights where this is root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def shut(archive: Path) -> Iterator[Path]:
    """An archive that nobody may read, in a folder that everybody may enter and nobody may write."""
    folder = Path(tempfile.mkdtemp())
    file = folder / "one.zip"
    shutil.copy(archive, file)
    file.chmod(0)
    folder.chmod(0o555)
    yield file
    folder.chmod(0o700)
    shutil.rmtree(folder)


def _tar(file: Path) -> None:
    with tarfile.open(file, "w") as out:
        out.add(__file__, "manifest.json")


def _foreign(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("[Content_Types].xml", "<Types/>")


def _newer(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as out:
        out.writestr(rules.MANIFEST, '{"format": 2}')


@pytest.mark.parametrize(
    ("make", "code", "text", "hint"),
    [
        (lambda file: None, "no_such_backup", "there is no file", "--list"),
        (lambda file: file.mkdir(), "backup_unreadable", "Is a directory", "name the file in it"),
        (lambda file: file.write_bytes(b""), "backup_broken", "is empty", "Copy it here once more"),
        (lambda file: file.write_text("hello"), "backup_broken", "no archive", "Take another one"),
        (lambda file: file.write_bytes(gzip.compress(b"x")), "backup_broken", "another kind", "FreePBX"),
        (_tar, "backup_broken", "another kind", "FreePBX"),
        (_foreign, "backup_broken", "none of ours", "Take another one"),
        (_newer, "backup_newer", "newer version", "Install that version first"),
    ],
)
def test_file_that_cannot_be_restored_is_refused_with_its_reason(
    at: Path, tmp_path: Path, make: Callable[[Path], object], code: str, text: str, hint: str
) -> None:
    file, before = tmp_path / "given.zip", all_files(at)
    make(file)
    for words in (("--check",), ("--yes",)):
        found = refusal("restore", file, *words)
        assert (found["code"], text in found["text"], hint in found["hint"]) == (code, True, True), found
    assert all_files(at) == before
    assert looked(place_of(at)) == FURNISHED


def test_archive_that_was_cut_off_on_its_way_is_to_be_copied_again(at: Path, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "half.zip").write_bytes(archive.read_bytes()[:5000])
    found = refusal("restore", tmp_path / "half.zip", "--yes")
    assert "its end is missing" in found["text"]
    assert "Copy it here once more" in found["hint"]


def test_file_that_is_none_leaves_not_even_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path / "new"))
    refusal("restore", tmp_path / "none.zip", "--yes")
    assert not (tmp_path / "new").exists()


def test_file_that_may_not_be_read_names_who_would_have_to(shut: Path) -> None:
    with nobody(), pytest.raises(Failure, match="cannot be read: Permission denied") as raised:
        archives.manifest(shut)
    with nobody():
        assert who() in raised.value.hint
    assert "disk" not in raised.value.hint


def test_command_says_so_too_and_not_how_it_is_used(shut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITGRIX_HOME", str(shut.parent / "home"))
    with nobody():
        found = refusal("restore", shut, "--yes")
        assert (found["code"], who() in found["hint"]) == ("backup_unreadable", True)


def test_backup_is_restored_by_the_name_that_the_list_shows(
    at: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("backup").exit_code == 0
    [made] = json.loads(run("backup", "--list", "--json").output)["backups"]
    assert run("restore", made["name"], "--check").exit_code == 0
    assert run("restore", f"./{made['name']}", "--check").exit_code == 0  # means the same to the program
    assert refusal("restore", tmp_path / made["name"], "--check")["code"] == "no_such_backup"


def test_customizations_that_cannot_be_replaced_are_known_before_the_data_are(archive: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path / "new")
    place.prepare()
    place.hooks.rmdir()
    place.hooks.symlink_to("/proc/self")  # nobody, root included, makes a file there
    with pytest.raises(Failure, match="hooks cannot be used"):
        restore(place, archive, keep_machine=False)
    assert not (place.home / "itgrix.db").exists()


def test_disk_that_fills_up_while_unpacking_is_no_fault_of_the_archive(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Failure, match="No space left") as raised:
        archives.unpack(archive, tmp_path, 10**9)
    assert (raised.value.code, raised.value.hint) == ("backup_work", "Free some space.")


def full(handle: int, content: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_is_here_is_not_replaced_while_it_cannot_be_saved(
    at: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("settings", "set", "dial.timeout", "11")
    monkeypatch.setattr(backing, "RESERVE", 2**60)
    found = refusal("restore", archive, "--yes")
    assert found["code"] == "backup_no_room"
    assert found["hint"].endswith("--unsaved.")
    assert "11" in run("settings", "get", "dial.timeout").output
    assert run("restore", archive, "--yes", "--unsaved").exit_code == 0
    assert "44" in run("settings", "get", "dial.timeout").output


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("none/one.zip", "backup_unwritable", "no such folder"),
        ("file/one.zip", "backup_unwritable", "no such folder"),
        ("x" * 300, "backup_unwritable", "shorter"),
        ("file", "file_exists", "another name"),
        ("dangling", "file_exists", "another name"),
    ],
)
def test_backup_to_a_place_that_cannot_be_is_refused_before_it_is_made(
    at: Path, tmp_path: Path, name: str, code: str, hint: str
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to("nowhere")
    before = all_files(tmp_path)
    found = refusal("backup", tmp_path / name)
    assert (found["code"], hint in found["hint"]) == (code, True), found
    assert all_files(tmp_path) == before


def test_backup_into_a_folder_gets_its_usual_name(at: Path, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    made = Path(json.loads(run("backup", tmp_path / "stick", "--json").output)["file"])
    assert made.parent == tmp_path / "stick"
    assert rules.read_name(made.name) is not None
    assert made.stat().st_mode & 0o777 == 0o600
    assert run("restore", made, "--check").exit_code == 0


def test_full_disk_keeps_the_backup_where_it_was_made_and_leaves_no_part(
    at: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", full)
    found = refusal("backup", tmp_path / "one.zip")
    assert "No space left" in found["text"]
    assert "Free some space there" in found["hint"]
    assert not (tmp_path / "one.zip").exists()
    [made] = (at / "backups").iterdir()
    assert str(made) in found["text"]


def test_customization_that_the_service_may_not_read_does_not_keep_the_backup_from_being_made(
    at: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with home(at) as kept:
        own = kept.core.place.hooks / "secret.sh"
        own.write_text("x")
        own.chmod(0)
        if os.geteuid() == 0:  # whom no mode keeps away
            monkeypatch.setattr(os, "access", lambda file, mode: Path(file) != own)
        made = kept.backups.make(rules.BY_HAND)
        assert list(archives.manifest(made).hooks) == ["post_registration.sh"]


@pytest.mark.parametrize(
    ("number", "read", "written", "at_home"),
    [
        (errno.EACCES, "as the user", "as the user", "to the user of the service"),
        (errno.EPERM, "as the user", "as the user", "to the user of the service"),
        (errno.ENOSPC, "disk", "Free some space", "Free some space"),
        (errno.EDQUOT, "disk", "Free some space", "Free some space"),
        (errno.EROFS, "disk", "read-only", "disk"),
        (errno.EIO, "disk", "disk", "disk"),
    ],
)
def test_hint_follows_what_the_system_answered(number: int, read: str, written: str, at_home: str) -> None:
    error = OSError(number, os.strerror(number))
    assert read in hint_to_read(error)
    assert written in hint_to_write(error)
    assert at_home in hint_at_home(error)
