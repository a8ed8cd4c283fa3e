# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``itgrix``."""

from __future__ import annotations

import click

from itgrix_module.commands.alerts import alerts
from itgrix_module.commands.backup import backup, restore_command
from itgrix_module.commands.clients import clients
from itgrix_module.commands.configure import migrate, settings
from itgrix_module.commands.diagnostics import diagnostics
from itgrix_module.commands.dial import callbacks, dial
from itgrix_module.commands.hooks import hooks
from itgrix_module.commands.inspect import calls, check, outbox, status
from itgrix_module.commands.lines import lines
from itgrix_module.commands.numbers import numbers
from itgrix_module.commands.portal import portal
from itgrix_module.commands.recordings import recordings
from itgrix_module.commands.reports import reports
from itgrix_module.commands.reprocess import reprocess
from itgrix_module.commands.route import route
from itgrix_module.commands.run import demo, serve
from itgrix_module.commands.tape import record, replay
from itgrix_module.commands.templates import templates
from itgrix_module.commands.update import update
from itgrix_module.commands.users import users


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="itgrix")
def main() -> None:
    """Joins Asterisk and FreePBX with Bitrix24."""


for command in (
    *(serve, demo, check, replay, record, settings, status, calls, outbox, migrate),
    *(numbers, lines, portal, hooks, templates, recordings, reports, route, dial, callbacks),
    *(users, backup, restore_command, diagnostics, clients, update, alerts),
):
    main.add_command(command)

calls.add_command(reprocess)

if __name__ == "__main__":
    main()
