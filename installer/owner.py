# SPDX-License-Identifier: GPL-3.0-or-later
"""As whom things are done: root installs, but everything in the home belongs to the user of the service."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer.words import Refused

# What a program that we start may see of our environment.
PASSED = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)
PASSED_PREFIXES = ("PIP_", "SSL_CERT_")
USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Owner:
    """User and group of the service."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    @classmethod
    def named(cls, user: str, group: str = "") -> Owner:
        """``user`` empty: who runs this. Raises Refused for one that does not exist."""
        try:
            entry = pwd.getpwnam(user) if user else pwd.getpwuid(os.geteuid())
            gid = grp.getgrnam(group).gr_gid if group else entry.pw_gid
        except KeyError:
            raise Refused("There is no user or group {name} on this machine.", name=group or user) from None
        return cls(entry.pw_name, entry.pw_uid, gid, tuple(os.getgrouplist(entry.pw_name, gid)))

    @classmethod
    def of_folder(cls, folder: Path) -> Owner:
        """Whom a folder belongs to."""
        found = folder.stat()
        try:
            name = pwd.getpwuid(found.st_uid).pw_name
        except KeyError:
            return cls(str(found.st_uid), found.st_uid, found.st_gid, (found.st_gid,))
        return cls(name, found.st_uid, found.st_gid, tuple(os.getgrouplist(name, found.st_gid)))

    def become(self) -> None:
        """From now on files are made as this user; root can come back by ``as_root``. Raises Refused."""
        if os.geteuid() == self.uid:
            return
        if os.getuid() != 0:
            raise Refused("Run this as root or as {name}.", name=self.name)
        os.setgroups(self.groups)
        os.setegid(self.gid)
        os.seteuid(self.uid)


def is_root() -> bool:
    """Whether ``as_root`` works."""
    return os.getuid() == 0


@contextmanager
def as_root() -> Iterator[None]:
    """For what only root can do; call it when ``is_root``."""
    uid, gid = os.geteuid(), os.getegid()
    os.seteuid(0)
    os.setegid(0)
    try:
        yield
    finally:
        os.setegid(gid)
        os.seteuid(uid)


@contextmanager
def privileges() -> Iterator[None]:
    """Starting and stopping a unit needs root; the service itself is started as the owner in any case."""
    if not is_root():
        yield
        return
    with as_root():
        yield


def clean_environment(**more: str) -> dict[str, str]:
    """Nothing of a web server's or a shell's settings that could lead Python or pip elsewhere."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in PASSED or name.startswith(PASSED_PREFIXES) or name.startswith("ITGRIX_")
    }
    return {"PATH": USUAL_PATH, **kept, "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1", **more}


def lowered(owner: Owner) -> dict[str, Any]:
    """How a program is started as the owner: arguments for subprocess."""
    rights: dict[str, Any] = {"user": owner.uid, "group": owner.gid} if is_root() else {}
    if os.geteuid() == 0:  # who has become the owner already has his groups, and no right to set them
        rights["extra_groups"] = owner.groups
    return rights


def run(
    command: Sequence[object],
    owner: Owner,
    *,
    feed: str = "",
    seconds: float = 600,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program as the owner; its output is returned, not shown. Raises Refused when it cannot be started."""
    try:
        return subprocess.run(
            [str(word) for word in command],
            input=feed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            cwd="/",
            env={**clean_environment(), **(environment or {})},
            **lowered(owner),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused("{program} cannot be run: {reason}", program=command[0], reason=error) from None


def tail(said: str, lines: int = 12) -> str:
    """The end of what a program said, for a message."""
    return "\n".join(said.strip().splitlines()[-lines:])
