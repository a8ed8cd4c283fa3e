# SPDX-License-Identifier: GPL-3.0-or-later
"""``numbers``: what the stored rules make of a telephone number."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

import click

from itgrix_module.app.numbering import KINDS, Kind, Numbering, Stage
from itgrix_module.commands.output import faults_told, json_option, show, table
from itgrix_module.core import open_core
from itgrix_module.place import Place


@click.group()
def numbers() -> None:
    """Rules for telephone numbers."""


@numbers.command("test", context_settings={"ignore_unknown_options": True})
@click.argument("number")
@click.option("--kind", type=click.Choice(KINDS), default="client", show_default=True, help="Whose number it is.")
@json_option
def test(number: str, kind: str, as_json: bool) -> None:
    """Show each stage that NUMBER goes through, and the spellings under which a client is looked for in the CRM."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        numbering = Numbering.of(core.settings.current)
        stages = numbering.explain(cast(Kind, kind), number)
        result = stages[-1].after
        variants = numbering.variants(result) if kind == "client" else ()
        data = {
            "number": number,
            "kind": kind,
            "result": result,
            "stages": [asdict(stage) for stage in stages],
            "variants": variants,
        }
        show(data, as_json, lambda: _text(stages, result, variants))


def _text(stages: Sequence[Stage], result: str, variants: Sequence[str]) -> str:
    rows = [asdict(stage) for stage in stages]
    lines = [table(rows, ("rule", "before", "after", "note"), ""), "", f"result: {result}"]
    if variants:
        lines.append(f"looked for as: {', '.join(variants)}")
    return "\n".join(lines)
