# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: service, sandbox portal and sandbox PBX in one process, on SQLite in a folder of its own."""

from __future__ import annotations

import dataclasses
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from itgrix_module.commands.serving import Address, panel
from itgrix_module.place import Place
from itgrix_module.sandbox.pbx import AmiUser, PbxConfig, Player, SandboxPbx
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.service import open_core, running
from itgrix_module.telemetry.logs import to_stderr

PORTAL_PORT = 8078
AMI_USER, AMI_SECRET = "itgrix", "sandbox-secret"


@dataclass(frozen=True)
class DemoPbx:
    """A PBX to connect to; ``settings``: how."""

    words: str
    settings: dict[str, Any]


def run_demo(address: Address, home: Path | None, real: bool, told: threading.Event) -> None:
    """Until ``told``; prints the addresses."""
    to_stderr("WARNING")
    with ExitStack() as stack:
        folder = home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="itgrix-demo-")))
        portal = stack.enter_context(sandbox_portal(address.host))
        pbx = stack.enter_context(_real_pbx(folder) if real else sandbox_pbx(folder))
        place = Place(folder.resolve(), f"sqlite:///{folder.resolve() / 'itgrix.db'}")
        place.prepare()
        with open_core(place) as core:
            core.settings.save({"portal.webhook_url": portal.webhook_url(), **pbx.settings})
        service = stack.enter_context(running(place))
        url = stack.enter_context(panel(service, address))
        click.echo(
            f"\nItgrix demo. Calls run; each appears in both pages.\n"
            f"  panel:            {url}\n"
            f"  sandbox portal:   {portal.url}\n"
            f"  {pbx.words}\n"
            f"  data:             {folder}\nCtrl+C ends it."
        )
        told.wait()


@contextmanager
def sandbox_portal(host: str) -> Iterator[SandboxPortal]:
    """A portal with employees and clients; on its usual port if that is free."""
    config = dataclasses.replace(PortalConfig.demo(), webhook_telephony="lenient")
    portal = SandboxPortal(config)
    try:
        portal.start(host, PORTAL_PORT)
    except OSError:
        portal.start(host, 0)
    try:
        yield portal
    finally:
        portal.stop()


@contextmanager
def sandbox_pbx(folder: Path) -> Iterator[DemoPbx]:
    """A PBX that plays calls for ever."""
    monitor = folder / "monitor"
    monitor.mkdir(parents=True, exist_ok=True)
    config = PbxConfig(users=(AmiUser(AMI_USER, AMI_SECRET),), monitor_dir=monitor)
    with SandboxPbx(config) as pbx:
        pbx.run(Player(pbx.stage).demo())
        yield DemoPbx(
            f"sandbox PBX:      AMI on 127.0.0.1:{pbx.port}, user {AMI_USER}",
            {
                "ami.host": "127.0.0.1",
                "ami.port": pbx.port,
                "ami.username": AMI_USER,
                "ami.secret": AMI_SECRET,
                "recordings.directory": str(monitor),
            },
        )


@contextmanager
def _real_pbx(folder: Path) -> Iterator[DemoPbx]:
    from itgrix_module.commands.real_pbx import real_pbx

    with real_pbx(folder) as (words, settings):
        yield DemoPbx(words, settings)
