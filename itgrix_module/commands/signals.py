# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that run until they are told to stop."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("itgrix.service")

STOP_SECONDS = 4.5  # a stop of the service takes five at most


@contextmanager
def until_told(limit: float | None = None) -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set. ``limit``: seconds after which the process ends, whatever still hangs."""
    told = threading.Event()
    timers: list[threading.Timer] = []

    def tell(*_: object) -> None:
        if limit is not None and not told.is_set():
            timers.append(_timer(limit))
        told.set()

    old = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in old.items():
            signal.signal(number, handler)


def _timer(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, _leave)
    timer.daemon = True
    timer.start()
    return timer


def _leave() -> None:
    """A request or a locked database keeps us: the service can be killed at any moment, a restart must not wait."""
    log.warning("something did not stop in time and is left behind; it is taken up again at the next start")
    logging.shutdown()
    os._exit(0)
