# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into an archive, and how it is written so that the same commit always gives the same bytes."""

from __future__ import annotations

import gzip
import io
import lzma
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
# The rig of a real Asterisk is for the tests; the demo's own PBX needs no more of it than the plan of its company.
LEFT_OUT = "itgrix_module/sandbox/rig/"
KEPT = ("itgrix_module/sandbox/rig/__init__.py", "itgrix_module/sandbox/rig/plan.py")
# Packed once more, harder: the small archive has to stay below PHP's upload limit, and what is in here is none of the
# web server's business. installer/package.py unpacks it.
PROGRAM = "program.tar.xz"
PROGRAM_FOLDERS = ("examples", "itgrix_module", "migrations", "web")


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
    wanted = (name for name in chosen if name in KEPT or not name.startswith(LEFT_OUT))
    found = {name: (ROOT / name).read_bytes() for name in sorted(wanted) if (ROOT / name).is_file()}
    missing = set(FILES) - set(OPTIONAL) - set(found)
    if missing:
        raise SystemExit(f"missing: {', '.join(sorted(missing))}")
    return found


def with_program_packed(contents: Mapping[str, bytes], date: int) -> dict[str, bytes]:
    """The same with the folders of the program in one file."""
    inside = {name: content for name, content in contents.items() if name.partition("/")[0] in PROGRAM_FOLDERS}
    rest = {name: content for name, content in contents.items() if name not in inside}
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(inside):
            tar.addfile(_entry(name, date, tarfile.REGTYPE, 0o644, len(inside[name])), io.BytesIO(inside[name]))
    return rest | {PROGRAM: lzma.compress(tarred.getvalue(), preset=9 | lzma.PRESET_EXTREME)}


def program_of(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is in the packed program of an archive; nothing when there is none."""
    if PROGRAM not in contents:
        return {}
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(contents[PROGRAM]))) as tar:
        return {entry.name: content_of(tar, entry) for entry in tar if entry.isfile()}


def content_of(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    """What is in a file of an archive."""
    file = tar.extractfile(entry)
    assert file is not None, f"{entry.name} is no file"
    return file.read()


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
