# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recorded AMI session means: the same translate, track and policy as in the service, without any outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from itgrix_module.asterisk.listings import with_snapshots
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.snapshot import Snapshot
from itgrix_module.asterisk.stream_clock import StreamClock
from itgrix_module.asterisk.survey import channels_seen, recordings_seen
from itgrix_module.asterisk.transcript import TranscriptError, read
from itgrix_module.asterisk.translate import Translator
from itgrix_module.domain import policy, summary
from itgrix_module.domain.board import Board, Change
from itgrix_module.domain.call import Call
from itgrix_module.domain.facts import AnyFact
from itgrix_module.domain.failures import Permanent
from itgrix_module.domain.policy import Rules
from itgrix_module.domain.steps import Attach, Finish, Hide, Note, Register, Show, Step

_ZONE_STEP = 900.0  # seconds
_JUST_STARTED = 600.0  # seconds


@dataclass
class _Told:
    call: Call
    steps: list[Step] = field(default_factory=list)


class Replay:
    """Feed it sessions with ``session``, read the calls with ``calls``."""

    def __init__(self, sides: Sides | None = None, rules: Rules | None = None) -> None:
        self._sides, self._rules = sides or Sides(), rules or Rules()
        self._board = Board()
        self._told: dict[str, _Told] = {}
        self._last = 0.0
        self.facts = 0

    def session(self, messages: Iterable[Message], clock: StreamClock | None = None) -> None:
        """One AMI connection from its login to its end; a later one continues the same calls.

        ``clock``: knows in the end when the connection was last heard of.
        """
        translator = Translator(self._sides)
        lost_at = self._last
        for item in with_snapshots(messages):
            if isinstance(item, Snapshot):
                if item.channels_known:
                    lost = _lost_at(item, lost_at)
                    self._apply([channels_seen(item, lost, self._sides), *recordings_seen(item)])
                continue
            self._last = max(self._last, item.at)
            self._apply(translator.facts(item))
        if clock:
            self._last = max(self._last, clock.now)

    def _apply(self, facts: Iterable[AnyFact]) -> None:
        for fact in facts:
            self.facts += 1
            for change in self._board.apply(fact):
                self._tell(change)

    def _tell(self, change: Change) -> None:
        if change.after is None:
            if change.before is not None:
                self._told.pop(change.before.id, None)
            return
        told = self._told.setdefault(change.after.id, _Told(change.after))
        told.call = change.after
        told.steps += policy.steps(change.before, change.after, self._rules)

    def calls(self) -> list[dict[str, Any]]:
        """Every call in the order of its start, as JSON data."""
        found = sorted(self._told.values(), key=lambda told: (told.call.started, told.call.id))
        return [_call_data(told, self._last) for told in found]


def replay_files(
    paths: Sequence[Path], sides: Sides | None = None, warnings: list[str] | None = None
) -> list[dict[str, Any]]:
    """Calls of transcripts that are successive sessions of one recording.

    ``warnings``: gets what is odd but no fault, such as a recording of a PBX that died in mid-message.
    Raises Permanent ``transcript`` that names file and line for a damaged or foreign file.
    """
    replay = Replay(sides)
    try:
        for path in paths:
            clock = StreamClock()
            replay.session(read(path, warnings=warnings, clock=clock), clock)
    except TranscriptError as error:
        raise Permanent("transcript", str(error), "Is it a recording made by `itgrix record`?") from error
    return replay.calls()


def _lost_at(snapshot: Snapshot, last: float) -> float:
    """When what is gone has gone: with the PBX itself, if it has started anew, else with the link."""
    if not last:
        return snapshot.at
    if snapshot.booted_at is not None and last < snapshot.booted_at <= snapshot.at:
        return snapshot.booted_at
    return _boot(snapshot, last) or min(last, snapshot.at)


def _boot(snapshot: Snapshot, last: float) -> float | None:
    """Of a PBX that has just started, by its own wall clock, in a recording without time stamps.

    Its zone is unknown, but zones differ by quarters of an hour and it cannot have started before it was last heard.
    """
    if snapshot.at > last or snapshot.uptime is None or snapshot.uptime > _JUST_STARTED or not snapshot.startup:
        return None
    wall_clock = datetime.fromisoformat(snapshot.startup).replace(tzinfo=UTC).timestamp()
    away = (wall_clock - last + 1.0) % _ZONE_STEP
    return last + away if away < _JUST_STARTED else None


def _call_data(told: _Told, now: float) -> dict[str, Any]:
    call = told.call
    first = summary.first_talk(call)
    wait = summary.wait_seconds(call, now)
    return {
        "linkedid": call.id,
        "direction": call.direction.value,
        "client": call.number or None if call.has_client else None,
        "line": call.line or None,
        "started": _iso(call.started),
        "answered": _iso(first.start) if first else None,
        "ended": _iso(call.ended),
        "outcome": summary.outcome(call).value,
        "status": summary.status(call),
        "wait_seconds": None if wait is None else round(wait, 2),
        "talk_seconds": round(summary.talk_seconds(call, now), 2),
        "answered_by": summary.answered_by(call) or None,
        "last_talker": summary.last_talker(call) or None,
        "rang": list(call.rang),
        "transfers": [{"kind": item.kind, "from": item.by, "to": item.to} for item in call.transfers],
        "recordings": [item.path for item in summary.recordings(call)],
        "steps": list(_steps_data(told)),
    }


def _iso(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _steps_data(told: _Told) -> Iterator[dict[str, Any]]:
    for step in told.steps:
        if isinstance(step, Note):
            continue
        yield {
            "at": round(step.at - told.call.started, 3),
            "kind": type(step).__name__.lower(),
            **_step_fields(step),
            "why": step.why,
        }


def _step_fields(step: Step) -> dict[str, Any]:
    match step:
        case Register() | Show() | Hide():
            return {"employees": list(step.employees)}
        case Finish():
            return {"employee": step.employee or None, "duration": round(step.talk, 2), "status": step.status}
        case Attach():
            return {"paths": list(step.paths)}
    return {}
