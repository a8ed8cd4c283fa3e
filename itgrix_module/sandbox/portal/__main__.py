# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m itgrix_module.sandbox.portal``: the demo's portal by itself, until it is interrupted."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click

from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8088, show_default=True, help="Port of the portal; 0 takes a free one.")
@click.option("--webhook-telephony", type=click.Choice(["strict", "lenient"]), default="lenient", show_default=True)
@click.option("--crm-mode", type=click.IntRange(1, 2), default=1, show_default=True, help="1: with leads, 2: simple.")
@click.option("--language", type=click.Choice(["ru", "en"]), default="ru", show_default=True)
@click.option("--users", default=0, help="Pad the company to so many employees.")
def main(host: str, port: int, webhook_telephony: str, crm_mode: int, language: str, users: int) -> None:
    """A Bitrix24 portal to try things against. Its page shows what an employee would see."""
    stop = threading.Event()

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    config = PortalConfig.demo(users=users, webhook_telephony=webhook_telephony, crm_mode=crm_mode, language=language)
    portal = SandboxPortal(config)
    portal.start(host, port)
    try:
        click.echo(f"page          {portal.url}/")
        click.echo(f"webhook       {portal.webhook_url()}")
        click.echo(f"client_id     {config.apps[0].client_id}")
        click.echo(f"client_secret {config.apps[0].client_secret}")
        click.echo(f"oauth host    {portal.oauth_url}")
        stop.wait()
    finally:
        portal.stop()


if __name__ == "__main__":
    main()
