# SPDX-License-Identifier: GPL-3.0-or-later
"""Our manager user in Asterisk's configuration: only where Asterisk looks for it, and nothing else is touched."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from itgrix_module.asterisk.account_file import file_for, write
from itgrix_module.asterisk.account_section import Section, new_secret
from itgrix_module.domain.failures import NeedsOwner

OURS = Section("itgrix", "s3cret")
INCLUDES = {
    "#include manager_custom.conf": "manager_custom.conf",
    '#tryinclude "manager_custom.conf"': "manager_custom.conf",
    '#include "manager.d/*.conf"': "manager.d/itgrix.conf",
    "#include /etc/asterisk/manager.d/*.conf": "manager.d/itgrix.conf",
}


@pytest.mark.parametrize("line", INCLUDES)
def test_file_is_the_one_that_manager_conf_includes(tmp_path: Path, line: str) -> None:
    (tmp_path / "manager.d").mkdir()
    (tmp_path / "manager.conf").write_text(f"[general]\nenabled = yes\n{line}\n")
    assert file_for(tmp_path) == tmp_path / INCLUDES[line]


@pytest.mark.parametrize("text", ["[general]\n", ";#include manager_custom.conf\n", "#include other.conf\n"])
def test_configuration_without_an_include_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "manager.conf").write_text(text)
    with pytest.raises(NeedsOwner, match="includes no file"):
        file_for(tmp_path)


def test_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "manager.conf").write_text("#include manager.d/*.conf\n")
    with pytest.raises(NeedsOwner, match="may not be written"):
        file_for(tmp_path)
    assert not (tmp_path / "manager.d").exists()


def test_no_configuration_is_told(tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner, match="cannot be read"):
        file_for(tmp_path)


def test_link_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("")
    (tmp_path / "manager.conf").write_text("#include manager_custom.conf\n")
    (tmp_path / "manager_custom.conf").symlink_to(target)
    with pytest.raises(NeedsOwner, match="link"):
        file_for(tmp_path)


def test_lines_of_others_stay_and_our_own_are_replaced(tmp_path: Path) -> None:
    file = tmp_path / "manager_custom.conf"
    file.write_bytes("[other]\nsecret = \xff\n".encode("latin-1"))
    file.chmod(0o660)
    write(file, OURS)
    write(file, Section("itgrix", "newer"))
    text = file.read_bytes().decode("latin-1")
    assert text.startswith("[other]\nsecret = \xff\n")
    assert text.count("[itgrix]") == 1
    assert "secret = newer\n" in text
    assert "s3cret" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o660


def test_new_file_is_for_its_owner_and_group_only(tmp_path: Path) -> None:
    write(tmp_path / "itgrix.conf", OURS)
    assert stat.S_IMODE((tmp_path / "itgrix.conf").stat().st_mode) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["itgrix.conf"]


@pytest.mark.parametrize("name", ["a]\n[b", "Admin User", "", "x" * 40, "itgrix\nsecret"])
def test_name_that_could_break_the_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NeedsOwner, match="no name"):
        write(tmp_path / "itgrix.conf", Section(name, "s"))
    assert list(tmp_path.iterdir()) == []


def test_passwords_differ() -> None:
    assert new_secret() != new_secret()
    assert len(new_secret()) == 32
