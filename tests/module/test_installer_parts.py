# SPDX-License-Identifier: GPL-3.0-or-later
"""Small parts of the installer: versions, languages, requests, unit, gate key."""

from __future__ import annotations

import ast
import itertools
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest

import installer.russian
from installer import inside, package
from installer.home import Home, Record, ensure_gate_key, point_at
from installer.request import database_address, parse
from installer.versions import is_older, rank
from installer.words import Refused, Teller
from itgrix_module.domain.failures import Permanent
from tests.needed import need_root

ROOT = Path(__file__).parent.parent.parent
NOBODY = 65534
ORDER = ["0.9", "1.0.0.dev0", "1.0.0.dev2", "1.0.0a1", "1.0.0b1", "1.0.0rc1", "1.0.0", "1.0.1", "1.2", "1.10", "2"]


def test_versions_sort_as_people_mean_them() -> None:
    for older, newer in itertools.combinations(ORDER, 2):
        assert is_older(older, newer)
        assert not is_older(newer, older)
    assert rank("1.0") == rank("1.0.0")


@pytest.mark.parametrize("text", ["", "1.", "v1", "1.0-x", "1.0\n"])
def test_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no version"):
        rank(text)


def said() -> set[str]:
    """Every message of the installer."""
    found: set[str] = set()
    for path in (ROOT / "installer").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in ("say", "note", "Refused"):
                found |= {text for leaf in ast.walk(node.args[0]) if (text := _text(leaf))} if node.args else set()
    return {text for text in found if len(Formatter().vformat(text, (), Anything()).strip("[] ")) > 3}


class Anything(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_everything_that_is_said_is_there_in_russian_with_the_same_values() -> None:
    known = installer.russian.RUSSIAN
    assert len(said()) > 40
    assert said() - set(known) == set()
    for english, russian in known.items():
        assert {name for _, name, _, _ in Formatter().parse(english)} == {
            name for _, name, _, _ in Formatter().parse(russian)
        }


def test_steps_are_numbered_and_told_in_the_chosen_language(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller("ru")
    teller.count(2)
    with teller.step("Database"):
        teller.note("kept: {kind}", kind="SQLite")
    assert capsys.readouterr().out == "[1/2] База данных\n      без изменений: SQLite\n"


def test_database_addresses_carry_any_password() -> None:
    facts = {"host": "db", "port": "3307", "user": "u@x", "password": "p:/@?#ж", "name": "asterisk"}
    assert database_address(facts) == "mysql+pymysql://u%40x:p%3A%2F%40%3F%23%D0%B6@db:3307/asterisk"
    assert database_address({**facts, "port": "", "socket": "/run/m.sock"}).endswith(
        "@db/asterisk?unix_socket=%2Frun%2Fm.sock"
    )
    assert database_address({}) == database_address("") == database_address({"name": "x"}) == ""


@pytest.mark.parametrize("home", ["/", "/etc", "/a\nb/c", "/srv/it's", "/srv/$HOME", '/srv/a"b'])
def test_a_home_that_cannot_be_meant_is_refused(home: str) -> None:
    with pytest.raises(Refused):
        parse(["--home", home], "")


def test_the_gate_key_is_made_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    ensure_gate_key(home)
    key = home.gate_key.read_text()
    ensure_gate_key(home)
    assert home.gate_key.read_text() == key
    assert len(key.strip()) == 64
    assert home.gate_key.stat().st_mode & 0o777 == 0o600


def test_root_is_let_in_by_the_socket_of_the_database(tmp_path: Path) -> None:
    known, missing = str(tmp_path / "s"), str(tmp_path / "none")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(known)
        assert inside.root_login("", (missing, known)) == {"unix_socket": known}
    assert inside.root_login("/of/the/pbx", (known,)) == {"unix_socket": "/of/the/pbx"}
    assert inside.root_login("", (missing,)) == {"host": "localhost"}


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.record.write_text("{")
    with pytest.raises(Refused, match="damaged"):
        Record.read(home)


def test_the_switch_is_one_rename(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        point_at(tmp_path / "current", tmp_path / name)
        assert (tmp_path / "current").resolve().name == name
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two", "current"}


@pytest.mark.parametrize("command", ["itgrix", "itgrix-service"])
def test_what_root_runs_leaves_nothing_of_root_in_the_home(tmp_path: Path, command: str) -> None:
    need_root()
    home = Home(tmp_path / "home")
    home.packages.mkdir(parents=True)
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    installed = package.ensure(_installer_alone(tmp_path / "archive"), home, tmp_path / "venv")
    (home.folder / "bin").mkdir()
    package.switch(home, installed)
    for path in (home.folder, *home.folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    subprocess.run([str(home.folder / "bin" / command), "status"], capture_output=True, check=False, cwd="/")
    assert not [path for path in home.folder.rglob("*") if path.lstat().st_uid == 0]


def _installer_alone(root: Path) -> Path:
    shutil.copytree(ROOT / "installer", root / "installer", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.mark.parametrize(
    ("hint", "told"), [("", "no such column: x"), ("Run: itgrix migrate", "no such column: x. Run: itgrix migrate")]
)
def test_a_failure_of_the_program_is_told_with_or_without_a_hint(
    monkeypatch: pytest.MonkeyPatch, hint: str, told: str
) -> None:
    def fails(_: object) -> dict[str, object]:
        raise Permanent("database_refused", "no such column: x", hint)

    monkeypatch.setattr(inside, "ORDERS", {"upgrade": fails})
    assert inside.obeyed({"package": "", "order": "upgrade"}) == {"ok": False, "reason": told}
