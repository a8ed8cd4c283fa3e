# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery of events: one thread per address, in order unless told otherwise, once, without retries."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from itgrix_module.sandbox.portal.params import encode

KEEP = 2000
QUEUE = 5000
MAX_PENALTY = 30.0
MAX_ADDRESSES = 50


@dataclass(frozen=True)
class DeliveryView:
    """One attempt to tell an address. ``status``: HTTP status, 0 without an answer. ``dropped``: lost on purpose."""

    at: float
    event: str
    url: str
    payload: Mapping[str, Any]
    status: int
    error: str = ""
    dropped: bool = False


@dataclass
class Weather:
    """How the way to the handlers is. Rates from 0 to 1, times in seconds; change it while running."""

    delay: tuple[float, float]
    timeout: float
    slow_after: float
    drop_rate: float
    duplicate_rate: float
    reorder: bool


@dataclass(order=True)
class Letter:
    due: float
    number: int
    event: str = field(compare=False)
    url: str = field(compare=False)
    # the body is written when it is sent: it carries the moment of sending
    payload: Callable[[], Mapping[str, Any]] = field(compare=False)


class Couriers:
    """Threads start with the first letter to an address; ``stop`` ends them all and drops what waits.

    Before ``start`` and after ``stop`` letters are lost.
    """

    def __init__(self, weather: Weather, clock: Callable[[], float], seed: int) -> None:
        self.weather = weather
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311 - repeatable disorder, not a secret
        self._changed = threading.Condition()
        self._routes: dict[str, _Route] = {}
        self._numbers = itertools.count(1)
        self._running = False
        self._done: deque[DeliveryView] = deque(maxlen=KEEP)

    def post(self, event: str, url: str, payload: Callable[[], Mapping[str, Any]]) -> None:
        """Queue one event for one address."""
        with self._changed:
            crowded = url not in self._routes and len(self._routes) >= MAX_ADDRESSES
            if not self._running or crowded or self._random.random() < self.weather.drop_rate:
                self._done.append(DeliveryView(self._clock(), event, url, payload(), 0, dropped=True))
                return
            twice = self._random.random() < self.weather.duplicate_rate
            for _ in range(2 if twice else 1):
                self._route(url).put(self._letter(event, url, payload))
            self._changed.notify_all()

    def deliveries(self) -> list[DeliveryView]:
        """What was sent, oldest first."""
        with self._changed:
            return list(self._done)

    def penalty(self, url: str) -> float:
        """Extra seconds between letters that a slow handler has earned."""
        route = self._routes.get(url)
        return route.penalty if route else 0.0

    def drain(self, timeout: float = 10.0) -> bool:
        """Wait until nothing waits or travels; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: not any(route.busy for route in self._routes.values()), timeout)

    def start(self) -> None:
        with self._changed:
            self._running = True

    def stop(self) -> None:
        with self._changed:
            self._running = False
            self._changed.notify_all()
            routes = list(self._routes.values())
        for route in routes:
            route.thread.join()
        self._routes.clear()

    def _letter(self, event: str, url: str, payload: Callable[[], Mapping[str, Any]]) -> Letter:
        least, most = self.weather.delay
        due = time.monotonic() + self._random.uniform(least, most)
        if not self.weather.reorder:
            due = max(due, self._route(url).last_due)
        return Letter(due, next(self._numbers), event, url, payload)

    def _route(self, url: str) -> _Route:
        if url not in self._routes:
            route = self._routes[url] = _Route(threading.Thread(target=self._serve, args=(url,), name="sandbox-events"))
            route.thread.start()
        return self._routes[url]

    def _serve(self, url: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while letter := self._next(url):
                view = self._send(session, letter)
                with self._changed:
                    self._done.append(view)
                    self._routes[url].travelling = False
                    self._changed.notify_all()

    def _next(self, url: str) -> Letter | None:
        """The next letter when its time has come; None at the end."""
        with self._changed:
            route = self._routes[url]
            while self._running:
                wait = route.wait()
                if wait is not None and wait <= 0:
                    return route.take()
                self._changed.wait(wait)
        return None

    def _send(self, session: requests.Session, letter: Letter) -> DeliveryView:
        payload = letter.payload()
        began, status, error = time.monotonic(), 0, ""
        try:
            answer = session.post(
                letter.url, data=encode(payload), timeout=self.weather.timeout, allow_redirects=False, stream=True
            )
            status = answer.status_code
            answer.close()
        except (requests.RequestException, ValueError) as failure:
            error = type(failure).__name__
        self._routes[letter.url].judge(time.monotonic() - began > self.weather.slow_after)
        return DeliveryView(self._clock(), letter.event, letter.url, payload, status, error)


class _Route:
    """What waits for one address. A slow handler is visited less and less often."""

    def __init__(self, thread: threading.Thread) -> None:
        self.thread = thread
        self.travelling = False
        self.last_due = 0.0
        self._letters: list[Letter] = []
        self.penalty = 0.0
        self._not_before = 0.0

    @property
    def busy(self) -> bool:
        return bool(self._letters) or self.travelling

    def put(self, letter: Letter) -> None:
        if len(self._letters) < QUEUE:
            heapq.heappush(self._letters, letter)
            self.last_due = max(self.last_due, letter.due)

    def wait(self) -> float | None:
        """Seconds until the next letter may go; None when there is none."""
        if not self._letters:
            return None
        return max(self._letters[0].due, self._not_before) - time.monotonic()

    def take(self) -> Letter:
        self.travelling = True
        return heapq.heappop(self._letters)

    def judge(self, slow: bool) -> None:
        self.penalty = min(MAX_PENALTY, max(1.0, self.penalty * 2)) if slow else 0.0
        self._not_before = time.monotonic() + self.penalty
