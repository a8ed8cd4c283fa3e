# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``itgrix``."""

from __future__ import annotations

from typing import ClassVar

import click

from itgrix_module.commands.lazily import Group


class Itgrix(Group):
    """Each command with the module that it is in."""

    elsewhere: ClassVar = {
        "alerts": "alerts:alerts",
        "backup": "backup:backup",
        "callbacks": "dial:callbacks",
        "calls": "inspect:calls",
        "check": "inspect:check",
        "clients": "clients:clients",
        "demo": "run:demo",
        "diagnostics": "diagnostics:diagnostics",
        "dial": "dial:dial",
        "hooks": "hooks:hooks",
        "lines": "lines:lines",
        "migrate": "configure:migrate",
        "numbers": "numbers:numbers",
        "outbox": "inspect:outbox",
        "portal": "portal:portal",
        "record": "tape:record",
        "recordings": "recordings:recordings",
        "replay": "tape:replay",
        "reports": "reports:reports",
        "restore": "backup:restore_command",
        "route": "route:route",
        "serve": "run:serve",
        "settings": "configure:settings",
        "status": "inspect:status",
        "templates": "templates:templates",
        "update": "update:update",
        "users": "users:users",
    }


@click.group(cls=Itgrix, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="itgrix")
def main() -> None:
    """Joins Asterisk and FreePBX with Bitrix24."""


if __name__ == "__main__":
    main()
