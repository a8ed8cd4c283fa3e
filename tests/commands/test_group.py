# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that are imported when they are wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from itgrix_module import commands
from itgrix_module.cli import main
from itgrix_module.commands.inspect import calls


@pytest.mark.parametrize("group", [main, calls], ids=["itgrix", "calls"])
def test_every_command_that_is_listed_can_be_had_and_says_what_it_is_for(group: click.Group) -> None:
    context = click.Context(group)
    for name in group.list_commands(context):
        told = CliRunner().invoke(group, [name, "--help"])
        assert told.exit_code == 0, told.output
        assert (command := group.get_command(context, name)) is not None
        assert command.help


def test_every_module_of_commands_is_in_the_list() -> None:
    files = {path.stem for path in Path(commands.__file__).parent.glob("*.py")}
    having = {name for name in files if "@click." in (Path(commands.__file__).parent / f"{name}.py").read_text()}
    listed = {where.partition(":")[0] for group in (main, calls) for where in group.elsewhere.values()}
    assert having == listed


def test_command_imports_no_other_ones() -> None:
    told = "import sys; print(*[name for name in sys.modules if name.startswith('itgrix_module.commands.')])"
    start = "from itgrix_module.cli import main; main(['outbox', '--help'], standalone_mode=False)"
    ran = subprocess.run([sys.executable, "-c", f"{start}; {told}"], capture_output=True, text=True, check=True)
    assert set(ran.stdout.split("\n")[-2].split()) == {
        f"itgrix_module.commands.{name}" for name in ("inspect", "lazily", "output")
    }
