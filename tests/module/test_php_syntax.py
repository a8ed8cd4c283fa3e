# SPDX-License-Identifier: GPL-3.0-or-later
"""Every PHP file is accepted by PHP and holds nothing that PHP 7.4 (FreePBX 16) does not know."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.module.interpreter import php

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("", "php", "gate", "views", "Console", "i18n", "tests/gate", "tests/module/php", "tests/module/analysis")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.php"))
SHIPPED = [path for path in FILES if "tests" not in path.parts]

NEW_TOKENS = {"T_MATCH", "T_ENUM", "T_READONLY", "T_NULLSAFE_OBJECT_OPERATOR", "T_ATTRIBUTE"}
NEW_WORDS = re.compile(
    r"\b(str_contains|str_starts_with|str_ends_with|get_debug_type|array_is_list|fdiv|WeakMap|Stringable)\b"
)
NAMED_ARGUMENT = re.compile(r"[(,]\s*[a-z_]\w*:\s*[^:]")
PROMOTION = re.compile(r"__construct\([^)]*\b(public|private|protected)\b")
UNION = re.compile(r"\)\s*:\s*\??\w+\s*\||\b\w+\|\w+\s+\$")
NEW_TYPES = re.compile(r"\bfunction\b[^{};]*\)\s*:\s*(static|mixed|never|false|null)\b|catch\s*\(\s*[\\\w|\s]+\)")
TOKENS = """
$named = fn($token) => is_array($token) ? [token_name($token[0]), $token[1]] : ['', $token];
echo json_encode(array_map($named, token_get_all(stream_get_contents(STDIN))));
"""


def test_there_are_files() -> None:
    assert len(SHIPPED) > 15


def test_every_file_is_php() -> None:
    for path in FILES:  # PHP before 8.3 looks at one file only
        done = subprocess.run([php(), "-n", "-l", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_nothing_is_newer_than_php_7_4(path: Path) -> None:
    done = subprocess.run([php(), "-r", TOKENS], input=path.read_text(), capture_output=True, text=True, check=True)
    tokens = json.loads(done.stdout)
    assert not NEW_TOKENS & {name for name, _ in tokens}
    ignored = {"T_COMMENT", "T_DOC_COMMENT", "T_CONSTANT_ENCAPSED_STRING", "T_ENCAPSED_AND_WHITESPACE", "T_INLINE_HTML"}
    code = "".join(text if name not in ignored else "''" for name, text in tokens)
    for pattern in (NEW_WORDS, NAMED_ARGUMENT, PROMOTION, UNION, NEW_TYPES):
        assert not pattern.search(code), pattern.search(code)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_file_names_its_licence(path: Path) -> None:
    assert "SPDX-License-Identifier: GPL-3.0-or-later" in path.read_text()[:200]


@pytest.mark.parametrize("path", [path for path in SHIPPED if path.parent.name in ("php", "views", "i18n")], ids=str)
def test_names_are_refused_by_the_rules_of_the_gui(path: Path) -> None:
    """The web server of the PBX serves index.php, config.php and ajax.php of any folder to everybody."""
    assert path.name not in ("index.php", "config.php", "ajax.php")
