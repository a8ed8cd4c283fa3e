# SPDX-License-Identifier: GPL-3.0-or-later
"""``record`` and ``replay``: AMI sessions on tape, and what they mean."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from itgrix_module.asterisk.connection import Connection
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.recorder import Recorder
from itgrix_module.asterisk.resync import collect
from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.translate import RECORDING_ACTION, RECORDING_VARIABLE
from itgrix_module.commands.output import faults_told, json_option, show, table
from itgrix_module.commands.signals import until_told
from itgrix_module.core import open_core
from itgrix_module.domain.failures import Failure, Temporary
from itgrix_module.pbx_door import link_settings
from itgrix_module.place import Place
from itgrix_module.replay import replay_files
from itgrix_module.settings import Settings


@click.command()
@click.argument("transcripts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--extension", "extensions", multiple=True, help="An extension that the PBX has (repeatable).")
@click.option("--trunk", "trunks", multiple=True, help="A trunk that the PBX has (repeatable).")
@json_option
def replay(transcripts: tuple[Path, ...], extensions: tuple[str, ...], trunks: tuple[str, ...], as_json: bool) -> None:
    """Show the calls in TRANSCRIPTS, the successive sessions of one recording. Touches nothing else."""
    sides = Sides(extensions=frozenset(extensions), trunks=frozenset(trunks))
    with faults_told(as_json):
        warnings: list[str] = []
        calls = replay_files(transcripts, sides, warnings)
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        show({"calls": calls}, as_json, lambda: table([_row(call) for call in calls], _COLUMNS, "no calls"))


_COLUMNS = ("started", "direction", "client", "line", "outcome", "answered", "last", "wait", "talk", "rang", "steps")


def _row(call: dict[str, Any]) -> dict[str, Any]:
    return {
        **call,
        "answered": call["answered_by"],
        "last": call["last_talker"],
        "wait": call["wait_seconds"],
        "talk": call["talk_seconds"],
        "rang": ",".join(call["rang"]),
        "steps": " ".join(step["kind"] for step in call["steps"]),
    }


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seconds", type=float, help="Stop after so many seconds; else Ctrl+C stops.")
def record(file: Path, seconds: float | None) -> None:
    """Write the live AMI session to FILE (gzip by the ending .gz), without secrets."""
    with faults_told(), until_told() as told, open_core(Place.of(os.environ)) as core, Recorder(file) as recorder:
        count = _record(core.settings.current, recorder, told, seconds)
    click.echo(f"{count} messages in {file}")


def _record(settings: Settings, recorder: Recorder, told: threading.Event, seconds: float | None) -> int:
    """One connection of its own, with everything that the manager user may see."""
    wanted = link_settings(settings)
    seen = 0
    lost: list[str] = []

    def on_message(message: Message) -> None:
        nonlocal seen
        seen += 1
        if message.event == "MixMonitorStart":
            asked.put(message)

    def on_lost(reason: str) -> None:
        lost.append(reason)
        told.set()

    asked: queue.Queue[Message] = queue.Queue()
    connection = Connection(
        wanted.host,
        wanted.port,
        on_message=on_message,
        on_lost=on_lost,
        tls=wanted.tls,
        skip=frozenset(),
        variables=frozenset(),
        tap=recorder.tap,
    )
    try:
        connection.open()
        connection.login(wanted.username, wanted.secret, "on")
        collect(connection, time.time)
        _until(told, seconds, lambda: _name_recordings(connection, asked))
    finally:
        connection.close()
    if lost:
        raise Temporary("lost", f"the PBX ended the session: {lost[0]}", "What was heard until then is recorded.")
    return seen


def _until(told: threading.Event, seconds: float | None, work: Callable[[], None]) -> None:
    end = None if seconds is None else time.monotonic() + seconds
    while not told.wait(0.1) and (end is None or time.monotonic() < end):
        work()


def _name_recordings(connection: Connection, asked: queue.Queue[Message]) -> None:
    """Ask for the path of each recording that began; the answer becomes part of the transcript."""
    while not asked.empty():
        message = asked.get()
        headers = {
            "ActionID": RECORDING_ACTION + message.get("Uniqueid"),
            "Channel": message.get("Channel"),
            "Variable": RECORDING_VARIABLE,
        }
        try:
            connection.action("Getvar", headers)
        except Failure as failure:
            click.echo(f"the recording on {message.get('Channel')} could not be named: {failure}", err=True)
