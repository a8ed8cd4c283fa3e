# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets at rest: sealed with a key that is kept outside the database.

A stolen database or backup opens nothing without the key file. The file holds one Fernet key a line, the first seals,
all open; it belongs to the user of the service alone. A sealed value carries the version of the method before it.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.storage.ownership import give_to_folder_owner

PREFIX = "v1:"


class Vault:
    """Seals and opens text. Made by ``open_vault``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: tuple[str, ...] = ()
        self._reload()

    def seal(self, secret: str) -> str:
        """ASCII text for a column."""
        self._reload()  # a key that another process has just replaced must not seal any more
        return PREFIX + self._fernet.encrypt(secret.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Raises NeedsOwner ``key_wrong`` when no key of the file opens it."""
        if sealed.startswith(PREFIX):
            for _ in range(2):
                try:
                    return self._fernet.decrypt(sealed[len(PREFIX) :]).decode()
                except InvalidToken:
                    if not self._reload():  # another process may have changed the key meanwhile
                        break
        raise NeedsOwner(
            "key_wrong",
            f"the key file {self._path} does not open a stored secret",
            "Put the key file of the backup back, or enter the secret anew.",
        )

    def opens(self, sealed: str) -> bool:
        try:
            self.open(sealed)
        except NeedsOwner:
            return False
        return True

    @contextmanager
    def rotation(self) -> Iterator[None]:
        """In the block a new key seals and the old ones still open: seal all stored values anew there.

        Afterwards only the new key and the one before it are kept: the one before opens what a process that had not
        seen the change was sealing at that moment. One rotation at a time, over all processes.
        """
        with _locked_folder(self._path.parent):
            self._reload()
            self._write((Fernet.generate_key().decode("ascii"), *self._keys))
            yield
            self._write(self._keys[:2])

    def _write(self, keys: tuple[str, ...]) -> None:
        draft = _draft(self._path, keys)
        draft.replace(self._path)
        self._reload()

    def _reload(self) -> bool:
        """True when the file holds other keys than before."""
        keys = _read_keys(self._path)
        if keys == self._keys:
            return False
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._keys = keys
        return True


def open_vault(path: Path) -> Vault:
    """The vault of this key file, which is made when there is none; two processes that do so at once get one key.

    Raises NeedsOwner: ``key_open_to_others``, ``key_unreadable``, ``key_damaged``.
    """
    if not path.exists():
        _make_key_file(path)
    return Vault(path)


@contextmanager
def _locked_folder(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make_key_file(path: Path) -> None:
    draft = _draft(path, (Fernet.generate_key().decode("ascii"),))
    try:
        path.hardlink_to(draft)  # unlike a rename it never takes the place of a file that came first
    except FileExistsError:
        pass
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        draft.unlink()


def _draft(path: Path, keys: tuple[str, ...]) -> Path:
    """A complete file beside the real one, on the disk when this returns; mkstemp makes it 0600."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write("".join(f"{key}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
            give_to_folder_owner(file.fileno(), path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    return Path(name)


def _read_keys(path: Path) -> tuple[str, ...]:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise NeedsOwner(
                "key_open_to_others",
                f"other users may read the key file {path} (mode {stat.S_IMODE(mode):04o})",
                f"chmod 600 {path}; then change the secrets, others may have seen them.",
            )
        keys = tuple(path.read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError) as error:
        raise NeedsOwner(
            "key_unreadable", f"the key file {path} cannot be read ({error})", "Give it to the user of the service."
        ) from None
    return _checked(path, keys)


def is_key(text: str) -> bool:
    """Could it be a line of a key file?"""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def _checked(path: Path, keys: tuple[str, ...]) -> tuple[str, ...]:
    try:
        for key in keys:
            Fernet(key)
    except ValueError:
        keys = ()
    if not keys:
        raise NeedsOwner(
            "key_damaged",
            f"the key file {path} holds no key",
            "Put the one of the backup back; or delete it and enter all secrets anew.",
        )
    return keys


def _unwritable(path: Path, error: OSError) -> NeedsOwner:
    hint = "Check that the folder exists, belongs to the user of the service and has room."
    return NeedsOwner("key_unwritable", f"the key file {path} cannot be written ({error.strerror})", hint)
