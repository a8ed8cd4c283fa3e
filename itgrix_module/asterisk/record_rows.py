# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of CDR and CEL, from a database or a file, to what the domain reads. A row that tells nothing is left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.wall_clock import WallClock, born_at
from itgrix_module.domain.facts import Side
from itgrix_module.domain.records import Attempt, Event, Parties

Row = Mapping[str, Any]
_UNKNOWN = frozenset(("<unknown>", "(null)", "NULL"))
_LONGEST = 1000  # characters of one value; nothing that counts is longer
_LONGEST_EXTRA = 10_000


def text(row: Row, name: str, longest: int = _LONGEST) -> str:
    """A value as text without control characters; empty for what the PBX does not know."""
    value = row.get(name)
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode("utf-8", errors="replace")
    found = "" if value is None else str(value)[:longest]
    if not found.isprintable():
        found = "".join(char for char in found if char.isprintable())
    found = found.strip()
    return "" if found in _UNKNOWN else found


def number(row: Row, name: str) -> float:
    """A value as a number that is not negative; 0 for anything else."""
    try:
        return max(0.0, float(text(row, name) or 0))
    except ValueError:
        return 0.0


def extra(row: Row) -> dict[str, Any]:
    """JSON data of an event; nothing when it is cut off or no JSON."""
    try:
        found = json.loads(text(row, "extra", _LONGEST_EXTRA) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def events_of(rows: Iterable[Row], clock: WallClock) -> Iterator[Event]:
    """Rows of CEL, in the order in which they were written."""
    for row in rows:
        leg, call = text(row, "uniqueid"), text(row, "linkedid")
        kind = text(row, "eventtype")
        at = clock.at(row.get("eventtime"), born_at(leg) if kind == "CHAN_START" else None)
        if at is None or not leg or not kind:
            continue
        yield Event(
            at=at,
            kind=kind,
            leg=leg,
            call=call or leg,
            channel=text(row, "channame"),
            context=text(row, "context"),
            number=text(row, "cid_num"),
            name=text(row, "cid_name"),
            ani=text(row, "cid_ani"),
            dialled=text(row, "exten"),
            app=text(row, "appname"),
            data=text(row, "appdata"),
            extra=extra(row),
        )


def attempts_of(rows: Iterable[Row], clock: WallClock) -> Iterator[Attempt]:
    """Rows of CDR; the clock was settled by them."""
    for row in rows:
        leg = text(row, "uniqueid")
        at = clock.at(row.get("calldate"), born_at(leg), sure=False)
        if at is None or not leg:
            continue
        yield _attempt(row, at, leg)


def _attempt(row: Row, at: float, leg: str) -> Attempt:
    return Attempt(
        started=at,
        leg=leg,
        call=text(row, "linkedid") or leg,
        channel=text(row, "channel"),
        to=text(row, "dstchannel"),
        duration=number(row, "duration"),
        talked=min(number(row, "billsec"), number(row, "duration")),
        disposition=text(row, "disposition").upper(),
        number=text(row, "cnum") or text(row, "src"),
        name=text(row, "cnam"),
        dialled=text(row, "dst"),
        context=text(row, "dcontext"),
        app=text(row, "lastapp"),
        data=text(row, "lastdata"),
        did=text(row, "did"),
        recording=text(row, "recordingfile"),
        order=int(number(row, "sequence")),
    )


def parties_of(sides: Sides) -> Parties:
    """Who is who, by the same knowledge that live tracking has."""

    def judged(channel: str, context: str, caller: str, calling: bool) -> tuple[Side, str]:
        if calling and context:
            party = sides.of_caller(channel, context, caller)
        elif context:
            party = sides.of_channel(channel, context, caller)
        else:
            party = sides.of_channel_met(channel, context, caller)
        return party.side, party.name

    return Parties(judged, sides.is_own)
