# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings to the portal, in the background: a call is finished long before its file is ready."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeGuard

from itgrix_module.app.attaching import Attacher, Customs, Linking, Outcome, Reports
from itgrix_module.app.ports import Lane, Outbox, Settlement, StoredStep, TimelineEntry
from itgrix_module.app.recording_ports import Preparer, RecordingPortal
from itgrix_module.app.recording_rules import RecordingRules
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
# What keeps every link, while files can still be uploaded.
_LINKS = frozenset(("public_address_missing", "public_address_wrong", "links_unavailable", "record_url_failed"))
_HELD = "links_held"


class Uploader:
    """Prepares and attaches what the outbox holds for recordings. One thread's work.

    ``node``: whose recordings lie on this machine; empty: everybody's. ``rules``: what happens to which recording;
    ``linking``: copies and links, without which files can only be uploaded.
    """

    def __init__(
        self,
        outbox: Outbox,
        portal: RecordingPortal,
        recordings: Preparer,
        standing: Standing,
        clock: Callable[[], float],
        chance: Callable[[], float],
        owner: str,
        *,
        node: str = "",
        rules: Callable[[], RecordingRules] = RecordingRules,
        linking: Linking | None = None,
        customs: Customs | None = None,
    ) -> None:
        self._outbox, self._standing = outbox, standing
        self._clock, self._chance, self._owner, self._node = clock, chance, owner, node
        reports = Reports(self._remember, self._mended, self._may_link)
        self._attacher = Attacher(portal, recordings, rules, linking, customs or Customs(), reports)
        self._state, self._links = State(), State()
        self._owed: Callable[[], object] | None = None

    @property
    def state(self) -> State:
        """What keeps recordings from being prepared on this machine, or links from being given, if anything does."""
        return self._links if self._state.is_up else self._state

    def upload_due(self) -> int:
        """Upload one recording that is due; returns how many were handled. Raises Failure of the database."""
        self._store_owed()
        if self._standing.pause() > 0 or self._clock() < self._state.until:
            return 0
        with self._standing.turn() as mine:
            lanes = self._claimed() if mine else []
            for lane in lanes:
                notes: list[str] = []
                self._settle(lane, lane.steps[0], self._try(lane, lane.steps[0], notes), notes)
        return len(lanes)

    def _claimed(self) -> list[Lane]:
        return self._outbox.claim(self._owner, self._clock(), LEASE, 1, Priority.UPLOAD, Priority.UPLOAD, self._node)

    def idle(self) -> float:
        """Seconds until the next look."""
        return max(LONGEST_LOOK, min(self._state.until - self._clock(), OWNER_PAUSE))

    def resume(self) -> None:
        """Try again at once: somebody may have mended it."""
        self._state = replace(self._state, until=0.0)
        self._links = State()

    def _try(self, lane: Lane, step: StoredStep, notes: list[str]) -> Outcome | Failure:
        try:
            outcome = self._attacher.attach(lane, step, step.decided_at + PATIENCE, notes)
        except Failure as failure:
            self._heard(failure)
            return failure
        if outcome.is_linked:
            self._links = State()
        if outcome.is_linked or outcome.file_id:
            self._standing.answered(a_call=False)
        return outcome

    def _remember(self, step: int, decided: Mapping[str, Any]) -> None:
        self._outbox.remember_sent(self._owner, step, decided)

    def _may_link(self) -> None:
        """The portal could not fetch one recording a moment ago: it is not asked to fetch the next ones yet."""
        held, reason = self._links.until - self._clock(), self._links.reason
        if held > 0 and reason is not None:
            raise Temporary(_HELD, reason.text, reason.hint, retry_after=held)

    def _heard(self, failure: Failure) -> None:
        if failure.code in _LINKS:
            held = failure.retry_after or 0.0 if isinstance(failure, Temporary) else 0.0
            self._links = self._down(self._links, failure, held)
        elif failure.code in _HERE and isinstance(failure, Temporary):
            self._state = self._down(self._state, failure, OWNER_PAUSE)
        elif failure.code != _HELD:
            self._standing.failed(failure)

    def _down(self, state: State, failure: Failure, pause: float) -> State:
        now = self._clock()
        return State(failure, now if state.is_up else state.since, now + pause, state.failures + 1)

    def _mended(self) -> None:
        if not self._state.is_up:
            self._state = State()

    def _settle(self, lane: Lane, step: StoredStep, result: Outcome | Failure, notes: list[str]) -> None:
        now = self._clock()
        settlement = self._settlement(step, result, now)
        portal = replace(lane.portal, record_file_id=result.file_id) if _has_file(result) else None
        told = _is_worth_telling(settlement, result)
        entries = [*_noted(notes, now), _entry(step, result, settlement, now)] if told else []
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

    def _settlement(self, step: StoredStep, result: Outcome | Failure, now: float) -> Settlement:
        attempts = step.attempts + 1
        if not isinstance(result, Failure):
            answer = {"file_id": result.file_id} if result.file_id else None
            return Settlement(step.id, "done", attempts=attempts, text=result.text, answer=answer)
        if result.code == "recording_empty":
            return Settlement(step.id, "done", attempts=attempts, text=result.text)
        too_late = result.code == "not_finished_yet" and now > step.decided_at + PATIENCE
        if isinstance(result, Permanent) or too_late:
            return Settlement(step.id, "failed", attempts=attempts, code=result.code, text=_said(result))
        again, unsure = now + self._pause(attempts, result), step.unsure or result.executed
        return Settlement(step.id, "waiting", again, attempts, unsure, code=result.code, text=_said(result))

    def _pause(self, attempts: int, failure: Failure) -> float:
        if failure.code in _LINKS or failure.code == _HELD:
            held = failure.retry_after or 0.0 if isinstance(failure, Temporary) else 0.0
            return max(held, OWNER_PAUSE * 2.0 ** min(attempts - 1, 3)) * (1.0 + 0.5 * self._chance())
        if isinstance(failure, NeedsOwner) or failure.code in _HERE or of_database(failure):
            return OWNER_PAUSE
        wanted = failure.retry_after or 0.0 if isinstance(failure, Temporary) else 0.0
        if failure.code in _FILE:
            return max(wanted, back_off(attempts, self._chance(), LONGEST_FILE))
        return wanted or back_off(attempts, self._chance())


def _has_file(result: Outcome | Failure) -> TypeGuard[Outcome]:
    return not isinstance(result, Failure) and not result.text


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


def _noted(notes: Sequence[str], now: float) -> list[TimelineEntry]:
    return [TimelineEntry(now, "note", note, {"step": "attach"}) for note in notes]


def _entry(step: StoredStep, result: Outcome | Failure, settlement: Settlement, now: float) -> TimelineEntry:
    data: dict[str, Any] = {"step": "attach", "request": {"paths": list(step.payload["paths"])}}
    if isinstance(result, Failure):
        text = _said(result) if settlement.state == "failed" else result.text
        data |= {"failure": type(result).__name__, "code": result.code, "text": result.text, "hint": result.hint}
        return TimelineEntry(now, "attempt", f"attach: {text}", data)
    data["request"] |= result.request
    left_out = "; ".join(result.left_out)
    if result.text:
        return TimelineEntry(now, "note", f"{result.text}{', but ' if left_out else ''}{left_out}", data)
    data["answer"] = {"file_id": result.file_id, "warning": left_out}
    return TimelineEntry(now, "attempt", f"attach: uploaded{', but ' if left_out else ''}{left_out}", data)
