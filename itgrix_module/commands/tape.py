# SPDX-License-Identifier: GPL-3.0-or-later
"""``replay``: what recorded AMI sessions mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from itgrix_module.asterisk.sides import Sides
from itgrix_module.commands.output import faults_told, json_option, show, table
from itgrix_module.replay import replay_files


@click.command()
@click.argument("transcripts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--extension", "extensions", multiple=True, help="An extension that the PBX has (repeatable).")
@click.option("--trunk", "trunks", multiple=True, help="A trunk that the PBX has (repeatable).")
@json_option
def replay(transcripts: tuple[Path, ...], extensions: tuple[str, ...], trunks: tuple[str, ...], as_json: bool) -> None:
    """Show the calls in TRANSCRIPTS, the successive sessions of one recording. Touches nothing else."""
    sides = Sides(extensions=frozenset(extensions), trunks=frozenset(trunks))
    with faults_told(as_json):
        calls = replay_files(transcripts, sides)
        show({"calls": calls}, as_json, lambda: table([_row(call) for call in calls], _COLUMNS, "no calls"))


_COLUMNS = ("started", "direction", "client", "line", "outcome", "answered", "last", "wait", "talk", "rang", "steps")


def _row(call: dict[str, Any]) -> dict[str, Any]:
    return {
        **call,
        "answered": call["answered_by"],
        "last": call["last_talker"],
        "wait": call["wait_seconds"],
        "talk": call["talk_seconds"],
        "rang": ",".join(call["rang"]),
        "steps": " ".join(step["kind"] for step in call["steps"]),
    }
