# SPDX-License-Identifier: GPL-3.0-or-later
"""Which PHP the tests use: ``ITGRIX_PHP`` names another one, such as the 7.4 of FreePBX 16."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

from tests.needed import need

PHP = os.environ.get("ITGRIX_PHP", "php")


def php() -> str:
    """The program; a test that asks for it fails where it is missing."""
    need(shutil.which(PHP) is not None, f"PHP (the program {PHP})")
    return PHP


def web_php() -> str:
    """The program with what the gate needs of it."""
    found = php()
    for name in ("curl", "session"):
        need(name in _extensions(found), f"PHP's extension {name}")
    return found


def parsing_php() -> str:
    """The program with a parser for PHP written in PHP."""
    found = php()
    ask = "exit((int) !stream_resolve_include_path('PhpParser/autoload.php'));"
    there = subprocess.run([found, "-r", ask], check=False).returncode == 0
    need(there, "the parser of PHP (Debian's php-parser)")
    return found


@cache
def _extensions(program: str) -> frozenset[str]:
    return frozenset(subprocess.run([program, "-m"], capture_output=True, text=True, check=True).stdout.split())
