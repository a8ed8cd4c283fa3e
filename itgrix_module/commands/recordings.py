# SPDX-License-Identifier: GPL-3.0-or-later
"""``recordings``: where the recording of a call is, a link to it, sending it (again)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from itgrix_module.app.links import Audience
from itgrix_module.app.ports import CallRow
from itgrix_module.commands.output import faults_told, json_option, moment, show
from itgrix_module.core import Core, open_core
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.library import Library
from itgrix_module.media.find import locate_all
from itgrix_module.media.formats import inspect
from itgrix_module.place import Place
from itgrix_module.storage.recordings_admin import RecordingsAdmin

_WHO = "the command line"
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class _Desk:
    """A call and what helps to find its recording."""

    core: Core
    library: Library
    call: CallRow


@contextmanager
def _desk(linkedid: str, node: str) -> Iterator[_Desk]:
    with open_core(Place.of(os.environ)) as core:
        story = core.calls.story(node or core.settings.current["pbx.node"], linkedid)
        if story is None:
            raise NeedsOwner("no_such_call", f"there is no call {linkedid}", "`itgrix calls list` names them.")
        yield _Desk(core, Library(core.place, lambda: core.settings.current, core.calls.story), story.item.call)


def _of_call(function: F) -> F:
    """Arguments of every command here."""
    node = click.option("--node", default="", help="PBX that had the call; default: this one.")
    return click.argument("linkedid")(node(json_option(function)))


@click.group()
def recordings() -> None:
    """Recordings of calls."""


@recordings.command()
@_of_call
def send(linkedid: str, node: str, as_json: bool) -> None:
    """Send the recording of a finished call (again), whatever the rules say; what the portal had is replaced."""
    with faults_told(as_json), _desk(linkedid, node) as desk:
        paths = _paths(desk)
        if not desk.library.sources(desk.call) and not desk.library.located(paths, desk.call.started):
            raise NeedsOwner(
                "recording_missing",
                f"no file of the recording of call {linkedid} is there",
                f"`itgrix recordings find {linkedid}` says where it was looked for.",
            )
        admin = RecordingsAdmin(desk.core.database)
        admin.send_again(desk.call.node, desk.call.linkedid, _WHO, paths, time.time())
        data = {"linkedid": linkedid, "paths": paths}
        show(data, as_json, lambda: f"the recording of call {linkedid} will be sent")


def _paths(desk: _Desk) -> list[str]:
    """As the PBX named them, else what the naming rule finds for the call's channel."""
    return desk.library.named(desk.call)[0] or [desk.call.linkedid]


@recordings.command()
@_of_call
@click.option("--portal", "for_portal", is_flag=True, help="As the portal gets it: for a day, whoever has it.")
def link(linkedid: str, node: str, as_json: bool, for_portal: bool) -> None:
    """Print a link to the recording of a call, for people."""
    with faults_told(as_json), _desk(linkedid, node) as desk:
        audience = Audience.PORTAL if for_portal else Audience.PEOPLE
        url = desk.library.link(desk.call, audience)
        found = desk.library.read(url.rpartition("/")[2])
        until = getattr(found, "expires", None)
        show({"linkedid": linkedid, "url": url, "expires": until}, as_json, lambda: _linked(url, until))


def _linked(url: str, until: float | None) -> str:
    return (
        f"{url}\nuntil {moment(until)}" if until is not None else f"{url}\nit has expired: raise recordings.link_days"
    )


@recordings.command()
@_of_call
def find(linkedid: str, node: str, as_json: bool) -> None:
    """Say where the recording of a call is looked for and what is there."""
    with faults_told(as_json), _desk(linkedid, node) as desk:
        data = _found(desk)
        show(data, as_json, lambda: _told(data))


def _found(desk: _Desk) -> dict[str, Any]:
    library, call = desk.library, desk.call
    paths, given = library.named(call)
    copy, note = library.copies.find(call), library.copies.note(call)
    return {
        "linkedid": call.linkedid,
        "started": call.started,
        "directory": desk.core.settings.current["recordings.directory"],
        "recordings": [_sought(desk, path) for path in paths or [call.linkedid]],
        "named_by_the_pbx": bool(paths),
        "customized": _file(Path(given)) if given and Path(given).is_file() else None,
        "copy": {**_file(copy), "note": asdict(note) if note else None} if copy else None,
        "copy_would_be": str(library.copies.place(call)),
    }


def _sought(desk: _Desk, name: str) -> dict[str, Any]:
    directory = desk.core.settings.current["recordings.directory"]
    try:
        found = locate_all(name, directory, desk.call.started)
    except Failure as failure:
        return {"name": name, "files": [], "problem": failure.text, "hint": failure.hint}
    return {"name": name, "files": [_file(path) for path in found], "problem": "" if found else "not there", "hint": ""}


def _file(path: Path) -> dict[str, Any]:
    """``seconds``: None for what cannot be measured."""
    try:
        size: int | None = path.stat().st_size
        sound = inspect(path)
    except (OSError, Failure) as error:
        return {"path": str(path), "bytes": None, "seconds": None, "problem": str(error)}
    return {"path": str(path), "bytes": size, "seconds": sound.seconds, "problem": ""}


def _told(data: dict[str, Any]) -> str:
    lines = [f"call {data['linkedid']} of {moment(data['started'])}, recordings folder {data['directory']}"]
    if not data["named_by_the_pbx"]:
        lines.append("the PBX named no recording; looked for by the naming rule of FreePBX")
    for item in data["recordings"]:
        lines.append(f"{item['name']}: {item['problem'] or 'there'}")
        lines += [f"  {item['hint']}"] if item["hint"] else []
        lines += [f"  {_measured(file)}" for file in item["files"]]
    if data["customized"]:
        lines.append(f"made by a customization: {_measured(data['customized'])}")
    lines.append(f"our copy: {_measured(data['copy']) if data['copy'] else 'none'}")
    return "\n".join(lines)


def _measured(file: dict[str, Any]) -> str:
    seconds = "" if file["seconds"] is None else f", {file['seconds']:.1f} s"
    size = "" if file["bytes"] is None else f", {file['bytes']} bytes"
    return f"{file['path']}{size}{seconds}{', ' + file['problem'] if file['problem'] else ''}"
