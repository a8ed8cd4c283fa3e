# SPDX-License-Identifier: GPL-3.0-or-later
"""Names for those who hold a lease, from which another process of the same machine can tell that one is dead."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from uuid import uuid4


def holder_name() -> str:
    """A name for one holding by this process: machine, process, a random part."""
    return f"{_machine()}/{os.getpid()}/{_started(os.getpid())}/{uuid4().hex[:12]}"


def surely_dead(name: str) -> bool:
    """True when the holder was a process of this machine that is gone; False when it lives or nobody can know."""
    machine, _, rest = name.partition("/")
    number, _, rest = rest.partition("/")
    started = rest.partition("/")[0]
    if machine != _machine() or not number.isdigit() or not started:
        return False
    return _started(int(number)) != started


def _machine() -> str:
    # The process numbers of two containers with one host name have nothing to do with each other.
    try:
        space = Path("/proc/self/ns/pid").stat().st_ino
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        space, boot = 0, ""
    return f"{socket.gethostname()[:64]}-{boot}-{space}".replace("/", "-")


def _started(process: int) -> str:
    """When the kernel started the process, in ticks since boot; empty when there is none."""
    try:
        line = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    state, *fields = line.rpartition(")")[2].split()
    return "" if state in ("Z", "X") else fields[18]
