# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of the running service: the daily one, those by hand, rotation, and the order to restore one.

A restore is done while nothing runs: the panel only leaves an order (``restore.json`` in the home) and asks for a
restart, the next start carries it out before anything else, see ``restoring``.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import tzinfo
from pathlib import Path
from typing import IO, Any

from itgrix_module import archives
from itgrix_module.app import backups as rules
from itgrix_module.app.backups import Backup, BackupState, Manifest, Member
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.path_faults import hint_at_home, what, who
from itgrix_module.place import Place
from itgrix_module.restoring import check_file, folder_of, order_file, result_file, work_folder
from itgrix_module.storage import copying
from itgrix_module.storage.engine import Database

log = logging.getLogger("itgrix.operations")

MOST_TAKEN_IN = 4 * 2**30  # bytes of an archive from elsewhere
RESERVE = 200 * 1024 * 1024  # bytes of the disk that a backup leaves free
AGAIN = 3600.0  # seconds after which a daily backup that failed is tried again


class Backups:
    """Thread-safe; one at a time. ``settings``, ``zone``: asked each time; ``stop``: set when the service ends."""

    def __init__(
        self,
        place: Place,
        database: Database,
        settings: Callable[[], Mapping[str, Any]],
        zone: Callable[[], tzinfo | None],
        product: str,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._place, self._database, self._product, self._clock = place, database, product, clock
        self._settings, self._zone, self._stop = settings, zone, stop or threading.Event()
        self._one = threading.Lock()
        self._under_way = ""
        self._failed: Failure | None = None
        self._failed_at = 0.0
        self._thread: threading.Thread | None = None

    def close(self) -> None:
        """What is under way is thrown away."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5.0)

    # -- making

    def make(self, kind: str) -> Path:
        """Make one now, in this thread. Raises Failure, ``backup_under_way`` among others."""
        if not self._one.acquire(blocking=False):
            raise NeedsOwner("backup_under_way", "a backup is being made at this moment", "Wait for its end.")
        self._under_way = kind
        try:
            made = self._make(kind)
        except Failure as failure:
            self._failed, self._failed_at = failure, self._clock()
            raise
        finally:
            self._under_way = ""
            self._one.release()
        self._failed = None
        log.info("backup %s made, %d bytes", made.name, made.stat().st_size)
        return made

    def _make(self, kind: str) -> Path:
        folder = prepared(folder_of(self._place))
        self._check_room(folder)
        made_at = self._clock()
        target = folder / rules.name_of(made_at, kind)
        with work_folder(self._place) as work:
            database = work / rules.DATABASE
            copying.save(self._database, database, lambda: not self._stop.is_set())
            self._pack(target, database, made_at)
        self.rotate()
        return target

    def _pack(self, target: Path, database: Path, made_at: float) -> None:
        files = {rules.DATABASE: database, rules.KEY: self._place.key_file, **self._scripts()}
        members = {name: self._member(name, file) for name, file in files.items()}
        manifest = Manifest(
            self._product,
            copying.check(database),
            str(self._settings()["pbx.node"]),
            made_at,
            "sqlite" if self._database.is_sqlite else "mariadb",
            members,
            copying.counts_of(database),
        )
        archives.write(target, manifest, files)

    def _member(self, name: str, file: Path) -> Member:
        mode = file.stat().st_mode & 0o770 if name.startswith(rules.HOOKS) else 0o600
        return archives.member_of(file, mode)

    def _scripts(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for file in sorted(self._place.hooks.glob("*")):
            if not file.is_file():
                continue
            if not rules.is_script_name(file.name) or file.stat().st_size > rules.MOST_HOOK:
                log.warning("the file %s of the customizations is not in the backup: its name or size is unusual", file)
            elif not os.access(file, os.R_OK):  # nor can the service run it
                log.warning("the file %s of the customizations is not in the backup: %s may not read it", file, who())
            elif len(found) < rules.MOST_HOOKS:
                found[f"{rules.HOOKS}{file.name}"] = file
        return found

    def _check_room(self, folder: Path) -> None:
        needed = RESERVE
        if self._database.is_sqlite:
            needed += 2 * Path(str(self._database.engine.url.database)).stat().st_size
        if shutil.disk_usage(folder).free < needed:
            raise NeedsOwner(
                "backup_no_room",
                f"there is too little room for a backup in {folder}",
                "Free some space, or keep fewer backups.",
            )

    def begin(self) -> bool:
        """Make one in the background; False when one is under way."""
        if self._one.locked():
            return False
        self._thread = threading.Thread(target=self._in_background, name="backup", daemon=True)
        self._thread.start()
        return True

    def _in_background(self) -> None:
        try:
            self.make(rules.BY_HAND)
        except copying.Stopped:
            log.info("the backup under way was thrown away: the service stops")
        except Failure as failure:
            log.error("no backup was made: %s", failure)
        except Exception as error:
            self._failed = NeedsOwner("backup_failed", f"no backup was made: {error}", "The log tells more.")
            log.exception("no backup was made")

    def daily(self) -> None:
        """For the timetable: make the daily one when its hour has passed. Raises Failure."""
        keep, now = int(self._settings()["backups.keep"]), self._clock()
        is_wanted = keep > 0 and rules.is_due(now, self._last(), int(self._settings()["backups.hour"]), self._zone())
        if not is_wanted or self._one.locked() or (self._failed and now - self._failed_at < AGAIN):
            return
        with suppress(copying.Stopped):
            self.make(rules.DAILY)

    def _last(self) -> float:
        """When the last daily one was made; a new installation waits for its first night."""
        made = max((backup.made_at for backup in self.all() if backup.kind == rules.DAILY), default=0.0)
        if made:
            return made
        with suppress(OSError):
            return self._place.key_file.stat().st_mtime
        return 0.0

    def rotate(self) -> None:
        """Remove those that are too many."""
        folder = folder_of(self._place)
        for backup in rules.superfluous(self.all(), int(self._settings()["backups.keep"])):
            (folder / backup.name).unlink(missing_ok=True)
            log.info("old backup %s removed", backup.name)

    # -- looking

    def all(self) -> list[Backup]:
        """The newest first."""
        found = []
        for file in folder_of(self._place).glob("itgrix-*.zip"):
            named = rules.read_name(file.name)
            with suppress(OSError):
                if named is not None and file.is_file() and not file.is_symlink():
                    found.append(Backup(file.name, named[1], named[0], file.stat().st_size))
        return sorted(found, key=lambda backup: backup.made_at, reverse=True)

    def state(self) -> BackupState:
        """For the panel."""
        settings, failed = self._settings(), self._failed
        next_at = rules.next_due(self._clock(), int(settings["backups.hour"]), self._zone())
        return BackupState(
            self.all(),
            self._under_way,
            failed.text if failed else "",
            failed.hint if failed else "",
            next_at if settings["backups.keep"] else 0.0,
            _last_restore(self._place),
        )

    def file(self, name: str) -> Path | None:
        """A backup by its name; None for anything else."""
        path = folder_of(self._place) / name
        return path if rules.read_name(name) is not None and path.is_file() and not path.is_symlink() else None

    def expected(self, name: str) -> Path:
        """The same. Raises NeedsOwner ``no_such_backup``."""
        found = self.file(name)
        if found is None:
            raise NeedsOwner("no_such_backup", "this backup is no longer there", "Choose another one.")
        return found

    def inspect(self, name: str) -> Manifest:
        """Check it wholly, as a restore would. Raises Failure."""
        return check_file(self._place, self.expected(name))

    def remove(self, name: str) -> bool:
        """False when there is none of that name."""
        found = self.file(name)
        if found is None:
            return False
        found.unlink(missing_ok=True)
        return True

    def take_in(self, source: IO[bytes]) -> str:
        """Keep an archive from elsewhere after it was checked; returns its name. Raises Failure."""
        folder = prepared(folder_of(self._place))
        target = folder / rules.name_of(self._clock(), rules.TAKEN_IN)
        handle, draft = tempfile.mkstemp(prefix=".upload-", suffix=".part", dir=folder)
        try:
            with os.fdopen(handle, "wb") as out:
                _copy(source, out, min(MOST_TAKEN_IN, shutil.disk_usage(folder).free - RESERVE))
            check_file(self._place, Path(draft))
            Path(draft).replace(target)
        finally:
            Path(draft).unlink(missing_ok=True)
        self.rotate()
        return target.name

    def order(self, name: str, *, keep_machine: bool, who: str) -> None:
        """Leave the order for the next start. Raises Failure when the backup cannot be restored."""
        found = self.expected(name)
        check_file(self._place, found)
        self.make(rules.BEFORE_RESTORE)
        text = json.dumps({"file": found.name, "keep_machine": keep_machine, "who": who})
        draft = order_file(self._place).with_suffix(".part")
        draft.write_text(text, encoding="utf-8")
        draft.replace(order_file(self._place))


def prepared(folder: Path) -> Path:
    """The folder of backups, for the user of the service alone. Raises NeedsOwner."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise NeedsOwner(
            "backup_unwritable", f"the folder {folder} cannot be made: {what(error)}", hint_at_home(error)
        ) from error
    return folder


def _copy(source: IO[bytes], target: IO[bytes], most: int) -> None:
    size = 0
    while block := source.read(1024 * 1024):
        size += len(block)
        if size > most:
            raise NeedsOwner("backup_too_large", "this file is too large for the room there is", "Free some space.")
        target.write(block)


def _last_restore(place: Place) -> str:
    with suppress(OSError, ValueError):
        return str(json.loads(result_file(place).read_text(encoding="utf-8")).get("failure", ""))
    return ""
