# SPDX-License-Identifier: GPL-3.0-or-later
"""The home folder: what lies where, and what is written down about the installation."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from installer.words import Refused


@dataclass(frozen=True)
class Home:
    """``folder``: given by ITGRIX_HOME; everything of an installation but rows in a database is below it."""

    folder: Path

    @property
    def packages(self) -> Path:
        return self.folder / "packages"

    @property
    def venvs(self) -> Path:
        return self.folder / "venvs"

    @property
    def current(self) -> Path:
        """Link to the package in use; the switch to another version is one rename."""
        return self.folder / "current"

    @property
    def command(self) -> Path:
        return self.folder / "bin" / "itgrix"

    @property
    def control(self) -> Path:
        return self.folder / "bin" / "itgrix-service"

    @property
    def record(self) -> Path:
        return self.folder / "installed.json"

    @property
    def service_file(self) -> Path:
        """Address and unit of the service; the gate and the job of the PBX read it as well."""
        return self.folder / "service.json"

    @property
    def database_file(self) -> Path:
        """Address of the database with its password, readable by the owner alone; absent for SQLite in the home."""
        return self.folder / "database.url"

    @property
    def gate_key(self) -> Path:
        """Shared by the gate in the PBX's GUI and the service."""
        return self.folder / "gate.key"

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def prepare(self) -> None:
        """Make the folders. Raises Refused."""
        try:
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            for name in ("bin", "packages", "venvs", "hooks", "log", "backups", "work"):
                (self.folder / name).mkdir(mode=0o750, exist_ok=True)
        except OSError as error:
            raise Refused(
                "The folder {folder} cannot be made or written ({reason}). Give it to the user of the service.",
                folder=self.folder,
                reason=error.strerror,
            ) from None


@dataclass
class Record:
    """What is installed: ``version`` and ``package`` of the last complete run, and what was made outside the home.

    ``snapshot``: file with the tables as they were, set while a migration is under way. ``standalone``: no GUI of a PBX
    stands before the panel. ``link``: to the command, in the path.
    """

    version: str = ""
    package: str = ""
    manager_file: str = ""
    manager_name: str = ""
    own_database: str = ""
    unit: str = ""
    snapshot: str = ""
    standalone: bool = False
    link: str = ""

    @classmethod
    def read(cls, home: Home) -> Record:
        """An empty one when nothing is installed. Raises Refused when the file is damaged."""
        try:
            known = json.loads(home.record.read_text(encoding="utf-8"))
            return cls(**{name: known[name] for name in cls.__dataclass_fields__ if name in known})
        except FileNotFoundError:
            return cls()
        except (ValueError, TypeError) as error:
            raise Refused(
                "The file {file} is damaged ({reason}). Delete it and repeat.", file=home.record, reason=error
            ) from None

    def write(self, home: Home) -> None:
        write_private(home.record, json.dumps(asdict(self), indent=2) + "\n", 0o640)


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file as a whole: after a power cut it is the old one or the new one."""
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(mode)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """Empty when the file is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def ensure_gate_key(home: Home) -> None:
    """Made once; a new one would only make requests under way fail."""
    if not home.gate_key.exists():
        write_private(home.gate_key, secrets.token_hex(32) + "\n")


def point_at(link: Path, target: Path) -> None:
    """Make or move a link in one step; relative, so that the home can be moved as a whole."""
    draft = link.with_name(f".{link.name}.new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(os.path.relpath(target, link.parent))
    draft.replace(link)


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """One installer at a time. Raises Refused when another one is at work."""
    if not home.folder.exists():
        yield
        return
    with held(home.folder, os.O_RDONLY | os.O_DIRECTORY) as is_free:
        if not is_free:
            raise Refused("Another installation is under way in {folder}; wait for it.", folder=home.folder)
        yield


@contextmanager
def held(file: Path, flags: int = os.O_RDWR | os.O_CREAT) -> Iterator[bool]:
    """True inside when no other one holds it now. A file that root makes belongs to the owner of its folder."""
    handle = os.open(file, flags, 0o640)
    try:
        if flags & os.O_CREAT and os.geteuid() == 0:
            folder = file.parent.stat()
            os.fchown(handle, folder.st_uid, folder.st_gid)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
    finally:
        os.close(handle)
