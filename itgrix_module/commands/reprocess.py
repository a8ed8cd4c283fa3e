# SPDX-License-Identifier: GPL-3.0-or-later
"""``calls reprocess``: compare calls with what the PBX wrote down, and make up for what is missing."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, tzinfo

import click

from itgrix_module.app.reconcile_ports import KINDS, Order, Progress
from itgrix_module.commands.output import faults_told, json_option, moment, show, table
from itgrix_module.core import Core, open_core
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.place import Place
from itgrix_module.reconciling import for_command
from itgrix_module.records_door import RecordsDoor
from itgrix_module.zones import pbx_zone

_WHO = "the command line"
_EVERY = 0.5  # seconds between two lines of progress
_STOPPED = 130  # exit status, as of other programs that Ctrl-C ends
WORDS = {
    "added": "added",
    "closed": "closed",
    "completed": "completed",
    "corrected": "corrected",
    "retried": "tried again",
    "open": "still open",
    "same": "as they should be",
    "failed": "not found",
}


@click.command()
@click.option("--from", "since", help="Calls that began from then on: 2026-11-21, 2026-11-21 09:30, or with a zone.")
@click.option("--to", "until", help="And before then; now by default. A day alone counts whole.")
@click.option("--linkedid", "calls", multiple=True, help="Only this call; may be given several times.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
def reprocess(since: str | None, until: str | None, calls: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Add calls that were missed, end open ones, attach recordings; what the portal has is never sent twice."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core, _told_to_stop() as stop:
        order = _order(core, since, until, calls, dry_run)
        door = RecordsDoor()
        try:
            found = for_command(core, door).run(order, stop.is_set, _Shown(quiet=as_json))
        finally:
            door.close()
        data = {**found.data(), "found": [asdict(item) for item in found.found]}
        show(data, as_json, lambda: _summary(found))
    if found.state == "failed" or found.counts["failed"]:
        sys.exit(1)
    if found.state == "stopped":
        sys.exit(_STOPPED)


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM end it after the call that is looked at, a second Ctrl-C at once."""
    told = threading.Event()

    def tell(*_: object) -> None:
        if told.is_set():
            raise KeyboardInterrupt
        told.set()

    old = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _order(core: Core, since: str | None, until: str | None, calls: tuple[str, ...], dry: bool) -> Order:
    if calls and (since or until):
        raise NeedsOwner("period", "name calls or a period, not both", "Leave out --from and --to.")
    if not calls and not since:
        raise NeedsOwner("period", "say which calls", "Give --from (and --to), or --linkedid.")
    zone = pbx_zone(core.settings.current["panel.time_zone"])
    start = read_moment(since, zone) if since else 0.0
    end = read_moment(until, zone, end=True) if until else time.time()
    if not calls and start >= end:
        raise NeedsOwner("period", "the period ends before it begins", "Is --from earlier than --to, and in the past?")
    return Order(start, min(end, time.time()), tuple(dict.fromkeys(calls)), by_hand=True, dry=dry, who=_WHO)


def read_moment(text: str, zone: tzinfo, *, end: bool = False) -> float:
    """Epoch seconds of a day or a moment in that zone. ``end``: of a day, its end. Raises NeedsOwner."""
    try:
        found = datetime.fromisoformat(text.strip())
        found = found if found.tzinfo else found.replace(tzinfo=zone)
        if end and len(text.strip()) == len("2026-11-21"):
            found = found.replace(hour=23, minute=59, second=59, microsecond=999_999)
        return max(0.0, found.timestamp())
    except (ValueError, OverflowError):
        raise NeedsOwner(
            "period", f"{text!r} is no day and no time", "Such as 2026-11-21 or '2026-11-21 09:30'."
        ) from None


class _Shown:
    """One line on a terminal, written over and over; nothing where nobody looks."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet or not sys.stderr.isatty()
        self._at = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        over = progress.state != "running"
        if self._quiet or (now - self._at < _EVERY and not over):
            return
        self._at = now
        at = moment(progress.at) if progress.at else "..."
        click.echo(f"\r{progress.share:4.0%}  {at}  {progress.looked} calls\033[K", err=True, nl=over)


def _summary(found: Progress) -> str:
    rows = [{**asdict(item), "started": moment(item.started or None)} for item in found.found]
    lines = [table(rows, ("started", "linkedid", "direction", "client", "kind", "why"), "nothing had to be done")]
    counts = ", ".join(f"{found.counts[kind]} {WORDS[kind]}" for kind in KINDS if found.counts[kind])
    lines.append(f"{found.looked} calls looked at" + (f": {counts}" if counts else ""))
    if found.order.dry:
        lines.append("nothing was changed (--dry-run)")
    if found.state == "stopped":
        lines.append("stopped before the end")
    if found.state == "failed":
        lines.append(f"broken off: {found.problem}. {found.hint}")
    return "\n".join(lines)
