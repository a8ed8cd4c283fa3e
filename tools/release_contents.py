# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into an archive, and how it is written so that the same commit always gives the same bytes."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOP = "itgrix"  # FreePBX's upgrade button wants exactly the module's name

FILES = (
    "module.xml",
    "Itgrix.class.php",
    "functions.inc.php",
    "page.itgrix.php",
    "Backup.php",
    "Restore.php",
    "Job.php",
    "install.py",
    "uninstall.py",
    "pyproject.toml",
    "requirements/runtime.lock",
    "packaging/itgrix.service.in",
    "packaging/release.pub",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
)
FOLDERS = (
    "Console",
    "assets",
    "docs/en",
    "docs/ru",
    "examples",
    "gate",
    "i18n",
    "installer",
    "itgrix_module",
    "migrations",
    "php",
    "views",
    "web",
)
OPTIONAL = ("packaging/release.pub",)


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True).stdout


def epoch() -> int:
    """Seconds that every file is dated with: SOURCE_DATE_EPOCH, else the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(given) if given else int(git("log", "-1", "--format=%ct").strip())


def is_clean() -> bool:
    """Is what lies here what is committed?"""
    return not git("status", "--porcelain").strip()


def sources() -> dict[str, bytes]:
    """Path in the archive -> content: what git knows or would take, of the parts that an installation needs."""
    known = git("ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    chosen = (name for name in known if name in FILES or name.startswith(tuple(f"{folder}/" for folder in FOLDERS)))
    found = {name: (ROOT / name).read_bytes() for name in sorted(chosen) if (ROOT / name).is_file()}
    missing = set(FILES) - set(OPTIONAL) - set(found)
    if missing:
        raise SystemExit(f"missing: {', '.join(sorted(missing))}")
    return found


def archive(contents: Mapping[str, bytes], date: int) -> bytes:
    """A gzipped tar: sorted, one owner, two modes, one date."""
    packed = io.BytesIO()
    zipped = gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=date)
    with zipped, tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder in sorted(_folders(contents)):
            tar.addfile(_entry(folder, date, tarfile.DIRTYPE, 0o755, 0))
        for name in sorted(contents):
            tar.addfile(
                _entry(f"{TOP}/{name}", date, tarfile.REGTYPE, 0o644, len(contents[name])),
                io.BytesIO(contents[name]),
            )
    return packed.getvalue()


def _folders(contents: Mapping[str, bytes]) -> set[str]:
    found = {TOP}
    for name in contents:
        found |= {f"{TOP}/{parent}" for parent in map(str, Path(name).parents) if parent != "."}
    return found


def _entry(name: str, date: int, kind: bytes, mode: int, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.size, entry.mtime = kind, mode, size, date
    return entry
