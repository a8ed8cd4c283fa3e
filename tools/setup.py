#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make `.venv` from the locked dependencies and install what the chosen task needs from Debian.

    python3 tools/setup.py                 the product and its development tools
    python3 tools/setup.py --system test   and the Debian packages of a group (demo, test)

Standard library only: it runs on a fresh Debian 12. It can be repeated; what is there already is left alone, so
the second run needs no network.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements" / "dev.lock"
STAMP = VENV / ".lock-sha256"
MINIMUM = (3, 11)

# Debian package -> a file that shows it is there.
PACKAGES: dict[str, dict[str, str]] = {
    "demo": {"lame": "/usr/bin/lame"},
    "test": {
        "lame": "/usr/bin/lame",
        "sox": "/usr/bin/sox",
        "libsox-fmt-mp3": "/usr/lib/x86_64-linux-gnu/sox/libsox_fmt_mp3.so",
        "mariadb-server": "/usr/sbin/mariadbd",
        "debootstrap": "/usr/sbin/debootstrap",
        "zstd": "/usr/bin/zstd",
        "chromium": "/usr/bin/chromium",
    },
    "asterisk": {"debootstrap": "/usr/sbin/debootstrap", "zstd": "/usr/bin/zstd"},
}


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def run(*command: str, **extra: str) -> None:
    subprocess.run(command, check=True, env={**os.environ, **extra})


def missing_packages(groups: list[str]) -> list[str]:
    wanted = {name: proof for group in groups for name, proof in PACKAGES[group].items()}
    return [name for name, proof in wanted.items() if not Path(proof).exists()]


def install_packages(names: list[str]) -> None:
    if not names:
        return
    if os.geteuid() != 0:
        sys.exit(f"These Debian packages are missing: {' '.join(names)}. Install them as root and repeat.")
    say(f"Debian packages: {' '.join(names)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    # A package must not start its daemon here: the tests start their own, on their own ports.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        run("apt-get", "-qq", "update", **quiet)
        run(
            "apt-get",
            "-y",
            "-qq",
            "-o",
            "Dpkg::Use-Pty=0",
            "install",
            "--no-install-recommends",
            *names,
            **quiet,
        )
    finally:
        if ours:
            policy.unlink()


def ensure_venv() -> Path:
    python = VENV / "bin" / "python"
    if python.exists():
        return python
    say("Python environment in .venv")
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        install_packages(["python3-venv"])
        run(sys.executable, "-m", "venv", str(VENV))
    return python


def install_dependencies(python: Path) -> None:
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    say("Locked Python packages (about a minute the first time)")
    pip = (str(python), "-m", "pip", "-q", "--disable-pip-version-check", "install")
    run(*pip, "--require-hashes", "-r", str(LOCK))
    run(*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    STAMP.write_text(wanted)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--system",
        action="append",
        default=[],
        choices=sorted(PACKAGES),
        help="Debian packages of this group as well",
    )
    chosen = options.parse_args()
    if sys.version_info < MINIMUM:
        sys.exit(f"Python {MINIMUM[0]}.{MINIMUM[1]} or newer is needed, this is {sys.version.split()[0]}.")
    install_packages(missing_packages(chosen.system))
    install_dependencies(ensure_venv())
    say("Ready: .venv/bin/itgrix")


if __name__ == "__main__":
    main()
