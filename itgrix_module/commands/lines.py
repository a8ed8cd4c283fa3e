# SPDX-License-Identifier: GPL-3.0-or-later
"""``lines``: what each line means here and in the portal, and which lines of the traffic nobody has named yet."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from itgrix_module.app.line_sync import LineState, LineSync
from itgrix_module.app.lines import unmapped
from itgrix_module.commands.output import faults_told, json_option, moment, show, table
from itgrix_module.core import Core, open_core
from itgrix_module.place import Place
from itgrix_module.portal_door import PortalDoor
from itgrix_module.storage.portal_lines import SqlLineStore


@click.group()
def lines() -> None:
    """Trunks and DIDs."""


@lines.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Lines of the settings, and lines seen in traffic that no rule names."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        rules = core.settings.house.lines
        seen = core.calls.lines()
        unknown = set(unmapped(((line.line, line.trunk) for line in seen), rules))
        open_ = [line for line in seen if (line.line, line.trunk) in unknown]
        data = {"lines": [asdict(rule) for rule in rules.rules], "unmapped": [asdict(line) for line in open_]}
        show(data, as_json, lambda: _told(data))


def _told(data: dict[str, Any]) -> str:
    named = table(data["lines"], ("match", "name", "line", "source"), "no line is named")
    seen = [{**line, "last": moment(line["last_at"])} for line in data["unmapped"]]
    open_ = table(seen, ("line", "trunk", "times", "last"), "")
    return f"{named}\n\nseen in traffic, not named:\n{open_}" if open_ else named


@lines.command()
@json_option
def sync(as_json: bool) -> None:
    """Bring the portal's external lines to what the settings say."""
    with faults_told(as_json), _portal() as (core, portal):
        house = core.settings.house
        create = bool(core.settings.current["calls.create_outgoing"])
        syncing = LineSync(portal, SqlLineStore(core.database), lambda: house.lines.rules, lambda: create, time.time)
        state = syncing.sync()
        failures = {number: str(failure) for number, failure in state.failures.items()}
        show({"done": list(state.done), "failures": failures}, as_json, lambda: _result(state))
        if failures:
            raise SystemExit(1)


def _result(state: LineState) -> str:
    told = [*state.done]
    told += [f"{number or 'external lines'}: {failure} {failure.hint}" for number, failure in state.failures.items()]
    return "\n".join(told) or "nothing to change"


@contextmanager
def _portal() -> Iterator[tuple[Core, PortalDoor]]:
    with open_core(Place.of(os.environ)) as core:
        portal = PortalDoor(core.tokens, core.limits, time.time, time.sleep)
        portal.configure(core.settings.current)
        try:
            yield core, portal
        finally:
            portal.close()
