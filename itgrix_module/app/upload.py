# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings to the portal, in the background: a call is finished long before its file is ready."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from itgrix_module.app.ports import (
    CallPortal,
    Lane,
    Outbox,
    PortalSide,
    Recordings,
    Settlement,
    StoredStep,
    TimelineEntry,
)
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.domain.schedule import back_off
from itgrix_module.domain.steps import Priority

log = logging.getLogger("itgrix.recordings")

LEASE = 600.0  # seconds: converting and uploading an hour of talk
PATIENCE = 1800.0  # seconds after the call until a file that never appears is given up
OWNER_PAUSE = 60.0  # seconds


class Uploader:
    """Prepares and attaches what the outbox holds for recordings."""

    def __init__(
        self,
        outbox: Outbox,
        portal: CallPortal,
        recordings: Recordings,
        clock: Callable[[], float],
        chance: Callable[[], float],
        owner: str,
    ) -> None:
        self._outbox, self._portal, self._recordings = outbox, portal, recordings
        self._clock, self._chance, self._owner = clock, chance, owner

    def upload_due(self) -> int:
        """Upload one recording that is due; returns how many were handled."""
        lanes = self._outbox.claim(self._owner, self._clock(), LEASE, 1, Priority.UPLOAD, Priority.LATE)
        for lane in lanes:
            self._settle(lane, lane.steps[0], self._try(lane, lane.steps[0]))
        return len(lanes)

    def _try(self, lane: Lane, step: StoredStep) -> str | Failure:
        call = lane.call
        name = f"{call.node}-{call.linkedid}"
        try:
            if not lane.portal.call_id:
                raise Permanent("not_registered", "the portal does not know the call, nothing can be attached")
            prepared = self._recordings.prepare(list(step.payload["paths"]), name, call.started)
            return self._portal.attach(lane.portal.call_id, prepared.path, prepared.filename)
        except Failure as failure:
            return failure

    def _settle(self, lane: Lane, step: StoredStep, result: str | Failure) -> None:
        now = self._clock()
        settlement = self._settlement(step, result, now)
        portal: PortalSide | None = None
        if isinstance(result, str):
            portal = replace(lane.portal, record_file_id=result)
        entry = _entry(step, result, settlement, now)
        log.info("call %s: %s", lane.call.linkedid, entry.text)
        self._outbox.settle(self._owner, lane.call.node, lane.call.linkedid, [settlement], portal, [entry], now)

    def _settlement(self, step: StoredStep, result: str | Failure, now: float) -> Settlement:
        attempts = step.attempts + 1
        if isinstance(result, str):
            return Settlement(step.id, "done", attempts=attempts, answer={"file_id": result})
        if isinstance(result, Permanent) and result.code == "recording_empty":
            return Settlement(step.id, "done", attempts=attempts, text=result.text)
        given_up = result.code == "recording_missing" and now - step.decided_at > PATIENCE
        if isinstance(result, Permanent) or given_up:
            return Settlement(step.id, "failed", attempts=attempts, code=result.code, text=str(result))
        return Settlement(
            step.id, "waiting", now + self._pause(attempts, result), attempts, code=result.code, text=str(result)
        )

    def _pause(self, attempts: int, failure: Failure) -> float:
        if isinstance(failure, NeedsOwner):
            return OWNER_PAUSE
        if isinstance(failure, Temporary) and failure.retry_after is not None:
            return failure.retry_after
        return back_off(attempts, self._chance())


def _entry(step: StoredStep, result: str | Failure, settlement: Settlement, now: float) -> TimelineEntry:
    data = {"step": "attach", "request": {"paths": list(step.payload["paths"])}}
    if isinstance(result, str):
        return TimelineEntry(now, "attempt", "attach: uploaded", {**data, "answer": {"file_id": result}})
    text = result.text if settlement.state != "failed" else f"{result.text} {result.hint}".strip()
    return TimelineEntry(
        now, "attempt", f"attach: {text}", {**data, "failure": type(result).__name__, "code": result.code}
    )
