# SPDX-License-Identifier: GPL-3.0-or-later
"""All tests: calls on real PBXs, which keep time, and beside them all others.

Two runs of pytest at once. The others get what the calls leave of the processors, at any moment: phones that are late
are phones that do something else. What the others say is shown as it comes, what the calls say behind it, so that
neither cuts the other's lines.

Real phones, servers and browsers may still be late on a machine that is so full. A few tests that failed are therefore
run once more with the machine to themselves, and named: what passes then failed for want of time, or does so now and
then, and somebody should look why. Ends with 1 when a test fails by itself too; ends the runs when it is told to stop.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
PYTEST = (sys.executable, "-m", "pytest", "-q")
CALLS = ("tests/live",)
# A test of a browser or a service waits more than it computes: more processes than most machines have cores.
OTHERS = ("-n", "4", "--no-loadscope-reorder", "--ignore=tests/live")
FAILED = 1  # pytest's exit code; others mean that it could not do its work
FEW = 3
# Hundreds of processes are started: without it each of them would compile the whole product anew.
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
LOOK = 0.5  # seconds


def main() -> int:
    """Run all; returns the exit code."""
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="itgrix-tests-") as name:
        folder = Path(name)
        codes = run_both(folder)
        failed = failures(folder / "calls") + failures(folder / "others")
        bad = bool(codes - {0})
        if codes <= {0, FAILED} and 0 < len(failed) <= FEW:
            bad = again(failed)
    print(f"==> {'FAILED' if bad else 'All passed'} after {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    return 1 if bad else 0


def run_both(folder: Path) -> set[int]:
    """The exit codes. ``folder``: for what the two remember, and what the calls say."""
    print("==> Calls on a real Asterisk 22 and 16 (told at the end), and beside them all other tests", flush=True)
    told = folder / "calls.txt"
    with told.open("wb") as file:
        calls = started(*CALLS, *memory(folder / "calls"), output=file)
    others = started(*OTHERS, *memory(folder / "others"))
    try:
        os.sched_setscheduler(others.pid, os.SCHED_IDLE, os.sched_param(0))  # and all that it will start
        code = others.wait()
        print("==> Calls on a real Asterisk", flush=True)
        return {code, follow(calls, told)}
    except KeyboardInterrupt:
        for process in (calls, others):
            process.send_signal(signal.SIGINT)
        calls.wait()
        others.wait()
        raise SystemExit(1) from None


def started(*words: str, output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """A run of pytest; its words come at once."""
    environment = {key: value for key, value in os.environ.items() if key != NO_BYTECODE}
    return subprocess.Popen(
        (*PYTEST, *words), cwd=ROOT, stdout=output, stderr=output, env={**environment, "PYTHONUNBUFFERED": "1"}
    )


def memory(folder: Path) -> tuple[str, str]:
    """Where a run writes down which tests failed."""
    return "-o", f"cache_dir={folder}"


def failures(folder: Path) -> list[str]:
    """The tests that a run wrote down there; a file where it could not even be read."""
    file = folder / "v" / "cache" / "lastfailed"
    return sorted(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else []


def again(failed: list[str]) -> bool:
    """Whether one of them fails by itself too."""
    print("==> Once more by themselves:", *failed, sep="\n    ", flush=True)
    process = started(*failed, "-p", "no:cacheprovider")
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        code = process.wait() or FAILED
    if code == 0:
        print("==> FAILED beside the others, passed alone; look why:", *failed, sep="\n    ", flush=True)
    return bool(code)


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
