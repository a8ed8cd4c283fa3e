# SPDX-License-Identifier: GPL-3.0-or-later
"""The storage's ports in memory, for quick tests of the use cases.

They pass the same contract tests as the real stores (tests/storage). JSON data go through JSON, so what a database
would change or refuse is changed and refused here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from itgrix_module.app.ports import CallRow, Lane, NewStep, PortalSide, Settlement, TimelineEntry, Work
from itgrix_module.bitrix24.memory import MemoryTokens
from itgrix_module.domain.failures import Permanent, Temporary
from tests.fakes.house_stores import (
    MemoryEmployeeStore,
    MemoryLeases,
    MemoryLimitStore,
    MemorySettingStore,
)
from tests.fakes.memory import STATES, MemoryCall, MemoryData, MemoryStep, through_json


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
        self.tokens = MemoryTokens()
        self.limits = MemoryLimitStore()

    def steps_of(self, node: str, linkedid: str) -> list[MemoryStep]:
        return self.data.calls[(node, linkedid)].steps

    def timeline_of(self, node: str, linkedid: str) -> list[TimelineEntry]:
        return self.data.calls[(node, linkedid)].timeline
