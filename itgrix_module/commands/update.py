# SPDX-License-Identifier: GPL-3.0-or-later
"""``update check`` and ``update start``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from itgrix_module.app.update_run import DONE, Run
from itgrix_module.app.update_words import as_json as as_json_data
from itgrix_module.app.updates import UpdateState
from itgrix_module.commands.output import faults_told, json_option, moment, show
from itgrix_module.commands.users import WHO
from itgrix_module.core import open_core
from itgrix_module.operations import Operations
from itgrix_module.place import Place
from itgrix_module.service import VERSION
from itgrix_module.updates import Updates

_LOOK = 0.5  # seconds


@contextmanager
def opened() -> Iterator[tuple[Updates, Operations]]:
    """On the home, whether the service runs or not."""
    with open_core(Place.of(os.environ)) as core:
        updates = Updates(core.place.home, lambda: core.settings.current, VERSION)
        try:
            yield updates, Operations(core, VERSION)
        finally:
            updates.close()


@click.group()
def update() -> None:
    """New versions: look for them, install the newest."""


@update.command("check")
@click.option("--offline", is_flag=True, help="Only what is known already.")
@json_option
def check_command(offline: bool, as_json: bool) -> None:
    """Look for new versions now."""
    with faults_told(as_json), opened() as (updates, _):
        state = updates.state() if offline else updates.check()
        show(as_json_data(state), as_json, lambda: _told(state))


def _told(state: UpdateState) -> str:
    lines = [f"installed: {state.installed}"]
    found = state.outlook
    if found is None:
        return "\n".join([*lines, "no list of releases was read yet"])
    if not found.is_supported:
        lines.append("this version is no longer supported")
    if not found.newer:
        lines.append("there is no newer version")
    for release in found.newer:
        about = ", mends a security hole" if release.is_security else ""
        lines += ["", f"{release.version} ({release.released}{about})", release.notes_in(_language()).rstrip()]
    return "\n".join(lines)


def _language() -> str:
    return "ru" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("ru") else "en"


@update.command("start")
@click.argument("version", default="")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-wait", is_flag=True, help="Return at once; see the panel or update/update.log in the home.")
@json_option
def start(version: str, yes: bool, no_wait: bool, as_json: bool) -> None:
    """Install VERSION, the newest by default. What fails is put back."""
    with faults_told(as_json), opened() as (updates, operations):
        if not yes and not as_json:
            click.confirm("The service restarts for it; a backup is made first. Go on?", abort=True)
        run = updates.start(WHO, version)
        operations.note(WHO, "updates.start", {"subject": run.target})
    files = updates.files
    step = ""
    while not no_wait and files.is_running():
        run = files.run()
        if run.step != step and not as_json:
            click.echo(run.step)
        step = run.step
        time.sleep(_LOOK)
    run = files.run()
    show(run.as_data(), as_json, lambda: _outcome(run, no_wait))
    if not no_wait and run.result != DONE:
        sys.exit(1)


def _outcome(run: Run, no_wait: bool) -> str:
    if no_wait:
        return f"update to {run.target} started {moment(run.began)}"
    return " ".join(filter(None, (f"{run.result or 'cut off'}: {run.source} -> {run.target}", run.text, run.hint)))
