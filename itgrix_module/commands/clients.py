# SPDX-License-Identifier: GPL-3.0-or-later
"""``clients``: all that is stored about one client number, to hand over or to take away."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from itgrix_module.app.erasure import Erased, Found
from itgrix_module.commands.output import faults_told, json_option, show
from itgrix_module.commands.users import WHO, opened
from itgrix_module.domain.failures import NeedsOwner


@click.group()
def clients() -> None:
    """What is stored about a client number."""


@clients.command("export")
@click.argument("number")
@click.argument("file", type=click.Path(path_type=Path), required=False)
def export(number: str, file: Path | None) -> None:
    """Write all of it as JSON to FILE or standard output."""
    with faults_told(), opened() as operations:
        data = operations.export(number)
        operations.note(WHO, "clients.export", {"calls": len(data["calls"])})
        text = json.dumps(data, ensure_ascii=False, indent=2, default=str)
        if file is None:
            click.echo(text)
            return
        try:
            handle = os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        except OSError as error:
            raise NeedsOwner(
                "file_unwritable", f"{file} cannot be written: {error.strerror}", "Choose another."
            ) from None
        with os.fdopen(handle, "w", encoding="utf-8") as target:
            target.write(text + "\n")


@clients.command("erase")
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(number: str, yes: bool, as_json: bool) -> None:
    """Take all of it away, in every spelling. What the portal and the PBX themselves keep stays there."""
    with faults_told(as_json), opened() as operations:
        found = operations.find(number)
        if not yes and not as_json:
            click.echo(_found(found))
            click.confirm("Erase it for ever?", abort=True)
        erased = operations.erase(number)
        # The entry must not hold what was just taken away.
        operations.note(WHO, "clients.erase", {"calls": erased.calls, "others": erased.others})
        show(asdict(erased), as_json, lambda: _erased(erased))


def _found(found: Found) -> str:
    written = ", ".join(found.spellings) or "nowhere as a client's number"
    return (
        f"written as: {written}\ncalls: {found.calls}, recordings here: {found.recordings}, "
        f"open tasks: {found.tasks}, other rows that name it: {found.others}"
    )


def _erased(erased: Erased) -> str:
    lines = [
        f"calls: {erased.calls}, recordings here: {erased.recordings}, deliveries given up: {erased.deliveries}, "
        f"other rows: {erased.others}, lines of the log: {erased.log_lines}"
    ]
    if erased.live:
        lines.append(f"{erased.live} calls with it go on now: repeat this when they have ended")
    if erased.settings:
        lines.append(f"settings that name it stay: {', '.join(erased.settings)}")
    if erased.backups:
        lines.append(f"{len(erased.backups)} backups made before still hold it")
    return "\n".join(lines)
