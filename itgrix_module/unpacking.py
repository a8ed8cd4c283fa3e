# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacks a release archive and looks whether it is what it should be."""

from __future__ import annotations

import re
import shutil
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path, PurePosixPath

from itgrix_module.domain.failures import NeedsOwner, Permanent

TOP = "itgrix"
MOST_FILES, MOST_BYTES = 20_000, 1_000_000_000
NEEDED = ("module.xml", "pyproject.toml", "install.py", "installer/main.py", "requirements/runtime.lock")
_VERSION = re.compile(r'^version\s=\s"([^"]+)"$', re.MULTILINE)
_MOST_XML = 1_000_000


def refused(what: str) -> Permanent:
    """Nothing of it is used."""
    return Permanent("updates_archive", f"the archive is refused: {what}", "Nothing was changed. Ask support.")


def unpack(archive: Path, folder: Path) -> Path:
    """Files and folders only, all below one top. Returns that. Raises Failure."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            # By hand: the filters of tarfile came with Python 3.11.4, and Debian 12 has 3.11.2.
            for entry in _entries(tar):
                _extract(tar, entry, folder)
    except tarfile.TarError as error:
        raise refused(f"it is damaged ({type(error).__name__})") from error
    except (EOFError, ValueError) as error:
        raise refused("it is damaged") from error
    except OSError as error:
        if error.errno is None:  # gzip says so when the data are none
            raise refused("it is damaged") from error
        raise NeedsOwner(
            "updates_disk", f"the archive cannot be unpacked: {error.strerror}", "Free some space on the disk."
        ) from error
    return folder / TOP


def _entries(tar: tarfile.TarFile) -> list[tarfile.TarInfo]:
    entries: list[tarfile.TarInfo] = []
    size = 0
    for entry in tar:
        size += entry.size
        parts = PurePosixPath(entry.name).parts
        if not (entry.isreg() or entry.isdir()) or not parts or parts[0] != TOP or ".." in parts:
            raise refused(f"{entry.name[:100]!r} does not belong into it")
        entries.append(entry)
        if len(entries) > MOST_FILES or size > MOST_BYTES:
            raise refused("it is far too large")
    return entries


def _extract(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    """As files of ours, whatever owner and rights the archive names; only whether it is a program is kept."""
    target = folder.joinpath(*PurePosixPath(entry.name).parts)
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(entry)
    assert content is not None  # it is a regular file
    with content, target.open("wb") as file:
        shutil.copyfileobj(content, file)
    target.chmod(0o755 if entry.mode & 0o100 else 0o644)


def check(tree: Path, version: str) -> None:
    """Is it the product in this version? Raises Permanent."""
    missing = [name for name in NEEDED if not (tree / name).is_file()]
    if missing:
        raise refused(f"{', '.join(missing)} is missing")
    found = _VERSION.search((tree / "pyproject.toml").read_text(encoding="utf-8", errors="replace"))
    names = {"rawname": TOP, "version": version}
    if found is None or found[1] != version or _module(tree / "module.xml", names) != names:
        raise refused(f"it does not hold version {version}")


def _module(file: Path, names: dict[str, str]) -> dict[str, str]:
    """Those elements of a module.xml. It was signed; a document type, with which a small file grows, is refused."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if len(text) > _MOST_XML or "<!" in text.replace("<!--", ""):
        return {}
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - see above
    except ElementTree.ParseError:
        return {}
    return {name: (root.findtext(name) or "").strip() for name in names}
