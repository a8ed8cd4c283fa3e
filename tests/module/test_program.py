# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of a release archive, which travels packed: it comes out the same, or not at all."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from installer import package
from installer.home import Home, point_at
from installer.words import Refused

PROGRAM = {"itgrix_module/cli.py": b"print()\n", "web/static/panel.css": b"a{}\n", "examples/hooks/x": b"\xff"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "home")
    found.packages.mkdir(parents=True)
    return found


def archive(folder: Path, contents: dict[str, bytes], version: str = "1.0") -> Path:
    (folder / "installer").mkdir(parents=True)
    (folder / "installer" / "main.py").write_text("")
    (folder / "pyproject.toml").write_text(f'version = "{version}"\n')
    with tarfile.open(folder / package.PROGRAM, "w:xz") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return folder


def test_the_packed_program_comes_out_as_it_went_in(home: Home, tmp_path: Path) -> None:
    folder = package.ensure(archive(tmp_path / "a", PROGRAM), home, tmp_path / "venv")
    assert {name: (folder / name).read_bytes() for name in PROGRAM} == PROGRAM
    assert (folder / "installer" / "main.py").exists()
    assert package.ensure(tmp_path / "a", home, tmp_path / "venv") == folder


def test_another_program_is_another_package(home: Home, tmp_path: Path) -> None:
    first = package.ensure(archive(tmp_path / "a", PROGRAM), home, tmp_path / "venv")
    changed = PROGRAM | {"itgrix_module/cli.py": b"print(1)\n"}
    assert package.ensure(archive(tmp_path / "b", changed), home, tmp_path / "venv") != first


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "web/../../evil", "bin/evil", "evil", "."])
def test_nothing_is_written_beside_the_program(home: Home, tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="damaged"):
        package.ensure(archive(tmp_path / "a", {name: b"x"}), home, tmp_path / "venv")
    assert not list(tmp_path.rglob("evil"))


def test_what_is_compiled_serves_the_next_version_where_nothing_changed(home: Home, tmp_path: Path) -> None:
    files = {"itgrix_module/same.py": b"WORD = 'same'\n", "itgrix_module/other.py": b"WORD = 'old'\n"}
    files["itgrix_module/__init__.py"] = b""
    former = package.ensure(archive(tmp_path / "a", files), home, tmp_path / "venv")
    point_at(home.current, former)
    os.utime(former / "itgrix_module" / "same.py", (1_700_000_000, 1_700_000_000))
    package._compile(former, tmp_path / "none")
    changed = files | {"itgrix_module/other.py": b"WORD = 'new'\n"}
    made = package.ensure(archive(tmp_path / "b", changed, "1.1"), home, tmp_path / "venv")
    same, other = (compiled(made / "itgrix_module" / name) for name in ("same.py", "other.py"))
    assert same.samefile(compiled(former / "itgrix_module" / "same.py"))
    assert not other.samefile(compiled(former / "itgrix_module" / "other.py"))
    show = "import itgrix_module.same as s, itgrix_module.other as o; print(s.WORD, o.WORD, s.__cached__, s.__file__)"
    start = f"import sys; sys.path.insert(0, {str(made)!r}); {show}"
    said = subprocess.run([sys.executable, "-B", "-c", start], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["same", "new", str(same), str(made / "itgrix_module" / "same.py")]


def compiled(file: Path) -> Path:
    return Path(cache_from_source(str(file)))


def test_a_cut_off_program_is_refused_and_a_whole_one_taken_later(home: Home, tmp_path: Path) -> None:
    root = archive(tmp_path / "a", PROGRAM)
    whole = (root / package.PROGRAM).read_bytes()
    (root / package.PROGRAM).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Refused, match="damaged"):
        package.ensure(root, home, tmp_path / "venv")
    (root / package.PROGRAM).write_bytes(whole)
    assert (package.ensure(root, home, tmp_path / "venv") / "web" / "static" / "panel.css").exists()
