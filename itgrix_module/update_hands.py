# SPDX-License-Identifier: GPL-3.0-or-later
"""How an unpacked version is put into place: by FreePBX, whose module it is, or by its own installer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from itgrix_module.domain.failures import NeedsOwner, Permanent
from itgrix_module.update_files import read_json

SECONDS = 1800.0  # that an installation may take
_USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"})
_PROXIES = frozenset({"http_proxy", "https_proxy", "no_proxy"})


def child_environment() -> dict[str, str]:
    """What a program that we start may see of ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED or name.lower() in _PROXIES or name.startswith(("ITGRIX_", "PIP_"))
    }
    return {"PATH": _USUAL_PATH, **kept, "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}


class Hand(Protocol):
    """Puts a version into place."""

    def check(self) -> None:
        """Can it be done here? Raises NeedsOwner."""

    def save(self, folder: Path) -> None:
        """Keep what is needed to go back. Raises OSError."""

    def install(self, tree: Path) -> None:
        """Put the version that lies in ``tree`` into place. Raises Failure."""

    def put_back(self, folder: Path) -> None:
        """Undo what ``install`` did outside of the home. Raises OSError."""

    def install_former(self) -> None:
        """After ``put_back`` and after the home is as it was. Raises Failure."""


class FreePbx:
    """``module``: the module's folder below ``admin/modules``; it belongs to the user of the service."""

    def __init__(self, module: Path) -> None:
        self._module, self._cache = module, module.parent / "_cache"

    def check(self) -> None:
        """See Hand."""
        if shutil.which("fwconsole", path=child_environment()["PATH"]) is None:
            raise NeedsOwner("updates_no_fwconsole", "there is no fwconsole here", "Update it in Module Admin.")
        places = (self._module.parent, self._module)
        if not all(os.access(place, os.W_OK | os.X_OK) for place in places if place.exists()):
            raise NeedsOwner(
                "updates_rights",
                f"the service may not write {self._module}",
                "Give it to the user of the service: fwconsole chown. Or update in Module Admin.",
            )

    def save(self, folder: Path) -> None:
        """See Hand."""
        shutil.copytree(self._module, folder / "module", symlinks=True)

    def install(self, tree: Path) -> None:
        """See Hand."""
        try:
            self._replace(tree)
        except OSError as error:
            raise NeedsOwner(
                "updates_rights",
                f"{self._module} cannot be replaced: {error.strerror}",
                "Give it to the user of the service: fwconsole chown. Or update in Module Admin.",
            ) from error
        self.install_former()

    def _replace(self, tree: Path) -> None:
        """Two renames within one file system: the folder is missing for no longer than that."""
        new, old = self._cache / "itgrix-update-new", self._cache / "itgrix-update-old"
        self._cache.mkdir(exist_ok=True)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(tree, new, symlinks=True)
        if self._module.exists():
            self._module.rename(old)
        try:
            new.rename(self._module)
        except OSError:
            old.rename(self._module)
            raise
        shutil.rmtree(old, ignore_errors=True)

    def put_back(self, folder: Path) -> None:
        """See Hand."""
        if (folder / "module").is_dir():
            self._replace(folder / "module")

    def install_former(self) -> None:
        """FreePBX takes over what lies in the module's folder."""
        run(["fwconsole", "ma", "install", self._module.name], "FreePBX did not install the module")


class StandAlone:
    """``home``: of the installation."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def check(self) -> None:
        """See Hand."""

    def save(self, folder: Path) -> None:
        """Nothing outside of the home belongs to a version."""

    def install(self, tree: Path) -> None:
        """See Hand. Without --standalone: the manager user is there, and only root may change it."""
        about = read_json(self._home / "service.json")
        words = ["--home", str(self._home), *(["--unit", str(about["unit"])] if about.get("unit") else [])]
        # Not the environment's own Python: the next one is made by whatever made this one.
        python = str(getattr(sys, "_base_executable", "") or sys.executable)
        run([python, "-B", str(tree / "install.py"), *words], "the installer of the new version failed")

    def put_back(self, folder: Path) -> None:
        """See save."""

    def install_former(self) -> None:
        """See save."""


def hand_of(home: Path) -> Hand:
    """By what the installer wrote down. Raises NeedsOwner where nothing was installed."""
    about = read_json(home / "service.json")
    if not (home / "installed.json").exists() or not about:
        raise NeedsOwner(
            "updates_not_installed",
            "this copy was not installed by install.py, so that it cannot update itself",
            "Update it the way it came here.",
        )
    source = about.get("source")
    return FreePbx(Path(source)) if isinstance(source, str) and source else StandAlone(home)


def run(command: Sequence[str], what: str) -> None:
    """What it says goes to our own output. Raises Permanent when it fails or takes too long."""
    print("$", *command, flush=True)  # noqa: T201 - the log of the update
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, cwd="/", env=child_environment(), start_new_session=True
        )
    except OSError as error:
        raise Permanent("updates_program", what, f"{command[0]}: {error.strerror}") from error
    with process:
        try:
            status = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            status = -1
    print("=", status, flush=True)  # noqa: T201
    if status:
        raise Permanent("updates_program", what, "Look into the log of the update.")
