# SPDX-License-Identifier: GPL-3.0-or-later
"""The storage's ports in memory, for quick tests of the use cases.

They pass the same contract tests as the real stores (tests/storage). JSON data go through JSON, so what a database
would change or refuse is changed and refused here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from itgrix_module.app.ports import (
    CallRow,
    Employee,
    Lane,
    LimitState,
    NewStep,
    PortalSide,
    Settlement,
    StoredStep,
    TimelineEntry,
    Tokens,
    Work,
)
from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.domain.steps import urgency

Key = tuple[str, str]
STATES = ("waiting", "done", "failed", "dropped")


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False, default=dict))


@dataclass
class MemoryStep:
    step: StoredStep
    state: str = "waiting"
    code: str = ""
    text: str = ""
    answer: Mapping[str, Any] | None = None
    settled_at: float | None = None


@dataclass
class MemoryCall:
    row: CallRow
    portal: PortalSide = field(default_factory=PortalSide)
    steps: list[MemoryStep] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    owner: str = ""
    lease_until: float = 0.0

    def copy(self) -> MemoryCall:
        return replace(self, steps=[replace(stored) for stored in self.steps], timeline=list(self.timeline))

    def waiting(self) -> list[StoredStep]:
        return [stored.step for stored in self.steps if stored.state == "waiting"]

    def urgency(self) -> int:
        return urgency((step.kind, step.priority) for step in self.waiting())

    def ready_at(self) -> float:
        return self.lease_until if self.owner else self.waiting()[0].due_at

    def pull_forward(self) -> None:
        """A step never tried goes as soon as a later one of its call has to go."""
        earliest = float("inf")
        for stored in reversed(self.steps):
            if stored.state == "waiting":
                earliest = min(earliest, stored.step.due_at)
                if not stored.step.attempts:
                    stored.step = replace(stored.step, due_at=earliest)


@dataclass
class MemoryData:
    """What the stores share, as tables would be."""

    calls: dict[Key, MemoryCall] = field(default_factory=dict)
    lines: dict[Key, int] = field(default_factory=dict)
    step_ids: int = 0

    def append(self, call: MemoryCall, steps: Sequence[NewStep]) -> None:
        """New steps behind those that are there."""
        for new in steps:
            self.step_ids += 1
            call.steps.append(
                MemoryStep(
                    StoredStep(
                        id=self.step_ids,
                        n=len(call.steps) + 1,
                        kind=new.kind,
                        payload=through_json(new.payload),
                        priority=new.priority,
                        due_at=new.due_at,
                        decided_at=new.decided_at,
                    )
                )
            )


class MemoryWork:
    """Changes copies of the calls that it touches; they take their places at the commit."""

    def __init__(self, data: MemoryData) -> None:
        self._stored = data
        self._data = MemoryData(lines=dict(data.lines), step_ids=data.step_ids)

    def commit(self) -> None:
        self._stored.calls.update(self._data.calls)
        self._stored.lines, self._stored.step_ids = self._data.lines, self._data.step_ids

    def save_call(self, row: CallRow) -> None:
        row = replace(row, state=through_json(row.state))
        found = self._touched(row.node, row.linkedid)
        if found:
            found.row = row
        else:
            self._data.calls[(row.node, row.linkedid)] = MemoryCall(row)

    def add_steps(self, node: str, linkedid: str, steps: Sequence[NewStep]) -> None:
        if not steps:
            return
        call = self._call(node, linkedid)
        self._data.append(call, steps)
        call.pull_forward()

    def hasten(self, node: str, linkedid: str, now: float) -> None:
        call = self._touched(node, linkedid)
        for stored in call.steps if call else ():
            if stored.state == "waiting" and not stored.step.attempts:
                stored.step = replace(stored.step, due_at=min(now, stored.step.due_at))

    def add_timeline(self, node: str, linkedid: str, entries: Sequence[TimelineEntry]) -> None:
        if entries:
            self._call(node, linkedid).timeline.extend(
                replace(entry, data=through_json(entry.data)) for entry in entries
            )

    def merge_call(self, node: str, gone: str, kept: str) -> None:
        old, new = self._touched(node, gone), self._touched(node, kept)
        if old is None:
            return
        old.row = replace(old.row, merged_into=kept, live=False)
        if new is not None:
            new.timeline = sorted(new.timeline + old.timeline, key=lambda entry: entry.at)
            old.timeline = []

    def see_line(self, line: str, trunk: str, at: float) -> None:
        self._data.lines[(line, trunk)] = self._data.lines.get((line, trunk), 0) + 1

    def _call(self, node: str, linkedid: str) -> MemoryCall:
        call = self._touched(node, linkedid)
        if call is None:
            raise Permanent("unknown_call", f"call {linkedid} of node {node} was never saved")
        return call

    def _touched(self, node: str, linkedid: str) -> MemoryCall | None:
        key = (node, linkedid)
        if key not in self._data.calls and key in self._stored.calls:
            self._data.calls[key] = self._stored.calls[key].copy()
        return self._data.calls.get(key)


class MemoryCallStore:
    def __init__(self, stores: MemoryStores) -> None:
        self._stores = stores

    @contextmanager
    def work(self) -> Iterator[Work]:
        with self._stores.lock:
            work = MemoryWork(self._stores.data)
            yield work
            work.commit()

    def live_calls(self, node: str) -> list[CallRow]:
        rows = (call.row for call in self._stores.data.calls.values())
        return sorted((row for row in rows if row.live and row.node == node), key=lambda row: row.started)


class MemoryOutbox:
    def __init__(self, stores: MemoryStores) -> None:
        self._stores = stores

    def claim(
        self, owner: str, now: float, lease: float, limit: int, first: int = 0, last: int = 99, node: str = ""
    ) -> list[Lane]:
        if not owner:
            raise ValueError("a claim needs an owner")
        with self._stores.lock:
            lanes = [call for call in self._lanes(first, last) if node in ("", call.row.node)]
            ready = [call for call in lanes if call.ready_at() <= now]
            ready.sort(key=lambda call: (call.urgency(), call.waiting()[0].due_at))
            for call in ready[:limit]:
                call.owner, call.lease_until = owner, now + lease
            return [Lane(call.row, call.portal, tuple(call.waiting())) for call in ready[:limit]]

    def settle(
        self,
        owner: str,
        node: str,
        linkedid: str,
        settlements: Sequence[Settlement],
        portal: PortalSide | None,
        timeline: Sequence[TimelineEntry],
        now: float,
        follow: Sequence[NewStep] = (),
    ) -> bool:
        with self._stores.lock:
            call = self._stores.data.calls.get((node, linkedid))
            if call is None or not owner or call.owner != owner:
                return False
            for settled in settlements:
                _settle(call, settled, now)
            self._follow(call, follow)
            call.portal = portal or call.portal
            call.timeline.extend(timeline)
            call.owner = ""
            return True

    def _follow(self, call: MemoryCall, follow: Sequence[NewStep]) -> None:
        """Before a recording that waits; a kind that the call has waiting or done already is not repeated."""
        known = {stored.step.kind for stored in call.steps if stored.state in ("waiting", "done")}
        behind = [stored for stored in call.steps if stored.step.kind == "attach" and stored.state == "waiting"]
        call.steps = [stored for stored in call.steps if stored not in behind]
        self._stores.data.append(call, [new for new in follow if new.kind not in known])
        call.steps.extend(behind)
        for place, stored in enumerate(call.steps, 1):
            stored.step = replace(stored.step, n=place)

    def remember_sent(self, owner: str, step: int, sent: Mapping[str, Any]) -> None:
        with self._stores.lock:
            for call in self._stores.data.calls.values():
                for stored in call.steps:
                    if stored.step.id == step and call.owner == owner:
                        stored.step = replace(stored.step, sent=through_json(sent))
                        return
        raise Temporary("lease_lost", f"step {step} is no longer held by {owner}")

    def extend(self, owner: str, node: str, linkedid: str, until: float) -> bool:
        with self._stores.lock:
            call = self._stores.data.calls.get((node, linkedid))
            if call is None or not owner or call.owner != owner:
                return False
            call.lease_until = until
            return True

    def next_due(self, now: float, first: int = 0, last: int = 99) -> float | None:
        with self._stores.lock:
            return min((call.ready_at() for call in self._lanes(first, last)), default=None)

    def counts(self) -> Mapping[str, int]:
        with self._stores.lock:
            counted = dict.fromkeys(STATES, 0)
            for call in self._stores.data.calls.values():
                for stored in call.steps:
                    counted[stored.state] += 1
            return counted | {"lanes": len(self._lanes())}

    def _lanes(self, first: int = 0, last: int = 99) -> list[MemoryCall]:
        waiting = [call for call in self._stores.data.calls.values() if call.waiting()]
        return [call for call in waiting if first <= call.urgency() <= last]


def _settle(call: MemoryCall, settled: Settlement, now: float) -> None:
    if settled.state not in STATES:
        raise ValueError(f"no such state of a step: {settled.state!r}")
    before = ("waiting", "dropped") if settled.state == "done" else ("waiting",)
    for stored in call.steps:
        if stored.step.id != settled.step or stored.state not in before:
            continue
        waits = settled.state == "waiting"
        stored.state, stored.code, stored.text = settled.state, settled.code, settled.text
        stored.answer, stored.settled_at = settled.answer, None if waits else now
        stored.step = replace(
            stored.step,
            attempts=settled.attempts,
            unsure=settled.unsure,
            due_at=settled.due_at if waits else stored.step.due_at,
            sent=stored.step.sent if settled.sent is None else through_json(settled.sent),
        )


class MemorySettingStore:
    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._version = 0

    def load(self) -> Mapping[str, Any]:
        return deepcopy(self._values)

    def save(self, values: Mapping[str, Any], removed: Sequence[str] = ()) -> None:
        new = through_json(dict(values))
        self._values = {name: value for name, value in self._values.items() if name not in removed} | new
        self._version += 1

    def version(self) -> int:
        return self._version


class MemoryEmployeeStore:
    def __init__(self) -> None:
        self._saved: tuple[tuple[Employee, ...], float] = ((), 0.0)

    def load(self) -> tuple[tuple[Employee, ...], float]:
        return self._saved

    def save(self, employees: Sequence[Employee], at: float) -> None:
        self._saved = (tuple(employees), at)


class MemoryLeases:
    def __init__(self) -> None:
        self._held: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, owner: str, now: float, seconds: float) -> bool:
        with self._lock:
            holder, until = self._held.get(name, ("", 0.0))
            if holder not in ("", owner) and until > now:
                return False
            self._held[name] = (owner, now + seconds)
            return True

    def release(self, name: str, owner: str) -> None:
        with self._lock:
            if self._held.get(name, ("", 0.0))[0] == owner:
                del self._held[name]


class MemoryTokenStore:
    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()

    def load(self) -> Tokens | None:
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        self._tokens = tokens

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._lock:
            yield


class MemoryLimitStore:
    def __init__(self) -> None:
        self._state = LimitState()
        self._lock = threading.Lock()

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._lock:
            before = self._state
            try:
                yield
            except BaseException:
                self._state = before
                raise

    def load(self) -> LimitState:
        return self._state

    def save(self, state: LimitState) -> None:
        self._state = state


class MemoryStores:
    """One of each; ``data`` is open to the tests' eyes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.data = MemoryData()
        self.calls = MemoryCallStore(self)
        self.outbox = MemoryOutbox(self)
        self.settings = MemorySettingStore()
        self.employees = MemoryEmployeeStore()
        self.leases = MemoryLeases()
        self.tokens = MemoryTokenStore()
        self.limits = MemoryLimitStore()

    def steps_of(self, node: str, linkedid: str) -> list[MemoryStep]:
        return self.data.calls[(node, linkedid)].steps

    def timeline_of(self, node: str, linkedid: str) -> list[TimelineEntry]:
        return self.data.calls[(node, linkedid)].timeline
