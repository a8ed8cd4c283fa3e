# SPDX-License-Identifier: GPL-3.0-or-later
"""``check``, ``status``, ``calls``, ``outbox``: what the panel shows, on the command line."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, ClassVar

import click

from itgrix_module.app.health import Check, Level
from itgrix_module.commands.lazily import Group
from itgrix_module.commands.output import faults_told, json_option, moment, show, table
from itgrix_module.core import Core, open_core
from itgrix_module.doctor import Account, examine_all
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.place import Place
from itgrix_module.portal_door import PortalDoor

_WHO = "the command line"
_MARKS = {Level.OK: "ok     ", Level.WARNING: "warning", Level.ERROR: "ERROR  "}


@contextmanager
def _core() -> Iterator[Core]:
    with open_core(Place.of(os.environ)) as core:
        yield core


@click.command()
@json_option
def check(as_json: bool) -> None:
    """Try every part for real and say how to mend what is wrong; exit 1 if something is broken."""
    with faults_told(as_json), _core() as core:
        portal = PortalDoor(core.tokens, Account(core.limits), time.time, time.sleep)
        portal.configure(core.settings.current)
        try:
            found = list(examine_all(core, portal))
        finally:
            portal.close()
        show({"checks": [asdict(item) for item in found]}, as_json, lambda: "\n".join(map(_line, found)))
        if any(item.level is Level.ERROR for item in found):
            sys.exit(1)


def _line(item: Check) -> str:
    hint = f"\n         {item.hint}" if item.hint else ""
    return f"{_MARKS[item.level]}  {item.part}: {item.text}{hint}"


@click.command()
@json_option
def status(as_json: bool) -> None:
    """What waits and what runs, from the database."""
    with faults_told(as_json), _core() as core:
        counts = dict(core.outbox.counts())
        show({"counts": counts}, as_json, lambda: "\n".join(f"{name}: {count}" for name, count in counts.items()))


class Calls(Group):
    """What is done with calls; work on many of them has a module of its own."""

    elsewhere: ClassVar = {"reprocess": "reprocess:reprocess"}


@click.group(cls=Calls)
def calls() -> None:
    """Calls that the PBX had."""


@calls.command("list")
@click.option("--limit", default=50, show_default=True, help="How many, newest first.")
@json_option
def list_calls(limit: int, as_json: bool) -> None:
    """The newest calls."""
    with faults_told(as_json), _core() as core:
        rows = [_call(asdict(item.call)) for item in core.calls.newest(limit)]
        columns = ("started", "linkedid", "direction", "client", "line", "outcome", "last_talker", "wait", "talk")
        show({"calls": rows}, as_json, lambda: table(rows, columns, "no calls yet"))


def _call(row: dict[str, object]) -> dict[str, object]:
    started = row["started"]
    assert isinstance(started, float)
    return {key: value for key, value in row.items() if key != "state"} | {"started": moment(started)}


@calls.command("show")
@click.argument("linkedid")
@json_option
def show_call(linkedid: str, as_json: bool) -> None:
    """One call with its timeline."""
    with faults_told(as_json), _core() as core:
        found = core.calls.story(core.settings.current["pbx.node"], linkedid)
        if found is None:
            raise NeedsOwner("no_such_call", f"there is no call {linkedid}", "`itgrix calls list` names them.")
        data = {
            "call": _call(asdict(found.item.call)),
            "portal": asdict(found.item.portal),
            "timeline": [asdict(entry) for entry in found.timeline],
        }
        show(data, as_json, lambda: _told(data))


def _told(data: dict[str, Any]) -> str:
    lines = [f"{key}: {value}" for key, value in data["call"].items() if value not in ("", None, (), False)]
    lines += [f"{moment(entry['at'])}  {entry['kind']:8} {entry['text']}" for entry in data["timeline"]]
    return "\n".join(lines)


@click.group()
def outbox() -> None:
    """Deliveries to the portal."""


@outbox.command("list")
@click.option("--state", type=click.Choice(["waiting", "failed", "done", "dropped"]), help="Only these.")
@click.option("--limit", default=50, show_default=True)
@json_option
def list_steps(state: str | None, limit: int, as_json: bool) -> None:
    """What waits or failed, and why."""
    with faults_told(as_json), _core() as core:
        rows = [asdict(row) for row in core.deliveries.steps(state or "", limit=limit)]
        columns = ("id", "linkedid", "kind", "state", "attempts", "text")
        show({"steps": rows}, as_json, lambda: table(rows, columns, "nothing"))


@outbox.command("retry")
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "all_failed", is_flag=True, help="Every step that failed.")
@json_option
def retry(ids: tuple[int, ...], all_failed: bool, as_json: bool) -> None:
    """Try failed or waiting steps again now."""
    with faults_told(as_json), _core() as core:
        if not ids and not all_failed:
            raise NeedsOwner("nothing_named", "name steps, or --all", "`itgrix outbox list` names them.")
        count = core.deliveries.retry(None if all_failed else ids, time.time(), _WHO)
        show({"retried": count}, as_json, lambda: f"{count} steps will be tried again")


@outbox.command("drop")
@click.argument("ids", nargs=-1, type=int, required=True)
@json_option
def drop(ids: tuple[int, ...], as_json: bool) -> None:
    """Give steps up."""
    with faults_told(as_json), _core() as core:
        count = core.deliveries.drop(ids, time.time(), _WHO)
        show({"dropped": count}, as_json, lambda: f"{count} steps dropped")
