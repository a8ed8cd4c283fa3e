# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager user in Asterisk's own files: only our lines are touched, whatever else stands there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from installer import manager
from installer.words import Refused

OTHERS = "; mine\n[admin]\nsecret = x\n\n[phone]\nsecret = y ; Привет\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "manager_custom.conf"
    path.write_text(OTHERS)
    path.chmod(0o640)
    return path


def test_section_is_added_behind_what_is_there(file: Path) -> None:
    manager.write(file, "itgrix", "s1")
    text = file.read_text()
    assert text.startswith(OTHERS.rstrip())
    assert "\n[itgrix]\nsecret = s1\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255\n" in text
    assert manager.known_secret(file, "itgrix") == "s1"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_writing_again_replaces_our_section_only(file: Path) -> None:
    manager.write(file, "itgrix", "s1")
    once = file.read_text()
    manager.write(file, "itgrix", "s1")
    assert file.read_text() == once
    file.write_text(once + "\n[later]\nsecret = z\n")
    manager.write(file, "itgrix", "s2")
    assert file.read_text().count("[itgrix]") == 1
    assert manager.known_secret(file, "itgrix") == "s2"
    assert "[later]\nsecret = z" in file.read_text()


def test_two_instances_have_two_sections(file: Path) -> None:
    manager.write(file, "itgrix", "s1")
    manager.write(file, "itgrix-two", "s2")
    assert manager.remove(file, "itgrix")
    assert (manager.known_secret(file, "itgrix"), manager.known_secret(file, "itgrix-two")) == ("", "s2")


def test_removing_leaves_the_file_as_it_was(file: Path) -> None:
    manager.write(file, "itgrix", "s1")
    assert manager.remove(file, "itgrix")
    assert file.read_text() == OTHERS
    assert not manager.remove(file, "itgrix")
    assert file.read_text() == OTHERS


def test_a_user_of_somebody_else_with_our_name_is_not_touched(file: Path) -> None:
    file.write_text(OTHERS + "[itgrix]\nsecret = theirs\n")
    with pytest.raises(Refused, match="not ours"):
        manager.write(file, "itgrix", "s1")
    assert "theirs" in file.read_text()


def test_names_that_would_break_the_file_are_refused(file: Path) -> None:
    for name in ("x]\n[evil", "Ü", "", "a" * 40):
        with pytest.raises(Refused):
            manager.write(file, name, "s")
    assert file.read_text() == OTHERS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[general]\n#include manager_additional.conf\n#include manager_custom.conf\n", "manager_custom.conf"),
        ("[general]\nenabled = yes\n#tryinclude manager_custom.conf\n", "manager_custom.conf"),
        ('[general]\n#include "manager.d/*.conf"\n', "manager.d/itgrix.conf"),
        ("[general]\n;#include manager_custom.conf\n", "manager.conf"),
    ],
)
def test_the_file_that_asterisk_reads_is_chosen(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "manager.conf").write_text(text)
    assert manager.file_for(tmp_path) == tmp_path / expected


def test_without_asterisk_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is Asterisk on this machine"):
        manager.file_for(tmp_path)


def test_a_file_of_our_own_goes_with_its_section(tmp_path: Path) -> None:
    file = tmp_path / "manager.d" / "itgrix.conf"
    file.parent.mkdir()
    manager.write(file, "itgrix", "s")
    assert file.read_text().startswith("; >>> itgrix")
    assert manager.remove(file, "itgrix")
    assert not file.exists()
