# SPDX-License-Identifier: GPL-3.0-or-later
"""``settings`` and ``migrate``: work whether the service runs or not."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from itgrix_module.commands.output import faults_told, json_option, show
from itgrix_module.core import open_core
from itgrix_module.place import Place
from itgrix_module.restoring import OF_THE_MACHINE
from itgrix_module.settings import BY_KEY, SETTINGS, SettingsError, from_text
from itgrix_module.storage.migrate import current, upgrade


@click.group()
def settings() -> None:
    """Read and change settings: one flat object of dotted keys."""


@settings.command("get")
@click.argument("keys", nargs=-1)
@click.option("--secrets", is_flag=True, help="Print secrets as they are.")
@json_option
def get(keys: tuple[str, ...], secrets: bool, as_json: bool) -> None:
    """Print settings; all of them without KEYS."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        now = core.settings.current
        unknown = {key: "there is no such setting" for key in keys if key not in BY_KEY}
        if unknown:
            raise SettingsError(unknown)
        values = dict(now) if secrets else now.shown()
        chosen = {key: values[key] for key in (keys or tuple(setting.key for setting in SETTINGS))}
        show(chosen, as_json, lambda: "\n".join(f"{key} = {_text(value)}" for key, value in chosen.items()))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@settings.command("set")
@click.argument("key")
@click.argument("value")
@json_option
def set_one(key: str, value: str, as_json: bool) -> None:
    """Change one setting. VALUE is text, or JSON for numbers, lists and maps; ``-`` reads it from standard input."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        given = from_text(key, sys.stdin.read().rstrip("\n") if value == "-" else value)
        core.settings.save({key: given})
        show({key: core.settings.current.shown()[key]}, as_json, lambda: f"{key} saved")


@settings.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--secrets", is_flag=True, help="Include secrets; keep the file safe.")
def export(file: Path | None, secrets: bool) -> None:
    """Write all changed settings as one JSON object to FILE or standard output."""
    with faults_told(), open_core(Place.of(os.environ)) as core:
        now = core.settings.current
        chosen = {key: now[key] for key in sorted(now.given) if secrets or not BY_KEY[key].secret}
        text = json.dumps(chosen, ensure_ascii=False, indent=2)
        if file is None:
            click.echo(text)
            return
        file.write_text(text + "\n", encoding="utf-8")
        file.chmod(0o600)


@settings.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Those that FILE does not name go back to their defaults.")
@click.option("--keep-machine", is_flag=True, help="Leave those of this machine: AMI, CDR, folders, addresses.")
@json_option
def import_(file: Path, replace: bool, keep_machine: bool, as_json: bool) -> None:
    """Read settings from FILE (``-``: standard input). All are checked before any is saved."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        kept = frozenset(OF_THE_MACHINE if keep_machine else ())
        given = {key: value for key, value in _read(file).items() if key not in kept}
        gone = core.settings.current.given - given.keys() - kept if replace else ()
        core.settings.save(given, tuple(sorted(gone)))
        show({"saved": sorted(given)}, as_json, lambda: f"{len(given)} settings saved")


def _read(file: Path) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        given = json.loads(text)
    except (OSError, ValueError) as error:
        raise SettingsError({str(file): f"cannot be read: {error}"}) from None
    if not isinstance(given, dict):
        raise SettingsError({str(file): "must be one JSON object of dotted keys"})
    return given


@click.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the database to this version."""
    with faults_told(as_json):
        place = Place.of(os.environ)
        place.prepare()
        upgrade(place.database_url)
        version = current(place.database_url)
        show({"version": version}, as_json, lambda: f"database at {version}")
