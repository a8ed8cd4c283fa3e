# SPDX-License-Identifier: GPL-3.0-or-later
"""A test of the ways to people: one message that says what it is by each way, side by side, within some seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from itgrix_module.app.alert_ports import CHAT, MAIL, USER, Outcome, Trial, Way
from itgrix_module.app.alerts import Alert, Channel
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary

log = logging.getLogger("itgrix.health")

TEST = "alerts-test"  # stands where a part stands: no part has this name
PATIENCE = 9.0  # seconds for all ways together; a person waits
REST = 5.0  # seconds between two tests
_FAULT = "fault"
# What to do where the failure itself says nothing of it, or knows less: the portal refuses this user or this chat.
_HINTS = {
    USER: "Check that the portal opens, and that the user of alerts.user works there.",
    CHAT: "Check that the portal opens, and that the user who joined it is a member of the chat of alerts.chat.",
    MAIL: "Check alerts.mail_server and alerts.mail_tls; a wrong encryption often shows itself this way.",
}


class Trials:
    """Tests by the ways that ``channels`` names at that moment. One at a time; thread-safe.

    ``clock``: epoch seconds. ``patience``, ``rest``: seconds, see above.
    """

    def __init__(
        self,
        channels: Callable[[], Sequence[Channel]],
        clock: Callable[[], float],
        patience: float = PATIENCE,
        rest: float = REST,
    ) -> None:
        self._channels, self._clock = channels, clock
        self._patience, self._rest = patience, rest
        self._one = threading.Lock()
        self._open: list[_Try] = []
        self._ended: float | None = None
        self.last: Trial | None = None

    def __call__(self) -> Trial:
        """See ``AlertDesk.test``."""
        if not self._one.acquire(blocking=False):
            raise Temporary("test_under_way", "a test is under way", "Wait some seconds and open this page again.")
        try:
            self.last = self._made()
            self._ended = time.monotonic()
            return self.last
        finally:
            self._one.release()

    def _made(self) -> Trial:
        if self._ended is not None and time.monotonic() - self._ended < self._rest:
            raise Temporary("test_too_soon", "a test was made a moment ago", "Wait some seconds before the next one.")
        channels = self._channels()
        if not channels:
            hint = "Choose a user or a chat of the portal, or enter mail addresses, and save."
            raise NeedsOwner("nobody_to_tell", "nobody is named who could be told", hint)
        now, deadline = self._clock(), time.monotonic() + self._patience
        tries = [self._begun(channel, Alert(TEST, "", "", now)) for channel in channels]
        return Trial(now, tuple(self._outcome(each, deadline) for each in tries))

    def _begun(self, channel: Channel, alert: Alert) -> _Try:
        """A way that still hangs in the test before is not burdened with one more."""
        self._open = [each for each in self._open if not each.is_over]
        before = next((each for each in self._open if each.channel == channel), None)
        if before is not None:
            return before
        made = _Try(channel, alert)
        self._open.append(made)
        made.start()
        return made

    def _outcome(self, tried: _Try, deadline: float) -> Outcome:
        tried.wait(deadline - time.monotonic())
        late = Temporary("no_answer", f"there was no answer within {self._patience:g} s")
        way, failure = Way.of(tried.channel.name), tried.failure if tried.is_over else late
        return Outcome(way, failure, _hint(way, failure) if failure is not None else "")


def _hint(way: Way, failure: Failure) -> str:
    is_refused = isinstance(failure, Permanent) and way.kind in (USER, CHAT) and failure.code != _FAULT
    return _HINTS[way.kind] if is_refused or not failure.hint else failure.hint


class _Try:
    """One way, in a thread of its own. ``failure``: None as long as nothing is known of one."""

    def __init__(self, channel: Channel, alert: Alert) -> None:
        self.channel = channel
        self.failure: Failure | None = None
        self._alert = alert
        self._over = threading.Event()

    def start(self) -> None:
        """It dies with the process: nobody waits for a mail server that hangs."""
        threading.Thread(target=self._run, name="alert-test", daemon=True).start()

    def wait(self, seconds: float) -> None:
        self._over.wait(max(0.0, seconds))

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def _run(self) -> None:
        try:
            self.channel.tell(self._alert)
        except Failure as failure:
            log.info("a test of the alerts was not sent (%s): %s", self.channel.name, failure)
            self.failure = failure
        except Exception:
            log.exception("a test of the alerts could not be sent (%s)", self.channel.name)
            self.failure = Permanent(_FAULT, "a fault of this program kept it from being sent", "See the log.")
        finally:
            self._over.set()
