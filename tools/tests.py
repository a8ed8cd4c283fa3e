# SPDX-License-Identifier: GPL-3.0-or-later
"""All tests: calls on real PBXs, which keep time, and beside them all others.

Two runs of pytest at once. The others get what the calls leave of the processors, at any moment: phones that are late
are phones that do something else. What the others say is shown as it comes, what the calls say behind it, so that
neither cuts the other's lines. Ends with 1 when a test failed; ends both runs when it is told to stop.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = (sys.executable, "-m", "pytest", "-q")
CALLS = (*PYTEST, "tests/live")
# A test of a browser or a service waits more than it computes: more processes than most machines have cores.
OTHERS = (*PYTEST, "-n", "4", "--no-loadscope-reorder", "--ignore=tests/live")
# Hundreds of processes are started: without it each of them would compile the whole product anew.
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
LOOK = 0.5  # seconds


def main() -> int:
    """Run both; returns the exit code."""
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="itgrix-tests-") as folder:
        bad = run_both(Path(folder) / "calls.txt")
    print(f"==> {'FAILED' if bad else 'All passed'} after {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    return 1 if bad else 0


def run_both(told: Path) -> bool:
    """Whether a test failed. ``told``: file for what the calls say."""
    print("==> Calls on a real Asterisk 22 and 16 (told at the end), and beside them all other tests", flush=True)
    environment = {key: value for key, value in os.environ.items() if key != NO_BYTECODE}
    with told.open("wb") as file:
        live = {**environment, "PYTHONUNBUFFERED": "1"}
        calls = subprocess.Popen(CALLS, cwd=ROOT, stdout=file, stderr=file, env=live)
    others = subprocess.Popen(OTHERS, cwd=ROOT, env=environment)
    try:
        os.sched_setscheduler(others.pid, os.SCHED_IDLE, os.sched_param(0))  # and all that it will start
        bad = bool(others.wait())
        print("==> Calls on a real Asterisk", flush=True)
        return bool(follow(calls, told)) or bad
    except KeyboardInterrupt:
        for process in (calls, others):
            process.send_signal(signal.SIGINT)
        return bool(calls.wait() + others.wait() + 1)


def follow(process: subprocess.Popen[bytes], told: Path) -> int:
    """Show what it has said and goes on to say until it ends; returns its exit code."""
    with told.open("rb") as file:
        while True:
            code = process.poll()
            sys.stdout.write(file.read().decode(errors="replace"))
            sys.stdout.flush()
            if code is not None:
                return code
            time.sleep(LOOK)


if __name__ == "__main__":
    sys.exit(main())
