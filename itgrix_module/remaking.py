# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of recordings made again because somebody listens: in the background, one at a time, a few waiting."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from itgrix_module.app.links import Gone, Preparing
from itgrix_module.app.ports import CallRow
from itgrix_module.domain.failures import Failure, Permanent, Temporary

log = logging.getLogger("itgrix.recordings")

MOST_WAITING = 20  # recordings; more, and whoever asks has to ask again
SOON = 5  # seconds after which a listener asks again
REFUSED = 60.0  # seconds for which a failure counts, so that a listener who reloads does not start it again and again
_GONE = frozenset(("recording_missing", "recording_none", "recording_empty", "recording_outside", "recording_refused"))
_Key = tuple[str, str]


class Remaking:
    """``make``: makes the copy of one call, or raises. ``stop``: set when the service stops. Thread-safe."""

    def __init__(self, make: Callable[[CallRow], None], stop: threading.Event, clock: Callable[[], float]) -> None:
        self._make, self._stop, self._clock = make, stop, clock
        self._lock = threading.Lock()
        self._waiting: OrderedDict[_Key, CallRow] = OrderedDict()
        self._failed: OrderedDict[_Key, tuple[float, Failure]] = OrderedDict()
        self._running: _Key | None = None
        self._thread: threading.Thread | None = None

    def state(self, call: CallRow) -> Preparing | Gone | None:
        """How it stands with a call's copy; None when nobody has asked for it lately."""
        key = _key(call)
        with self._lock:
            if key == self._running or key in self._waiting:
                return Preparing(SOON)
            at, failure = self._failed.get(key, (0.0, None))
            if failure is None or self._clock() - at > REFUSED:
                self._failed.pop(key, None)
                return None
        if failure.code in _GONE and isinstance(failure, Permanent):
            return Gone()
        return Preparing(int(REFUSED), str(failure))

    def begin(self, call: CallRow) -> Preparing:
        """Make the copy as soon as it is its turn."""
        with self._lock:
            if len(self._waiting) < MOST_WAITING:
                self._waiting[_key(call)] = call
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._work, name="recordings-again", daemon=True)
                self._thread.start()
        return Preparing(SOON)

    def close(self, seconds: float = 5.0) -> None:
        """Forget what waits and let what runs end; programs are killed by ``stop``."""
        with self._lock:
            self._waiting.clear()
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _work(self) -> None:
        while (call := self._next()) is not None:
            failure = self._tried(call)
            with self._lock:
                self._running = None
                if failure is not None:
                    self._failed[_key(call)] = (self._clock(), failure)
                    self._failed.move_to_end(_key(call))
                while len(self._failed) > MOST_WAITING:
                    self._failed.popitem(last=False)

    def _next(self) -> CallRow | None:
        """The thread ends when nothing waits, and says so under the lock: the next ``begin`` starts another."""
        with self._lock:
            if not self._waiting or self._stop.is_set():
                self._thread = None
                return None
            self._running, call = self._waiting.popitem(last=False)
            return call

    def _tried(self, call: CallRow) -> Failure | None:
        try:
            self._make(call)
        except Failure as failure:
            log.warning("the recording of call %s cannot be made again: %s", call.linkedid, failure)
            return failure
        except Exception:
            # The thread serves every listener; what nobody foresaw must not end it.
            log.exception("the recording of call %s cannot be made again", call.linkedid)
            return Temporary("remaking", "the recording could not be made; the fault is in the log")
        log.info("the recording of call %s was made again", call.linkedid)
        return None


def _key(call: CallRow) -> _Key:
    return call.node, call.linkedid
