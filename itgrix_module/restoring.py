# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting a backup in the place of what is there, while nothing else runs on the home.

1. The archive is unpacked beside the data and checked wholly. 2. Its keys are written before the keys that are there,
so that whatever the database holds at any moment can be opened. 3. The rows are replaced in one transaction.
4. The customizations follow. A restore that is cut off anywhere is begun again at the next start.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from itgrix_module import archives
from itgrix_module.app.backups import DATABASE, HOOKS, KEY, Manifest, is_script_name
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent
from itgrix_module.nodes import key_of
from itgrix_module.path_faults import hint_at_home, what
from itgrix_module.place import Place
from itgrix_module.settings import BY_KEY
from itgrix_module.storage import copying
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.migrate import head, upgrade
from itgrix_module.storage.ownership import give_to_folder_owner
from itgrix_module.storage.settings_store import SqlSettingStore
from itgrix_module.storage.urls import checked_url
from itgrix_module.storage.vault import is_key, open_vault

log = logging.getLogger("itgrix.operations")

# What describes this machine and not the company.
OF_THE_MACHINE = (
    *("ami.host", "ami.port", "ami.username", "ami.secret", "ami.tls", "ami.tls_verify", "ami.tls_ca", "cdr.url"),
    *("recordings.directory", "routing.listen", "panel.hosts", "panel.secure_cookies"),
)
ATTEMPTS = 3  # starts at which a restore that was ordered is tried
RESERVE = 100 * 1024 * 1024  # bytes of the disk that stay free


def folder_of(place: Place) -> Path:
    """Where backups lie."""
    return place.home / "backups"


def order_file(place: Place) -> Path:
    """The order to restore a backup at the next start."""
    return place.home / "restore.json"


def result_file(place: Place) -> Path:
    """What came of the last order."""
    return place.home / "restored.json"


@contextmanager
def work_folder(place: Place) -> Iterator[Path]:
    """A folder for unpacking, gone afterwards."""
    try:
        place.work.mkdir(mode=0o750, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="backup-", dir=place.work) as name:
            yield Path(name)
    except OSError as error:
        # Not only the folder itself: whatever a backup or a restore reads and writes of the home meanwhile.
        where = error.filename or place.work
        raise NeedsOwner("backup_work", f"{where} cannot be used: {what(error)}", hint_at_home(error)) from error


def check_file(place: Place, file: Path) -> Manifest:
    """Do everything that a restore does but the restore. Raises Failure with what is wrong."""
    with work_folder(place) as work:
        return _unpacked(place, file, work)


def _unpacked(place: Place, file: Path, work: Path) -> Manifest:
    found = archives.unpack(file, work, shutil.disk_usage(place.work).free - RESERVE)
    version = copying.check(work / DATABASE)
    try:
        if version != head():
            upgrade(f"sqlite:///{work / DATABASE}")
        with closing(open_database(f"sqlite:///{work / DATABASE}")) as database:
            _settings(database, work / KEY).load()
    except Failure as failure:
        raise Permanent("backup_broken", f"this backup cannot be used: {failure.text}", failure.hint) from None
    return found


def _settings(database: Database, key: Path) -> SqlSettingStore:
    return SqlSettingStore(
        database, open_vault(key), lambda name: (own := key_of(name)) in BY_KEY and BY_KEY[own].secret
    )


def restore(place: Place, file: Path, *, keep_machine: bool) -> Manifest:
    """Restore; the caller holds ``place.alone()``. Raises Failure: nothing was changed then, or the old data stay.

    ``keep_machine``: settings that describe this machine stay as they are here.
    """
    with work_folder(place) as work:
        found = _unpacked(place, file, work)
        _refuse_unwritable(place.hooks)
        _open_up(place)
        with closing(open_database(place.database_url)) as database:
            kept = _of_the_machine(database, place.key_file) if keep_machine else {}
            _add_keys(place.key_file, work / KEY)
            copying.load(work / DATABASE, database)
            if kept:
                _settings(database, place.key_file).save(kept)
        _replace_scripts(place.hooks, work / HOOKS, found)
    log.warning("the backup %s is restored; its data are of %s", file.name, time.ctime(found.made_at))
    return found


def _refuse_unwritable(folder: Path) -> None:
    """The customizations follow the rows: what keeps them away has to be known before. Raises OSError."""
    folder.mkdir(mode=0o750, exist_ok=True)
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(error.errno, what(error), str(folder)) from error


def _open_up(place: Place) -> None:
    """A database that takes the rows. A file that is damaged or too new for this program is put aside."""
    try:
        upgrade(place.database_url)
    except Failure as failure:
        file = Path(str(checked_url(place.database_url).database))
        if failure.code not in ("database_damaged", "database_newer") or not place.database_url.startswith("sqlite"):
            raise
        aside = file.with_name(f"{file.name}.{time.strftime('%Y%m%d-%H%M%S')}.{failure.code}")
        log.warning("the database %s is put aside as %s: %s", file.name, aside.name, failure)
        file.replace(aside)
        copying.remove(file)
        upgrade(place.database_url)


def _of_the_machine(database: Database, key: Path) -> Mapping[str, Any]:
    try:
        now = _settings(database, key).load()
    except Failure as failure:
        log.warning("the settings of this machine cannot be kept: %s", failure)
        return {}
    return {name: now[name] for name in OF_THE_MACHINE if name in now}


def _add_keys(target: Path, source: Path) -> None:
    """The keys of the backup first: they seal from now on. Those that were there still open."""
    keys = source.read_text(encoding="ascii").split()
    with suppress(OSError, UnicodeDecodeError):
        keys += target.read_text(encoding="ascii").split()
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write("".join(f"{key}\n" for key in dict.fromkeys(keys) if is_key(key)))
            out.flush()
            os.fsync(out.fileno())
            give_to_folder_owner(out.fileno(), target.parent)
        Path(draft).replace(target)
    finally:
        Path(draft).unlink(missing_ok=True)


def _replace_scripts(folder: Path, source: Path, found: Manifest) -> None:
    for file in folder.glob("*"):
        if file.is_file() and is_script_name(file.name) and file.name not in found.hooks:
            file.unlink()
    for name, member in found.hooks.items():
        draft = folder / f".{name}.part"
        shutil.copyfile(source / name, draft)
        draft.chmod(member.mode)
        with draft.open("rb") as done:
            give_to_folder_owner(done.fileno(), folder)
        draft.replace(folder / name)


def restore_if_ordered(place: Place) -> None:
    """At the start, before the database is opened: carry out the order of the panel, if there is one.

    One that fails is given up with its reason in ``restored.json``, and the service starts on the data that are there.
    """
    _sweep(place)
    order = _taken(place)
    if order is None:
        return
    failure = ""
    try:
        restore(place, folder_of(place) / str(order["file"]), keep_machine=bool(order.get("keep_machine")))
    except (Failure, OSError, ValueError) as error:
        failure = error.text if isinstance(error, Failure) else str(error)
        log.error("the backup %s could not be restored: %s", order["file"], failure)
    _note(place, {**order, "at": time.time(), "failure": failure})
    order_file(place).unlink(missing_ok=True)


def _taken(place: Place) -> dict[str, Any] | None:
    """The order, counted: one that ends this process again and again is given up."""
    file = order_file(place)
    try:
        order = json.loads(file.read_text(encoding="utf-8"))
        attempts = int(order.get("attempts", 0)) + 1
        order["file"] = Path(str(order["file"])).name
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.error("the order to restore a backup cannot be read and is dropped: %s", error)
        file.unlink(missing_ok=True)
        return None
    if attempts > ATTEMPTS:
        _note(place, {**order, "at": time.time(), "failure": "it was cut off at every attempt"})
        file.unlink(missing_ok=True)
        return None
    file.write_text(json.dumps({**order, "attempts": attempts}), encoding="utf-8")
    return dict(order)


def _note(place: Place, result: Mapping[str, Any]) -> None:
    with suppress(OSError):
        result_file(place).write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")


def _sweep(place: Place) -> None:
    """What a crash left: half an archive, an unpacked one with the key in it."""
    for folder in place.work.glob("backup-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for pattern in (".*.part", ".upload-*"):
        for file in folder_of(place).glob(pattern):
            file.unlink(missing_ok=True)
