# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service has done since it began, and how it is, in Prometheus' text format for ``/metrics``.

Names and units by Prometheus' conventions: seconds and ratios, counters end in ``_total``, nothing personal in labels.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_REMEMBERED = 50_000  # calls that have been counted; later changes of one do not count again
_TALK = (5, 15, 30, 60, 120, 300, 600, 1800, 3600)
_WAIT = (2, 5, 10, 15, 20, 30, 45, 60, 120, 300)
_REQUEST = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LEVELS = ("ok", "warning", "error")


class Attempt(Protocol):
    """One HTTP request to the portal. ``code``: empty for success."""

    @property
    def method(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def milliseconds(self) -> float: ...


class Ended(Protocol):
    """A call as far as it is counted; durations in seconds."""

    @property
    def node(self) -> str: ...
    @property
    def linkedid(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def ended(self) -> float | None: ...
    @property
    def wait(self) -> float | None: ...
    @property
    def talk(self) -> float: ...


@dataclass(frozen=True)
class Now:
    """How the service is at this moment. ``parts``: name to ``ok``, ``warning``, ``error``; ``counts``: see Health.

    ``budget``: fill of the portal's request bucket, 0 to 1. ``oldest``: seconds that the oldest delivery waits.
    ``messages``, ``noise``, ``needed``: messages of the PBX taken and, by kind, dropped, since the link began.
    """

    version: str
    node: str
    started: float
    parts: Mapping[str, str]
    counts: Mapping[str, int]
    budget: float
    oldest: float
    messages: int = 0
    noise: int = 0
    needed: int = 0


class Counters:
    """Thread-safe. ``saw`` may be told of a call as often as it changes: it is counted when it has ended, once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.registry = registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)
        kinds = ("direction", "outcome")
        self._calls = Counter("itgrix_calls_ended", "Calls that ended", kinds, registry=registry)
        self._wait = Histogram(
            "itgrix_call_wait_seconds", "Start of a call to its first answer", buckets=_WAIT, registry=registry
        )
        self._talk = Histogram("itgrix_call_talk_seconds", "Talk time", buckets=_TALK, registry=registry)
        self._requests = Counter(
            "itgrix_portal_requests", "HTTP requests to the portal", ("method", "result"), registry=registry
        )
        self._took = Histogram(
            "itgrix_portal_request_duration_seconds", "Time the portal took", buckets=_REQUEST, registry=registry
        )

    def asked(self, attempt: Attempt) -> None:
        """A request to the portal has ended."""
        self._requests.labels(attempt.method, attempt.code or "ok").inc()
        self._took.observe(attempt.milliseconds / 1000)

    def saw(self, call: Ended) -> None:
        """A call is stored."""
        if call.ended is None or not self._is_first((call.node, call.linkedid)):
            return
        self._calls.labels(call.direction, call.outcome).inc()
        if call.wait is not None:
            self._wait.observe(call.wait)
        if call.outcome == "answered":
            self._talk.observe(call.talk)

    def _is_first(self, key: tuple[str, str]) -> bool:
        with self._lock:
            if key in self._counted:
                return False
            self._counted[key] = None
            if len(self._counted) > _REMEMBERED:
                self._counted.popitem(last=False)
            return True

    def page(self, now: Now) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry) + generate_latest(_moment(now))


def _moment(now: Now) -> CollectorRegistry:
    registry = CollectorRegistry()
    one = _one(registry)
    build = Gauge(
        "itgrix_build_info", "Version of the service and name of its PBX", ("version", "node"), registry=registry
    )
    build.labels(now.version, now.node).set(1)
    one("itgrix_start_time_seconds", "When the service began, epoch seconds", now.started)
    level = Gauge("itgrix_part_level", "How a part is: 0 well, 1 warning, 2 error", ("part",), registry=registry)
    for part, name in now.parts.items():
        level.labels(part).set(_LEVELS.index(name))
    one("itgrix_calls_live", "Calls under way", now.counts.get("live_calls", 0))
    one("itgrix_employees", "Employees known", now.counts.get("employees", 0))
    steps = Gauge("itgrix_deliveries", "Deliveries that are not done", ("state",), registry=registry)
    steps.labels("waiting").set(now.counts.get("steps_waiting", 0))
    steps.labels("failed").set(now.counts.get("steps_failed", 0))
    one("itgrix_delivery_oldest_seconds", "How long the oldest waiting delivery is overdue", now.oldest)
    one("itgrix_portal_budget_used_ratio", "How full the portal's request budget is", now.budget)
    _messages(registry, now)
    return registry


def _one(registry: CollectorRegistry) -> Callable[[str, str, float], None]:
    def gauge(name: str, text: str, value: float) -> None:
        Gauge(name, text, registry=registry).set(value)

    return gauge


def _messages(registry: CollectorRegistry, now: Now) -> None:
    Counter("itgrix_ami_messages", "Messages of the PBX that were taken", registry=registry).inc(now.messages)
    dropped = Counter("itgrix_ami_dropped", "Messages of the PBX that found no room", ("kind",), registry=registry)
    counted: Iterable[tuple[str, int]] = (("noise", now.noise), ("needed", now.needed))
    for kind, count in counted:
        dropped.labels(kind).inc(count)
