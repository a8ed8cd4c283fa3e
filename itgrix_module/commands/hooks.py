# SPDX-License-Identifier: GPL-3.0-or-later
"""``hooks``: customizations, what they are told, and trials on past calls that send nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from itgrix_module.app.call_full import Known
from itgrix_module.app.hook_sample_call import sample
from itgrix_module.app.hook_trial import Roster, Trial, tried
from itgrix_module.app.hooking import HOOKS
from itgrix_module.commands.output import faults_told, json_option, show, table
from itgrix_module.core import Core, open_core
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.hooks.scripts import Scripts
from itgrix_module.place import Place
from itgrix_module.storage.employees import SqlEmployeeStore
from itgrix_module.storage.queries import CallStory

_NAME = click.argument("name", type=click.Choice(HOOKS), metavar="NAME")


@contextmanager
def _core() -> Iterator[Core]:
    with open_core(Place.of(os.environ)) as core:
        yield core


def _scripts(core: Core) -> Scripts:
    return Scripts(core.place.hooks, core.settings.hooks)


@click.group()
def hooks() -> None:
    """Customizations of call logic: scripts in the folder ``hooks`` of the home."""


@hooks.command("list")
@json_option
def list_hooks(as_json: bool) -> None:
    """All customizations, which have a script, which are on."""
    with faults_told(as_json), _core() as core:
        known = ("name", "file", "on", "problem")
        rows = [{key: asdict(state)[key] for key in known} for state in _scripts(core).state()]
        enabled = core.settings.current["hooks.enabled"]
        data = {"folder": str(core.place.hooks), "enabled": enabled, "hooks": rows}
        show(data, as_json, lambda: _listed(data))


def _listed(data: dict[str, Any]) -> str:
    rows = [{**row, "on": "on" if row["on"] else ""} for row in data["hooks"]]
    head = f"folder {data['folder']}, customizations are {'on' if data['enabled'] else 'off (hooks.enabled)'}"
    return f"{head}\n{table(rows, ('name', 'file', 'on', 'problem'), 'none')}"


@hooks.command("run")
@_NAME
@click.option("--call", "linkedid", required=True, help="Linkedid of a past call; `itgrix calls list` names them.")
@click.option("--node", default="", help="PBX of the call; this one if not given.")
@json_option
def run_hook(name: str, linkedid: str, node: str, as_json: bool) -> None:
    """Try a customization on a past call, switched on or not. Nothing is sent."""
    with faults_told(as_json), _core() as core:
        story = core.calls.story(node or core.settings.current["pbx.node"], linkedid)
        if story is None:
            raise NeedsOwner("no_such_call", f"there is no call {linkedid}", "`itgrix calls list` names them.")
        call = story.item
        trial = tried(_scripts(core), name, call.call, call.portal, _known(core, story), _paths(story))
        data = _data(trial)
        show(data, as_json, lambda: _told(data))


def _known(core: Core, story: CallStory) -> Known:
    employees, _ = SqlEmployeeStore(core.database).load()
    names = Roster(employees, core.settings.current["employees.overrides"])
    return Known(names, core.settings.zone(), story.timeline)


def _paths(story: CallStory) -> list[str]:
    return [path for step in story.steps if step.kind == "attach" for path in step.payload.get("paths", ())]


def _data(trial: Trial) -> dict[str, Any]:
    said, decision = trial.attempt.said, trial.decision
    return {
        "hook": trial.attempt.name,
        "file": trial.attempt.file,
        "seconds": round(trial.attempt.seconds, 3),
        "input": dict(trial.given),
        "answer": said.data,
        "cancelled": decision.cancelled,
        "failure": decision.failure,
        "result": decision.value,
        "told": decision.told,
        "stderr": trial.attempt.errors,
    }


def _told(data: dict[str, Any]) -> str:
    lines = [
        f"input:     {_short(data['input'])}",
        f"answer:    {_json(data['answer'])}",
        f"result:    {_outcome(data)}",
        f"timeline:  {data['told'] or 'nothing'}",
        f"stderr:    {data['stderr'] or 'nothing'}",
        f"time:      {data['seconds']:.3f} s, file {data['file'] or '-'}",
        "nothing was sent; --json prints all of it",
    ]
    return "\n".join(lines)


def _outcome(data: dict[str, Any]) -> str:
    if data["cancelled"]:
        return "cancelled"
    return f"the default, {_json(data['result'])}" if data["failure"] else _json(data["result"])


def _short(given: dict[str, Any]) -> str:
    """The input without what every customization is told."""
    call = given.get("call_full") or {}
    rest = {key: value for key, value in given.items() if key not in ("call_full", "conversation")}
    channel = call.get("channel", {})
    shown = {"id": channel.get("id"), "type": channel.get("type"), "start_time": channel.get("start_time")}
    return _json({**rest, "call_full": {**shown, "...": "..."} if call else None})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=list)


@hooks.command("sample")
@_NAME
def print_sample(name: str) -> None:
    """Print a sample input, to try a script by hand: ``itgrix hooks sample NAME | php NAME.php``."""
    click.echo(json.dumps(sample(name), ensure_ascii=False, indent=2))
