# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python packages that travel in the archives: fetched by their hashes, kept in build/ for the next time."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import re
import shutil
import subprocess
import sys
import zipfile
from itertools import product
from pathlib import Path

from tools.release_contents import ROOT

LOCK = ROOT / "requirements" / "runtime.lock"
PIP_LOCK = ROOT / "packaging" / "pip.lock"
PYTHONS = ("311", "312", "313")
MACHINES = ("x86_64", "aarch64")
CACHE = ROOT / "build" / "wheels"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")


def wheels() -> dict[str, bytes]:
    """File name -> content, for every Python and machine that we support."""
    folder = CACHE / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        wanted = LOCK
        for python, machine in product(PYTHONS, MACHINES):
            print(f"==> wheels for Python {python[0]}.{python[1:]} on {machine}", flush=True)
            _download(folder, wanted, *_target(python, machine))
            wanted = _compiled(folder)
        (folder / "complete").touch()
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.whl"))}


def _compiled(folder: Path) -> Path:
    """The part of the lock that another Python or machine needs other files for; seconds of looking less for each."""
    same = {path.name.partition("-")[0].lower() for path in folder.glob("*-none-any.whl")}
    requirements = re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8"))
    names = (re.match(r"[\w.-]+", requirement) for requirement in requirements)
    found = [
        requirement
        for requirement, name in zip(requirements, names, strict=True)
        if name and re.sub(r"[-.]", "_", name[0]).lower() not in same
    ]
    (folder / "compiled.lock").write_text("\n".join(found) + "\n", encoding="utf-8")
    return folder / "compiled.lock"


def pip_wheel() -> tuple[str, bytes]:
    """pip without its Windows programs and its list of files; run from the wheel, never installed."""
    folder = CACHE / hashlib.sha256(PIP_LOCK.read_bytes()).hexdigest()[:16]
    if not list(folder.glob("pip-*.whl")):
        _download(folder, PIP_LOCK)
    original = next(folder.glob("pip-*.whl"))
    return original.name, _slim(original)


def _target(python: str, machine: str) -> tuple[str, ...]:
    tags = (f"manylinux_2_17_{machine}", f"manylinux2014_{machine}")
    platforms = tuple(word for tag in tags for word in ("--platform", tag))
    return (*platforms, "--python-version", python, "--implementation", "cp")


def _download(folder: Path, lock: Path, *target: str) -> None:
    words = ("download", "--require-hashes", "--only-binary=:all:", "--no-deps", "-d", str(folder), "-r", str(lock))
    done = subprocess.run([*PIP, *words, *target], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stdout}{done.stderr}\nCan't fetch the wheels: is the network there?")


def packed_pip(wheel: bytes) -> bytes:
    """As it travels: half the size of the original, so that the small archive stays below the upload limit of PHP.

    It takes seconds and depends on nothing but the wheel, so it is kept like the wheels.
    """
    kept = CACHE / "packed" / f"{hashlib.sha256(wheel).hexdigest()}.xz"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        draft.write_bytes(lzma.compress(wheel, preset=9 | lzma.PRESET_EXTREME))
        draft.replace(kept)
    return kept.read_bytes()


def _slim(path: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(source.namelist()):
            if not name.endswith((".exe", "/RECORD")):
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                target.writestr(entry, source.read(name))
    return packed.getvalue()


def fits_everywhere(folder: Path) -> list[str]:
    """What cannot be installed from this folder alone, by Python and machine; empty when all can."""
    problems = []
    for python in PYTHONS:
        for machine in MACHINES:
            words = (
                "install",
                "--dry-run",
                "--ignore-installed",
                "--no-index",
                "--find-links",
                str(folder),
                "--target",
                "x",
            )
            hashed = ("--require-hashes", "--only-binary=:all:", "-r", str(LOCK))
            command = [*PIP, *words, *hashed, *_target(python, machine)]
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, env={"PIP_CONFIG_FILE": "/dev/null"}
            )
            if done.returncode:
                problems.append(f"Python {python} on {machine}: {done.stderr.strip()[-500:]}")
    return problems
