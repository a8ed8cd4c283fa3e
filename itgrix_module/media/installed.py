# SPDX-License-Identifier: GPL-3.0-or-later
"""Which programs this machine has for sound, found when they are needed: an administrator may install one meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cached_property

_PATIENCE = 10.0  # seconds that a program may take to say what it can do


def environment() -> dict[str, str]:
    """All that a program gets of ours."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


class Installed:
    """lame, sox and ffmpeg on the search path as it is now; asks each at most once, and only when needed."""

    @cached_property
    def lame(self) -> str:
        """Full path, empty when there is none."""
        return shutil.which("lame") or ""

    @cached_property
    def sox(self) -> str:
        return shutil.which("sox") or ""

    @cached_property
    def ffmpeg(self) -> str:
        return shutil.which("ffmpeg") or ""

    def sox_knows(self, kind: str) -> bool:
        """sox has this format built in or as a plug-in."""
        return bool(self.sox and kind) and kind in self._sox_formats

    @cached_property
    def ffmpeg_writes_mp3(self) -> bool:
        return bool(self.ffmpeg) and "libmp3lame" in _said(self.ffmpeg, "-hide_banner", "-encoders")

    @cached_property
    def _sox_formats(self) -> frozenset[str]:
        lines = _said(self.sox, "--help").splitlines()
        listed = next((line for line in lines if line.startswith("AUDIO FILE FORMATS:")), "")
        return frozenset(listed.partition(":")[2].split())


def _said(*argv: str) -> str:
    """What a program writes; nothing if it cannot be started or hangs."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            env=environment(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")
