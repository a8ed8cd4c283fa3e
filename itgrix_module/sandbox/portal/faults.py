# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what a network, a proxy or a sick portal does to a request.

Kinds, by what the client sees:

- before the portal does anything: ``timeout_before`` (held, then closed), ``reset``, ``html_502``, ``redirect``
- done, but the answer is spoiled: ``lost_answer`` (closed at once), ``timeout_after`` (held, then closed), ``slow``,
  ``truncated``
- said by the portal instead of doing it: ``http_500``, ``empty_error``, ``error_200``, ``missing``
- done, but odd: ``list_for_map`` (``result`` is ``[]``), ``empty_dates`` (dates are ``{}``)
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any

BEFORE = frozenset({"timeout_before", "reset", "html_502", "redirect"})
AFTER = frozenset({"lost_answer", "timeout_after", "slow", "truncated"})
INSTEAD = frozenset({"http_500", "empty_error", "error_200", "missing"})
ODD = frozenset({"list_for_map", "empty_dates"})
KINDS = BEFORE | AFTER | INSTEAD | ODD
OUTAGES = frozenset({"reset", "timeout_before", "html_502", "http_500"})
ANY = "*"
HOLD = 90.0


@dataclass
class Fault:
    """One rule. ``times``: how often it strikes, None for ever. ``every``: on each n-th matching call.

    ``after``: how many matching calls pass first. ``seconds``: length of a hold or of a slow answer.
    ``location``: target of ``redirect``, empty for the same address.
    """

    id: int
    method: str
    kind: str
    times: int | None = 1
    every: int = 1
    after: int = 0
    seconds: float = HOLD
    location: str = ""
    seen: int = 0
    struck: int = 0

    @property
    def spent(self) -> bool:
        return self.times is not None and self.struck >= self.times

    def strikes(self) -> bool:
        """Count one matching call; True when this is one to spoil."""
        self.seen += 1
        if self.spent or self.seen <= self.after or (self.seen - self.after) % self.every:
            return False
        self.struck += 1
        return True


class Faults:
    """The rules in force, latencies and the outage of the whole portal. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._rules: list[Fault] = []
        self._latency: dict[str, float] = {}
        self._outage = ""
        self._last = 0

    def add(
        self,
        method: str,
        kind: str,
        times: int | None = 1,
        *,
        every: int = 1,
        after: int = 0,
        seconds: float = HOLD,
        location: str = "",
    ) -> Fault:
        """Spoil calls of ``method`` (``*``: any; ``upload``: of a recording; ``oauth.token``: of tokens)."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
        if every < 1 or after < 0 or seconds < 0:
            raise ValueError("every is at least 1, after and seconds at least 0")
        with self._guard:
            self._last += 1
            rule = Fault(self._last, method.casefold(), kind, times, every, after, seconds, location)
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """No faults, no latency, no outage."""
        with self._guard:
            self._rules.clear()
            self._latency.clear()
            self._outage = ""

    def remove(self, fault_id: int) -> None:
        with self._guard:
            self._rules = [rule for rule in self._rules if rule.id != fault_id]

    def latency(self, method: str, seconds: float) -> None:
        """Answer calls of ``method`` (``*``: any) so much later; 0 takes it back."""
        with self._guard:
            self._latency[method.casefold()] = max(0.0, seconds)

    def latency_of(self, method: str, *, exactly: bool = False) -> float:
        """Seconds to wait; ``exactly``: without what holds for any method."""
        general = 0.0 if exactly else self._latency.get(ANY, 0.0)
        return self._latency.get(method.casefold(), general)

    def outage(self, on: bool, kind: str = "reset") -> None:
        """Take the whole portal away or bring it back. ``kind``: how the absence looks, one of ``OUTAGES``."""
        if on and kind not in OUTAGES:
            raise ValueError(f"unknown outage {kind!r}; known: {', '.join(sorted(OUTAGES))}")
        self._outage = kind if on else ""

    @property
    def outage_kind(self) -> str:
        """How the portal is away; empty when it is there."""
        return self._outage

    def strike(self, methods: list[str], kinds: frozenset[str]) -> Fault | None:
        """The first rule of these kinds that spoils a request with these methods."""
        if not self._rules:
            return None
        with self._guard:
            for rule in self._rules:
                if rule.kind in kinds and _concerns(rule, methods) and rule.strikes():
                    return rule
        return None

    def missing(self, method: str) -> bool:
        """Whether a rule hides the method, without counting a call."""
        return any(rule.kind == "missing" and _concerns(rule, [method]) and not rule.spent for rule in self._rules)

    def rules(self) -> list[dict[str, Any]]:
        """Every rule with its counts."""
        with self._guard:
            return [asdict(rule) for rule in self._rules]


def _concerns(rule: Fault, methods: list[str]) -> bool:
    return rule.method == ANY or rule.method in methods
