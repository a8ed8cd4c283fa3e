# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings to the portal, in the background: a call is finished long before its file is ready."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from itgrix_module.app.ports import (
    CallPortal,
    Lane,
    Outbox,
    PreparedRecording,
    Settlement,
    StoredStep,
    TimelineEntry,
)
from itgrix_module.app.standing import Standing, State, is_our_patience, of_database
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.domain.schedule import back_off
from itgrix_module.domain.steps import Priority

log = logging.getLogger("itgrix.recordings")

LEASE = 600.0  # seconds: converting and uploading an hour of talk
PATIENCE = 1800.0  # seconds after the call until a file that never appears is given up
OWNER_PAUSE = 30.0  # seconds between looks whether somebody has mended what keeps all recordings
LONGEST_FILE = 60.0  # seconds between looks for a file that is not there yet
LONGEST_LOOK = 1.0  # seconds between looks at the outbox
# What keeps every recording, whichever call it is of.
_HERE = frozenset(("disk_full", "work_folder", "encoder_missing", "recordings_folder"))
_FILE = frozenset(("recording_missing", "recording_growing"))


@dataclass(frozen=True)
class Recording(PreparedRecording):
    """``left_out``: why parts of the conversation are not in it, for the call's timeline."""

    left_out: tuple[str, ...] = ()


class Preparer(Protocol):
    """Recordings on the PBX's disk."""

    def prepare(self, paths: Sequence[str], name: str, started: float, deadline: float) -> Recording:
        """Find, wait for completeness, join, convert. ``deadline``: epoch second after which nothing is waited for.

        Raises Temporary (not there yet, growing, no room) or Permanent.
        """


class Portal(CallPortal, Protocol):
    """Calls in the portal, and the recordings it has of them."""

    def record_of(self, call_id: str) -> str:
        """Id of the recording that the portal has of a closed call, empty when none. Raises Failure."""


class Uploader:
    """Prepares and attaches what the outbox holds for recordings. One thread's work."""

    def __init__(
        self,
        outbox: Outbox,
        portal: Portal,
        recordings: Preparer,
        standing: Standing,
        clock: Callable[[], float],
        chance: Callable[[], float],
        owner: str,
    ) -> None:
        self._outbox, self._portal, self._recordings, self._standing = outbox, portal, recordings, standing
        self._clock, self._chance, self._owner = clock, chance, owner
        self._state = State()
        self._owed: Callable[[], object] | None = None

    @property
    def state(self) -> State:
        """What keeps recordings from being prepared on this machine, if anything does."""
        return self._state

    def upload_due(self) -> int:
        """Upload one recording that is due; returns how many were handled. Raises Failure of the database."""
        self._store_owed()
        if self._standing.pause() > 0 or self._clock() < self._state.until:
            return 0
        with self._standing.turn() as mine:
            lanes = self._claimed() if mine else []
            for lane in lanes:
                self._settle(lane, lane.steps[0], self._try(lane, lane.steps[0]))
        return len(lanes)

    def _claimed(self) -> list[Lane]:
        return self._outbox.claim(self._owner, self._clock(), LEASE, 1, Priority.UPLOAD, Priority.LATE)

    def idle(self) -> float:
        """Seconds until the next look."""
        return max(LONGEST_LOOK, min(self._state.until - self._clock(), OWNER_PAUSE))

    def resume(self) -> None:
        """Try again at once: somebody may have mended it."""
        self._state = replace(self._state, until=0.0)

    def _try(self, lane: Lane, step: StoredStep) -> tuple[str, Recording | None] | Failure:
        call = lane.call
        try:
            if not lane.portal.finished:
                raise Permanent(
                    "not_finished",
                    "The portal has not closed the call, so nothing can be attached to it.",
                    "Retry what failed before it in the same call first.",
                )
            there = self._portal.record_of(lane.portal.call_id) if step.unsure else ""
            if there:
                return there, None
            name = f"{call.node}-{call.linkedid}"
            made = self._recordings.prepare(list(step.payload["paths"]), name, call.started, step.decided_at + PATIENCE)
            self._mended()
            return self._portal.attach(lane.portal.call_id, made.path, made.filename), made
        except Failure as failure:
            self._heard(failure)
            return failure

    def _heard(self, failure: Failure) -> None:
        if failure.code not in _HERE or not isinstance(failure, Temporary):
            self._standing.failed(failure)
            return
        now = self._clock()
        since = now if self._state.is_up else self._state.since
        self._state = State(failure, since, now + OWNER_PAUSE, self._state.failures + 1)

    def _mended(self) -> None:
        if not self._state.is_up:
            self._state = State()

    def _settle(self, lane: Lane, step: StoredStep, result: tuple[str, Recording | None] | Failure) -> None:
        now = self._clock()
        settlement = self._settlement(step, result, now)
        portal = None if isinstance(result, Failure) else replace(lane.portal, record_file_id=result[0])
        entries = [_entry(step, result, settlement, now)] if _is_worth_telling(settlement, result) else []
        call = lane.call
        self._owed = partial(
            self._outbox.settle, self._owner, call.node, call.linkedid, [settlement], portal, entries, now
        )
        for entry in entries:
            log.info("call %s: %s", call.linkedid, entry.text)
        self._store_owed()

    def _store_owed(self) -> None:
        """What the database could not take is stored before anything new is begun."""
        if self._owed is not None:
            self._owed()
            self._owed = None

    def _settlement(self, step: StoredStep, result: tuple[str, Recording | None] | Failure, now: float) -> Settlement:
        attempts = step.attempts + 1
        if not isinstance(result, Failure):
            return Settlement(step.id, "done", attempts=attempts, answer={"file_id": result[0]})
        if result.code == "recording_empty":
            return Settlement(step.id, "done", attempts=attempts, text=result.text)
        too_late = result.code == "not_finished_yet" and now > step.decided_at + PATIENCE
        if isinstance(result, Permanent) or too_late:
            return Settlement(step.id, "failed", attempts=attempts, code=result.code, text=_said(result))
        again, unsure = now + self._pause(attempts, result), step.unsure or result.executed
        return Settlement(step.id, "waiting", again, attempts, unsure, code=result.code, text=_said(result))

    def _pause(self, attempts: int, failure: Failure) -> float:
        if isinstance(failure, NeedsOwner) or failure.code in _HERE or of_database(failure):
            return OWNER_PAUSE
        wanted = failure.retry_after or 0.0 if isinstance(failure, Temporary) else 0.0
        if failure.code in _FILE:
            return max(wanted, back_off(attempts, self._chance(), LONGEST_FILE))
        return wanted or back_off(attempts, self._chance())


def _is_worth_telling(settlement: Settlement, result: object) -> bool:
    """A file that is not there yet is looked for again and again; of that, the first times and the end are told."""
    if settlement.state != "waiting":
        return True
    if isinstance(result, Failure) and (is_our_patience(result) or of_database(result)):
        return False
    attempts = settlement.attempts
    return attempts & (attempts - 1) == 0


def _said(failure: Failure) -> str:
    return f"{failure}. {failure.hint}".strip() if failure.hint else str(failure)


def _entry(
    step: StoredStep, result: tuple[str, Recording | None] | Failure, settlement: Settlement, now: float
) -> TimelineEntry:
    data: dict[str, Any] = {"step": "attach", "request": {"paths": list(step.payload["paths"])}}
    if not isinstance(result, Failure):
        file_id, made = result
        left_out = list(made.left_out) if made else []
        data["answer"] = {"file_id": file_id, "warning": "; ".join(left_out)}
        text = f"attach: uploaded{', but ' if left_out else ''}{'; '.join(left_out)}"
        return TimelineEntry(now, "attempt", text, data)
    text = _said(result) if settlement.state == "failed" else result.text
    data |= {"failure": type(result).__name__, "code": result.code, "text": result.text, "hint": result.hint}
    return TimelineEntry(now, "attempt", f"attach: {text}", data)
