# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that are damaged or none of ours change nothing."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

import pytest

from itgrix_module import archives
from itgrix_module.app import backups as rules
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.place import Place
from itgrix_module.restoring import check_file
from tests.backups.installations import changed, place_of, refused, whole


def test_backup_with_another_key_is_refused(archive: Path, tmp_path: Path) -> None:
    from cryptography.fernet import Fernet

    with changed(archive, tmp_path) as parts:
        parts[rules.KEY] = Fernet.generate_key() + b"\n"
    refused(tmp_path, tmp_path / "changed.zip", "backup_broken")


@pytest.mark.parametrize("statement", ["CREATE TRIGGER t AFTER INSERT ON itgrix_calls BEGIN SELECT 1; END",
                                       "CREATE VIEW v AS SELECT 1"])  # fmt: skip
def test_database_that_would_do_something_by_itself_is_refused(archive: Path, tmp_path: Path, statement: str) -> None:
    import sqlite3
    from contextlib import closing

    with changed(archive, tmp_path) as parts:
        database = tmp_path / "trap.db"
        database.write_bytes(parts[rules.DATABASE])
        with closing(sqlite3.connect(database)) as connection:
            connection.execute(statement)
            connection.commit()
        parts[rules.DATABASE] = whole(database)
    refused(tmp_path, tmp_path / "changed.zip", "backup_broken")


@pytest.mark.parametrize(
    "name",
    ["hooks/../../escape", "hooks/a/b", "../escape", "/etc/passwd", "hooks/.hidden", "hooks/", "other", "hooks/\n",
     "secret.key/x", "hooks\\..\\x", "hooks/" + "x" * 300],
)  # fmt: skip
def test_path_tricks_are_refused(archive: Path, tmp_path: Path, name: str) -> None:
    with changed(archive, tmp_path) as parts:
        parts[name] = b"x"
    refused(tmp_path, tmp_path / "changed.zip", "backup_broken")
    assert not (tmp_path / "escape").exists()


def test_bomb_is_refused_before_it_is_unpacked(archive: Path, tmp_path: Path) -> None:
    with changed(archive, tmp_path) as parts:
        parts[rules.DATABASE] = b"\0" * 300_000_000
    refused(tmp_path, tmp_path / "changed.zip", "backup_broken")


def test_more_than_the_disk_holds_is_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner, match="no room"):
        archives.unpack(archive, tmp_path, 1000)


def test_file_that_lies_about_its_size_is_refused(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    listed = json.loads(parts[rules.MANIFEST])
    listed["members"][rules.KEY]["size"] += 1
    parts[rules.MANIFEST] = json.dumps(listed).encode()
    with zipfile.ZipFile(tmp_path / "lie.zip", "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    refused(tmp_path, tmp_path / "lie.zip", "backup_broken")


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"PK\x03\x04", b"\x1f\x8b\x08" * 100, b"SQLite format 3\0" + b"\0" * 5000, b"PK\x05\x06" + b"\0" * 18],
)
def test_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "none.zip").write_bytes(content)
    refused(tmp_path, tmp_path / "none.zip", "backup_broken")


@pytest.mark.parametrize(
    "listed",
    ["[]", "null", "{}", '{"format": 1}', '{"format": "1"}', "{" * 5000, '{"format": 1, "members": []}', "\xff",
     json.dumps({"format": 1, "members": {"itgrix.db": {"size": -1, "sha256": "0" * 64, "mode": 0}}}),
     '{"format":1,"members":{"itgrix.db":null}}', '{"format": 1e400}'],
)  # fmt: skip
def test_damaged_list_of_contents_is_refused(tmp_path: Path, listed: str) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as target:
        target.writestr(rules.MANIFEST, listed)
    refused(tmp_path, tmp_path / "bad.zip", "backup_broken")


def test_list_of_a_newer_format_is_refused(archive: Path) -> None:
    with pytest.raises(Failure, match="newer version"):
        rules.manifest_of(b'{"format": 2}')


def test_damage_anywhere_is_noticed_or_does_no_harm(archive: Path, tmp_path: Path) -> None:
    """Whatever is changed in the file: it is refused with a failure, or what it holds is the same to the letter."""
    good, chance = archive.read_bytes(), random.Random(7)
    place = place_of(tmp_path / "new")
    place.prepare()
    refusals = 0
    for number in range(150):
        bad = _damaged(good, chance)
        file = tmp_path / "bad.zip"
        file.write_bytes(bad)
        code, found = _checked(place, file)
        refusals += bool(code)
        assert code in ("", "backup_broken", "backup_newer"), number
        assert found in (None, archives.manifest(archive)), number
    assert refusals > 100
    assert list(place.work.iterdir()) == []


def _checked(place: Place, file: Path) -> tuple[str, rules.Manifest | None]:
    try:
        return "", check_file(place, file)
    except Failure as failure:
        return failure.code, None


def _damaged(good: bytes, chance: random.Random) -> bytes:
    content = bytearray(good)
    way = chance.randrange(4)
    at = chance.randrange(len(content))
    if way == 0:
        return bytes(content[:at])
    if way == 1:
        content[at : at + chance.randrange(1, 40)] = chance.randbytes(chance.randrange(1, 40))
    elif way == 2:
        content[at] ^= 1 << chance.randrange(8)
    else:
        tail = len(content) - chance.randrange(1, 400)
        content[tail] ^= 1 << chance.randrange(8)
    return bytes(content)
