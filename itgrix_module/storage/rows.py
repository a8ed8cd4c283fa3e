# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports' values to columns and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping

from itgrix_module.app.ports import CallRow, PortalSide, StoredStep, TimelineEntry
from itgrix_module.storage.models import Call, Party, Step, Timeline
from itgrix_module.storage.values import clip, from_json, to_json
from itgrix_module.storage.writing import table_of

_TEXTS: tuple[str, ...] = (
    "direction",
    "phase",
    "client",
    "number",
    "client_name",
    "line",
    "source",
    "trunk",
    "caller",
    "queue",
    "outcome",
    "status",
)
_TEXTS += ("answered_by", "last_talker", "merged_into")
_PLAIN = ("started", "answered", "ended", "wait", "talk", "live", "vote")
_LENGTHS = {name: table_of(Call).c[name].type.length for name in _TEXTS}  # type: ignore[attr-defined]
CALL_COLUMNS = (*_TEXTS, *_PLAIN, "rang", "state")
PARTY_LENGTH = table_of(Party).c.extension.type.length  # type: ignore[attr-defined]
TIMELINE_LENGTH = table_of(Timeline).c.text.type.length  # type: ignore[attr-defined]
STEP_TEXT_LENGTH = table_of(Step).c.text.type.length  # type: ignore[attr-defined]
STEP_CODE_LENGTH = table_of(Step).c.code.type.length  # type: ignore[attr-defined]


def call_key(node: str, linkedid: str) -> tuple[str, str]:
    """What identifies a call, as it is stored."""
    return clip(node, 64), clip(linkedid, 150)


def call_values(row: CallRow) -> dict[str, Any]:
    """Columns of the tracker's side of a call."""
    key = call_key(row.node, row.linkedid)
    values: dict[str, Any] = {name: clip(getattr(row, name), length) for name, length in _LENGTHS.items()}
    values |= {name: getattr(row, name) for name in _PLAIN}
    return values | {
        "node": key[0],
        "linkedid": key[1],
        "rang": to_json(row.rang),
        "state": to_json(row.state),
    }


def call_row(stored: RowMapping) -> CallRow:
    values: dict[str, Any] = {name: stored[name] for name in (*_TEXTS, *_PLAIN, "node", "linkedid")}
    return CallRow(**values, rang=tuple(from_json(stored["rang"], ())), state=from_json(stored["state"], {}))


def portal_values(side: PortalSide) -> dict[str, Any]:
    """Columns of the portal's side of a call."""
    return {
        "portal_call_id": clip(side.call_id, 191),
        "entity_type": clip(side.entity_type, 32),
        "entity_id": clip(side.entity_id, 64),
        "created": to_json(side.created),
        "activity_id": clip(side.activity_id, 64),
        "record_file_id": clip(side.record_file_id, 64),
        "registered_user": side.registered_user,
        "registered_at": side.registered_at,
        "finished": side.finished,
        "left_out": clip(side.left_out, 191),
    }


def portal_side(stored: RowMapping) -> PortalSide:
    return PortalSide(
        call_id=stored["portal_call_id"],
        entity_type=stored["entity_type"],
        entity_id=stored["entity_id"],
        created=tuple((kind, number) for kind, number in from_json(stored["created"], ())),
        activity_id=stored["activity_id"],
        record_file_id=stored["record_file_id"],
        registered_user=stored["registered_user"],
        registered_at=stored["registered_at"],
        finished=bool(stored["finished"]),
        left_out=stored["left_out"],
    )


def stored_step(stored: RowMapping) -> StoredStep:
    return StoredStep(
        id=stored["id"],
        n=stored["n"],
        kind=stored["kind"],
        payload=from_json(stored["payload"], {}),
        priority=stored["priority"],
        due_at=stored["due_at"],
        decided_at=stored["decided_at"],
        attempts=stored["attempts"],
        unsure=bool(stored["unsure"]),
        sent=from_json(stored["sent"], None),
    )


def timeline_values(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "kind": clip(entry.kind, 16),
        "text": clip(entry.text, TIMELINE_LENGTH),
        "data": to_json(entry.data),
    }


def timeline_entry(stored: RowMapping) -> TimelineEntry:
    return TimelineEntry(stored["at"], stored["kind"], stored["text"], from_json(stored["data"], {}))


def parties_of(row: CallRow) -> tuple[str, ...]:
    """Everybody whose phone rang or who talked, each once."""
    named = dict.fromkeys(clip(name, PARTY_LENGTH) for name in (*row.rang, row.answered_by, row.last_talker))
    return tuple(name for name in named if name)
