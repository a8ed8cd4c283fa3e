# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit of dependencies against an index on loopback."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tools.audit import pinned

ROOT = Path(__file__).parents[1]
LOCK = "flask==3.1.0 \\\n    --hash=sha256:00\n    # via itgrix\nJinja2[i18n]==3.1.2 ; python_version > '3'\n"


def audit(lock: Path | None, index: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools/audit.py"), *([str(lock)] if lock else [])]
    return subprocess.run(command, env={"ITGRIX_INDEX": index}, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "x.lock"
    path.write_text(LOCK)
    return path


def tell(httpserver: HTTPServer, name: str, version: str, *found: dict[str, Any]) -> None:
    httpserver.expect_request(f"/pypi/{name}/{version}/json").respond_with_json({"vulnerabilities": list(found)})


def test_nothing_published_is_well(lock: Path, httpserver: HTTPServer) -> None:
    tell(httpserver, "flask", "3.1.0")
    tell(httpserver, "Jinja2", "3.1.2")
    done = audit(lock, httpserver.url_for("/"))
    assert (done.returncode, done.stdout) == (0, "No advisory for any of 2 packages.\n")


def test_advisory_is_named_with_the_version_that_mends_it(lock: Path, httpserver: HTTPServer) -> None:
    tell(httpserver, "flask", "3.1.0", {"id": "PYSEC-1", "withdrawn": "2026-01-01"})
    tell(httpserver, "Jinja2", "3.1.2", {"id": "GHSA-2", "aliases": ["CVE-3"], "fixed_in": ["3.1.6"]})
    done = audit(lock, httpserver.url_for("/"))
    assert done.returncode == 1
    assert done.stdout == "Jinja2 3.1.2: GHSA-2, CVE-3; mended in 3.1.6\n"


@pytest.mark.parametrize("body", ["<html>", "[]", "{}"])
def test_index_that_does_not_tell_is_said(lock: Path, httpserver: HTTPServer, body: str) -> None:
    httpserver.expect_request(re.compile("/pypi/.*")).respond_with_data(body)
    done = audit(lock, httpserver.url_for("/"))
    assert done.returncode == 0
    assert "cannot be asked" in done.stdout


def test_without_an_index_nothing_is_claimed(lock: Path) -> None:
    done = audit(lock, "")
    assert done.returncode == 0
    assert "nothing is known" in done.stdout


def test_own_lock_is_read_whole() -> None:
    found = dict(pinned((ROOT / "requirements/runtime.lock").read_text()))
    text = (ROOT / "requirements/runtime.lock").read_text()
    assert len(found) == len(re.findall(r"^\S+==", text, re.MULTILINE))
    assert "flask" in found
