# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PBX wrote of its calls during a recorded session: rows beside the transcript, or CEL and Cdr events in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from itgrix_module.asterisk.record_rows import attempts_of, events_of, parties_of
from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.transcript import read
from itgrix_module.asterisk.wall_clock import WallClock
from itgrix_module.domain import summary
from itgrix_module.domain.call import Call
from itgrix_module.domain.gathering import Gathering, by_call
from itgrix_module.domain.rebuilding import rebuilt
from itgrix_module.domain.records import Story, Told

HERE = Path(__file__).parent
TRANSCRIPTS, RECORDS = HERE / "transcripts", HERE / "records"
Rows = list[dict[str, Any]]

_CEL = {
    "eventtype": "EventName", "eventtime": "EventTime", "cid_num": "CallerIDnum", "cid_name": "CallerIDname",
    "cid_ani": "CallerIDani", "exten": "Exten", "context": "Context", "channame": "Channel",
    "appname": "Application", "appdata": "AppData", "uniqueid": "UniqueID", "linkedid": "LinkedID", "extra": "Extra",
}  # fmt: skip
_CDR = {
    "calldate": "StartTime", "src": "Source", "dst": "Destination", "dcontext": "DestinationContext",
    "channel": "Channel", "dstchannel": "DestinationChannel", "lastapp": "LastApplication", "lastdata": "LastData",
    "duration": "Duration", "billsec": "BillableSeconds", "disposition": "Disposition", "uniqueid": "UniqueID",
    "linkedid": "linkedid", "recordingfile": "recordingfile", "did": "did", "cnum": "cnum",
}  # fmt: skip


def sessions_of(transcript: Path) -> list[Path]:
    """The files of one recording, in order."""
    name = transcript.name.removesuffix(".ami.gz")
    return [transcript, *sorted(transcript.parent.glob(f"{name}.part*.ami.gz"))]


def rows_of(transcript: Path) -> tuple[Rows, Rows]:
    """CEL and CDR."""
    name = transcript.name.removesuffix(".ami.gz")
    beside = RECORDS / transcript.parent.name
    if (beside / f"{name}.cel.json").exists():
        stored = {kind: json.loads((beside / f"{name}.{kind}.json").read_text()) for kind in ("cel", "cdr")}
        return stored["cel"], stored["cdr"]
    cel: Rows = []
    cdr: Rows = []
    for file in sessions_of(transcript):
        for message in read(file, frozenset()):
            if message.event == "CEL":
                cel.append({name: message.get(header) for name, header in _CEL.items()})
            elif message.event == "Cdr":
                cdr.append({name: message.get(header) for name, header in _CDR.items()} | {"sequence": len(cdr)})
    return cel, cdr


def stories(cel: Sequence[Mapping[str, Any]], cdr: Sequence[Mapping[str, Any]]) -> list[Story]:
    """As they would be read from tables."""
    events = list(events_of(cel, WallClock(UTC)))
    attempts = by_call(attempts_of(cdr, WallClock(UTC)))
    found = []
    for group in Gathering(0.0, 1e12).groups(events):
        rows = group.sorted()
        calls = dict.fromkeys(row.call for row in rows)
        found.append(Story(tuple(calls), rows, tuple(row for call in calls for row in attempts.get(call, ()))))
    known = {event.call for event in events}
    return found + [Story((call,), (), tuple(rows)) for call, rows in attempts.items() if call not in known]


def calls_of(cel: Rows, cdr: Rows) -> dict[str, Told]:
    """By Linkedid."""
    found = (told for story in stories(cel, cdr) for told in rebuilt(story, parties_of(Sides())))
    return {told.call.id: told for told in found}


def shown(call: Call) -> dict[str, Any]:
    """In the words of ``itgrix replay``."""
    wait = summary.wait_seconds(call, call.changed)
    return {
        "direction": call.direction.value,
        "client": (call.number or None) if call.has_client else None,
        "line": call.line or None,
        "outcome": summary.outcome(call).value,
        "status": summary.status(call),
        "answered_by": summary.answered_by(call) or None,
        "last_talker": summary.last_talker(call) or None,
        "rang": list(call.rang),
        "transfers": [{"kind": item.kind, "from": item.by, "to": item.to} for item in call.transfers],
        "recordings": names(item.path for item in summary.recordings(call)),
        "wait_seconds": wait,
        "talk_seconds": summary.talk_seconds(call, call.changed),
    }


def names(paths: Iterable[str]) -> list[str]:
    """Without folders: one record has the full path, another the name only."""
    return [path.rpartition("/")[2] for path in paths]
