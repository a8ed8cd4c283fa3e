# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file is the script of a customization, and which files are not trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from itgrix_module.hooks import find as finding
from itgrix_module.hooks.faults import HookFault
from itgrix_module.hooks.find import candidates, find
from tests.hooks.bench import NAME, YES, Folder

STRANGER = 54321
as_root = pytest.mark.usefixtures("root")


def problem(folder: Folder, name: str = NAME) -> str:
    with pytest.raises(HookFault) as caught:
        find(folder.path, name)
    assert YES not in str(caught.value)
    # What is refused is never run, and the call goes on.
    assert str(caught.value) in folder.scripts.ask(name, {}).failure
    return str(caught.value)


def test_missing_folder_or_file_is_told(tmp_path: Path, folder: Folder) -> None:
    assert "there is no file need_registration" in problem(folder)
    assert candidates(tmp_path / "nowhere", NAME) == []


@pytest.mark.parametrize(
    "left",
    [f"{NAME}.php~", f"{NAME}.php.bak", f"{NAME}.bak", f"{NAME}.swp", f".{NAME}.sh.swp", f"{NAME}_old.sh", "x.sh"],
)
def test_left_overs_are_no_candidates(folder: Folder, left: str) -> None:
    folder.put(left, "exit 1")
    made = folder.shell(f"echo '{YES}'")
    assert candidates(folder.path, NAME) == [made]


def test_several_files_for_one_name_are_a_fault(folder: Folder) -> None:
    folder.shell("exit 0")
    folder.put(f"{NAME}.php", "")
    assert problem(folder) == f"there are several files for it ({NAME}.php, {NAME}.sh); leave one"


def test_folder_or_pipe_is_no_script(folder: Folder) -> None:
    (folder.path / f"{NAME}.sh").mkdir()
    assert "is not a regular file" in problem(folder)
    os.mkfifo(folder.path / "post_registration.sh")
    assert "is not a regular file" in problem(folder, "post_registration")


def test_link_to_a_script_elsewhere_is_followed(tmp_path: Path, folder: Folder) -> None:
    other = Folder(tmp_path / "checkout")
    target = other.put("filter.txt", f"echo '{YES}'")
    (folder.path / f"{NAME}.sh").symlink_to(target)
    assert folder.scripts.ask(NAME, {}).data == {"result": True}
    other.path.chmod(0o777)
    assert "checkout can be changed by anybody" in problem(folder)


def test_dead_link_and_ring_of_links_are_faults(folder: Folder) -> None:
    link = folder.path / f"{NAME}.sh"
    link.symlink_to(folder.path / "nothing")
    assert "cannot be read" in problem(folder)
    link.unlink()
    link.symlink_to(link)
    assert "cannot be read" in problem(folder)


@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_anybody_can_change_is_refused(folder: Folder, which: str) -> None:
    made = folder.shell("exit 0")
    (made if which == "file" else folder.path).chmod(0o757)
    assert "can be changed by anybody: chmod o-w" in problem(folder)


@as_root
@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_belongs_to_a_stranger_is_refused(folder: Folder, which: str) -> None:
    made = folder.shell("exit 0")
    os.chown(made if which == "file" else folder.path, STRANGER, -1)
    assert f"belongs to user {STRANGER}" in problem(folder)


@as_root
@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_a_strange_group_can_change_is_refused(folder: Folder, which: str) -> None:
    made = folder.shell(f"echo '{YES}'")
    chosen = made if which == "file" else folder.path
    os.chown(chosen, -1, STRANGER)
    chosen.chmod(0o775)
    assert "can be changed by a group that is not the service's own" in problem(folder)
    chosen.chmod(0o755)
    assert folder.scripts.ask(NAME, {}).data == {"result": True}


def test_own_group_may_change_scripts(folder: Folder) -> None:
    folder.path.chmod(0o775)
    folder.shell(f"echo '{YES}'").chmod(0o664)
    assert folder.scripts.ask(NAME, {}).data == {"result": True}


def test_php_that_is_not_installed_is_told(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder.path))
    folder.put(f"{NAME}.php", "<?php")
    assert "needs php, which is not installed: apt-get install php-cli" in problem(folder)


def test_search_path_is_never_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH")
    assert finding.search_path() == os.defpath
