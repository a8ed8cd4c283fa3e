# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of scripts for the tests of customizations."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from itgrix_module.app.hook_trial import HookRules
from itgrix_module.app.hooking import HOOKS
from itgrix_module.hooks.scripts import AT_ONCE, Scripts

ALL_ON = HookRules(True, frozenset(HOOKS), seconds=10.0, record_seconds=10.0)
NAME = "need_registration"
YES = '{"state": "success", "data": {"result": true}}'


class Clock:
    """Epoch seconds, turned by hand."""

    def __init__(self, now: float = 1_795_260_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Folder:
    """Scripts by name, and the runner over them."""

    def __init__(self, path: Path, at_once: int = AT_ONCE) -> None:
        path.mkdir(mode=0o755, exist_ok=True)
        self.path, self.rules, self.clock = path, ALL_ON, Clock()
        self.scripts = Scripts(path, lambda: self.rules, self.clock, at_once)

    def put(self, file: str, text: str, mode: int = 0o644) -> Path:
        """Write a script."""
        made = self.path / file
        made.write_text(text, encoding="utf-8")
        made.chmod(mode)
        return made

    def python(self, body: str, name: str = NAME) -> Path:
        """A Python script; ``ok`` prints an answer."""
        start = f"import json, os, sys, time\ndef ok(data):\n    print(json.dumps({YES_FORM}))\n"
        return self.put(f"{name}.py", start + body + "\n")

    def shell(self, body: str, name: str = NAME) -> Path:
        """A shell script."""
        return self.put(f"{name}.sh", body + "\n")

    def within(self, seconds: float) -> None:
        """Change the limit of time."""
        self.rules = replace(self.rules, seconds=seconds, record_seconds=seconds)


YES_FORM = '{"state": "success", "data": data}'


def until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_alive(process: int) -> bool:
    """Does it still run? A zombie does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status not in "ZX"


def open_files() -> int:
    """Descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))
