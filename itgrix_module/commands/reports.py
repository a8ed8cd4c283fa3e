# SPDX-License-Identifier: GPL-3.0-or-later
"""``reports``: calls by day, hour, line, source, employee or outcome, as the panel counts them."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import date, datetime, timedelta, tzinfo

import click

from itgrix_module.app.reports import CLIENTS, HOUR, KINDS, LONGEST_PERIOD, Figures
from itgrix_module.app.spreadsheet import Value, written
from itgrix_module.commands.output import faults_told, json_option, show, table
from itgrix_module.core import open_core
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.place import Place
from itgrix_module.storage.reports import Entry, SqlReports, zone_key
from itgrix_module.zones import pbx_zone

DAY = "day"
_WAYS = ("clients", "incoming", "outgoing", "internal")
_FIGURES = ("calls", "answered", "lost", "mean_wait", "mean_lost_wait", "longest_wait", "mean_talk", "talk")


@click.command()
@click.option("--by", type=click.Choice([DAY, *KINDS]), default=DAY, show_default=True, help="What the rows are.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day; 30 days ago if not given.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day; today if not given.")
@click.option("--direction", type=click.Choice(_WAYS), default="clients", show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
def reports(
    by: str, since: datetime | None, until: datetime | None, direction: str, as_csv: bool, as_json: bool
) -> None:
    """Calls of a period, counted; days are those of the PBX. Waiting and talking in seconds."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        zone = pbx_zone(core.settings.current["panel.time_zone"])
        first, last = _period(since, until, zone)
        source = SqlReports(core.database, zone)
        ways = CLIENTS if direction == "clients" else (direction,)
        rows = [_row(name, figures) for name, figures in _counted(source, by, first, last, ways).items()]
        if as_csv:
            lines: list[list[Value]] = [[by, *_FIGURES], *([row[key] for key in ("name", *_FIGURES)] for row in rows)]
            click.echo(written(lines), nl=False)
            return
        total = _row("total", _total(_of(source.by_day(first, last), ways)))
        data = {"since": str(first), "until": str(last), "zone": zone_key(zone), "by": by, "rows": rows, "total": total}
        show(data, as_json, lambda: table([*rows, total] if rows else [], ("name", *_FIGURES), "no calls"))


def _period(since: datetime | None, until: datetime | None, zone: tzinfo) -> tuple[date, date]:
    last = until.date() if until else datetime.now(zone).date()
    first = since.date() if since else last - timedelta(29)
    if first > last or (last - first).days > LONGEST_PERIOD:
        raise NeedsOwner(
            "bad_period", f"{first} to {last} is no period of at most ten years", "Give the earlier day with --since."
        )
    return first, last


def _counted(source: SqlReports, by: str, first: date, last: date, ways: tuple[str, ...]) -> dict[str, Figures]:
    if by == DAY:
        days = _summed(_of(source.by_day(first, last), ways), by_day=True)
        return dict(sorted(days.items()))
    found = _summed(_of(source.by_name(by, first, last), ways), by_day=False)
    if by == HOUR:
        return dict(sorted(found.items()))
    return dict(sorted(found.items(), key=lambda item: (-item[1].calls, item[0])))


def _of(entries: list[Entry], ways: tuple[str, ...]) -> list[Entry]:
    return [entry for entry in entries if entry.direction in ways]


def _summed(entries: list[Entry], *, by_day: bool) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for entry in entries:
        name = date.fromordinal(entry.day).isoformat() if by_day else entry.name
        found[name] = found.get(name, Figures()) + entry.figures
    return found


def _total(entries: list[Entry]) -> Figures:
    found = Figures()
    for entry in entries:
        found = found + entry.figures
    return found


def _row(name: str, figures: Figures) -> dict[str, Value]:
    means = {key: getattr(figures, key) for key in ("lost", "mean_wait", "mean_lost_wait", "mean_talk")}
    return {"name": name, **asdict(figures), **means}
