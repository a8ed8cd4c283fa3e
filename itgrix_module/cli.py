# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``itgrix``."""

from __future__ import annotations

import click

from itgrix_module.commands.configure import migrate, settings
from itgrix_module.commands.hooks import hooks
from itgrix_module.commands.inspect import calls, check, outbox, status
from itgrix_module.commands.lines import lines
from itgrix_module.commands.numbers import numbers
from itgrix_module.commands.recordings import recordings
from itgrix_module.commands.route import route
from itgrix_module.commands.run import demo, serve
from itgrix_module.commands.tape import record, replay
from itgrix_module.commands.templates import templates


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="itgrix")
def main() -> None:
    """Joins Asterisk and FreePBX with Bitrix24."""


for command in (
    *(serve, demo, check, replay, record, settings, status, calls, outbox, migrate),
    *(numbers, lines, hooks, templates, recordings, route),
):
    main.add_command(command)

if __name__ == "__main__":
    main()
