# SPDX-License-Identifier: GPL-3.0-or-later
"""``serve`` and ``demo``: the service in the foreground."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click

from itgrix_module.commands.output import faults_told
from itgrix_module.commands.serving import Address, panel
from itgrix_module.commands.signals import STOP_SECONDS, until_told
from itgrix_module.diagnosing import log_file
from itgrix_module.operations import again, take_over_log_settings
from itgrix_module.place import Place
from itgrix_module.service import running
from itgrix_module.settings import Settings
from itgrix_module.telemetry.logs import to_stderr

DEFAULT_BIND = "127.0.0.1:8077"


@click.command()
@click.option("--bind", default=DEFAULT_BIND, show_default=True, help="Address of the panel, HOST:PORT.")
def serve(bind: str) -> None:
    """Run the service until SIGTERM."""
    with faults_told(), until_told(STOP_SECONDS) as told:
        place = Place.of(os.environ)
        address = Address.parse(bind)
        hides: list[bool] = [False]
        to_stderr(file=log_file(place.home), hides_persons=lambda: hides[0])
        # What it warns of (a connection that is tried again) we say ourselves, once.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        with running(place) as service, panel(service, address) as url:
            service.core.settings.on_change(lambda settings: _take_over(settings, hides))
            service.operations.when_restart(told.set)
            click.echo(f"panel on {url}")
            told.wait()
    if service.operations.is_restart_wanted:
        again()


def _take_over(settings: Settings, hides: list[bool]) -> None:
    take_over_log_settings(settings)
    hides[0] = bool(settings["log.mask_persons"])


@click.command()
@click.option("--bind", default=DEFAULT_BIND, show_default=True, help="Address of the panel, HOST:PORT.")
@click.option(
    "--asterisk", "real", is_flag=True, help="A real Asterisk from Debian's packages instead of the sandbox PBX."
)
@click.option("--home", type=click.Path(path_type=Path), help="Folder of the demo's data; a fresh one by default.")
def demo(bind: str, real: bool, home: Path | None) -> None:
    """The service with a sandbox portal and a sandbox PBX that plays calls."""
    from itgrix_module.commands.demonstration import run_demo

    with faults_told(), until_told() as told:
        run_demo(Address.parse(bind), home, real, told)
