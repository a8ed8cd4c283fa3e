# SPDX-License-Identifier: GPL-3.0-or-later
"""``make test``: a test that fails, fails it; one that only was late among all the others is tried by itself."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parent.parent / "tools" / "tests.py"
PASSES = "def test_good():\n    pass\n"
FAILS = "def test_bad():\n    assert 0\n"
LATE = """
from pathlib import Path

def test_late():
    seen = Path(__file__).with_suffix(".seen")
    known = seen.exists()
    seen.touch()
    assert known
"""
BROKEN = "import nothing_of_this_name\n"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program for a tree of tests of its own: ``live`` and the others."""
    spec = importlib.util.spec_from_file_location("all_tests", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    monkeypatch.setattr(found, "ROOT", tmp_path)
    monkeypatch.setattr(found, "CALLS", ("live",))
    monkeypatch.setattr(found, "OTHERS", ("others",))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return found


@pytest.mark.parametrize(
    ("live", "others", "code", "told"),
    [
        ({"a": PASSES}, {"a": PASSES}, 0, "All passed"),
        ({"a": LATE}, {"b": LATE, "c": PASSES}, 0, "passed alone; look why:\n    live/test_a.py::test_late"),
        ({"a": LATE}, {"b": FAILS}, 1, "FAILED after"),
        ({"a": PASSES}, dict.fromkeys("bcde", LATE), 1, "FAILED after"),
        ({"a": PASSES}, {"b": BROKEN}, 1, "FAILED after"),
    ],
    ids=["all pass", "two are late", "one is late, one fails", "many", "broken"],
)
def test_only_a_few_that_pass_by_themselves_are_forgiven(
    live: dict[str, str],
    others: dict[str, str],
    code: int,
    told: str,
    program: ModuleType,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take a second to load
    for folder, files in (("live", live), ("others", others)):
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / f"test_{name}.py").write_text(text)
    previous = program.signal.getsignal(program.signal.SIGTERM)
    try:
        assert program.main() == code
    finally:
        program.signal.signal(program.signal.SIGTERM, previous)
    assert told in capfd.readouterr().out
