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
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements" / "dev.lock"
STAMP = VENV / ".lock-sha256"
MINIMUM = (3, 11)

# Debian package -> a file (pattern below /) that shows it is there.
PACKAGES: dict[str, dict[str, str]] = {
    "demo": {"lame": "usr/bin/lame"},
    "test": {
        "lame": "usr/bin/lame",
        "sox": "usr/bin/sox",
        "ffmpeg": "usr/bin/ffmpeg",
        "libsox-fmt-mp3": "usr/lib/*/sox/libsox_fmt_mp3.so",
        "mariadb-server": "usr/sbin/mariadbd",
        "zstd": "usr/bin/zstd",
        "php-cli": "usr/bin/php",
        "php-curl": "usr/lib/php/*/curl.so",
        "php-parser": "usr/share/php/PhpParser/autoload.php",
        "apache2": "usr/sbin/apache2",
        "libapache2-mod-php": "usr/lib/apache2/modules/libphp*.so",
        "chromium": "usr/bin/chromium",
    },
}


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def run(*command: str, explain: str, **extra: str) -> None:
    """Run a program in silence; when it fails, show the end of what it said and end."""
    done = subprocess.run(
        command, check=False, env={**os.environ, **extra}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        said = done.stdout.strip()[-3000:]
        sys.exit(f"{said}\nCan't {explain}: {Path(command[0]).name} ended with {done.returncode}.")


# ---- Debian packages


def missing_packages(groups: list[str]) -> list[str]:
    wanted = {name: proof for group in groups for name, proof in PACKAGES[group].items()}
    return [name for name, proof in wanted.items() if not any(Path("/").glob(proof))]


def install_packages(names: list[str]) -> None:
    if not names:
        return
    together = " ".join(names)
    if os.geteuid() != 0:
        sys.exit(f"Debian packages are missing. As root: apt-get install -y {together}   Then repeat.")
    say(f"Debian packages: {together}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ("apt-get", "-y", "-qq", "-o", "Dpkg::Use-Pty=0", "install", "--no-install-recommends")
    with daemons_held_back():
        run("apt-get", "-qq", "update", explain="read the package lists (is the network there?)", **quiet)
        run(*install, *names, explain=f"install {together}", **quiet)


@contextmanager
def daemons_held_back() -> Iterator[None]:
    """A package must not start its daemon here: the tests start their own, on their own ports."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


# ---- Python packages


def ensure_venv() -> Path:
    python = VENV / "bin" / "python"
    if usable():
        return python
    shutil.rmtree(VENV, ignore_errors=True)
    if importlib.util.find_spec("ensurepip") is None:  # Debian has it in a package of its own
        install_packages(["python3-venv"])
    say("Python environment in .venv")
    run(sys.executable, "-m", "venv", str(VENV), explain="make a Python environment")
    return python


def usable() -> bool:
    """Whole, of this very folder (a copied one leads back to where it came from), and its Python still there."""
    settings, pip, python = VENV / "pyvenv.cfg", VENV / "bin" / "pip", VENV / "bin" / "python"
    return pip.exists() and python.exists() and str(VENV) in settings.read_text()


def install_dependencies(python: Path) -> None:
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    say("Locked Python packages (about a minute the first time)")
    pip = (str(python), "-m", "pip", "-q", "--disable-pip-version-check", "install")
    run(*pip, "--require-hashes", "-r", str(LOCK), explain="install the Python packages (is the network there?)")
    run(*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT), explain="install this checkout")
    STAMP.write_text(wanted)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
