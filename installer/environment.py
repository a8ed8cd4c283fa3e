# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python environment: the locked packages in a folder of their own, never the system's.

Wheels beside this program are used without the network; without them pip fetches the same files by their hashes.
A bare Debian has neither pip nor ensurepip, so the archive brings pip along and it is run from its wheel.
"""

from __future__ import annotations

import hashlib
import lzma
import platform
import re
import shutil
import sys
from pathlib import Path

from installer.companion import Companion
from installer.home import Home
from installer.owner import Owner, run, tail
from installer.request import Request
from installer.words import Refused, Teller

READY = "itgrix-ready"
# What is compiled for one Python and one machine; the rest shows by its name and version.
COMPILED = ("cryptography.hazmat.bindings._rust", "markupsafe", "sqlalchemy")
_LOCKED = re.compile(r"^([\w.-]+)==([\w.+-]+) \\$", re.MULTILINE)  # on every machine
_NO_SPACE = "No space left"


def name_of(root: Path) -> str:
    """Changes with Python, machine and lock: the same name means that the environment still fits."""
    digest = hashlib.sha256((root / "requirements" / "runtime.lock").read_bytes()).hexdigest()[:12]
    return f"py{sys.version_info.major}{sys.version_info.minor}-{platform.machine()}-{digest}"


def ensure(root: Path, home: Home, owner: Owner, request: Request, teller: Teller) -> Companion:
    """A program in the environment for the code in ``root``, which is built when none works. Raises Refused."""
    folder = home.venvs / name_of(root)
    companion = Companion(folder, owner)
    if (folder / READY).exists() and _works(companion, root / "requirements" / "runtime.lock"):
        teller.note("unchanged: {name}", name=folder.name)
        return companion
    companion.close()
    shutil.rmtree(folder, ignore_errors=True)
    _make(folder, owner)
    _fill(root, folder, owner, request, teller)
    (folder / READY).touch()
    return companion


def _works(companion: Companion, lock: Path) -> bool:
    packages = dict(_LOCKED.findall(lock.read_text(encoding="utf-8")))
    try:
        return bool(companion.ask("environment", packages=packages, modules=COMPILED)["ok"])
    except Refused:  # its Python is gone
        return False


def _make(folder: Path, owner: Owner) -> None:
    """Without pip: that needs a package which Debian does not install, and fails half-way."""
    done = run([sys.executable, "-s", "-E", "-m", "venv", "--without-pip", folder], owner)
    if done.returncode:
        raise Refused(
            "Python cannot make an environment in {folder}:\n{said}\n"
            "On Debian: apt-get install python3-venv, then repeat.",
            folder=folder,
            said=tail(done.stdout),
        )


def _fill(root: Path, folder: Path, owner: Owner, request: Request, teller: Teller) -> None:
    wheels = root / "wheels"
    lock = root / "requirements" / "runtime.lock"
    install = [*_pip(root, folder, owner), "install", "--no-cache-dir", "--disable-pip-version-check", "--no-input"]
    install += ["--no-compile", "--require-hashes", "--only-binary=:all:", "-q", "-r", str(lock)]
    if _is_full(wheels):
        teller.note("from the wheels of the archive, without the network")
        install += ["--no-index", "--find-links", str(wheels)]
        # A pip.conf of the administrator must not bring the network back.
        environment = {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    else:
        teller.note("from the package index, each file checked by its hash")
        install += ["--index-url", request.index] if request.index else []
        environment = {}
    done = run(install, owner, seconds=1800, environment={"TMPDIR": str(folder), **environment})
    if done.returncode:
        raise _failed(done.stdout, wheels)
    for pip in folder.glob("pip-*.whl"):
        pip.unlink()


def _is_full(wheels: Path) -> bool:
    return any(wheels.glob("*.whl"))


def _pip(root: Path, folder: Path, owner: Owner) -> list[str]:
    """How pip is started: from its wheel, else the one that this Python has."""
    python = str(folder / "bin" / "python")
    shipped = next((root / "wheels").glob("pip-*.whl.xz"), None)
    if shipped is not None:
        wheel = folder / shipped.stem
        wheel.write_bytes(lzma.decompress(shipped.read_bytes()))
        return [python, "-s", "-E", str(wheel / "pip")]
    if run([sys.executable, "-s", "-E", "-m", "pip", "--version"], owner).returncode == 0:
        return [sys.executable, "-s", "-E", "-m", "pip", "--python", python]
    if run([python, "-s", "-E", "-m", "ensurepip"], owner).returncode == 0:
        return [python, "-s", "-E", "-m", "pip"]
    raise Refused("There is no pip here. Use a release archive, which brings it, or: apt-get install python3-venv")


def _failed(said: str, wheels: Path) -> Refused:
    if _NO_SPACE in said:
        return Refused("The disk is full: the Python packages need 100 MB. Free space, then repeat.")
    if _is_full(wheels):
        return Refused(
            "The wheels of the archive do not fit this machine (Python {python}, {machine}):\n{said}\n"
            "They are made for Python 3.11 to 3.13 on x86-64 and aarch64; with internet access use the small archive.",
            python=platform.python_version(),
            machine=platform.machine(),
            said=tail(said),
        )
    return Refused(
        "The Python packages cannot be fetched:\n{said}\nIs the internet reachable from here? Without it use the full "
        "archive (itgrix-…-full.tgz). A proxy is taken from https_proxy.",
        said=tail(said),
    )
