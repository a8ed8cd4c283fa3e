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
from itgrix_module.place import Place
from itgrix_module.service import running
from itgrix_module.telemetry.logs import to_stderr

OUR_LOGGERS = ("itgrix", "itgrix_module")
DEFAULT_BIND = "127.0.0.1:8077"


def set_level(level: str) -> None:
    """How much is logged from now on."""
    for name in OUR_LOGGERS:
        logging.getLogger(name).setLevel(level)


@click.command()
@click.option("--bind", default=DEFAULT_BIND, show_default=True, help="Address of the panel, HOST:PORT.")
def serve(bind: str) -> None:
    """Run the service until SIGTERM."""
    with faults_told(), until_told(STOP_SECONDS) as told:
        place = Place.of(os.environ)
        address = Address.parse(bind)
        to_stderr()
        # What it warns of (a connection that is tried again) we say ourselves, once.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        with running(place) as service, panel(service, address) as url:
            service.core.settings.on_change(lambda settings: set_level(settings["log.level"]))
            click.echo(f"panel on {url}")
            told.wait()


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
