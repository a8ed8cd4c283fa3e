# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls and steps for the tests of the storage."""

from __future__ import annotations

from typing import Any

from itgrix_module.app.ports import CallRow, CallStore, Lane, NewStep, Outbox, Settlement

NODE = "pbx"
NOW = 1_700_000_000.0


def call(linkedid: str = "1700000000.1", **changes: Any) -> CallRow:
    values: dict[str, Any] = {
        "node": NODE,
        "linkedid": linkedid,
        "direction": "incoming",
        "phase": "ringing",
        "client": "+74951234567",
        "line": "78120000000",
        "started": NOW,
        "rang": ("101", "102"),
        "state": {"legs": [{"channel": "PJSIP/101-1"}]},
    }
    return CallRow(**values | changes)


def step(kind: str = "register", **changes: Any) -> NewStep:
    values: dict[str, Any] = {
        "kind": kind,
        "payload": {"employees": ["101"]},
        "priority": 1,
        "due_at": NOW,
        "decided_at": NOW,
    }
    return NewStep(**values | changes)


def add_call(store: CallStore, linkedid: str, *steps: NewStep, **changes: Any) -> CallRow:
    row = call(linkedid, **changes)
    with store.work() as work:
        work.save_call(row)
        work.add_steps(row.node, row.linkedid, steps)
    return row


def claim_one(outbox: Outbox, owner: str = "worker", now: float = NOW, lease: float = 60.0) -> Lane:
    lanes = outbox.claim(owner, now, lease, 1)
    assert len(lanes) == 1, f"one lane expected, got {lanes}"
    return lanes[0]


def settle(outbox: Outbox, lane: Lane, *settlements: Settlement, owner: str = "worker", now: float = NOW) -> bool:
    return outbox.settle(owner, lane.call.node, lane.call.linkedid, settlements, None, (), now)


def done(number: int) -> Settlement:
    return Settlement(number, "done", attempts=1)
