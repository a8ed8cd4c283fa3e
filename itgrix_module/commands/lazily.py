# SPDX-License-Identifier: GPL-3.0-or-later
"""A group of commands whose modules are imported when they are wanted.

The PBX starts ``itgrix`` each minute and in each of its hooks: what one command needs should not be paid by all.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import click


class Group(click.Group):
    """Commands of its own, and others by name: module in ``folder`` and attribute, as in ``run:serve``."""

    folder = "itgrix_module.commands"
    elsewhere: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in alphabetical order."""
        return sorted({*super().list_commands(ctx), *self.elsewhere})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; ``None`` for a name that nothing has."""
        if cmd_name not in self.elsewhere:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.elsewhere[cmd_name].partition(":")
        found = getattr(_imported(f"{self.folder}.{module}"), attribute)
        if not isinstance(found, click.Command):
            raise TypeError(f"{module}:{attribute} is no command")
        return found


def _imported(module: str) -> object:
    """With no search for garbage meanwhile: an import makes a hundred thousand objects, and all of them stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return import_module(module)
    finally:
        if was_on:
            gc.enable()
