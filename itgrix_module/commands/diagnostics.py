# SPDX-License-Identifier: GPL-3.0-or-later
"""``diagnostics``: a file for support."""

from __future__ import annotations

import os
from pathlib import Path

import click

from itgrix_module.commands.output import faults_told, json_option, show
from itgrix_module.core import open_core
from itgrix_module.diagnosing import bundle
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.place import Place
from itgrix_module.service import VERSION


@click.command("diagnostics")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def diagnostics(file: Path, as_json: bool) -> None:
    """Write what support needs to FILE (.tar.gz): no secrets, no telephone numbers, no names."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        content = bundle(core, VERSION)
        try:
            handle = os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as target:
                target.write(content)
        except OSError as error:
            raise NeedsOwner(
                "file_unwritable", f"{file} cannot be written: {error.strerror}", "Choose another."
            ) from None
        show({"file": str(file), "bytes": len(content)}, as_json, lambda: f"diagnostics written to {file}")
