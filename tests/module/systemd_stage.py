# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with systemd, as far as the installer and the control program ask it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from installer import control as controlling
from installer.home import Home


def known_home(folder: Path) -> Home:
    """Of an installation that has a unit."""
    found = Home(folder)
    found.prepare()
    (found.folder / "service.json").write_text(json.dumps({"unit": "itgrix", "bind": "127.0.0.1:9"}))
    return found


def program(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def systemd(folder: Path, monkeypatch: pytest.MonkeyPatch, **state: str) -> None:
    """A machine with systemd that says this of our unit; what it is told to do stands in ``orders``."""
    monkeypatch.setattr(controlling, "SYSTEMD", folder)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    lines = "\n".join(f"{name}={text}" for name, text in {"LoadState": "loaded", "Result": "success", **state}.items())
    program(folder / "systemctl", f'case "$*" in *show*) echo "{lines}";; *) echo "$@" >>"{folder}/orders";; esac')


def orders(folder: Path) -> list[str]:
    file = folder / "orders"
    return file.read_text().splitlines() if file.exists() else []
