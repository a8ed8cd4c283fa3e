# SPDX-License-Identifier: GPL-3.0-or-later
"""Which installation it is: its names beside those of others, and who lets people into its panel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from installer import instance, unit
from installer.home import Home, Record
from installer.launch import denied
from installer.request import Request
from installer.words import Refused
from tests.needed import need_root


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """On a machine with systemd and nothing of ours."""
    found = Home(tmp_path / "itgrix-two")
    found.prepare()
    (tmp_path / "units").mkdir()
    monkeypatch.setattr(unit, "FOLDER", tmp_path / "units")
    monkeypatch.setattr(unit, "is_possible", lambda: True)
    monkeypatch.setattr(instance, "COMMANDS", tmp_path / "commands")
    return found


def known(home: Home, **about: str) -> None:
    home.service_file.write_text(json.dumps(about))


def asked(home: Home, unit: str = "", standalone: bool = True, **facts: str) -> Request:
    return Request(home.folder, unit=unit, standalone=standalone, facts=facts)


def test_the_first_one_has_the_usual_name(home: Home) -> None:
    assert instance.named(asked(home), home, Record()).unit == "itgrix"


def test_an_upgrade_and_a_new_installation_on_kept_data_remember_the_name(home: Home) -> None:
    assert instance.named(asked(home), home, Record(unit="itgrix-two")).unit == "itgrix-two"
    known(home, unit="itgrix-two")
    assert instance.named(asked(home), home, Record()).unit == "itgrix-two"
    assert instance.named(asked(home, "another"), home, Record()).unit == "another"


def test_the_name_of_another_instance_is_refused_before_anything_is_touched(home: Home) -> None:
    (unit.FOLDER / "itgrix.service").write_text("# Made by install.py of Itgrix for /var/lib/asterisk/itgrix\n")
    with pytest.raises(Refused, match="choose another name with --unit"):
        instance.named(asked(home), home, Record())


def test_stand_alone_there_is_no_gate_and_an_upgrade_by_itself_keeps_that(home: Home) -> None:
    record = Record()
    instance.settle_gate(asked(home, standalone=False), home, record)
    assert home.gate_key.exists()
    instance.settle_gate(asked(home), home, record)
    assert (record.standalone, home.gate_key.exists()) == (True, False)
    instance.settle_gate(asked(home, standalone=False), home, record)
    assert (record.standalone, home.gate_key.exists()) == (True, False)


def test_a_module_of_freepbx_keeps_its_gate_whatever_is_asked(home: Home, tmp_path: Path) -> None:
    record = Record(standalone=True)
    instance.settle_gate(asked(home, standalone=False, etc="/etc/asterisk"), home, record)
    assert (record.standalone, home.gate_key.exists()) == (False, True)
    known(home, source=str(tmp_path))
    instance.settle_gate(asked(home), home, record)
    assert (record.standalone, home.gate_key.exists()) == (False, True)
    known(home, source=str(tmp_path / "removed"))
    instance.settle_gate(asked(home), home, record)
    assert (record.standalone, home.gate_key.exists()) == (True, False)


def test_the_command_bears_the_name_of_the_instance_and_goes_with_it(home: Home) -> None:
    need_root()
    record = Record(standalone=True)
    instance.link_command(asked(home, "itgrix-two"), home, record)
    assert (instance.COMMANDS / "itgrix-two").readlink() == home.command
    instance.link_command(asked(home, "renamed"), home, record)
    assert [path.name for path in instance.COMMANDS.iterdir()] == ["renamed"]
    instance.unlink_command(home, record)
    assert list(instance.COMMANDS.iterdir()) == []


def test_a_command_of_something_else_is_left_alone(home: Home) -> None:
    need_root()
    instance.COMMANDS.mkdir()
    theirs = instance.COMMANDS / "itgrix-two"
    theirs.write_text("#!/bin/sh\n")
    record = Record(standalone=True)
    instance.link_command(asked(home, "itgrix-two"), home, record)
    assert (record.link, theirs.read_text()) == ("", "#!/bin/sh\n")
    instance.unlink_command(home, Record(link=str(theirs)))
    assert theirs.exists()


def test_behind_freepbx_no_command_is_put_into_the_path(home: Home) -> None:
    instance.link_command(asked(home, "itgrix"), home, Record())
    assert not instance.COMMANDS.exists()


def test_a_file_that_the_service_may_not_write_is_named_with_what_to_do() -> None:
    text = denied(PermissionError(13, "Permission denied", "/root/backup.zip"))
    assert "/root/backup.zip: Permission denied" in text
    assert "not as root" in text
