# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of new versions are unpacked by every Python that the product runs on, as files of our own."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from itgrix_module.unpacking import unpack


def packed(folder: Path, **modes: int) -> Path:
    file = folder / "archive.tgz"
    with tarfile.open(file, "w:gz") as tar:
        for name, mode in modes.items():
            entry = tarfile.TarInfo(f"itgrix/{name}/file")
            entry.mode, entry.size, entry.uid = mode, len(name), 4242
            tar.addfile(entry, io.BytesIO(name.encode()))
    return file


@pytest.fixture
def old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to 3.11.3, which Debian 12 has, tarfile knows no filters."""

    def extractall(*_: object, **named: object) -> None:
        if "filter" in named:
            raise TypeError("TarFile.extractall() got an unexpected keyword argument 'filter'")

    monkeypatch.setattr(tarfile.TarFile, "extractall", extractall)


@pytest.mark.usefixtures("old_python")
def test_a_release_is_unpacked_by_the_python_of_debian_12(tmp_path: Path) -> None:
    tree = unpack(packed(tmp_path, text=0o666, program=0o4777), tmp_path / "out")
    assert (tree / "text" / "file").read_text() == "text"
    assert {path.parent.name: path.stat().st_mode & 0o7777 for path in tree.rglob("file")} == {
        "text": 0o644,
        "program": 0o755,
    }
    assert {path.stat().st_uid for path in tree.rglob("*")} == {tmp_path.stat().st_uid}
