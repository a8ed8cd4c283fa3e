# SPDX-License-Identifier: GPL-3.0-or-later
"""No test is passed over: what lacks on the machine is a failure that says how to get it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.needed import need, need_root

HERE = Path(__file__).parent
PASSED_OVER = re.compile(r"\bpytest\.(skip|importorskip|xfail)\b|\bmark\.(skip|skipif|xfail)\b")


def test_what_is_not_installed_fails_with_the_command_that_installs_it() -> None:
    need(True, "Apache")
    with pytest.raises(pytest.fail.Exception) as caught:
        need(False, "Apache")
    assert str(caught.value) == "Apache is not installed; the tests need it: python3 tools/setup.py --system test"


def test_without_root_it_is_told_that_root_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(pytest.fail.Exception, match="run the tests as root"):
        need_root()


def test_no_test_is_passed_over() -> None:
    files = [path for path in HERE.rglob("*.py") if path != Path(__file__)]
    assert [path.name for path in files if PASSED_OVER.search(path.read_text(encoding="utf-8"))] == []
