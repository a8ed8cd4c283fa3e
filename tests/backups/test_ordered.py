# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives taken in from elsewhere, and restores ordered for the next start."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from itgrix_module.app import backups as rules
from itgrix_module.domain.failures import Failure
from itgrix_module.restoring import order_file, restore_if_ordered, result_file
from tests.backups.installations import FURNISHED, home, looked, place_of


def test_archive_from_elsewhere_is_kept_only_when_it_is_good(archive: Path, tmp_path: Path) -> None:
    with home(tmp_path / "new") as new:
        name = new.backups.take_in(io.BytesIO(archive.read_bytes()))
        assert new.backups.expected(name).read_bytes() == archive.read_bytes()
        with pytest.raises(Failure):
            new.backups.take_in(io.BytesIO(b"no backup"))
        assert [backup.name for backup in new.backups.all()] == [name]
        assert [path.name for path in new.backups.expected(name).parent.iterdir()] == [name]


@pytest.mark.parametrize("name", ["../secret.key", "/etc/passwd", "itgrix.db", "", ".", "itgrix-1-daily.zip\0",
                                  "itgrix-20261121-030000-daily.zip/../../secret.key"])  # fmt: skip
def test_names_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    with home(tmp_path / "home") as made:
        made.furnish()
        made.backups.make(rules.BY_HAND)
        assert made.backups.file(name) is None
        assert not made.backups.remove(name)


def test_ordered_restore_is_done_at_the_next_start_and_saves_what_was_there(archive: Path, tmp_path: Path) -> None:
    with home(tmp_path / "new") as new:
        new.core.settings.save({"dial.timeout": 11})
        name = new.backups.take_in(io.BytesIO(archive.read_bytes()))
        new.now += 60
        new.backups.order(name, keep_machine=False, who="anna")
        assert [backup.kind for backup in new.backups.all()] == ["before-restore", "uploaded"]
    place = place_of(tmp_path / "new")
    restore_if_ordered(place)
    assert looked(place) == FURNISHED
    assert not order_file(place).exists()
    assert json.loads(result_file(place).read_text())["failure"] == ""
    restore_if_ordered(place)
    assert looked(place) == FURNISHED


def test_ordered_restore_that_fails_leaves_the_data_and_says_why(tmp_path: Path) -> None:
    with home(tmp_path / "home") as made:
        made.furnish()
        file = made.backups.make(rules.BY_HAND)
        made.backups.order(file.name, keep_machine=False, who="anna")
        file.write_bytes(file.read_bytes()[:-30])
    place = place_of(tmp_path / "home")
    restore_if_ordered(place)
    assert looked(place) == FURNISHED
    with home(tmp_path / "home") as made:
        assert "damaged" in made.backups.state().restore


def test_restore_that_kills_the_process_again_and_again_is_given_up(archive: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path / "home")
    with home(tmp_path / "home") as made:
        made.furnish()
    order_file(place).write_text(json.dumps({"file": archive.name, "attempts": 3}))
    restore_if_ordered(place)
    assert not order_file(place).exists()
    assert "cut off" in json.loads(result_file(place).read_text())["failure"]


@pytest.mark.parametrize("order", ["", "null", "[]", '{"file": 5}', '{"file": "../../etc/passwd"}', "{"])
def test_order_that_is_none_does_not_keep_the_service_from_starting(tmp_path: Path, order: str) -> None:
    place = place_of(tmp_path / "home")
    with home(tmp_path / "home") as made:
        made.furnish()
    order_file(place).write_text(order)
    restore_if_ordered(place)
    assert looked(place) == FURNISHED
    assert not order_file(place).exists()
