# SPDX-License-Identifier: GPL-3.0-or-later
"""``backup`` and ``restore``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from itgrix_module import archives
from itgrix_module.app.backups import BEFORE_RESTORE, BY_HAND, Manifest, name_of, read_name
from itgrix_module.commands.output import faults_told, json_option, moment, show, table
from itgrix_module.commands.users import WHO, opened
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.operations import Operations
from itgrix_module.path_faults import hint_to_write, what
from itgrix_module.place import Place
from itgrix_module.restoring import check_file, folder_of, restore

# Whether it can be read is said by us, with what to do.
_FILE = click.Path(path_type=Path, readable=False)
# With these what is here could be saved, if it were not for the disk: nothing is replaced before that is mended.
_OF_THE_DISK = frozenset({"backup_no_room", "backup_unwritable", "backup_work"})


@click.command("backup")
@click.argument("file", type=_FILE, required=False)
@click.option("--list", "only_list", is_flag=True, help="Name the backups that there are.")
@json_option
def backup(file: Path | None, only_list: bool, as_json: bool) -> None:
    """Make a backup into the folder of backups, or as FILE, which may be a folder as well. It holds all secrets."""
    with faults_told(as_json), opened() as operations:
        if only_list:
            _list([asdict(each) for each in operations.store.all()], as_json)
            return
        made = operations.store.make(BY_HAND) if file is None else _made_as(operations, _named(file))
        operations.note(WHO, "backups.make", {"subject": made.name})
        show({"file": str(made), "bytes": made.stat().st_size}, as_json, lambda: f"backup written to {made}")


def _named(file: Path) -> Path:
    return file / name_of(time.time(), BY_HAND) if os.path.isdir(file) else file  # noqa: PTH112 - never raises


def _made_as(operations: Operations, file: Path) -> Path:
    """What is wrong with the name is known before anything is made. Raises Failure."""
    with _claimed(file) as handle:
        made = operations.store.make(BY_HAND)
        try:
            archives.copy(made, handle)
        except OSError as error:
            raise _unwritable(file, error, f"; the backup is {made}") from error
    made.unlink()
    return file


@contextmanager
def _claimed(file: Path) -> Iterator[int]:
    """A new file; when anything goes wrong there is none."""
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise NeedsOwner("file_exists", f"{file} is there already", "Choose another name.") from None
    except OSError as error:
        raise _unwritable(file, error) from error
    try:
        with archives.closed_after(handle):
            yield handle
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _unwritable(file: Path, error: OSError, rest: str = "") -> NeedsOwner:
    return NeedsOwner("backup_unwritable", f"{file} cannot be written: {what(error)}{rest}", hint_to_write(error))


def _list(rows: list[dict[str, Any]], as_json: bool) -> None:
    shown = [{**row, "made_at": moment(row["made_at"])} for row in rows]
    show({"backups": rows}, as_json, lambda: table(shown, ("name", "made_at", "size"), "no backups yet"))


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option("--keep-machine", is_flag=True, help="Keep the settings of this machine: AMI, CDR, folders, addresses.")
@click.option("--check", "only_check", is_flag=True, help="Only look whether FILE could be restored.")
@click.option("--unsaved", is_flag=True, help="Go on if what is here cannot be saved first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def restore_command(file: Path, keep_machine: bool, only_check: bool, unsaved: bool, yes: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of all data that are here. The service must not run.

    FILE is a path, or the name of one in the folder of backups.
    """
    with faults_told(as_json):
        place = Place.of(os.environ)
        file = _meant(place, file)
        archives.manifest(file)  # a file that is none at all leaves not even a folder behind
        place.prepare()
        if only_check:
            found = check_file(place, file)
            show(_told(found), as_json, lambda: f"good: made {moment(found.made_at)}, version {found.product}")
            return
        with place.alone():
            found = check_file(place, file)
            if not yes and not as_json:
                click.confirm(f"All data here are replaced by those of {moment(found.made_at)}. Go on?", abort=True)
            before = _before(as_json, unsaved)
            restore(place, file, keep_machine=keep_machine)
        with opened() as operations:
            operations.note(WHO, "backups.restore", {"subject": file.name, "made_at": found.made_at})
        show(
            {**_told(found), "before": before},
            as_json,
            lambda: f"restored; what was here before is in {before or '(nothing)'}",
        )


def _meant(place: Place, file: Path) -> Path:
    """Such as ``backup --list`` names them."""
    known = folder_of(place) / file.name
    is_name = str(file) == file.name and read_name(file.name) is not None
    return known if is_name and not os.path.lexists(file) and known.exists() else file


def _before(as_json: bool, unsaved: bool) -> str:
    """A backup of what is here, if it can be read at all: a damaged database is why some people restore."""
    try:
        with opened() as operations:
            return str(operations.store.make(BEFORE_RESTORE))
    except Failure as failure:
        if failure.code in _OF_THE_DISK and not unsaved:
            text = f"what is here cannot be saved first: {failure.text}"
            raise NeedsOwner(failure.code, text, f"{failure.hint} Or go on without: --unsaved.") from failure
        if not as_json:
            click.echo(f"what is here cannot be saved first: {failure}", err=True)
        return ""


def _told(found: Manifest) -> dict[str, Any]:
    return {"product": found.product, "schema": found.schema, "made_at": found.made_at, "counts": dict(found.counts)}
