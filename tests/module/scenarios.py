# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios that the module's PHP plays in the place of FreePBX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "php"
ROOT = HERE.parent.parent.parent
ADD = """
$m->destinations()->save('', ['name' => 'Sales; "A", (б)', 'fallback' => 'ext-group,600,1', 'limit_ms' => '800']);
$m->destinations()->save('', ['name' => 'Support', 'fallback' => 'app-blackhole,hangup,1', 'ring_seconds' => '20']);
"""
Php = Callable[..., Any]


def program(home: Path, name: str, text: str) -> None:
    """A program of the installation that writes down how it was called."""
    file = home / "bin" / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def base64_of(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()


PARTS = f"require '{HERE}/parts.php';"
