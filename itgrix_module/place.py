# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the product lives: its home folder, its database, and the lock that keeps a second service away."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from itgrix_module.domain.failures import NeedsOwner


@dataclass(frozen=True)
class Place:
    """``home``: data, hooks, backups; ``database_url``: SQLAlchemy address, SQLite in the home by default.

    ``node``: name of this PBX where several share the database; empty: there is one, named by its settings.
    """

    home: Path
    database_url: str
    node: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Place:
        """From ITGRIX_HOME, ITGRIX_DATABASE_URL and ITGRIX_NODE. Raises NeedsOwner for a name that cannot be one."""
        home = Path(environment.get("ITGRIX_HOME") or "var").resolve()
        url = environment.get("ITGRIX_DATABASE_URL") or f"sqlite:///{home / 'itgrix.db'}"
        return cls(home, url, _checked_node(environment.get("ITGRIX_NODE") or ""))

    def prepare(self) -> None:
        """Make the home. Raises NeedsOwner when that cannot be done."""
        try:
            self.home.mkdir(mode=0o750, parents=True, exist_ok=True)
            self.work.mkdir(mode=0o750, exist_ok=True)
            self.hooks.mkdir(mode=0o750, exist_ok=True)
        except OSError as error:
            raise NeedsOwner(
                "home_unusable",
                f"the home folder {self.home} cannot be used: {error.strerror}",
                "Set ITGRIX_HOME to a folder that this user may write.",
            ) from error

    @property
    def work(self) -> Path:
        """Files under preparation."""
        return self.home / "work"

    @property
    def hooks(self) -> Path:
        """The administrator's scripts."""
        return self.home / "hooks"

    @property
    def key_file(self) -> Path:
        """Key of the secrets in the database; outside of it."""
        return self.home / "secret.key"

    @property
    def heartbeat(self) -> Path:
        """Its modification time is when the PBX was last heard."""
        return self.home / "heard"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Held while the service runs. Raises NeedsOwner when another one holds it."""
        handle = self._lock_file()
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise NeedsOwner(
                    "already_running",
                    f"the service already runs on {self.home}",
                    "Stop it first, or give this one another ITGRIX_HOME.",
                ) from None
            yield
        finally:
            os.close(handle)

    def _lock_file(self) -> int:
        file = self.home / "itgrix.lock"
        try:
            return os.open(file, os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as error:
            raise NeedsOwner(
                "home_unusable",
                f"the file {file} cannot be used: {error.strerror}",
                "Give the home folder and all in it to the user of the service.",
            ) from error

    def beat(self) -> None:
        """Note that the PBX is heard now."""
        # Where even that cannot be written, the checks of disk and database say so.
        with suppress(OSError):
            self.heartbeat.touch()


def _checked_node(name: str) -> str:
    if name and not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", name):
        shown = ascii(name[:40])
        raise NeedsOwner(
            "node_name",
            f"ITGRIX_NODE {shown} cannot be the name of a PBX",
            "Use letters, digits, - and _ only, at most 32.",
        )
    return name


def heard_at(file: Path) -> float | None:
    """When the PBX was last heard, epoch seconds; None when never."""
    try:
        return file.stat().st_mtime
    except OSError:
        return None
