# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a backup: a zip with a list of its contents. What does not fit the list is refused.

It holds the key of the secrets beside the database, so that it can be restored on another machine: it is as secret as
the home itself, and belongs to the user of the service alone.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from itgrix_module.app.backups import (
    DATABASE,
    HOOKS,
    KEY,
    MANIFEST,
    MOST_MANIFEST,
    MOST_PRESSED,
    Manifest,
    Member,
    broken,
    manifest_of,
)
from itgrix_module.domain.failures import NeedsOwner, Permanent
from itgrix_module.path_faults import hint_at_home, hint_to_read
from itgrix_module.path_faults import what as said

_BLOCK = 1024 * 1024  # bytes
_START = 512  # bytes by which a kind of file is known
_PACKED_BY_OTHERS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
_TAR = b"\0ustar"
_AGAIN = "Copy it here once more, or take another one; nothing was changed."
_OF_THE_PBX = "Backups of this program end in .zip; one of FreePBX is restored by FreePBX. Nothing was changed."
# What zipfile raises for a damaged file or for one made by means that it does not know.
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
)


def member_of(file: Path, mode: int = 0o600) -> Member:
    """What the list says of a file."""
    total, size = hashlib.sha256(), 0
    with file.open("rb") as source:
        while block := source.read(_BLOCK):
            total.update(block)
            size += len(block)
    return Member(size, total.hexdigest(), mode & 0o770)


def write(target: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Whole or not at all. ``files``: by the names in the list. Raises NeedsOwner when the disk does not take it."""
    draft = target.with_name(f".{target.name}.part")
    try:
        with (
            os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+b") as out,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive,
        ):
            archive.writestr(MANIFEST, manifest.as_json())
            for name, file in files.items():
                archive.write(file, name)
        _to_disk(draft)
        draft.replace(target)
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        hint = hint_at_home(error) if isinstance(error, OSError) else "Check the disk."
        raise NeedsOwner(
            "backup_unwritable", f"the backup cannot be written to {target.parent}: {what}", hint
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def _to_disk(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def manifest(file: Path) -> Manifest:
    """What an archive says of itself; its contents are not looked at. Raises Permanent ``backup_broken``."""
    with _opened(file) as archive:
        return _manifest(archive)


def unpack(file: Path, folder: Path, room: int) -> Manifest:
    """Put everything into an empty folder, under names of our own, and check it against the list.

    ``room``: bytes that may be written. Raises Permanent ``backup_broken``, NeedsOwner ``disk_full``; what was
    written meanwhile is to be removed with the folder.
    """
    with _opened(file) as archive:
        found = _manifest(archive)
        if sum(member.size for member in found.members.values()) > room:
            raise NeedsOwner("disk_full", "there is no room for the contents of this backup", "Free some space.")
        with _written(folder):
            (folder / HOOKS).mkdir(mode=0o700)
        for name, member in found.members.items():
            _unpack(archive, name, member, folder / name)
    return found


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """What fails here is our own disk and not the archive, which is read at the same time."""
    try:
        yield
    except OSError as error:
        raise NeedsOwner(
            "backup_work", f"the folder {folder} cannot be used: {said(error)}", hint_at_home(error)
        ) from error


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError:
        raise NeedsOwner("no_such_backup", f"there is no file {file}", "`itgrix backup --list` names them.") from None
    except _FAULTS:
        raise _no_archive(file) from None
    except OSError as error:
        if error.errno == errno.EINVAL:  # it names places that a file does not have
            raise _no_archive(file) from None
        raise NeedsOwner("backup_unreadable", f"{file} cannot be read: {said(error)}", hint_to_read(error)) from error


def _no_archive(file: Path) -> Permanent:
    """Why it cannot be opened, by how it begins."""
    with suppress(OSError), file.open("rb") as source:
        start = source.read(_START)
        if not start:
            return broken("the file is empty", _AGAIN)
        if start.startswith(_PACKED_BY_OTHERS) or _TAR in start:
            return broken("it is an archive of another kind", _OF_THE_PBX)
        if not start.startswith(b"PK"):
            return broken("it is no archive")
    return broken("the archive is damaged, or its end is missing", _AGAIN)


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if MANIFEST not in names:
        raise broken("it is none of ours")
    first = archive.getinfo(MANIFEST)
    if first.file_size > MOST_MANIFEST:
        raise broken("its list of contents is too long")
    with archive.open(first) as source:
        found = manifest_of(source.read(MOST_MANIFEST))
    if sorted(names) != sorted((MANIFEST, *found.members)):
        raise broken("its contents are not those of its list")
    for entry in entries:
        _check(entry, found)
    return found


def _check(entry: zipfile.ZipInfo, found: Manifest) -> None:
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise broken("it is packed in another way than ours")
    if entry.filename == MANIFEST:
        return
    if entry.file_size != found.members[entry.filename].size:
        raise broken("its contents are not those of its list")
    if entry.file_size > MOST_PRESSED * max(1024, entry.compress_size):
        raise broken("its contents are larger than they can be")


def _unpack(archive: zipfile.ZipFile, name: str, member: Member, target: Path) -> None:
    total, left = hashlib.sha256(), member.size
    with _written(target.parent):
        handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with closed_after(handle), archive.open(name) as source:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                break
            total.update(block)
            with _written(target.parent):
                append(handle, block)
    if left or total.hexdigest() != member.sha256:
        raise broken("its contents are damaged")


@contextmanager
def closed_after(handle: int) -> Iterator[int]:
    """A file of Python would try once more to write what did not fit, and hide why it did not."""
    try:
        yield handle
    finally:
        os.close(handle)


def append(handle: int, content: bytes) -> None:
    """All of it. Raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def copy(file: Path, handle: int) -> None:
    """Onto the disk. Raises OSError."""
    with file.open("rb") as source:
        while block := source.read(_BLOCK):
            append(handle, block)
    os.fsync(handle)


__all__ = ["DATABASE", "KEY", "append", "closed_after", "copy", "manifest", "member_of", "unpack", "write"]
