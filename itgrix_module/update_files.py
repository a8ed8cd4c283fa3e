# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder ``update`` of the home: what is known of releases, how an update goes, and what it leaves behind."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from itgrix_module.app.update_run import Run, run_of
from itgrix_module.app.updates import Checked
from itgrix_module.domain.failures import NeedsOwner

MOST_LOG = 200_000  # bytes of an update's log that are shown


class UpdateFiles:
    """``home``: of the installation. Files are replaced as a whole."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder = home, home / "update"

    @property
    def list(self) -> Path:
        """The newest list of releases whose signature was right."""
        return self.folder / "releases.json"

    @property
    def log(self) -> Path:
        """What the last update said."""
        return self.folder / "update.log"

    @property
    def work(self) -> Path:
        """Archive and what is unpacked."""
        return self.folder / "work"

    @property
    def before(self) -> Path:
        """What is needed to go back."""
        return self.folder / "before"

    @property
    def running_version(self) -> Path:
        """Written by the service when it is up."""
        return self.folder / "running.json"

    def prepare(self) -> None:
        """Raises NeedsOwner."""
        try:
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def write(self, name: str, data: Mapping[str, Any] | bytes) -> None:
        """``data``: JSON data, or a file's content. Raises NeedsOwner."""
        self.prepare()
        content = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
        replace_file(self.folder / name, content)

    def read(self, name: str) -> dict[str, Any]:
        """Empty when the file is missing or damaged."""
        return read_json(self.folder / name)

    # -- the look for new versions

    def checked(self) -> Checked:
        """The last look."""
        found = self.read("checked.json")
        fields = Checked.__dataclass_fields__.items()
        kinds = {"float": (int, float), "str": str}
        good = {
            name: found[name]
            for name, field in fields
            if isinstance(found.get(name), kinds[str(field.type)])  # type: ignore[arg-type]
        }
        return Checked(**good)

    def note_check(self, checked: Checked) -> None:
        """Raises NeedsOwner."""
        self.write("checked.json", asdict(checked))

    # -- an update

    def run(self) -> Run:
        """The last update, or the one under way."""
        return run_of(self.read("run.json"))

    def note_run(self, run: Run) -> None:
        """Raises NeedsOwner."""
        self.write("run.json", run.as_data())

    def lock(self) -> int | None:
        """A handle that keeps other updates away as long as anybody holds it open; None when there is one."""
        self.prepare()
        try:
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return None
        return handle

    def is_running(self) -> bool:
        """Is an update under way?"""
        if not (self.folder / "lock").exists():
            return False
        try:
            handle = self.lock()
        except NeedsOwner:
            return False
        if handle is None:
            return True
        os.close(handle)
        return False

    def said(self) -> str:
        """The end of the log of the last update."""
        with suppress(OSError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - MOST_LOG))
            return file.read(MOST_LOG).decode(errors="replace")
        return ""


def read_json(file: Path) -> dict[str, Any]:
    """Empty when the file is missing or damaged."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def replace_file(file: Path, content: bytes, mode: int = 0o640) -> None:
    """Whoever reads meanwhile finds the old content or the new one. Raises NeedsOwner."""
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as target:
                target.write(content)
            Path(draft).chmod(mode)
            Path(draft).replace(file)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(file, error) from error


def _unwritable(path: Path, error: OSError) -> NeedsOwner:
    return NeedsOwner(
        "updates_unwritable",
        f"{path} cannot be written: {error.strerror}",
        "Give the home folder and all in it to the user of the service.",
    )
