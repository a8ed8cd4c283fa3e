# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets at rest: the key file, sealing, rotation."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.storage.rotation import rotate
from itgrix_module.storage.stores import Stores
from itgrix_module.storage.vault import open_vault
from tests.storage.test_leases import PAIR


def code_of_opening(path: Path) -> str:
    with pytest.raises(NeedsOwner) as refused:
        open_vault(path)
    assert refused.value.hint
    return refused.value.code


def test_sealed_text_opens_and_shows_nothing(tmp_path: Path) -> None:
    vault = open_vault(tmp_path / "key")
    sealed = vault.seal("пароль hunter2")
    assert sealed.startswith("v1:")
    assert "hunter2" not in sealed
    assert vault.open(sealed) == "пароль hunter2"
    assert open_vault(tmp_path / "key").open(sealed) == "пароль hunter2"


def test_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        open_vault(tmp_path / "key")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    open_vault(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    assert code_of_opening(tmp_path / "key") == "key_open_to_others"


@pytest.mark.parametrize("content", [b"", b"not a key\n", b"\xff\xfe", b"c2hvcnQ=\n"])
def test_damaged_key_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    assert code_of_opening(path) in ("key_damaged", "key_unreadable")
    assert path.read_bytes() == content


def test_missing_folder_is_told(tmp_path: Path) -> None:
    assert code_of_opening(tmp_path / "no" / "key") == "key_unwritable"


def test_folder_in_place_of_the_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir(mode=0o700)
    assert code_of_opening(tmp_path / "key") == "key_unreadable"


@pytest.mark.parametrize("sealed", ["", "plain text", "v1:", "v1:garbage", "v2:whatever"])
def test_what_was_not_sealed_here_does_not_open(tmp_path: Path, sealed: str) -> None:
    vault = open_vault(tmp_path / "key")
    assert vault.opens(sealed) is False
    with pytest.raises(NeedsOwner) as wrong:
        vault.open(sealed)
    assert wrong.value.code == "key_wrong"


def test_rotation_seals_everything_anew(stores: Stores, tmp_path: Path) -> None:
    stores.settings.save({"ami.secret": "one", "portal.client_secret": "two", "ami.host": "h"})
    stores.tokens.save(PAIR)
    before = sealed_values(stores)
    old_key = (tmp_path / "key").read_text()
    assert rotate(stores.database, stores.vault) == 3
    assert not set(sealed_values(stores)) & set(before)
    (tmp_path / "key").write_text((tmp_path / "key").read_text().splitlines()[0])
    fresh = open_vault(tmp_path / "key")
    assert all(fresh.opens(value) for value in sealed_values(stores))
    assert not any(fresh.opens(value) for value in before)
    assert stores.settings.load() == {"ami.secret": "one", "portal.client_secret": "two", "ami.host": "h"}
    assert stores.tokens.load() == PAIR
    assert old_key.strip() not in (tmp_path / "key").read_text()


def sealed_values(stores: Stores) -> list[str]:
    with stores.database.read() as connection:
        values = connection.exec_driver_sql("SELECT value FROM itgrix_settings WHERE secret = 1").scalars().all()
        tokens = connection.exec_driver_sql("SELECT sealed FROM itgrix_portal_tokens").scalars().all()
        return [*values, *tokens]


def test_other_process_uses_the_new_key_and_opens_the_old_values(tmp_path: Path) -> None:
    ours, theirs = open_vault(tmp_path / "key"), open_vault(tmp_path / "key")
    early = theirs.seal("early")
    with ours.rotation():
        pass
    assert theirs.open(early) == "early"
    late = theirs.seal("late")
    first_key = (tmp_path / "key").read_text().splitlines()[0]
    (tmp_path / "key").write_text(first_key)
    assert open_vault(tmp_path / "key").open(late) == "late"
    assert ours.open(late) == "late"


def test_only_the_newest_key_and_the_one_before_are_kept(tmp_path: Path) -> None:
    vault = open_vault(tmp_path / "key")
    for _ in range(4):
        with vault.rotation():
            pass
    assert len((tmp_path / "key").read_text().split()) == 2


def test_rotation_that_fails_loses_no_key(stores: Stores, tmp_path: Path) -> None:
    stores.settings.save({"ami.secret": "one"})
    foreign = open_vault(tmp_path / "foreign").seal("x")
    with stores.database.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO itgrix_settings (name, value, secret) VALUES ('z', '{foreign}', 1)")
    with pytest.raises(NeedsOwner):
        rotate(stores.database, stores.vault)
    assert stores.settings.forget_unreadable() == ("z",)
    assert stores.settings.load() == {"ami.secret": "one"}
