# SPDX-License-Identifier: GPL-3.0-or-later
"""``backup`` and ``restore``."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from itgrix_module.app.backups import BEFORE_RESTORE, BY_HAND, Manifest
from itgrix_module.commands.output import faults_told, json_option, moment, show, table
from itgrix_module.commands.users import WHO, opened
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.place import Place
from itgrix_module.restoring import check_file, restore


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--list", "only_list", is_flag=True, help="Name the backups that there are.")
@json_option
def backup(file: Path | None, only_list: bool, as_json: bool) -> None:
    """Make a backup into the folder of backups, or as FILE. It holds all secrets: keep it safe."""
    with faults_told(as_json), opened() as operations:
        if only_list:
            _list([asdict(each) for each in operations.store.all()], as_json)
            return
        if file is not None and file.exists():
            raise NeedsOwner("file_exists", f"{file} is there already", "Choose another name.")
        made = operations.store.make(BY_HAND)
        if file is not None:
            made = _moved(made, file)
        operations.note(WHO, "backups.make", {"subject": made.name})
        show({"file": str(made), "bytes": made.stat().st_size}, as_json, lambda: f"backup written to {made}")


def _list(rows: list[dict[str, Any]], as_json: bool) -> None:
    shown = [{**row, "made_at": moment(row["made_at"])} for row in rows]
    show({"backups": rows}, as_json, lambda: table(shown, ("name", "made_at", "size"), "no backups yet"))


def _moved(made: Path, file: Path) -> Path:
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as target, made.open("rb") as source:
            shutil.copyfileobj(source, target)
    except OSError as error:
        raise NeedsOwner(
            "backup_unwritable",
            f"{file} cannot be written: {error.strerror}; the backup is {made}",
            "Copy it yourself.",
        ) from error
    made.unlink()
    return file


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--keep-machine", is_flag=True, help="Keep the settings of this machine: AMI, CDR, folders, addresses.")
@click.option("--check", "only_check", is_flag=True, help="Only look whether FILE could be restored.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def restore_command(file: Path, keep_machine: bool, only_check: bool, yes: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of all data that are here. The service must not run."""
    with faults_told(as_json):
        place = Place.of(os.environ)
        place.prepare()
        if only_check:
            found = check_file(place, file)
            show(_told(found), as_json, lambda: f"good: made {moment(found.made_at)}, version {found.product}")
            return
        with place.alone():
            found = check_file(place, file)
            if not yes and not as_json:
                click.confirm(f"All data here are replaced by those of {moment(found.made_at)}. Go on?", abort=True)
            before = _before(as_json)
            restore(place, file, keep_machine=keep_machine)
        with opened() as operations:
            operations.note(WHO, "backups.restore", {"subject": file.name, "made_at": found.made_at})
        show(
            {**_told(found), "before": before},
            as_json,
            lambda: f"restored; what was here before is in {before or '(nothing)'}",
        )


def _before(as_json: bool) -> str:
    """A backup of what is here, if it can be read at all: a damaged database is why some people restore."""
    try:
        with opened() as operations:
            return str(operations.store.make(BEFORE_RESTORE))
    except Failure as failure:
        if not as_json:
            click.echo(f"what is here cannot be saved first: {failure}", err=True)
        return ""


def _told(found: Manifest) -> dict[str, Any]:
    return {"product": found.product, "schema": found.schema, "made_at": found.made_at, "counts": dict(found.counts)}
