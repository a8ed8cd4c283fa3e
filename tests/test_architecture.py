# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the source tree: imports point one way, the domain is pure, every file carries its licence."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path
    for folder in ("itgrix_module", "web", "migrations", "benchmarks", "tests", "tools", "installer")
    for path in (ROOT / folder).rglob("*.py")
)
DOMAIN = sorted((ROOT / "itgrix_module" / "domain").glob("*.py"))
IMPURE = {"time", "logging", "os", "pathlib", "socket", "threading", "random", "subprocess", "io", "queue"}


def imported(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_imports_point_one_way() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.name)
def test_domain_needs_the_standard_library_only_and_no_outside(path: Path) -> None:
    others = imported(path) - {"itgrix_module", "__future__"}
    assert others <= sys.stdlib_module_names
    assert not others & IMPURE


def test_every_source_file_names_its_licence() -> None:
    without = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "SPDX-License-Identifier: GPL-3.0-or-later" not in path.read_text(encoding="utf-8")[:200]
    ]
    assert without == []
